"""Who writes, where answers go, what the calendar shows, and whom a mail greets."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from icalendar import Calendar

from server.models import Company, Contract, Email, Station
from server.models.customer import CustomerKind, Language
from server.models.email import EmailTemplate, StoredFile
from server.services.acting import Acting
from server.services.changes import period
from server.services.ends import cancellation
from server.services.mail import emails
from tests.builders.bench import Bench
from tests.builders.rentals import book, customer
from tests.builders.rows import open_shop
from tests.services.samples import at

START = at("2026-09-10 12:00")
DAY = timedelta(days=1)


async def mail(bench: Bench, contract: Contract, template: EmailTemplate) -> Email:
    (found,) = await bench.all(Email, contract_id=contract.id, template=template)
    one: Email = found
    return one


def calendar_of(found: Email) -> StoredFile:
    (file,) = [file for file in found.attachments if file.type == "text/calendar"]
    return file


def event_in(file: StoredFile) -> Any:
    (event,) = Calendar.from_ical(file.text or "").walk("VEVENT")
    return event


COMPANY = "rechnung@autohaus-sonnenfeld.example"


@pytest.mark.parametrize(
    ("own", "answered"),
    [("berlin@station.example", "berlin@station.example"), (None, COMPANY), ("büro@a.example", COMPANY)],
)
async def test_the_station_writes_and_is_answered(bench: Bench, own: str | None, answered: str) -> None:
    # Given a station with an address of its own, without one, or with one that no header carries everywhere
    shop = await open_shop(bench)
    station: Station = shop.station
    station.email = own
    await bench.put(station)
    # When
    found = await mail(bench, await book(shop, START, START + DAY), EmailTemplate.BOOKING_CONFIRMATION)
    # Then
    outgoing = await emails._outgoing(bench.outside, found)
    assert (outgoing.sender_name, outgoing.reply_to) == (station.name, answered)
    assert "Dafür genügt eine Antwort auf diese E-Mail" in found.text


async def test_where_nobody_reads_answers_none_is_asked_for(bench: Bench) -> None:
    # Given a dealer without any mail address, and a station with a phone
    shop = await open_shop(bench)
    shop.station.email, shop.station.phone = None, "030 23125 110"
    (company,) = await bench.all(Company)
    company.email = None
    await bench.put(shop.station, company)
    # When
    found = await mail(bench, await book(shop, START, START + DAY), EmailTemplate.BOOKING_CONFIRMATION)
    # Then
    assert found.reply_to is None
    assert "Antwort auf diese E-Mail" not in found.text
    assert "Dafür genügt ein Anruf: 030 23125 110." in found.text


async def test_the_calendar_shows_the_rental_and_a_change_moves_it(bench: Bench) -> None:
    # Given
    shop = await open_shop(bench)
    contract = await book(shop, START, START + DAY)
    first = calendar_of(await mail(bench, contract, EmailTemplate.BOOKING_CONFIRMATION))
    # When
    wanted = period.PeriodChange(START, START + 2 * DAY)
    await period.change(bench.outside, Acting(bench.now, shop.somebody()), contract.id, contract.version, wanted)
    second = calendar_of(await mail(bench, contract, EmailTemplate.CHANGE))
    # Then
    was, now = event_in(first), event_in(second)
    assert first.name == "Miettermin.ics"
    assert (was["dtstart"].dt, was["dtend"].dt) == (START, START + DAY)
    assert (now["dtstart"].dt, now["dtend"].dt) == (START, START + 2 * DAY)
    assert was["uid"] == now["uid"]
    assert was["sequence"] < now["sequence"]
    assert str(was["description"]) == f"Buchungsnummer {contract.number}"
    assert str(was["location"]).startswith(shop.station.name)
    assert str(was["summary"]) == f"Mietwagen: {shop.station.name}"


async def test_a_booking_that_is_called_off_leaves_the_calendar(bench: Bench) -> None:
    # Given
    shop = await open_shop(bench)
    contract = await book(shop, START, START + DAY)
    entered = event_in(calendar_of(await mail(bench, contract, EmailTemplate.BOOKING_CONFIRMATION)))
    # When
    acting = Acting(bench.now, shop.somebody())
    await cancellation.cancel(bench.outside, acting, contract.id, contract.version, None)
    # Then
    file = calendar_of(await mail(bench, contract, EmailTemplate.CANCELLATION))
    gone = event_in(file)
    assert "METHOD:CANCEL" in (file.text or "")
    assert (str(gone["status"]), gone["uid"]) == ("CANCELLED", entered["uid"])
    assert gone["sequence"] > entered["sequence"]


async def test_the_file_goes_out_as_it_is(bench: Bench) -> None:
    contract = await book(await open_shop(bench), START, START + DAY, customer=customer(language=Language.EN))
    found = await mail(bench, contract, EmailTemplate.BOOKING_CONFIRMATION)
    outgoing = await emails._outgoing(bench.outside, found)
    (file,) = [one for one in outgoing.attachments if one.content_type == "text/calendar"]
    assert file.filename == "Rental.ics"
    assert file.content.decode() == calendar_of(found).text


@pytest.mark.parametrize(
    ("who", "greeting"),
    [
        ({"first_name": "Petra", "last_name": "Sommer"}, "Guten Tag Petra Sommer,"),
        ({"first_name": None, "last_name": None}, "Guten Tag Sommer GmbH,"),
    ],
)
async def test_a_companys_contact_is_greeted(bench: Bench, who: dict[str, str | None], greeting: str) -> None:
    company = customer(kind=CustomerKind.COMPANY, company="Sommer GmbH", **who)
    contract = await book(await open_shop(bench), START, START + DAY, customer=company)
    assert greeting in (await mail(bench, contract, EmailTemplate.BOOKING_CONFIRMATION)).text
