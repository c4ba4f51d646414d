"""No template and no combination is left out, and whoever reads the mails finds what is not so.

They are rendered and read in `test_every_rental.py`, `test_every_courtesy_car.py`, `test_every_test_drive.py` and
`test_every_internal_trip.py`.
"""

from __future__ import annotations

import itertools
from dataclasses import replace

from server.models.contract import ContractKind
from server.models.customer import Language
from server.models.email import EmailTemplate
from server.models.fleet import Energy
from tests.builders.bench import Bench
from tests.services.mail import test_every_courtesy_car as courtesy_cars
from tests.services.mail import test_every_internal_trip as internal_trips
from tests.services.mail import test_every_rental as rentals
from tests.services.mail import test_every_test_drive as test_drives
from tests.services.mail.cases import EVERY, Facts, Payment, Time, why_not
from tests.services.mail.lives import all_mails
from tests.services.mail.reading import untrue

TESTS = (
    rentals.test_no_mail_of_a_rental_says_what_is_not_so,
    courtesy_cars.test_no_mail_of_a_courtesy_car_says_what_is_not_so,
    test_drives.test_no_mail_of_a_test_drive_says_what_is_not_so,
    internal_trips.test_no_mail_of_an_internal_trip_says_what_is_not_so,
)


def _read() -> list[Facts]:
    """The cases that these tests have."""
    return [of for test in TESTS for mark in test.pytestmark for _, of in mark.args[1]]  # type: ignore[attr-defined]


def test_every_combination_is_read() -> None:
    read = {(of.kind, of.energy, of.payment, of.time) for of in _read()}
    assert read == set(itertools.product(ContractKind, Energy, Payment, Time))
    assert len(_read()) == len(read) == 180


def test_every_template_is_read_in_both_languages() -> None:
    """One that no combination writes fails here; one that is new, in every combination that does not write it."""
    for template, kind, energy in itertools.product(EmailTemplate, ContractKind, Energy):
        read = [of for of in _read() if why_not(template, of) is None and (of.kind, of.energy) == (kind, energy)]
        assert {of.language for of in read} == set(Language), (template, kind, energy)


def test_what_a_combination_has_no_mail_of_is_named_with_its_reason() -> None:
    missing = {
        (template, why) for template in EmailTemplate for of in EVERY if (why := why_not(template, of)) is not None
    }
    assert missing == {
        (EmailTemplate.REMINDER, "whoever books that late has just had a mail"),
        (EmailTemplate.PAYMENT_FAILED, "no card is charged that could refuse"),
        (EmailTemplate.PAYMENT_REMINDER, "the card has paid: nothing is open"),
    }


async def test_the_reader_notices_what_is_not_so(bench: Bench) -> None:
    """Whoever reads must find it: the mails of one contract are not true for another."""
    of = Facts(ContractKind.RENTAL, Energy.COMBUSTION, Payment.CARD, Time.FREE, Language.DE)
    mails = await all_mails(bench, of)
    assert list(untrue(mails, of)) == []
    for other in (
        replace(of, kind=ContractKind.COURTESY),
        replace(of, energy=Energy.ELECTRIC),
        replace(of, energy=Energy.PLUGIN_HYBRID),
        replace(of, payment=Payment.WAIVED),
        replace(of, payment=Payment.PAYER),
        replace(of, payment=Payment.DECLINED),
        replace(of, time=Time.OVER),
        replace(of, language=Language.EN),
    ):
        assert list(untrue(mails, other)) != [], other
