"""Why something is refused is said in the language of `Accept-Language`; the code is the same in all."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.calendar import local, next_weekday, soon
from tests.dealership import Dealership
from tests.driving import ADMIN, new_id

DAY = timedelta(days=1)
GERMAN, ENGLISH = "de-DE,de;q=0.9,en;q=0.5", "en-GB,en;q=0.9"


def said(dealership: Dealership, language: str, **changes: Any) -> tuple[str, str]:
    start = changes.pop("start", soon(dealership.server))
    end = changes.pop("end", start + DAY)
    result = dealership.book(start, end, caller=replace(dealership.website, language=language), **changes)
    return result["problemCode"], result["message"]


@pytest.mark.parametrize(
    ("changes", "code", "german", "english"),
    [
        (
            {"customer": {"firstName": "Anna", "lastName": "Beispiel", "email": "nonsense"}},
            "INVALID_INPUT",
            "Das ist keine E-Mail-Adresse; sie sollte aussehen wie name@example.de.",
            "This is not a mail address; it should look like name@example.de.",
        ),
        (
            {"groupId": new_id()},
            "NOT_FOUND",
            "Diese Fahrzeuggruppe gibt es nicht.",
            "There is no such vehicle group.",
        ),
        (
            {"extras": [{"code": "HELICOPTER"}]},
            "INVALID_INPUT",
            "Der Tarif hat keine Zusatzleistung „HELICOPTER“; es gibt: ",
            "The tariff has no extra “HELICOPTER”; it has: ",
        ),
    ],
)
def test_a_refused_booking(
    dealership: Dealership, changes: dict[str, Any], code: str, german: str, english: str
) -> None:
    in_german, in_english = said(dealership, GERMAN, **changes), said(dealership, ENGLISH, **changes)

    assert (in_german[0], in_english[0]) == (code, code)
    assert in_german[1].startswith(german)
    assert in_english[1].startswith(english)


def test_a_closed_station(dealership: Dealership) -> None:
    sunday = local(next_weekday(dealership.server, 6), 10)
    name = dealership.station["name"]

    assert said(dealership, GERMAN, start=sunday, end=sunday + DAY) == (
        "OUTSIDE_OPENING_HOURS",
        f"{name} ist zu Beginn des Zeitraums geschlossen.",
    )
    assert said(dealership, ENGLISH, start=sunday, end=sunday + DAY) == (
        "OUTSIDE_OPENING_HOURS",
        f"{name} is closed at the start of the period.",
    )


def test_the_stored_refusal_of_a_key_speaks_both_languages(dealership: Dealership) -> None:
    # Given: declined, as a German website was told
    key, start = new_id(), soon(dealership.server)
    customer = {"firstName": "Anna", "lastName": "Beispiel", "email": "anna.sprachen@example.com"}
    declined = {"key": key, "start": start, "card": "tok-declined", "customer": customer}
    assert said(dealership, GERMAN, **declined) == (
        "PAYMENT_DECLINED",
        "Die Karte wurde abgelehnt. Es wird nichts abgebucht; bitte eine andere Karte versuchen.",
    )
    # When: the same key again, in English
    again = said(dealership, ENGLISH, **declined)
    # Then
    assert again == ("PAYMENT_DECLINED", "The card was declined. Nothing is charged; please try another card.")


def test_a_state_is_called_by_its_word(dealership: Dealership) -> None:
    start = soon(dealership.server)
    contract = dealership.booked(start, start + DAY)
    settle = "mutation($c:ID!,$v:Int!){settleContract(contractId:$c,version:$v){...on Problem{problemCode message}}}"
    asked = {"c": contract["id"], "v": contract["version"]}

    german = replace(dealership.clerk, language=GERMAN)(settle, **asked)
    english = replace(dealership.clerk, language=ENGLISH)(settle, **asked)

    assert german == {
        "problemCode": "INVALID_TRANSITION",
        "message": "Stand des Vertrags: reserviert. Möglich ist danach: Fahrzeug übergeben, storniert, nicht abgeholt.",
    }
    assert english["message"] == (
        "The contract's state: reserved. What can follow: car handed over, cancelled, not picked up."
    )


def test_a_wrong_password_and_a_role_that_may_not(dealership: Dealership) -> None:
    stranger = dealership.server.api()
    sign_in = "mutation($e:String!,$p:String!){signIn(email:$e,password:$p){...on Problem{message}}}"
    wrong = {"e": ADMIN["email"], "p": "not-the-password"}

    assert replace(stranger, language=GERMAN)(sign_in, **wrong)["message"] == (
        "E-Mail-Adresse oder Passwort ist falsch."
    )
    assert stranger(sign_in, **wrong)["message"] == "E-mail or password is wrong."
    refused = replace(dealership.yard, language=GERMAN).post("{documents{nodes{id}}}")["errors"][0]
    assert (refused["message"], refused["extensions"]["code"]) == ("Ihre Rolle erlaubt das nicht.", "FORBIDDEN")
