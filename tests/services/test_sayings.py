"""Sentences that are put together: states, readings, reasons of billing blocks, in both languages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from server.errors import Refused, Sentence
from server.models import Contract, Protocol, Vehicle
from server.models.contract import ALLOWED, ContractState
from server.models.contract_attention import BillingBlock
from server.services.contract import blocks
from server.services.contract.state_words import STATE_WORDS, why_not
from server.services.handover import readiness
from tests.services.samples import at

LAST: dict[str, Any] = {"odometer_km": 10_000}
OUT_AT = at("2026-09-08 09:00")


def test_every_state_has_its_word() -> None:
    assert set(STATE_WORDS) == set(ContractState)


def test_where_a_contract_stands_and_what_can_follow() -> None:
    assert why_not(ContractState.RETURNED, ALLOWED[ContractState.RETURNED]) == Sentence(
        "The contract's state: car returned. What can follow: billed, car handed over.",
        "Stand des Vertrags: Fahrzeug zurückgegeben. Möglich ist danach: berechnet, Fahrzeug übergeben.",
    )
    assert why_not(ContractState.BILLED, ()) == Sentence(
        "The contract's state: billed. Nothing can follow.",
        "Stand des Vertrags: berechnet. Danach ist nichts mehr möglich.",
    )


def said_about(odometer_km: int, days: float) -> Sentence:
    columns: dict[str, Any] = {"odometer_km": 10_000, "occurred_at": OUT_AT}
    out = Protocol(**columns)
    with pytest.raises(Refused) as raised:
        readiness.odometer_at_return(out, odometer_km, OUT_AT + timedelta(days=days), None)
    return raised.value.message


def test_readings_stand_in_their_places() -> None:
    assert said_about(9_000, 1) == (
        "The odometer shows 9000 km, at hand-over it was 10000 km. Correct it, or say why it is right.",
        "Eingegeben sind 9000 km, bei der Übergabe waren es 10000 km."
        " Bitte den Kilometerstand korrigieren oder begründen, warum er stimmt.",
    )
    assert said_about(15_001, 2.5) == (
        "5001 km in 2.5 days are more than 2000 km a day. Correct it, or say why it is right.",
        "5001 km in 2,5 Tagen sind mehr als 2000 km am Tag."
        " Bitte den Kilometerstand korrigieren oder begründen, warum er stimmt.",
    )
    with pytest.raises(Refused) as raised:
        readiness.odometer_at_check_out(Vehicle(**LAST), 9_999, None)
    assert raised.value.message.de.startswith("Eingegeben sind 9999 km, der letzte Kilometerstand war 10000 km.")
    with pytest.raises(Refused) as raised:
        readiness.odometer_at_check_out(Vehicle(**LAST), 100_100, None)
    assert raised.value.message == (
        "100100 km are 90100 km more than the last reading, 10000 km. Correct it, or say why it is right.",
        "100100 km sind 90100 km mehr als der letzte Kilometerstand, 10000 km."
        " Bitte den Kilometerstand korrigieren oder begründen, warum er stimmt.",
    )


@pytest.mark.parametrize(
    ("reason", "detail", "english", "german"),
    [
        (BillingBlock.PROTOCOL_CONFLICT, "CHECKED_OUT", "arrival: car handed over)", "Eintreffen: Fahrzeug übergeben)"),
        (BillingBlock.PROTOCOL_CONFLICT, None, "arrival: –)", "Eintreffen: –)"),
        (BillingBlock.PROTOCOL_CONFLICT, "something old", "arrival: something old)", "Eintreffen: something old)"),
        (
            BillingBlock.REFUND_REFUSED,
            "51",
            "refused (The card's limit or balance does not suffice. (51)): transfer",
            "Guthaben der Karte reichen nicht aus. (51)): bitte",
        ),
    ],
)
def test_why_billing_waits(reason: BillingBlock, detail: str | None, english: str, german: str) -> None:
    columns: dict[str, Any] = {"billing_block": reason, "billing_block_detail": detail}
    contract = Contract(**columns)
    assert english in str(blocks.text(contract, "en"))
    assert german in str(blocks.text(contract, "de"))
