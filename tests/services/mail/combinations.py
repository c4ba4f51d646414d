"""Every combination of a kind as cases of a test, and what holds for each: a file for each kind, side by side."""

from __future__ import annotations

import pytest

from server.models.contract import ContractKind
from server.models.email import EmailTemplate
from tests.builders.bench import Bench
from tests.services.mail.cases import EVERY, Facts, Payment, why_not
from tests.services.mail.lives import all_mails
from tests.services.mail.reading import untrue


def every(kind: ContractKind) -> pytest.MarkDecorator:
    """All combinations of a kind; those that are paid on a page with a provider whose page a test can walk through."""
    cases = [of for of in EVERY if of.kind is kind]
    books = [("till" if of.payment is Payment.PAGE else "telecash", of) for of in cases]
    return pytest.mark.parametrize(("books", "of"), books, indirect=["books"], ids=[str(of) for of in cases])


async def all_is_true(bench: Bench, of: Facts) -> None:
    """Every template is written that can be, and nothing in it is untrue."""
    mails = await all_mails(bench, of)
    assert {mail.template for mail in mails} == {one for one in EmailTemplate if why_not(one, of) is None}
    assert "".join(untrue(mails, of)) == ""
