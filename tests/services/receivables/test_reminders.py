"""Reminders: 3, 14 and 28 days after the due date, to whoever owes; then somebody has to look."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from server.models import Contract, Email, Job
from server.models.contract_attention import ContractFlag
from server.models.email import EmailTemplate
from server.models.job import JobKind
from server.models.staff import Role
from server.services.acting import Acting
from server.services.lists import attention
from server.services.receivables import reminders, write_off
from tests.builders.bench import Bench
from tests.builders.rentals import customer
from tests.builders.rows import open_shop
from tests.services.receivables.billed import DAY, INSURER, final_of, item_of, on_account, pay


async def reminded(bench: Bench, contract: Contract, *, after_due: int) -> list[Email]:
    """Ten o'clock, some days after the due date; the job runs twice."""
    item = await item_of(bench, await final_of(bench, contract))
    days = (item.due_on - bench.now.date()).days + after_due
    bench.clock.move_to(bench.now.replace(hour=8) + days * DAY)
    for _ in range(2):
        await reminders.remind(bench.outside, item.id)
    return await bench.all(Email, contract_id=contract.id, template=EmailTemplate.PAYMENT_REMINDER)


def plain(mail: Email) -> str:
    return " ".join(mail.text.replace("\u00a0", " ").split())


async def test_three_times_then_the_clerk_has_to_look(bench: Bench) -> None:
    # Given 118.00, of which 50.00 are paid
    shop = await open_shop(bench)
    contract = await on_account(shop)
    final = await final_of(bench, contract)
    await pay(shop, final, 5_000)
    # Before the third day nobody is reminded
    assert await reminded(bench, contract, after_due=2) == []
    # Then
    (mail,) = await reminded(bench, contract, after_due=3)
    assert mail.to == contract.customer.email
    assert mail.subject == f"Zahlungserinnerung zu Rechnung {final.number}"
    due = (await item_of(bench, final)).due_on
    assert (
        f"die Rechnung {final.number} zu Vertrag {contract.number} war am {due:%d.%m.%Y} fällig. Davon sind noch 68,00 €"
        " offen. Bitte überweisen Sie den Betrag; Zinsen oder Mahngebühren berechnen wir nicht." in plain(mail)
    )
    assert [file.name for file in mail.attachments] == [f"Rechnung {final.number}.pdf"]
    assert len(await reminded(bench, contract, after_due=13)) == 1
    assert len(await reminded(bench, contract, after_due=14)) == 2
    assert not (await bench.contract(contract.id)).payment_overdue
    assert len(await reminded(bench, contract, after_due=28)) == 3
    assert len(await reminded(bench, contract, after_due=60)) == 3
    now = await bench.contract(contract.id)
    assert ContractFlag.PAYMENT_OVERDUE in attention.flags(now, None, at_risk=False, now=bench.now)
    assert (await item_of(bench, final)).reminders == 3
    # Once it is paid, nobody has to look any more
    assert not (await pay(shop, final, 6_800, "T-9")).payment_overdue


async def test_what_is_paid_is_not_reminded_of(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await on_account(shop)
    await pay(shop, await final_of(bench, contract), 11_800)

    assert await reminded(bench, contract, after_due=3) == []


async def test_what_is_given_up_is_not_reminded_of(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await on_account(shop)
    item = await item_of(bench, await final_of(bench, contract))
    await write_off.write_off(bench.outside, Acting(bench.now, shop.somebody(Role.MANAGER)), item.id, "Kulanz")

    assert await reminded(bench, contract, after_due=14) == []


async def test_another_payer_is_reminded_and_not_the_customer(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await on_account(shop, payer=INSURER, customer=customer(email="anna@example.com"))

    (mail,) = await reminded(bench, contract, after_due=3)

    assert mail.to == INSURER.email
    assert "Guten Tag Versicherung AG," in plain(mail)


async def test_a_payer_who_cannot_be_reminded_is_for_the_clerk(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await on_account(shop, payer=replace(INSURER, email=None))

    assert await reminded(bench, contract, after_due=3) == []
    assert await reminded(bench, contract, after_due=28) == []

    assert (await bench.contract(contract.id)).payment_overdue
    final = await final_of(bench, contract)
    assert (await item_of(bench, final)).reminders == 0
    assert not (await pay(shop, final, 11_800)).payment_overdue


async def test_its_job_is_written_with_the_item(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await on_account(shop)
    item = await item_of(bench, await final_of(bench, contract))
    (job,) = await bench.all(Job, kind=JobKind.REMIND_OF_PAYMENT)
    # Nine o'clock in Berlin, three days after the due date
    assert job.due_at.astimezone(shop.station.zone).isoformat() == f"{item.due_on + timedelta(days=3)}T09:00:00+02:00"


async def test_reminders_that_come_late_are_as_far_apart_as_they_should_be(bench: Bench) -> None:
    """After an upgrade, or when no worker ran for weeks."""
    shop = await open_shop(bench)
    contract = await on_account(shop)

    assert len(await reminded(bench, contract, after_due=60)) == 1
    assert len(await reminded(bench, contract, after_due=70)) == 1
    assert len(await reminded(bench, contract, after_due=71)) == 2
    assert len(await reminded(bench, contract, after_due=84)) == 2
    assert len(await reminded(bench, contract, after_due=85)) == 3


async def test_a_customer_whose_name_and_address_were_corrected_is_still_the_customer(bench: Bench) -> None:
    # Given: billed to a name and a mail address with typos, which are put right
    shop = await open_shop(bench)
    contract = await on_account(shop, customer=customer(last_name="Beispeil", email="falsch@example.com"))
    async with bench.owned() as session:
        now = await session.by_id(Contract, contract.id)
        assert now is not None
        now.correct_customer(customer(last_name="Beispiel", email="richtig@example.com"))
        await session.store(now)

    (mail,) = await reminded(bench, contract, after_due=3)

    assert mail.to == "richtig@example.com"
    assert "Guten Tag Anna Beispiel," in plain(mail)
