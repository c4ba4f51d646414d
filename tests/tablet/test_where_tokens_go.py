"""Tokens and customers' data go to the server they came from, encrypted, and to nobody else."""

from __future__ import annotations

from datetime import date

import pytest

from mobile_kivy.api import Client, Offline, Trouble, identity, is_safe
from mobile_kivy.store import Store
from tests.tablet.people import ANNA, session_of


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("https://rental.example", True), ("http://127.0.0.1:8000", True), ("http://localhost:8000", True),
        ("http://[::1]:8000", True), ("http://rental.example", False), ("http://192.168.1.20:8000", False),
        ("http://127.0.0.1.rental.example", False), ("ftp://rental.example", False), ("http://[bad", False), ("", False),
    ],
)  # fmt: skip
def test_only_encrypted_or_on_this_machine(address: str, safe: bool) -> None:
    assert is_safe(address) is safe


def test_nothing_secret_leaves_without_encryption() -> None:
    client = Client("http://192.0.2.1:1")
    calls = (
        lambda: client.sign_in("a@example.com", "secret"),
        lambda: client.refresh("ew_refresh_x"),
        lambda: client.check("ew_access_x"),
        lambda: client.handover_day("ew_access_x", "s1", date(2026, 11, 23)),
        lambda: client.upload_photo("ew_access_x", "ab", b"\xff\xd8"),
    )
    for call in calls:
        with pytest.raises(Offline) as offline:
            call()
        assert (offline.value.reason, offline.value.trouble) == ("without encryption", Trouble.CERTIFICATE)


def test_another_server_does_not_get_the_tokens_of_the_first(store: Store) -> None:
    # given somebody who has signed in
    store.people.belong_to(identity("https://rental.example"))
    store.people.remember(session_of(ANNA), "4711")

    # when the address is written in another way, nothing changes
    store.people.belong_to(identity("https://Rental.example/"))
    assert store.people.session(ANNA) == session_of(ANNA)

    # when it is another server
    store.people.belong_to(identity("https://rental.example.evil.example"))

    # then the person and the PIN are still there, and no token is
    assert store.people.session(ANNA) is None
    assert store.people.needs_sign_in(ANNA)
    assert store.people.check_pin(ANNA, "4711")
    store.people.belong_to(identity("https://rental.example"))
    assert store.people.session(ANNA) is None


def test_a_sandbox_that_was_started_anew_is_the_same_server() -> None:
    assert identity("http://127.0.0.1:8000") == identity("http://localhost:8123")
