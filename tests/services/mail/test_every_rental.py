"""Every template over every energy, payment and time of a rental: rendered by what happens, and read."""

from __future__ import annotations

from server.models.contract import ContractKind
from tests.builders.bench import Bench
from tests.services.mail.cases import Facts
from tests.services.mail.combinations import all_is_true, every


@every(ContractKind.RENTAL)
async def test_no_mail_of_a_rental_says_what_is_not_so(bench: Bench, of: Facts) -> None:
    await all_is_true(bench, of)
