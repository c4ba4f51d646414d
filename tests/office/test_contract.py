"""A contract's page and its forms: what would it cost, what is in the way, who else has saved."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.calendar import BERLIN, soon
from tests.dealership import Dealership, open_dealership
from tests.office.browser import Clerk

DAY = timedelta(days=1)
HOSTED = {"method": "HOSTED_PAGE", "successUrl": "https://shop.example/ok", "failureUrl": "https://shop.example/no"}


@pytest.fixture
def start(dealership: Dealership) -> datetime:
    return soon(dealership.server)


def wall(instant: datetime) -> str:
    """An instant as a German station's form takes it."""
    return instant.astimezone(BERLIN).strftime("%Y-%m-%dT%H:%M")


def test_the_page_explains_the_price_and_tells_what_happened(
    dealership: Dealership, clerk: Clerk, start: datetime
) -> None:
    contract = dealership.booked(start, start + 2 * DAY)
    clerk.open(f"/office/contracts/{contract['number']}")
    assert "2 Tage: 2 × 59,00 = 118,00" in clerk.text("//section[@aria-labelledby='h-price']")
    happened = clerk.text("//ol[@class='timeline']")
    assert "booked" in happened
    assert "debit · succeeded: 59.00 EUR" in happened
    assert "advance invoice" in happened


def test_an_extension_is_priced_before_it_is_saved(dealership: Dealership, clerk: Clerk, start: datetime) -> None:
    # given a booking of one day
    contract = dealership.booked(start, start + DAY)
    page = f"/office/contracts/{contract['number']}"

    # when the clerk asks what two days more would cost
    clerk.open(f"{page}/change-period")
    clerk.send("preview", period__end=wall(start + 3 * DAY))

    # then the page says it, and nothing has changed
    told = clerk.text("//div[@role='status']")
    assert "Until now 59.00 EUR Then 177.00 EUR" in told
    assert dealership.contract(contract["id"])["period"]["end"] == contract["period"]["end"]

    # and saving does it
    clerk.send("save")
    assert clerk.path == f"{page}?done=change-period"
    assert "Saved: Extend, shorten or move" in clerk.text()
    after = dealership.contract(contract["id"])
    assert datetime.fromisoformat(after["period"]["end"]) == start + 3 * DAY
    assert after["price"]["total"]["amount"] == "177.00"


def test_what_is_in_the_way_is_named(dealership: Dealership, clerk: Clerk, start: datetime) -> None:
    # given both cars taken from tomorrow on
    contract = dealership.booked(start, start + DAY)
    others = [dealership.booked(start + DAY + timedelta(hours=3), start + 2 * DAY) for _ in range(2)]

    clerk.open(f"/office/contracts/{contract['number']}/change-period")
    clerk.send("preview", period__end=wall(start + 2 * DAY))

    assert "In the way:" in clerk.alerts()[0]
    named = clerk.links("//div[@role='alert']")
    assert len(named) == 1
    assert named[0].rpartition("/")[2] in {one["number"] for one in others}


def test_another_clerks_change_is_shown_beside_what_was_typed(
    dealership: Dealership, clerk: Clerk, start: datetime
) -> None:
    # given a form that is open while somebody else extends the contract
    contract = dealership.booked(start, start + DAY)
    clerk.open(f"/office/contracts/{contract['number']}/change-period")
    result = dealership.clerk(
        "mutation($id:ID!,$v:Int!,$p:PeriodInput!){changePeriod(contractId:$id,version:$v,period:$p){__typename}}",
        id=contract["id"],
        v=contract["version"],
        p={"start": start.isoformat(), "end": (start + 2 * DAY).isoformat()},
    )
    assert result["__typename"] == "Contract"

    # when it is saved
    clerk.send("save", period__end=wall(start + 3 * DAY))

    # then both are shown, and nothing was overwritten
    assert "Somebody else has saved" in clerk.alerts()[0]
    cells = [cell.text_content() for cell in clerk.page.xpath("//div[@role='alert']//tbody/tr/*")]
    assert cells == ["Return", wall(start + 2 * DAY), wall(start + 3 * DAY)]
    assert datetime.fromisoformat(dealership.contract(contract["id"])["period"]["end"]) == start + 2 * DAY

    # and saving once more is meant
    clerk.send("save")
    assert datetime.fromisoformat(dealership.contract(contract["id"])["period"]["end"]) == start + 3 * DAY


def test_a_refusal_stands_beside_its_field(dealership: Dealership, clerk: Clerk, start: datetime) -> None:
    contract = dealership.booked(start, start + DAY)
    clerk.open(f"/office/contracts/{contract['number']}/edit-tariff")
    clerk.send("save", input__reason="Kulanz", input__dayPrice="-5")
    (field,) = clerk.page.xpath("//input[@name='input.dayPrice']")
    assert field.get("aria-invalid") == "true"
    assert field.get("value") == "-5", "what was typed stays"
    assert dealership.contract(contract["id"])["price"]["total"]["amount"] == "59.00"


def test_a_lower_day_price_needs_a_reason(dealership: Dealership, clerk: Clerk, start: datetime) -> None:
    contract = dealership.booked(start, start + DAY)
    clerk.open(f"/office/contracts/{contract['number']}/edit-tariff")
    clerk.send("preview", input__dayPrice="49,00", input__reason="")
    assert clerk.page.xpath("//*[@id='f-input-reason-why']")[0].text == "Please fill this in."
    clerk.send("save", input__dayPrice="49.00", input__reason="Stammkunde")
    assert dealership.contract(contract["id"])["price"]["total"]["amount"] == "49.00"
    assert "Stammkunde" in clerk.text()


def test_a_driver_is_added_and_the_licence_ticked(dealership: Dealership, clerk: Clerk, start: datetime) -> None:
    contract = dealership.booked(start, start + DAY)
    page = f"/office/contracts/{contract['number']}"
    clerk.open(f"{page}/add-driver")
    clerk.send("save", driver__firstName="Eva", driver__lastName="Beispiel", driver__birthDate="1985-04-01")
    assert "Eva Beispiel" in clerk.text()

    added = next(one for one in dealership.contract(contract["id"])["drivers"] if one["firstName"] == "Eva")
    clerk.open(f"{page}/licence")
    clerk.send("save", driverId=added["id"])

    seen = {one["firstName"]: one["checkedBy"] for one in dealership.contract(contract["id"])["drivers"]}
    assert seen == {"Anna": None, "Eva": "Clerk " + f"clerk{dealership.station['code'][1:]}@example.com"}


def test_a_payer_is_named_and_taken_back(dealership: Dealership, clerk: Clerk, start: datetime) -> None:
    contract = dealership.booked(start, start + DAY)
    page = f"/office/contracts/{contract['number']}"
    clerk.open(f"{page}/change-payer")
    clerk.send("save", payer__name="Versicherung AG")
    assert clerk.page.xpath("//*[@id='f-payer-address-street-why']")[0].text == "Please fill this in."

    clerk.send(
        "save", payer__address__street="Ring 1", payer__address__postcode="20095", payer__address__city="Hamburg"
    )
    assert "Versicherung AG" in clerk.text("//section[@aria-labelledby='h-who']")

    clerk.open(f"{page}/change-payer")
    empty: dict[str, Any] = {
        field.name.replace(".", "__"): "" for field in clerk.page.xpath("//main//form//input[@type!='hidden']")
    }
    clerk.send("save", **empty)
    assert "Versicherung AG" not in clerk.text("//section[@aria-labelledby='h-who']")


def test_a_cancellation_says_its_fee_first(dealership: Dealership, clerk: Clerk, start: datetime) -> None:
    contract = dealership.booked(start, start + DAY)
    clerk.open(f"/office/contracts/{contract['number']}/cancel")
    clerk.send("preview", reason="Auto doch fertig")
    assert "What it would cost" in clerk.text()
    assert dealership.contract(contract["id"])["state"] == "RESERVED"
    clerk.send("save", reason="Auto doch fertig")
    assert dealership.contract(contract["id"])["state"] == "CANCELLED"


def test_a_note_is_added(dealership: Dealership, clerk: Clerk, start: datetime) -> None:
    contract = dealership.booked(start, start + DAY)
    clerk.open(f"/office/contracts/{contract['number']}/note")
    clerk.send(text="Kindersitz ist im Kofferraum.")
    assert "Kindersitz ist im Kofferraum." in clerk.text("//ol[@class='timeline']")


def test_a_mail_is_sent_again_to_another_address(dealership: Dealership, clerk: Clerk, start: datetime) -> None:
    contract = dealership.booked(start, start + DAY)
    dealership.server.settle()
    clerk.open(f"/office/contracts/{contract['number']}")
    (resend, *_) = [link for link in clerk.links() if link.endswith("/resend")]
    clerk.open(resend)
    clerk.send(to="richtig@example.com")
    dealership.server.settle()
    clerk.open(f"/office/contracts/{contract['number']}")
    assert "richtig@example.com · sent" in clerk.text("//ol[@class='timeline']")


def test_what_a_role_may_not_do_is_not_offered_and_not_done(
    dealership: Dealership, stranger: Clerk, start: datetime
) -> None:
    contract = dealership.booked(start, start + DAY)
    stranger.sign_in(f"yard{dealership.station['code'][1:]}@example.com")
    stranger.open(f"/office/contracts/{contract['number']}")
    offered = [link.rpartition("/")[2] for link in stranger.links("//nav[@class='actions']")]
    assert offered == ["licence", "note"]
    stranger.open(f"/office/contracts/{contract['number']}/cancel")
    assert stranger.status == 404
    assert dealership.contract(contract["id"])["state"] == "RESERVED"


def test_another_stations_contract_is_not_there(dealership: Dealership, clerk: Clerk, start: datetime) -> None:
    foreign = open_dealership(dealership.server).booked(start, start + DAY)
    clerk.open(f"/office/contracts/{foreign['number']}")
    assert clerk.status == 404
    clerk.open(f"/office/search?q={foreign['number']}")
    assert "Nothing found." in clerk.text()


def test_a_time_that_the_clocks_skip_is_no_time(dealership: Dealership, clerk: Clerk, start: datetime) -> None:
    contract = dealership.booked(start, start + DAY)
    clerk.open(f"/office/contracts/{contract['number']}/change-period")
    clerk.send("preview", period__end="2027-03-28T02:30")
    assert "the clocks go forward" in clerk.page.xpath("//*[@id='f-period-end-why']")[0].text


def test_the_page_after_a_payment_says_what_the_contract_says(dealership: Dealership, clerk: Clerk) -> None:
    """Whoever comes back without a reason has not paid for that; nor has who makes up the address."""
    start = soon(dealership.server)
    booked = dealership.booked(start, start + DAY)
    held = dealership.book(start, start + DAY, payment=HOSTED)["contract"]

    clerk.open(f"/office/paid?contract={booked['number']}")
    assert "The payment is confirmed." in clerk.text()

    clerk.open(f"/office/paid?contract={held['number']}")
    assert clerk.alerts() == ["The payment is not confirmed."]

    clerk.open(f"/office/paid?contract={held['number']}&reason=The+card+has+expired.")
    assert clerk.alerts() == ["The payment is not confirmed. The card has expired."]

    for nothing in ("", "?contract=S9-NONE", "?reason=Call+0900+1"):
        clerk.open(f"/office/paid{nothing}")
        assert clerk.status == 404
