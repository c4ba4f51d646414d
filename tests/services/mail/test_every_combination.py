"""Every template over every combination of kind, energy, payment and time: rendered by what happens, and read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from server.models.contract import ContractKind
from server.models.customer import Language
from server.models.email import EmailTemplate
from server.models.fleet import Energy
from tests.builders.bench import Bench
from tests.services.mail.cases import EVERY, Facts, Payment, Time, why_not
from tests.services.mail.lives import all_mails
from tests.services.mail.reading import untrue

_BOOKS = [("till" if of.payment is Payment.PAGE else "telecash", of) for of in EVERY]


@pytest.mark.parametrize(("books", "of"), _BOOKS, indirect=["books"], ids=[str(of) for of in EVERY])
async def test_no_mail_says_what_is_not_so(bench: Bench, of: Facts) -> None:
    # When
    mails = await all_mails(bench, of)
    # Then every template is written that can be, and nothing in it is untrue
    assert {mail.template for mail in mails} == {one for one in EmailTemplate if why_not(one, of) is None}
    assert "".join(untrue(mails, of)) == ""


def test_every_template_is_read_in_every_value_and_in_both_languages() -> None:
    """A template that no combination writes fails here, and one that is new in the test above."""
    for template in EmailTemplate:
        read = [of for of in EVERY if why_not(template, of) is None]
        assert {of.language for of in read} == set(Language), template
        assert {of.kind for of in read} == set(ContractKind), template
        assert {of.energy for of in read} == set(Energy), template


def test_every_combination_is_there() -> None:
    combinations = {(of.kind, of.energy, of.payment, of.time) for of in EVERY}
    assert len(combinations) == len(EVERY) == len(ContractKind) * len(Energy) * len(Payment) * len(Time) == 180


async def test_the_reader_notices_what_is_not_so(bench: Bench) -> None:
    """Whoever reads must find it: the mails of one contract are not true for another."""
    of = Facts(ContractKind.RENTAL, Energy.COMBUSTION, Payment.CARD, Time.FREE, Language.DE)
    mails = await all_mails(bench, of)
    for other in (
        replace(of, kind=ContractKind.COURTESY),
        replace(of, energy=Energy.ELECTRIC),
        replace(of, payment=Payment.WAIVED),
        replace(of, payment=Payment.PAYER),
        replace(of, payment=Payment.DECLINED),
        replace(of, time=Time.OVER),
        replace(of, language=Language.EN),
    ):
        assert list(untrue(mails, other)) != [], other
