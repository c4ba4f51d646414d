"""The main job, end to end, through the public API alone."""

from datetime import timedelta

from tests.calendar import local, next_weekday
from tests.dealership import Dealership


def test_a_day_on_time_costs_what_was_paid_in_advance(dealership: Dealership) -> None:
    # E01: Monday 08:00 to Tuesday 08:00, 120 km.
    monday = next_weekday(dealership.server, 0)
    start = local(monday, 8)

    contract = dealership.rent(start, start + timedelta(days=1), km=120)

    assert contract["state"] == "BILLED"
    assert contract["settlementState"] == "PAID"
    assert contract["price"]["total"]["amount"] == "59.00"
    assert contract["deposit"]["state"] == "RELEASED"
    advance, final = contract["documents"]
    assert (advance["type"], final["type"]) == ("ADVANCE_INVOICE", "FINAL_INVOICE")
    assert (final["total"]["amount"], final["net"]["amount"], final["vat"]["amount"]) == ("59.00", "49.58", "9.42")
    assert final["payable"]["amount"] == "0.00"
    assert [(line["type"], line["amount"], line["state"]) for line in dealership.server.ledger(contract["number"])] == [
        ("sale", "59.00", "approved"),
        ("preAuth", "300.00", "voided"),
        ("void", "300.00", "approved"),
    ]
