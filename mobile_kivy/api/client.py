"""The API's operations that the tablet uses, one method each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from mobile_kivy.api.answers import accepted, data_of, server_time
from mobile_kivy.api.documents import document
from mobile_kivy.api.errors import ApiError, Broken, Offline, Refusal
from mobile_kivy.api.session import Confirmation, Session, ThisDevice, confirmation_of, session_of
from mobile_kivy.api.transport import Transport, json_bytes
from mobile_kivy.api.wire import Answer, Patience
from mobile_kivy.reading import Fields, Unreadable

DEFAULT_SERVER = "http://127.0.0.1:8000"
"""Where a sandbox on the same machine answers."""
_SIGN_IN = document("sign_in")
_REFRESH = document("refresh_session")
_SIGN_OUT = document("sign_out")
_VIEWER = document("viewer")
_DAY = document("handover_day")
_UPLOAD = document("upload_photo")
_CHECK_OUT = document("check_out")
_CHECK_IN = document("check_in")
_PNG = b"\x89PNG"
PATIENCE = Patience()
"""What a yard's network is given."""


class Client:
    """Asks the server; keeps nothing. Any thread may call.

    Every method raises `Offline`, and `Refusal` when the server says no; those with a token raise `SignInNeeded`.
    """

    def __init__(self, base_url: str, patience: Patience = PATIENCE) -> None:
        """`base_url` without /graphql; `patience` is how long every call may take."""
        self._transport = Transport(base_url, patience)
        self.on_server_time: Callable[[datetime], None] = lambda _: None
        """Called, in the thread of the call, with the server's clock whenever the API has answered."""

    def speak(self, language: str) -> None:
        """From now on the server says in `de` or `en` why it refuses something."""
        self._transport.language = language

    def sign_in(self, email: str, password: str, device: ThisDevice | None = None) -> Session:
        """A new session. A wrong password is a `Refusal` with NOT_ALLOWED, too many with TOO_MANY_ATTEMPTS.

        Its tokens are good on this device only. `DeviceRevoked` if the server has shut it out.
        """
        self._transport.require_safe()
        given = None if device is None else {"id": device.id, "name": device.name, "appVersion": device.app_version}
        data = self._ask(None, _SIGN_IN, {"email": email, "password": password, "device": given})
        return session_of(accepted(data, "signIn", "Session"))

    def refresh(self, refresh_token: str, device_id: str | None = None) -> Session:
        """The next session for a refresh token. It is good once: store the answer before anything else is done.

        When no answer comes, the same question within a minute gets the one that was lost.
        """
        self._transport.require_safe()
        data = self._ask(None, _REFRESH, {"refreshToken": refresh_token, "deviceId": device_id})
        return session_of(accepted(data, "refreshSession", "Session"))

    def sign_out(self, access_token: str) -> None:
        """Ends the session at the server, and all that were refreshed from it."""
        self._ask(access_token, _SIGN_OUT, {})

    def handover_day(self, access_token: str, station_id: str, day: date) -> dict[str, Any]:
        """Everything that a station does on a day, as the API gives it (`HandoverDay`)."""
        data = self._ask(access_token, _DAY, {"stationId": station_id, "date": day.isoformat()})
        found = data.get("handoverDay")
        if not isinstance(found, dict):
            raise Offline("an answer without handoverDay")
        return found

    def upload_photo(self, access_token: str, sha256: str, content: bytes) -> str:
        """Sends one photo; returns the hash that the server confirms. Sending it again is harmless."""
        png = content.startswith(_PNG)
        part = ("photo.png", content, "image/png") if png else ("photo.jpg", content, "image/jpeg")
        operations = json_bytes({"query": _UPLOAD, "variables": {"sha256": sha256, "file": None}}).decode()
        form = {"operations": operations, "map": '{"0": ["variables.file"]}'}
        try:
            data = self._data(self._transport.upload(access_token, form, part))
        except Broken:
            # A server that does not take the token answers and hangs up before it has read the file, and the answer
            # is lost with the connection. A question without a file is answered.
            self.check(access_token)
            raise
        try:
            return Fields(accepted(data, "uploadPhoto", "StoredPhoto")).name("sha256").lower()
        except Unreadable as error:
            raise Offline("a confirmation of a photo that cannot be read") from error
        except Refusal as refusal:
            if refusal.problem_code == "INVALID_INPUT" and refusal.field == ("sha256",):
                raise Offline("the photo was damaged on its way") from refusal
            raise

    def check(self, access_token: str) -> None:
        """Whether the server takes this token: `SignInNeeded` if not."""
        self._ask(access_token, _VIEWER, {})

    def check_out(self, access_token: str, protocol: dict[str, Any]) -> Confirmation:
        """Sends a check-out (`CheckOutInput`). The same one again is confirmed again."""
        return self._send_protocol(access_token, _CHECK_OUT, "checkOut", protocol)

    def check_in(self, access_token: str, protocol: dict[str, Any]) -> Confirmation:
        """Sends a check-in (`CheckInInput`). The same one again is confirmed again."""
        return self._send_protocol(access_token, _CHECK_IN, "checkIn", protocol)

    def photo(self, access_token: str, url: str) -> bytes:
        """The bytes of a photo by its link, relative or absolute; `Refusal` NOT_FOUND if it is not to be seen."""
        return self._transport.get(access_token, url)

    def _send_protocol(self, token: str, query: str, field: str, protocol: dict[str, Any]) -> Confirmation:
        data = self._ask(token, query, {"input": protocol})
        confirmation = confirmation_of(accepted(data, field, "Protocol"))
        if confirmation.protocol_id.lower() != str(protocol["protocolId"]).lower():
            raise Offline("a confirmation of another protocol")
        return confirmation

    def _ask(self, token: str | None, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        return self._data(self._transport.post(token, {"query": query, "variables": variables}))

    def _data(self, answer: Answer) -> dict[str, Any]:
        try:
            found = data_of(answer)
        except Offline:
            raise
        except ApiError:
            self._note_time(answer)
            raise
        self._note_time(answer)
        return found

    def _note_time(self, answer: Answer) -> None:
        instant = server_time(answer)
        if instant is not None:
            self.on_server_time(instant)
