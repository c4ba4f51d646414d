"""Prices changed through the API: the price list and a group by who may, one contract's copy by its clerk."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.calendar import soon
from tests.dealership import KOMPAKT, Dealership, add_user, open_dealership
from tests.driving import Api

DAY = timedelta(days=1)
PROBLEM = "...on Problem{problemCode field message} ...on VersionConflict{currentVersion}"
TARIFF = "id code version validUntil endedAt freeCancellationHours cancellationFee{amount} noShowFee{amount}"
UPDATE = f"""mutation($id:ID!,$v:Int!,$i:TariffInput!){{updateTariff(id:$id,version:$v,input:$i){{__typename
  ...on Tariff{{{TARIFF} bundles{{price{{amount}}}} changes{{version by terms{{field before after}}}}}} {PROBLEM}}}}}"""
END = f"""mutation($id:ID!,$v:Int!,$d:Date!){{endTariff(id:$id,version:$v,validUntil:$d){{__typename
  ...on Tariff{{{TARIFF}}} {PROBLEM}}}}}"""
PREVIEW = """query($id:ID!,$i:TariffInput!){tariffPreview(id:$id,input:$i){quotesUntil terms{field before after}
  rentals{period{start end} before{days total{amount}} after{total{amount}}}}}"""
LIST = f"query($g:ID){{tariffs(groupId:$g){{{TARIFF} changes{{by}}}}}}"
EDIT = f"""mutation($id:ID!,$v:Int!,$i:TariffEditInput!){{editTariff(contractId:$id,version:$v,input:$i){{__typename
  ...on Contract{{version price{{total{{amount}} lines{{kind quantity unitPrice{{amount}} total{{amount}} text explanation}}}}
    tariff{{edits{{field before after reason by at}}}}}} {PROBLEM}}}}}"""
LOOK = """query($id:ID!,$c:ContractChange!){changePreview(contractId:$id,change:$c){before{total{amount}}
  after{total{amount}} moved{amount} problems{problemCode field}}}"""
GROUP = f"""mutation($id:ID!,$v:Int!,$i:VehicleGroupUpdate!){{updateVehicleGroup(id:$id,version:$v,input:$i){{__typename
  ...on VehicleGroup{{name acriss minimumAge deposit{{amount}} deductible{{amount}} version}} {PROBLEM}}}}}"""
QUOTE = "query($i:QuoteInput!){quote(input:$i){id price{total{amount}}}}"


@pytest.fixture
def shop(dealership: Dealership) -> Dealership:
    """One of its own: its prices change."""
    return open_dealership(dealership.server)


@pytest.fixture
def manager(shop: Dealership) -> Api:
    email = f"prices-{shop.group['code']}@example.com".lower()
    add_user(shop.admin, email, "MANAGER", [shop.station["id"]])
    return shop.server.sign_in(email)


def listed(shop: Dealership, caller: Api | None = None) -> dict[str, Any]:
    (found,) = (caller or shop.clerk)(LIST, g=shop.group["id"])
    row: dict[str, Any] = found
    return row


def entered(shop: Dealership, **more: Any) -> dict[str, Any]:
    return {"code": shop.tariff, "name": "Neu", "groupId": shop.group["id"], **KOMPAKT, **more}


def asked(shop: Dealership, start: datetime) -> dict[str, Any]:
    period = {"start": start.isoformat(), "end": (start + DAY).isoformat()}
    return {"stationId": shop.station["id"], "groupId": shop.group["id"], "period": period}


def test_a_manager_replaces_and_ends_a_tariff_and_quotes_are_kept(shop: Dealership, manager: Api) -> None:
    # Given
    start, before = soon(shop.server), listed(shop)
    quote = shop.website(QUOTE, i=asked(shop, start))
    new = entered(shop, freeCancellationHours=48, cancellationFee="20.00", extraKm="0.30")

    # When it is looked at, then done
    preview = manager(PREVIEW, id=before["id"], i=new)
    done = manager(UPDATE, id=before["id"], v=before["version"], i=new)

    # Then
    changed = {one["field"]: (one["before"], one["after"]) for one in preview["terms"]}
    assert changed == {
        "name": (shop.tariff, "Neu"),
        "extraKm": ("0.25", "0.30"),
        "cancellationFee": ("–", "20.00"),
        "freeCancellationHours": ("24", "48"),
    }
    assert preview["quotesUntil"] is not None
    assert preview["rentals"][0]["before"]["days"] == 1
    assert (done["version"], done["freeCancellationHours"], done["noShowFee"]) == (2, 48, None)
    assert done["cancellationFee"] == {"amount": "20.00"}
    (change,) = done["changes"]
    assert (change["version"], {one["field"] for one in change["terms"]}) == (2, set(changed))
    assert change["by"].startswith("Manager prices-")

    # When it is ended
    ended = manager(END, id=before["id"], v=2, d=shop.server.now().date().isoformat())

    # Then nobody can book with it any more, but whoever was promised it
    assert (ended["__typename"], ended["version"], ended["endedAt"] is not None) == ("Tariff", 3, True)
    assert shop.website.error_code(QUOTE, i=asked(shop, start)) == "BAD_USER_INPUT"
    booked = shop.booked(start, start + DAY, quoteId=quote["id"])
    assert booked["price"]["total"]["amount"] == quote["price"]["total"]["amount"] == "59.00"
    assert listed(shop, shop.website)["changes"] == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"code": "OTHER"}, ["input", "code"]),
        ({"groupId": "11111111-1111-4111-8111-111111111111"}, ["input", "groupId"]),
        ({"freeCancellationHours": -1}, ["input", "freeCancellationHours"]),
        ({"noShowFee": "-1.00"}, ["input", "noShowFee"]),
    ],
)
def test_what_is_refused_names_its_field_and_changes_nothing(
    shop: Dealership, manager: Api, change: dict[str, Any], field: list[str]
) -> None:
    before = listed(shop)
    refused = manager(UPDATE, id=before["id"], v=before["version"], i=entered(shop, **change))
    assert (refused["__typename"], refused["problemCode"], refused["field"]) == ("Rejection", "INVALID_INPUT", field)
    assert listed(shop) == before


def test_versions_strangers_and_the_past_are_refused(shop: Dealership, manager: Api, dealership: Dealership) -> None:
    # Given
    before = listed(shop)
    yesterday = (shop.server.now() - DAY).date().isoformat()
    add_user(shop.admin, f"else-{shop.group['code']}@example.com".lower(), "MANAGER", [dealership.station["id"]])
    stranger = shop.server.sign_in(f"else-{shop.group['code']}@example.com".lower())
    # When
    old = manager(UPDATE, id=before["id"], v=9, i=entered(shop))
    past = manager(END, id=before["id"], v=1, d=yesterday)
    foreign = stranger(END, id=before["id"], v=1, d=yesterday)
    # Then
    assert (old["__typename"], old["currentVersion"]) == ("VersionConflict", 1)
    assert (past["problemCode"], past["field"]) == ("INVALID_INPUT", ["validUntil"])
    assert foreign["problemCode"] == "NOT_ALLOWED"
    assert listed(shop) == before


def test_an_edit_is_previewed_done_and_shown_to_staff_only(shop: Dealership) -> None:
    # Given
    start = soon(shop.server)
    contract = shop.booked(start, start + DAY)
    change = {"reason": "Stammkunde", "discountPercent": "7.5", "waiveLine": "FUEL"}

    # When
    look = shop.clerk(LOOK, id=contract["id"], c={"tariff": change})
    done = shop.clerk(EDIT, id=contract["id"], v=contract["version"], i=change)

    # Then E22
    assert (look["before"]["total"]["amount"], look["moved"]["amount"]) == ("59.00", "0.00")
    assert look["after"] == {"total": done["price"]["total"]} == {"total": {"amount": "54.57"}}
    assert look["problems"] == []
    assert done["version"] == contract["version"] + 1
    discount = done["price"]["lines"][1]
    assert (discount["kind"], discount["quantity"], discount["total"]) == ("DISCOUNT", "-1", {"amount": "-4.43"})
    assert discount["explanation"] == "7,5 % von 59,00: Stammkunde"
    edits = [(one["field"], one["before"], one["after"], one["reason"]) for one in done["tariff"]["edits"]]
    assert edits == [("discountPercent", "–", "7.5", "Stammkunde"), ("waiveLine", "–", "FUEL", "Stammkunde")]
    seen = "query($id:ID){contract(id:$id){tariff{edits{by}}}}"
    assert shop.website(seen, id=contract["id"]) == {"tariff": {"edits": []}}
    assert len(shop.server.mails(contract["customer"]["email"], "CHANGE")) in {0, 1}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"discountAmount": "59.01"}, ["input", "discountAmount"]),
        ({"discountPercent": "101"}, ["input", "discountPercent"]),
        ({"includedKmPerDay": -1}, ["input", "includedKmPerDay"]),
        ({"waiveLine": "DAMAGE"}, ["input", "waiveLine"]),
        ({}, ["input"]),
    ],
)
def test_an_edit_that_is_refused_is_named_by_the_preview_too(
    shop: Dealership, change: dict[str, Any], field: list[str]
) -> None:
    start = soon(shop.server)
    contract = shop.booked(start, start + DAY)
    given = {"reason": "x", **change}
    look = shop.clerk(LOOK, id=contract["id"], c={"tariff": given})
    refused = shop.clerk(EDIT, id=contract["id"], v=contract["version"], i=given)
    assert (refused["problemCode"], refused["field"]) == ("INVALID_INPUT", field)
    assert look["problems"] == [{"problemCode": "INVALID_INPUT", "field": field}]
    assert shop.contract(contract["id"])["version"] == contract["version"]


def test_a_group_changes_for_bookings_from_now_on(shop: Dealership) -> None:
    # Given
    start = soon(shop.server)
    contract = shop.booked(start, start + DAY)
    # When
    done = shop.admin(
        GROUP,
        id=shop.group["id"],
        v=1,
        i={"name": "Kompakt Plus", "acriss": "cdmr", "deposit": "500.00", "minimumAge": 21},
    )
    old = shop.admin(GROUP, id=shop.group["id"], v=1, i={"name": "Zu spät"})
    refused = shop.admin(GROUP, id=shop.group["id"], v=2, i={"name": "Anders", "minimumAge": 3})
    # Then
    assert (done["name"], done["acriss"], done["minimumAge"], done["version"]) == ("Kompakt Plus", "CDMR", 21, 2)
    assert (done["deposit"], done["deductible"]) == ({"amount": "500.00"}, {"amount": "1000.00"})
    assert (old["__typename"], old["currentVersion"]) == ("VersionConflict", 2)
    assert refused["field"] == ["input", "minimumAge"]
    (group,) = [one for one in shop.clerk("{vehicleGroups{id name version}}") if one["id"] == shop.group["id"]]
    assert (group["name"], group["version"]) == ("Kompakt Plus", 2)
    deposit = "query($id:ID){contract(id:$id){deposit{amount{amount}}}}"
    assert shop.clerk(deposit, id=contract["id"])["deposit"]["amount"]["amount"] == "300.00"
