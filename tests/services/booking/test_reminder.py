"""The mail on the day before pick-up: between nine and eighteen, once for each time of pick-up, to whoever comes."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from server.models import Contract, Email, Job
from server.models.contract import ContractState
from server.models.email import EmailState, EmailTemplate
from server.models.job import JobKind
from server.services.acting import Acting
from server.services.booking import reminder
from server.services.changes import period
from server.services.ends import cancellation
from server.services.mail import emails
from server.services.payments import deposits
from tests.builders.bench import Bench
from tests.builders.rentals import book
from tests.builders.rows import open_shop
from tests.services.samples import at

START = at("2026-09-10 12:00")
DAY = timedelta(days=1)


async def reminders(bench: Bench, contract: Contract) -> list[Email]:
    """What has been written, after the job has run twice."""
    for _ in range(2):
        await reminder.remind(bench.outside, contract.id)
    found: list[Email] = await bench.all(Email, contract_id=contract.id, template=EmailTemplate.REMINDER)
    return found


async def due(bench: Bench, contract: Contract) -> list[datetime]:
    jobs = await bench.all(Job, kind=JobKind.REMIND_OF_START)
    return sorted(job.due_at for job in jobs if job.payload["contract"] == str(contract.id))


async def test_at_nine_on_the_day_before(bench: Bench) -> None:
    # Given a booking three days ahead
    contract = await book(await open_shop(bench), START, START + DAY)
    assert await due(bench, contract) == [at("2026-09-09 09:00")]
    # When
    bench.clock.move_to(at("2026-09-09 09:00"))
    (mail,) = await reminders(bench, contract)
    # Then
    assert mail.to == contract.customer.email
    assert mail.subject == f"Morgen holen Sie Ihr Fahrzeug ab: {contract.number}"
    said = " ".join(mail.text.replace("\u00a0", " ").split())
    assert "Abholung: Donnerstag, 10.09.2026, 12:00 Uhr" in said
    assert "den Führerschein im Original" in said
    assert "Die Frist für eine kostenfreie Stornierung" not in said
    assert "Stornieren können Sie kostenfrei bis 09.09.2026, 12:00 Uhr. Danach berechnen wir 59,00 €." in said


async def test_who_has_a_card_that_refused_the_deposit_hears_what_to_do(bench: Bench) -> None:
    # Given a deposit that is refused the day before
    start = at("2026-09-14 08:00")
    contract = await book(await open_shop(bench), start, start + DAY)
    bench.clock.move_to(at("2026-09-13 08:00"))
    bench.books.script("hold", "decline:51")
    await deposits.place(bench.outside, contract.id)
    # When
    bench.clock.move_to(at("2026-09-13 09:00"))
    (mail,) = await reminders(bench, contract)
    # Then
    said = " ".join(mail.text.replace("\u00a0", " ").split())
    assert "Wir konnten 300,00 € auf Ihrer Karte nicht blockieren." in said
    assert "werden vor der Abholung" not in said
    assert "die Karte, mit der Sie gebucht haben" not in said
    assert "eine Karte für die Kaution" in said


@pytest.mark.parametrize("late", ["2026-09-08 23:00", "2026-09-09 08:59", "2026-09-09 18:00", "2026-09-10 09:00"])
async def test_not_at_night_and_not_too_late(bench: Bench, late: str) -> None:
    contract = await book(await open_shop(bench), START, START + DAY)
    bench.clock.move_to(at(late))
    assert await reminders(bench, contract) == []


async def test_one_that_waits_for_the_mail_server_does_not_say_tomorrow_on_the_day(bench: Bench) -> None:
    # Given a reminder that could not be sent on its day
    contract = await book(await open_shop(bench), START, START + DAY)
    bench.clock.move_to(at("2026-09-09 17:59"))
    (mail,) = await reminders(bench, contract)
    bench.clock.move_to(at("2026-09-10 00:00"))
    # When
    await emails.send(bench.outside, mail.id, is_last_try=False)
    # Then
    ((now,),) = [await bench.all(Email, id=mail.id)]
    assert (now.state, now.sent_at, now.last_error) == (EmailState.FAILED, None, "it could not be sent in time")


async def test_who_books_later_than_that_is_not_reminded(bench: Bench) -> None:
    start = at("2026-09-08 09:00")  # it is ten on the day before
    contract = await book(await open_shop(bench), start, start + DAY)
    assert await due(bench, contract) == []


async def test_a_booking_that_is_called_off_is_not_reminded_of(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await book(shop, START, START + DAY)
    acting = Acting(bench.now, shop.somebody())
    await cancellation.cancel(bench.outside, acting, contract.id, contract.version, None)
    bench.clock.move_to(at("2026-09-09 09:00"))
    assert await reminders(bench, contract) == []
    assert (await bench.contract(contract.id)).state is ContractState.CANCELLED


async def test_a_pick_up_that_is_moved_has_a_reminder_of_its_own(bench: Bench) -> None:
    # Given a booking that was reminded of, and is then put off by four days
    shop = await open_shop(bench)
    contract = await book(shop, START, START + DAY)
    bench.clock.move_to(at("2026-09-09 09:00"))
    assert len(await reminders(bench, contract)) == 1
    wanted = period.PeriodChange(START + 4 * DAY, START + 5 * DAY)
    acting = Acting(bench.now, shop.somebody())
    await period.change(bench.outside, acting, contract.id, (await bench.contract(contract.id)).version, wanted)
    # When
    assert await due(bench, contract) == [at("2026-09-09 09:00"), at("2026-09-13 09:00")]
    bench.clock.move_to(at("2026-09-13 09:00"))
    # Then
    assert len(await reminders(bench, contract)) == 2
