"""The worked examples of domain 4.7, through the API: booked, handed over, back, billed by itself."""

from __future__ import annotations

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from tests.calendar import day_of, local, next_weekday
from tests.dealership import Dealership, add_car, add_tariff, open_dealership
from tests.driving import SandboxServer, new_id

DAY = timedelta(days=1)


def final_of(contract: dict[str, Any]) -> dict[str, Any]:
    finals = [document for document in contract["documents"] if document["type"] == "FINAL_INVOICE"]
    assert len(finals) == 1
    return finals[0]


def amounts(document: dict[str, Any]) -> tuple[str, str, str]:
    return document["total"]["amount"], document["net"]["amount"], document["vat"]["amount"]


def remaining(document: dict[str, Any]) -> tuple[str, str, str]:
    """Gross, net and VAT of what is left after the advances, in text."""
    parts = []
    for name in ("total", "net", "vat"):
        own = round(float(document[name]["amount"]) * 100)
        taken = sum(round(float(advance[name]["amount"]) * 100) for advance in document["advances"])
        parts.append(f"{(own - taken) / 100:.2f}")
    return parts[0], parts[1], parts[2]


def multiplies_out(line: dict[str, Any]) -> bool:
    """Whether a customer who takes a calculator gets the amount of the line, and is told how it came about."""
    product = Decimal(line["quantity"]) * Decimal(line["unitPrice"]["amount"])
    rounded = product.quantize(Decimal("0.01"), ROUND_HALF_UP)
    return rounded == Decimal(line["total"]["amount"]) and bool(line["explanation"])


@pytest.mark.parametrize(
    ("name", "late_minutes", "km", "fuel_in", "total", "due", "charged"),
    [
        ("E01", 0, 120, 8, ("59.00", "49.58", "9.42"), ("0.00", "0.00", "0.00"), None),
        ("grace, inclusive", 60, 120, 8, ("59.00", "49.58", "9.42"), ("0.00", "0.00", "0.00"), None),
        ("E03", 61, 120, 8, ("118.00", "99.16", "18.84"), ("59.00", "49.58", "9.42"), "59.00"),
        ("E11b", 0, 120, 7, ("87.13", "73.22", "13.91"), ("28.13", "23.64", "4.49"), "28.13"),
        ("E17", 0, 210, 8, ("74.00", "62.18", "11.82"), ("15.00", "12.60", "2.40"), "15.00"),
    ],
)
def test_one_day(
    dealership: Dealership,
    name: str,
    late_minutes: int,
    km: int,
    fuel_in: int,
    total: tuple[str, str, str],
    due: tuple[str, str, str],
    charged: str | None,
) -> None:
    start = local(next_weekday(dealership.server, 0), 8)
    back = start + DAY + timedelta(minutes=late_minutes)

    contract = dealership.rent(start, start + DAY, back=back, km=km, back_with={"condition": {"fuelEighths": fuel_in}})

    final = final_of(contract)
    assert amounts(final) == total, name
    assert remaining(final) == due
    assert final["payable"]["amount"] == due[0]
    assert all(multiplies_out(line) for document in contract["documents"] for line in document["lines"])
    assert (contract["state"], contract["settlementState"]) == ("BILLED", "PAID")
    assert contract["deposit"]["state"] == "RELEASED"
    sales = [line["amount"] for line in dealership.server.ledger(contract["number"]) if line["type"] == "sale"]
    assert sales == ["59.00", *([charged] if charged else [])]
    assert contract["paid"]["amount"] == total[0]
    assert contract["due"]["amount"] == "0.00"


def test_missing_fuel_is_a_line_of_litres_and_one_of_its_service(dealership: Dealership) -> None:
    start = local(next_weekday(dealership.server, 0), 8)

    contract = dealership.rent(start, start + DAY, back_with={"condition": {"fuelEighths": 7}})

    said = [
        (line["kind"], line["text"], line["quantity"], line["unitPrice"]["amount"], line["total"]["amount"])
        for line in final_of(contract)["lines"]
    ]
    assert said[1:] == [
        ("FUEL", "Fehlender Kraftstoff", "6.25", "2.10", "13.13"),
        ("FUEL", "Tankservice", "1", "15.00", "15.00"),
    ]
    assert final_of(contract)["lines"][1]["explanation"] == "1/8 von 50 l: 6,25 l × 2,10 = 13,13"


def test_the_advance_is_taxed_and_deducted_by_number(dealership: Dealership) -> None:
    start = local(next_weekday(dealership.server, 0), 8)

    contract = dealership.rent(start, start + DAY, km=210)

    advance, final = contract["documents"]
    assert amounts(advance) == ("59.00", "49.58", "9.42")
    assert [item["document"]["number"] for item in final["advances"]] == [advance["number"]]
    series, year, first = advance["number"].rsplit("-", 2)
    assert final["number"] == f"{series}-{year}-{int(first) + 1:06d}"
    assert series == dealership.station["code"]


def test_three_days_with_extra_km(dealership: Dealership) -> None:
    # E10a: Monday to Thursday, 612 km.
    start = local(next_weekday(dealership.server, 0), 8)

    final = final_of(dealership.rent(start, start + 3 * DAY, km=612))

    assert amounts(final) == ("217.50", "182.77", "34.73")
    assert remaining(final) == ("158.50", "133.19", "25.31")


def test_six_days_cost_a_week(dealership: Dealership) -> None:
    # E08 by the facts: back after six days.
    start = local(next_weekday(dealership.server, 0), 8)

    final = final_of(dealership.rent(start, start + DAY, back=start + 6 * DAY))

    assert amounts(final) == ("319.00", "268.07", "50.93")
    assert remaining(final) == ("260.00", "218.49", "41.51")


def test_a_weekend(dealership: Dealership) -> None:
    # E14a: Friday 17:00 to Monday 08:30.
    friday = next_weekday(dealership.server, 4)
    start = local(friday, 17)

    final = final_of(dealership.rent(start, local(friday + 3 * DAY, 8, 30), km=200))

    assert amounts(final) == ("129.00", "108.40", "20.60")
    assert remaining(final) == ("70.00", "58.82", "11.18")


def test_a_courtesy_car_pays_for_kilometres_alone(server: SandboxServer) -> None:
    # E19: rental free, 100 km included in a day, 180 driven, no advance.
    dealership = open_dealership(server, cars=0)
    code = f"COURTESY-{dealership.group['code']}"
    bundles = [{"unit": "DAY", "days": 1, "price": "59.00", "includedKm": 100}]
    add_tariff(dealership.admin, dealership.group["id"], code, bundles=bundles)
    add_car(dealership)
    start = local(next_weekday(server, 0), 8)

    workshop = {"orderNumber": "W-4711"}
    contract = dealership.rent(start, start + DAY, km=180, kind="COURTESY", tariffCode=code, workshop=workshop)

    final = final_of(contract)
    assert [document["type"] for document in contract["documents"]] == ["FINAL_INVOICE"]
    assert amounts(final) == ("20.00", "16.81", "3.19")
    assert remaining(final) == ("20.00", "16.81", "3.19")
    assert [line["amount"] for line in server.ledger(contract["number"]) if line["type"] == "sale"] == ["20.00"]


def test_preview_says_what_billing_then_does(dealership: Dealership) -> None:
    start = local(next_weekday(dealership.server, 0), 8)
    contract = dealership.checked_out(start, start + DAY)
    back = start + DAY + timedelta(minutes=61)
    preview = dealership.clerk(
        """query($id:ID!,$i:SettlementPreviewInput!){settlementPreview(contractId:$id,input:$i){
        price{total{amount} lines{kind explanation}} advances{amount} due{amount} dueNet{amount} dueVat{amount} action}}""",
        id=contract["id"],
        i={"returnedAt": back.isoformat(), "condition": {"odometerKm": 10_100, "fuelEighths": 8}},
    )
    assert preview["price"]["total"]["amount"] == "118.00"
    assert (preview["due"]["amount"], preview["dueNet"]["amount"], preview["dueVat"]["amount"]) == (
        "59.00",
        "49.58",
        "9.42",
    )
    assert preview["action"] == "CHARGE"
    assert dealership.contract(contract["id"])["state"] == "CHECKED_OUT"

    dealership.server.move_to(back)
    dealership.check_in(contract, back, km=10_100)
    dealership.server.settle()

    assert final_of(dealership.contract(contract["id"]))["payable"]["amount"] == "59.00"


def declined_later(dealership: Dealership, *, km: int, fuel: int = 8) -> dict[str, Any]:
    """A day on a card that takes the advance and the deposit and nothing after that."""
    start = local(next_weekday(dealership.server, 0), 8)
    return dealership.rent(
        start, start + DAY, km=km, card="tok-declined-later", back_with={"condition": {"fuelEighths": fuel}}
    )


def test_a_declined_charge_is_taken_from_the_deposit(dealership: Dealership) -> None:
    # D3: 28.13 due, declined, captured from the hold of 300.00.
    contract = declined_later(dealership, km=100, fuel=7)

    assert (contract["state"], contract["settlementState"]) == ("BILLED", "PAID")
    assert contract["deposit"]["state"] == "PARTLY_USED"
    assert contract["deposit"]["used"]["amount"] == "28.13"
    assert final_of(contract)["openItem"] is None
    ledger = [(line["type"], line["amount"], line["state"]) for line in dealership.server.ledger(contract["number"])]
    assert ("sale", "28.13", "declined") in ledger
    assert [line for line in ledger if line[0] == "postAuth"] == [("postAuth", "28.13", "approved")]


def test_more_than_the_deposit_becomes_an_open_item(dealership: Dealership) -> None:
    # D3b: 350.00 due (1,400 km too many), declined, hold 300.00: 50.00 stay open for 14 days.
    contract = declined_later(dealership, km=1550)

    final = final_of(contract)
    assert final["payable"]["amount"] == "350.00"
    assert contract["settlementState"] == "PARTLY_PAID"
    assert contract["deposit"]["state"] == "USED"
    assert final["openItem"]["open"]["amount"] == "50.00"
    assert final["openItem"]["dueOn"] == (day_of(dealership.server.now()) + 14 * DAY).isoformat()
    to = contract["customer"]["email"]
    assert len(dealership.server.mails(to, "PAYMENT_FAILED")) == 1


def test_a_suspected_damage_keeps_the_deposit(dealership: Dealership) -> None:
    # D1, first half, and D3c: no damage line, deposit stays; a declined rest becomes an open item.
    start = local(next_weekday(dealership.server, 0), 8)
    scratch = {"id": new_id(), "position": {"view": "LEFT", "x": 0.4, "y": 0.5}, "kind": "SCRATCH", "sizeMm": 80}

    contract = dealership.rent(
        start,
        start + DAY,
        card="tok-declined-later",
        back_with={"damages": [scratch], "condition": {"fuelEighths": 7}},
    )

    final = final_of(contract)
    assert "DAMAGE" not in [line["kind"] for line in final["lines"]]
    assert contract["deposit"]["state"] == "ACTIVE"
    assert contract["deposit"]["used"]["amount"] == "0.00"
    assert final["openItem"]["open"]["amount"] == "28.13"
    assert [damage["liability"] for damage in contract["damages"]] == ["SUSPECTED"]


def test_the_deposit_is_lifted_after_a_return_with_damage_only_by_a_decision(dealership: Dealership) -> None:
    start = local(next_weekday(dealership.server, 0), 8)
    dent = {"id": new_id(), "position": {"view": "REAR", "x": 0.5, "y": 0.5}, "kind": "DENT"}

    contract = dealership.rent(start, start + DAY, back_with={"damages": [dent]})

    assert (contract["settlementState"], contract["deposit"]["state"]) == ("PAID", "ACTIVE")

    # It is renewed as long as nobody has decided.
    dealership.server.advance(days=6)
    dealership.server.settle()
    assert dealership.contract(contract["id"])["deposit"]["state"] == "ACTIVE"

    decided = dealership.clerk(
        'mutation($id:ID!){decideDamage(damageId:$id,version:1,liability:REJECTED,reason:"old"){__typename}}',
        id=dent["id"],
    )
    assert decided == {"__typename": "Damage"}
    dealership.server.settle()
    assert dealership.contract(contract["id"])["deposit"]["state"] == "RELEASED"


def test_the_same_return_sent_three_times_is_billed_once(dealership: Dealership) -> None:
    # D9
    start = local(next_weekday(dealership.server, 0), 8)
    contract = dealership.checked_out(start, start + DAY)
    back = start + DAY + timedelta(minutes=61)
    dealership.server.move_to(back)
    protocol_id = new_id()

    answers = [dealership.check_in(contract, back, km=10_100, id=protocol_id) for _ in range(3)]
    dealership.server.settle()
    again = dealership.check_in(contract, back, km=10_100, id=protocol_id)

    assert {answer["__typename"] for answer in [*answers, again]} == {"Protocol"}
    assert {answer["id"] for answer in [*answers, again]} == {protocol_id}
    billed = dealership.contract(contract["id"])
    assert [document["type"] for document in billed["documents"]] == ["ADVANCE_INVOICE", "FINAL_INVOICE"]
    sales = [line["amount"] for line in dealership.server.ledger(contract["number"]) if line["type"] == "sale"]
    assert sales == ["59.00", "59.00"]
    assert len(dealership.server.mails(contract["customer"]["email"], "CHECK_IN_PROTOCOL")) == 1


def test_a_lost_answer_to_the_final_charge_is_found_not_repeated(dealership: Dealership) -> None:
    start = local(next_weekday(dealership.server, 0), 8)
    contract = dealership.checked_out(start, start + DAY)
    back = start + DAY + timedelta(minutes=61)
    dealership.server.move_to(back)
    dealership.server.script("sale", "process-then-drop", f"{contract['number']}-F1")
    dealership.check_in(contract, back, km=10_100)

    dealership.server.settle()

    billed = dealership.contract(contract["id"])
    assert (billed["state"], billed["settlementState"]) == ("BILLED", "PAID")
    sales = [line["amount"] for line in dealership.server.ledger(contract["number"]) if line["type"] == "sale"]
    assert sales == ["59.00", "59.00"]


def test_an_implausible_odometer_waits_for_a_clerk(dealership: Dealership) -> None:
    start = local(next_weekday(dealership.server, 0), 8)
    contract = dealership.checked_out(start, start + DAY)
    back = start + DAY
    dealership.server.move_to(back)

    refused = dealership.check_in(contract, back, km=15_000)
    assert refused["problemCode"] == "ODOMETER_IMPLAUSIBLE"
    assert refused["field"] == ["input", "condition", "odometerKm"]
    assert dealership.contract(contract["id"])["state"] == "CHECKED_OUT"

    dealership.check_in(contract, back, km=15_000, overrideReason="two drivers, Lisbon and back")
    dealership.server.settle()
    waiting = dealership.contract(contract["id"])
    assert waiting["state"] == "RETURNED"
    assert "two drivers" in waiting["billingBlock"]
    assert "BILLING_BLOCKED" in waiting["flags"]

    settled = dealership.clerk(
        "mutation($id:ID!,$v:Int!){settleContract(contractId:$id,version:$v){__typename ...on Contract{state}"
        " ...on Problem{message}}}",
        id=contract["id"],
        v=waiting["version"],
    )
    assert settled == {"__typename": "Contract", "state": "BILLED"}


def test_key_drop_ends_the_rental_not_the_inspection(server: SandboxServer) -> None:
    dealership = open_dealership(server, afterHoursReturn=True)
    friday = next_weekday(server, 4)
    start = local(friday, 8)

    # Dropped Saturday 08:30 (in the grace hour), looked at on Monday.
    contract = dealership.rent(
        start,
        start + DAY,
        back=local(friday + 3 * DAY, 9),
        back_with={"keyDropAt": (start + DAY + timedelta(minutes=30)).isoformat()},
    )

    assert amounts(final_of(contract))[0] == "59.00"


def test_an_electric_car_pays_for_missing_charge(server: SandboxServer) -> None:
    dealership = open_dealership(server, cars=0)
    number = dealership.group["code"]
    group = dealership.admin(
        "mutation($i:VehicleGroupInput!){createVehicleGroup(input:$i){...on VehicleGroup{id code}}}",
        i={"code": f"E{number}", "name": "Elektro", "deposit": "300.00", "deductible": "1000.00", "energy": "ELECTRIC"},
    )
    dealership.group = group
    add_tariff(dealership.admin, group["id"], f"ELEKTRO-{number}", energyPerKwh="0.69", chargingService="0.00")
    add_car(dealership, batteryWh=58_000, stateOfChargePercent=80, tankLitres=None)
    start = local(next_weekday(server, 0), 8)

    contract = dealership.rent(
        start,
        start + DAY,
        out={"condition": {"stateOfChargePercent": 80, "fuelEighths": None}},
        back_with={"condition": {"stateOfChargePercent": 55, "fuelEighths": None}},
    )

    # 25 % of 58 kWh at 0.69: 10.005, rounded half up.
    assert amounts(final_of(contract))[0] == "69.01"
