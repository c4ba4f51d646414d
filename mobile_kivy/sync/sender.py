"""Sends one protocol: its photos first, each confirmed by its hash, then the protocol itself."""

from __future__ import annotations

from collections.abc import Callable

from mobile_kivy.api import (
    Client,
    Confirmation,
    DeviceRevoked,
    Offline,
    Refusal,
    ServerFault,
    SignInNeeded,
    Unsendable,
)
from mobile_kivy.store import FileDamaged, FileMissing, Parcel, Store
from mobile_kivy.sync.sessions import Sessions

_MOST_PHOTO_ROUNDS = 3


class Sender:
    """Moves the outbox on, one parcel at a time. `on_progress` is called after each answer of the server."""

    def __init__(self, store: Store, client: Client, sessions: Sessions, on_progress: Callable[[], None]) -> None:
        self._store = store
        self._client = client
        self._sessions = sessions
        self._on_progress = on_progress

    def send(self, parcel: Parcel) -> None:
        """Sends it as far as it goes. Afterwards it is confirmed, refused, or starts again with its photos.

        `Offline` and `SignInNeeded` leave it where it is: whatever was confirmed stays confirmed.
        """
        outbox = self._store.outbox
        try:
            for sha256, sent in parcel.photos:
                if not sent:
                    self._send_photo(parcel, sha256)
            confirmation = self._sessions.call(parcel.user_id, lambda token: self._send_protocol(token, parcel))
        except FileMissing:
            outbox.refuse(parcel.protocol_id, "FILE_MISSING")
        except FileDamaged:
            outbox.refuse(parcel.protocol_id, "FILE_DAMAGED")
        except Refusal as refusal:
            self._take_refusal(parcel, refusal)
        except Unsendable as fault:
            # Ours, and no network will mend it: a person corrects it, and what is behind it leaves.
            outbox.note_failure(parcel.protocol_id, f"unsendable ({fault})")
            outbox.refuse(parcel.protocol_id, "UNSENDABLE")
        except SignInNeeded:
            outbox.note_failure(parcel.protocol_id, "SIGN_IN")
            raise
        except Offline as offline:
            outbox.note_failure(parcel.protocol_id, offline.reason)
            raise
        else:
            self._take_confirmation(parcel, confirmation)
        self._on_progress()

    def _send_photo(self, parcel: Parcel, sha256: str) -> None:
        content = self._store.photos.read(sha256)
        confirmed = self._sessions.call(parcel.user_id, lambda token: self._client.upload_photo(token, sha256, content))
        if confirmed != sha256:
            raise ServerFault("another photo was confirmed")
        self._store.outbox.photo_sent(parcel.protocol_id, sha256)
        self._on_progress()

    def _send_protocol(self, token: str, parcel: Parcel) -> Confirmation:
        send = self._client.check_out if parcel.kind == "CHECK_OUT" else self._client.check_in
        if parcel.approved_by is None:
            return send(token, parcel.payload)
        return send(token, parcel.payload | {"approvedBy": self._approval_of(parcel.approved_by)})

    def _approval_of(self, approver_id: str) -> str:
        """The manager's access token, tried just before: it is kept in no parcel, and must not be refused for its age.

        `Refusal` APPROVAL_ENDED if that person has to sign in again: somebody has to see to that.
        """
        try:
            return self._sessions.call(approver_id, self._tried)
        except DeviceRevoked:
            raise
        except SignInNeeded as ended:
            raise Refusal("APPROVAL_ENDED", "") from ended

    def _tried(self, token: str) -> str:
        self._client.check(token)
        return token

    def _take_refusal(self, parcel: Parcel, refusal: Refusal) -> None:
        # It names the first that it lacks. What became of the others nobody knows, and sending them is cheap.
        if refusal.problem_code == "PHOTO_MISSING" and self._sends_photos_again(parcel):
            return
        self._store.outbox.refuse(parcel.protocol_id, refusal.problem_code, refusal.message, refusal.field)

    def _sends_photos_again(self, parcel: Parcel) -> bool:
        if parcel.photo_rounds >= _MOST_PHOTO_ROUNDS:
            return False
        self._store.outbox.send_photos_again(parcel.protocol_id)
        return True

    def _take_confirmation(self, parcel: Parcel, confirmation: Confirmation) -> None:
        named = {photo["sha256"].lower() for photo in parcel.payload.get("photos") or ()}
        if named - confirmation.photo_hashes:
            # It contradicts what was confirmed one by one: an odd answer is no reason to trouble anybody.
            if self._sends_photos_again(parcel):
                return
            self._store.outbox.refuse(parcel.protocol_id, "PHOTO_NOT_KEPT", field=("input", "photos"))
            return
        self._store.outbox.confirm(parcel.protocol_id, conflict=confirmation.conflict)
        # Only now, after the commit: what is not released because the app is killed here is released at its start.
        self._store.photos.release()
