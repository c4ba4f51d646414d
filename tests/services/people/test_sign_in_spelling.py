"""One password is one password, and one mailbox one mailbox, however a device writes them."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

import pytest
from sqlmodel import col, select

from server import security
from server.database import ADMINISTRATION, SYSTEM
from server.errors import DomainError, InvalidInput
from server.models import User
from server.models.customer import email_key
from server.models.staff import Role
from server.services.people import sessions, staff
from server.services.people.staff import NewUser, UserChange
from tests.builders.bench import Bench

NOW = datetime(2026, 9, 7, 8, tzinfo=UTC)
PASSWORD = "Größenwahn-Übermut-7"
COMPOSED, APART = (unicodedata.normalize(form, PASSWORD) for form in ("NFC", "NFD"))


async def create(bench: Bench, password: str, email: str = "k@müller-autohaus.de") -> User:
    new = NewUser(email=email, name="K", role=Role.ADMIN, password=password)
    async with bench.outside.database.transaction(ADMINISTRATION) as session:
        return await staff.create_user(session, new, now=NOW)


async def signs_in(bench: Bench, password: str, email: str = "k@müller-autohaus.de") -> bool:
    try:
        await sessions.sign_in(bench.outside, email, password, address="192.0.2.1", now=NOW)
    except DomainError as refused:
        return refused.code.value != "NOT_ALLOWED"
    return True


@pytest.mark.parametrize("made_of", [COMPOSED, APART])
async def test_a_password_fits_composed_and_decomposed(bench: Bench, made_of: str) -> None:
    await create(bench, made_of)

    assert [await signs_in(bench, typed) for typed in (COMPOSED, APART)] == [True, True]
    assert not await signs_in(bench, COMPOSED.replace("ö", "o"))
    assert not await signs_in(bench, COMPOSED.swapcase())


@pytest.mark.parametrize("made_of", [COMPOSED, APART])
async def test_a_changed_password_too(bench: Bench, made_of: str) -> None:
    user = await create(bench, "something-else")
    async with bench.outside.database.transaction(ADMINISTRATION) as session:
        await staff.update_user(session, user.id, UserChange(password=made_of), now=NOW)

    assert [await signs_in(bench, typed) for typed in (COMPOSED, APART)] == [True, True]


@pytest.mark.parametrize("made_of", [COMPOSED, APART, "Sommer\u00a0Reifen\u2003Öl"])
async def test_a_hash_of_the_text_as_it_was_sent_stays_good(bench: Bench, made_of: str) -> None:
    """Version 0.1 hashed what came."""
    user = await create(bench, "something-else")
    async with bench.owned() as session:
        old = security._HASHER.hash(made_of)
        await session.write("update app_user set password_hash = :old where id = :id", {"old": old, "id": user.id})

    forms = {unicodedata.normalize(form, made_of) for form in ("NFC", "NFD")}
    assert [await signs_in(bench, typed) for typed in (made_of, *forms)] == [True] * (1 + len(forms))
    assert not await signs_in(bench, "something-else")


async def test_every_blank_is_the_plain_one(bench: Bench) -> None:
    await create(bench, "Sommer Reifen Achse")

    assert await signs_in(bench, "Sommer\u00a0Reifen\u3000Achse")
    assert not await signs_in(bench, "SommerReifenAchse")


async def test_the_length_is_that_of_the_composed_password(bench: Bench) -> None:
    longest = "ü" * security.LONGEST_PASSWORD
    await create(bench, unicodedata.normalize("NFD", longest))
    assert await signs_in(bench, unicodedata.normalize("NFD", longest))

    for wrong in (unicodedata.normalize("NFD", "ü" * 9), longest + "ü"):
        with pytest.raises(InvalidInput) as said:
            await create(bench, wrong, "other@example.com")
        assert said.value.field == ["input", "password"]
    assert await bench.counts(User) == [1]


@pytest.mark.parametrize(
    "typed",
    [
        "k@müller-autohaus.de",
        "k@xn--mller-autohaus-gsb.de",
        " K@XN--MLLER-AUTOHAUS-GSB.DE ",
        "k@MU\u0308LLER-autohaus.de",
        "k@ｍüller-autohaus。de",
    ],
)
async def test_a_mailbox_is_one_in_every_spelling_of_its_domain(bench: Bench, typed: str) -> None:
    # Given
    await create(bench, PASSWORD)

    # Then
    assert await signs_in(bench, PASSWORD, typed)
    with pytest.raises(InvalidInput) as said:
        await create(bench, PASSWORD, typed)
    assert said.value.field == ["input", "email"]
    async with bench.outside.database.transaction(SYSTEM) as session:
        assert await session.all(select(col(User.email_key))) == ["k@müller-autohaus.de"]


def test_what_is_no_address_has_a_key_all_the_same() -> None:
    assert email_key(" Nobody ") == "nobody"
    assert email_key("A@[x") == "a@[x"
    assert len(email_key("x" * 100_000 + "@example.com")) == 320
    assert email_key("a@straße.de") != email_key("a@strasse.de")
