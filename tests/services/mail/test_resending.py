"""A mail is sent once more: as one of its own, to the same address or a corrected one."""

from __future__ import annotations

from typing import Any

import pytest

from server.errors import InvalidInput, NotFound
from server.models import Contract, Email, HistoryEntry, Job
from server.models.columns import uuid7
from server.models.contract_parts import HistoryAction
from server.models.email import EmailState, EmailTemplate
from server.models.job import JobKind
from server.services.acting import Acting
from server.services.mail import emails, resending
from tests.builders.bench import Bench
from tests.builders.rentals import book
from tests.builders.rows import Shop, open_shop
from tests.services.receivables.billed import END, START


async def confirmed(bench: Bench, state: EmailState) -> tuple[Shop, Contract, Email]:
    """A booking, with its confirmation as far as that."""
    shop = await open_shop(bench)
    contract = await book(shop, START, END)
    (mail,) = await mails(bench, contract)
    mail.state = state
    await bench.put(mail)
    return shop, contract, mail


async def mails(bench: Bench, contract: Contract) -> list[Email]:
    found: list[Email] = await bench.all(Email, contract_id=contract.id, template=EmailTemplate.BOOKING_CONFIRMATION)
    return sorted(found, key=lambda mail: mail.id)


async def jobs(bench: Bench, mail: Email) -> list[Any]:
    return [job for job in await bench.all(Job, kind=JobKind.SEND_EMAIL) if job.payload["email"] == str(mail.id)]


async def test_what_was_sent_goes_to_a_corrected_address_as_a_mail_of_its_own(bench: Bench) -> None:
    # Given
    shop, contract, first = await confirmed(bench, EmailState.SENT)
    clerk = Acting(bench.now, shop.somebody())
    # When
    again_id = await resending.resend(bench.outside, clerk, first.id, " neu@example.com ")
    # Then
    (was, again) = await mails(bench, contract)
    assert (was.state, was.to) == (EmailState.SENT, contract.customer.email)
    assert (again.id, again.to, again.state, again.resend_of_id) == (
        again_id,
        "neu@example.com",
        EmailState.QUEUED,
        first.id,
    )
    assert (again.subject, again.html, again.attachments_json) == (first.subject, first.html, first.attachments_json)
    assert len(await jobs(bench, again)) == 1
    (entry,) = await bench.all(HistoryEntry, contract_id=contract.id, action=HistoryAction.EMAIL_RESENT)
    assert (entry.before, entry.after, entry.actor) == (contract.customer.email, "neu@example.com", clerk.name)
    assert (await emails._outgoing(bench.outside, again)).message_id == f"<{again.id}@{bench.outside.mail_domain}>"


async def test_one_that_waits_is_left_waiting(bench: Bench) -> None:
    shop, contract, first = await confirmed(bench, EmailState.QUEUED)

    done = await resending.resend(bench.outside, Acting(bench.now, shop.somebody()), first.id, None)

    assert done == first.id
    assert [mail.id for mail in await mails(bench, contract)] == [first.id]
    assert await bench.all(HistoryEntry, contract_id=contract.id, action=HistoryAction.EMAIL_RESENT) == []


async def test_one_that_waits_for_a_wrong_address_does_not_go_there(bench: Bench) -> None:
    shop, contract, first = await confirmed(bench, EmailState.QUEUED)

    await resending.resend(bench.outside, Acting(bench.now, shop.somebody()), first.id, "neu@example.com")

    (was, again) = await mails(bench, contract)
    assert (was.state, again.state, again.to) == (EmailState.REPLACED, EmailState.QUEUED, "neu@example.com")
    await emails.send(bench.outside, was.id, is_last_try=False)
    assert (await bench.all(Email, id=was.id))[0].sent_at is None
    # And a try that was under way, and fails, does not bring it back
    await emails._mark(bench.outside, was.id, EmailState.QUEUED, error="421 busy")
    assert (await bench.all(Email, id=was.id))[0].state is EmailState.REPLACED
    # But what has gone out after all is said
    await emails._mark(bench.outside, was.id, EmailState.SENT, error=None)
    assert (await bench.all(Email, id=was.id))[0].state is EmailState.SENT


@pytest.mark.parametrize("to", [None, "neu@example.com"])
async def test_asked_for_twice_it_is_one(bench: Bench, to: str | None) -> None:
    shop, contract, first = await confirmed(bench, EmailState.SENT)
    clerk = Acting(bench.now, shop.somebody())

    once = await resending.resend(bench.outside, clerk, first.id, to)
    twice = await resending.resend(bench.outside, clerk, first.id, to)

    assert once == twice
    assert [mail.id for mail in await mails(bench, contract)] == [first.id, once]
    assert len(await bench.all(HistoryEntry, contract_id=contract.id, action=HistoryAction.EMAIL_RESENT)) == 1


@pytest.mark.parametrize("to", ["", "nobody", "a@b@c.example", "x" * 300 + "@example.com"])
async def test_what_is_no_address_is_refused(bench: Bench, to: str) -> None:
    shop, contract, first = await confirmed(bench, EmailState.SENT)

    with pytest.raises(InvalidInput) as refused:
        await resending.resend(bench.outside, Acting(bench.now, shop.somebody()), first.id, to)

    assert list(refused.value.field or ()) == ["to"]
    assert [mail.id for mail in await mails(bench, contract)] == [first.id]


async def test_a_mail_that_is_not_there(bench: Bench) -> None:
    shop = await open_shop(bench)
    with pytest.raises(NotFound):
        await resending.resend(bench.outside, Acting(bench.now, shop.somebody()), uuid7(), None)
