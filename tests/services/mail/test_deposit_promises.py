"""When the deposit is free again: a mail promises no more than what holds whatever the card says."""

from __future__ import annotations

from typing import Any

import pytest

from server.models import Document
from server.services.billing import invoice
from tests.builders.bench import Bench
from tests.builders.rentals import rented
from tests.builders.rows import open_shop
from tests.rendering.reading import words_of
from tests.services.mail.test_true_mails import DAY, INSURER, START, mail_of


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            {"card_token": "tok-declined-later"},
            "Sobald die Zahlung gelungen ist, geben wir die blockierten 300,00 € frei.",
        ),
        ({"payer": INSURER}, "Die blockierten 300,00 € werden freigegeben."),
    ],
)
async def test_the_deposit_is_promised_back_when_the_card_has_paid(
    bench: Bench, more: dict[str, Any], said: str
) -> None:
    """Should the card decline, the deposit pays; what somebody else pays has nothing to do with it."""
    # Given
    contract = await rented(await open_shop(bench), START, START + DAY, km=600, **more)
    # When
    await invoice.settle(bench.outside, contract.id)
    # Then the mail and the invoice say the same
    (document,) = await bench.all(Document, contract_id=contract.id, type="FINAL_INVOICE")
    for text in (
        await mail_of(bench, contract, "FINAL_INVOICE"),
        words_of(await bench.outside.objects.get(document.pdf_key)),
    ):
        assert said in text
        assert ("werden freigegeben" in text) is ("payer" in more)
