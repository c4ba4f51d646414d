"""Mails of a contract say what holds for it: who pays, which card, which state of the car, where it goes back."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from server.models import Contract, Document, Email, Protocol
from server.models.contract import ContractKind
from server.models.customer import Language
from server.models.damage import DamageKind, VehicleView
from server.models.fleet import Energy
from server.models.payment import PaymentMethod
from server.models.recipient import PostalAddress, Recipient
from server.models.staff import Role
from server.services.billing import invoice
from server.services.handover import paper
from server.services.handover.damages import DamageReport
from tests.builders.bench import Bench
from tests.builders.rentals import book, check_in, check_out, customer, rented
from tests.builders.rows import open_shop, station
from tests.rendering.reading import words_of
from tests.services.samples import KOMPAKT, at

START = at("2026-09-08 09:00")
DAY = timedelta(days=1)
WAIVED: dict[str, Any] = {"method": PaymentMethod.WAIVED, "waiver_reason": "goodwill", "card_token": None}
INSURER = Recipient(
    name="Nordlicht Versicherung AG",
    address=PostalAddress(street="Deichstr. 3", postcode="20459", city="Hamburg"),
)
ELECTRIC: dict[str, Any] = {"group_with": {"energy": Energy.ELECTRIC}}
HYBRID: dict[str, Any] = {"group_with": {"energy": Energy.PLUGIN_HYBRID}}


async def mail_of(bench: Bench, contract: Contract, template: str) -> str:
    (mail,) = await bench.all(Email, contract_id=contract.id, template=template)
    return " ".join(mail.text.replace("\u00a0", " ").split())


async def printed(bench: Bench, contract: Contract, type_: str) -> Protocol:
    """The protocol, after its job has printed it and written its mail."""
    (protocol,) = await bench.all(Protocol, contract_id=contract.id, type=type_)
    await paper.make(bench.outside, protocol.id)
    (found,) = await bench.all(Protocol, id=protocol.id)
    done: Protocol = found
    return done


@pytest.mark.parametrize(
    ("more", "rest"),
    [
        ({}, "Nach der Rückgabe: 59,00 € nach heutigem Stand, Ihrer hinterlegten Karte belastet"),
        (WAIVED, "Nach der Rückgabe: 118,00 € nach heutigem Stand, zahlbar auf Rechnung"),
        (  # no card of the customer is debited for what somebody else pays
            {"payer": INSURER},
            "Jetzt bezahlt: 0,00 € Nach der Rückgabe: 118,00 € nach heutigem Stand, zahlbar von Nordlicht Versicherung AG",
        ),
    ],
)
async def test_the_confirmation_names_who_pays_the_rest(bench: Bench, more: dict[str, Any], rest: str) -> None:
    shop = await open_shop(bench)
    contract = await book(shop, START, START + 2 * DAY, **more)
    text = await mail_of(bench, contract, "BOOKING_CONFIRMATION")
    assert rest in text
    assert ("die Karte, mit der Sie gebucht haben" in text) is (more is not WAIVED)


@pytest.mark.parametrize(
    ("ahead", "sentence"),
    [
        (DAY + timedelta(minutes=1), "Stornieren können Sie kostenfrei bis "),
        (DAY, "Die Frist für eine kostenfreie Stornierung ist bereits abgelaufen."),
    ],
)
async def test_free_cancellation_is_promised_while_it_lasts(bench: Bench, ahead: timedelta, sentence: str) -> None:
    contract = await book(await open_shop(bench), bench.now + ahead, bench.now + ahead + DAY)
    text = await mail_of(bench, contract, "BOOKING_CONFIRMATION")
    assert sentence in text
    assert ("kostenfrei bis" in text) is (ahead > DAY)


CANCELLING: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({}, {}, "Stornieren können Sie kostenfrei bis 08.09.2026, 12:00 Uhr. Danach berechnen wir 59,00 €."),
    ({"free_cancellation_hours": 2}, {}, "kostenfrei bis 09.09.2026, 10:00 Uhr. Danach berechnen wir 59,00 €."),
    (
        {"free_cancellation_hours": 72, "cancellation_fee_cents": 2_000},
        {},
        "Die Frist für eine kostenfreie Stornierung ist bereits abgelaufen. Für eine Stornierung berechnen wir 20,00 €.",
    ),
    ({"cancellation_fee_cents": 0}, {}, "Stornieren können Sie bis zur Abholung kostenfrei."),
    ({}, {"kind": ContractKind.COURTESY}, "Stornieren können Sie bis zur Abholung kostenfrei."),
]


@pytest.mark.parametrize(("terms", "more", "sentence"), CANCELLING)
async def test_the_confirmation_names_the_contracts_own_deadline_and_fee(
    bench: Bench, terms: dict[str, Any], more: dict[str, Any], sentence: str
) -> None:
    # Given
    shop = await open_shop(bench, terms=replace(KOMPAKT, **terms))
    start = at("2026-09-09 12:00")
    # When
    text = await mail_of(bench, await book(shop, start, start + DAY, **more), "BOOKING_CONFIRMATION")
    # Then
    assert sentence in text
    never = "Wird das Fahrzeug ohne Stornierung nicht abgeholt, berechnen wir 59,00 €."
    assert (never in text) is (not more)


async def test_the_confirmation_in_english_names_them_too(bench: Bench) -> None:
    shop = await open_shop(bench, terms=replace(KOMPAKT, free_cancellation_hours=48, no_show_fee_cents=4_500))
    start = at("2026-09-10 12:00")
    english = customer(language=Language.EN)
    text = await mail_of(bench, await book(shop, start, start + DAY, customer=english), "BOOKING_CONFIRMATION")
    assert "You can cancel free of charge until 8 Sept 2026, 12:00. After that we charge 59.00 EUR." in text
    assert "If the car is not picked up and the booking was not cancelled, we charge 45.00 EUR." in text


async def test_a_station_without_hours_is_open_all_day(bench: Bench) -> None:
    shop = await open_shop(bench, opening_hours_json=[])
    contract = await book(shop, START, START + DAY)
    text = await mail_of(bench, contract, "BOOKING_CONFIRMATION")
    assert "Geöffnet an diesem Tag: durchgehend geöffnet Rückgabe:" in text


@pytest.mark.parametrize(
    ("kind", "levels", "sentence"),
    [
        (ELECTRIC, {"fuel": None, "charge": 90}, "mit demselben Ladestand zurück"),
        ({}, {}, "mit demselben Tankstand zurück"),
        (HYBRID, {"charge": 60}, "mit demselben Tank- und Ladestand zurück"),
    ],
)
async def test_the_mails_ask_for_what_the_car_is_driven_with(
    bench: Bench, kind: dict[str, Any], levels: dict[str, Any], sentence: str
) -> None:
    shop = await open_shop(bench, **kind)
    contract = await book(shop, START, START + DAY)
    bench.clock.move_to(START)
    await check_out(shop, contract, **levels)
    await printed(bench, contract, "CHECK_OUT")
    for template in ("BOOKING_CONFIRMATION", "CHECK_OUT_PROTOCOL"):
        assert sentence in await mail_of(bench, contract, template)


async def test_the_hand_over_mail_of_a_one_way_rental_names_the_other_station(bench: Bench) -> None:
    # Given
    shop, away = await open_shop(bench), station(name="Potsdam Mitte")
    await bench.put(away)
    contract = await book(shop, START, START + DAY, return_station_id=away.id, role=Role.ADMIN)
    bench.clock.move_to(START)
    # When
    await check_out(shop, contract)
    await printed(bench, contract, "CHECK_OUT")
    # Then
    text = await mail_of(bench, contract, "CHECK_OUT_PROTOCOL")
    assert "Rückgabeort: Potsdam Mitte, Am Markt 1, 13581 Berlin" in text


def scratch() -> DamageReport:
    return DamageReport(uuid4(), VehicleView.LEFT, 0.4, 0.5, DamageKind.SCRATCH, 40, None, ())


async def damages_of(bench: Bench, protocol: Protocol) -> list[str]:
    """Whether the printed protocol calls its damages known or new, in their order."""
    assert protocol.pdf_key
    table = words_of(await bench.outside.objects.get(protocol.pdf_key)).split("Bemerkung Stand ")[1]
    return re.findall(r"Links Kratzer 40 mm (bekannt|neu)", table)


async def test_a_damage_is_new_on_the_return_protocol_only(bench: Bench) -> None:
    # Given: a damage is written down as the car goes out
    shop = await open_shop(bench)
    contract = await book(shop, START, START + DAY)
    bench.clock.move_to(START)
    await check_out(shop, contract, damages=(scratch(),))
    handed_over = await printed(bench, contract, "CHECK_OUT")
    # When: another one as it comes back
    bench.clock.move_to(START + DAY)
    await check_in(shop, contract, damages=(scratch(),))
    returned = await printed(bench, contract, "CHECK_IN")
    # Then: only the second is new
    assert await damages_of(bench, handed_over) == ["bekannt"]
    assert await damages_of(bench, returned) == ["bekannt", "neu"]
    text = await mail_of(bench, contract, "CHECK_IN_PROTOCOL")
    assert "einen neuen Schaden festgehalten; die Beschreibung steht im Protokoll." in text


@pytest.mark.parametrize(("driven", "said"), [(1_000, True), (100, False)])
async def test_the_invoices_mail_names_what_was_agreed_where_it_comes_to_something_else(
    bench: Bench, driven: int, said: bool
) -> None:
    # Given a day for 59.00 with 200 km, and so many driven
    shop = await open_shop(bench)
    contract = await rented(shop, START, START + DAY, km=driven)
    # When
    await invoice.settle(bench.outside, contract.id)
    # Then
    text = await mail_of(bench, contract, "FINAL_INVOICE")
    assert ("Vereinbart waren 59,00 €. Berechnet wird, was tatsächlich war" in text) is said
    assert ("Mehrkilometer: " in text) is said
    assert "Miete 1 Tag: 59,00 €" in text


@pytest.mark.parametrize("type_", ["CHECK_OUT", "CHECK_IN"])
async def test_the_renter_on_the_protocol_is_who_rents_and_not_who_pays(bench: Bench, type_: str) -> None:
    # Given: an insurer pays
    shop = await open_shop(bench)
    contract = await rented(shop, START, START + DAY, payer=INSURER)
    # When
    protocol = await printed(bench, contract, type_)
    # Then
    assert protocol.pdf_key
    text = words_of(await bench.outside.objects.get(protocol.pdf_key))
    assert INSURER.name not in text
    assert f"{contract.customer.display_name} Hauptstr. 1 10115 Berlin {contract.customer.email}" in text


LATE_BY_A_MINUTE = {
    Language.DE: "2 Tage: 2 × 59,00 = 118,00; 1 Tag mehr als vereinbart: zurück am 09.09.2026, 10:01 Uhr statt am"
    " 09.09.2026, 09:00 Uhr (bis 60 Minuten später ist frei)",
    Language.EN: "2 days: 2 × 59.00 = 118.00; 1 day more than agreed: back on 9 Sept 2026, 10:01 instead of"
    " 9 Sept 2026, 09:00 (up to 60 minutes are free)",
}


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize(("minutes", "said"), [(60, False), (61, True)])
async def test_a_day_more_for_a_late_return_says_why(
    bench: Bench, minutes: int, language: Language, said: bool
) -> None:
    # Given a day that is agreed, and a car that comes back so late
    shop = await open_shop(bench)
    contract = await book(shop, START, START + DAY, customer=customer(language=language))
    bench.clock.move_to(START)
    await check_out(shop, contract)
    bench.clock.move_to(START + DAY + timedelta(minutes=minutes))
    await check_in(shop, contract, km=10_100)
    # When
    await invoice.settle(bench.outside, contract.id)
    # Then the mail and the invoice say so, or have nothing to say
    (document,) = await bench.all(Document, contract_id=contract.id, type="FINAL_INVOICE")
    for text in (
        await mail_of(bench, contract, "FINAL_INVOICE"),
        words_of(await bench.outside.objects.get(document.pdf_key)),
    ):
        assert (LATE_BY_A_MINUTE[language] in text) is said
        assert ("mehr als vereinbart" in text or "more than agreed" in text) is said


async def test_the_hand_over_mail_says_when_the_station_is_open_and_what_is_blocked(bench: Bench) -> None:
    # Given
    contract = await rented(await open_shop(bench), START, START + DAY)
    # When
    await printed(bench, contract, "CHECK_OUT")
    # Then
    text = await mail_of(bench, contract, "CHECK_OUT_PROTOCOL")
    assert "Geöffnet am Rückgabetag: 07:00 Uhr – 19:00 Uhr" in text
    assert "Kaution 300,00 € sind auf Ihrer Karte blockiert, nicht abgebucht." in text


async def test_without_a_card_the_hand_over_mail_knows_no_deposit(bench: Bench) -> None:
    contract = await rented(await open_shop(bench), START, START + DAY, **WAIVED)
    await printed(bench, contract, "CHECK_OUT")
    assert "Kaution" not in await mail_of(bench, contract, "CHECK_OUT_PROTOCOL")


async def test_a_damage_keeps_the_deposit_and_the_rent_is_billed_all_the_same(bench: Bench) -> None:
    """The rent is charged at once: what waits for an answer is what the damage costs."""
    # Given
    shop = await open_shop(bench)
    contract = await rented(shop, START, START + DAY, back_with={"damages": (scratch(),)})
    # When
    await printed(bench, contract, "CHECK_IN")
    # Then
    text = await mail_of(bench, contract, "CHECK_IN_PROTOCOL")
    assert "Wir prüfen das und melden uns, bevor dafür etwas berechnet wird." in text
    assert "Kaution 300,00 € bleiben bis zur Klärung auf Ihrer Karte blockiert, nicht abgebucht." in text
    assert "Die Rechnung erhalten Sie in einer eigenen E-Mail." in text


@pytest.mark.parametrize(("more", "said"), [({}, True), ({"payer": INSURER}, False)])
async def test_the_confirmation_says_when_the_deposit_pays_for_the_rent(
    bench: Bench, more: dict[str, Any], said: bool
) -> None:
    contract = await book(await open_shop(bench), START, START + DAY, **more)
    text = await mail_of(bench, contract, "BOOKING_CONFIRMATION")
    promise = "Lehnt Ihre Karte später die Rechnung ab, wird sie aus der Kaution bezahlt, soweit diese reicht."
    assert (promise in text) is said
