"""A booking at the counter: what it would cost, then the contract, or the payment page for the customer's card."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import Response

from server.office import reading
from server.office.actions import contract as contracts
from server.office.actions import customer as customers
from server.office.actions.fleet import places
from server.office.desk import Desk
from server.office.door import NotFound
from server.office.forms import Form
from server.office.guard import PAGE_HEADERS
from server.office.operations import Answer, Refusal
from server.office.typed import Choice
from server.office.words.catalogue import value_words

_WITHOUT = frozenset({
    "quoteId", "tariffCode", "drivers", "extras", "cardToken", "successUrl", "failureUrl", "payer", "appointmentAt",
    "customerVin", "buyerReference",
})  # fmt: skip
"""Of a booking: what the counter does without, or adds to the contract afterwards."""
_CONFIRMED = frozenset({"RESERVED", "CHECKED_OUT", "RETURNED", "BILLED"})
_METHODS = ("HOSTED_PAGE", "WAIVED")


async def show(desk: Desk) -> Response:
    """The form; what it would cost; the booking."""
    if not desk.may("bookVehicle"):
        raise NotFound
    form = await _form(desk)
    quote: Answer | None = None
    result: Answer = {}
    if desk.request.method == "POST":
        sent = await desk.sent()
        variables = reading.read(form, sent)
        if variables is not None and sent.get("do") == "save":
            result = (await desk.ask("BookVehicle", input=_with_pages(desk, variables["input"])))["result"]
            if result["__typename"] == "Booking":
                return _booked(desk, result)
            form.blame(result.get("reason") or result["message"], result.get("field") or ())
        if variables is not None:
            quote = await _quote(desk, form, variables["input"])
    else:
        reading.prefill(form, desk.request.query_params)
    return desk.show("contracts/book.html", form=form, quote=quote, result=result)


async def _form(desk: Desk) -> Form:
    station, asked = desk.station, desk.request.query_params
    start = desk.now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    known: dict[str, Any] = {
        "stationId": station["id"] if station else None,
        "period": {"start": start, "end": start + timedelta(days=1)},
    }
    if asked.get("customer"):
        known["customer"] = await customers.read(desk, asked["customer"])
    words = value_words("PaymentMethod")
    methods = [Choice(one, words[one].within(desk.language)) for one in _METHODS]
    picked = dict(await places(desk, {}))
    picked["returnStationId"] = [Choice("", "–"), *picked["stationId"]]
    picked["method"] = methods
    zone = desk.zone_at(station) if station else "Europe/Berlin"
    without = _WITHOUT if asked.get("vehicleId") else _WITHOUT | {"vehicleId"}
    if asked.get("vehicleId"):
        vehicle = (await desk.ask("VehiclePlate", id=asked["vehicleId"]))["vehicle"]
        picked["vehicleId"] = [Choice(asked["vehicleId"], vehicle["plate"])] if vehicle else []
    return desk.form("BookVehicle", zone, values={"input": known}, without=without, choices=picked)


async def _quote(desk: Desk, form: Form, wanted: Mapping[str, Any]) -> Answer | None:
    names = ("stationId", "returnStationId", "groupId", "period", "kind")
    asked = {name: wanted[name] for name in names if name in wanted}
    try:
        quote: Answer = (await desk.ask("Quote", input=asked))["quote"]
    except Refusal as refusal:
        form.blame(refusal.message, refusal.field)
        return None
    return quote


def _with_pages(desk: Desk, given: Mapping[str, Any]) -> dict[str, Any]:
    """The booking with the pages that the customer's browser comes back to."""
    payment = dict(given["payment"])
    if payment["method"] == "HOSTED_PAGE":
        payment |= {
            "successUrl": f"{desk.office.parts.base_url}/office/paid",
            "failureUrl": f"{desk.office.parts.base_url}/office/paid",
        }
    return {**given, "payment": payment}


def _booked(desk: Desk, result: Answer) -> Response:
    number, form = result["contract"]["number"], result["paymentForm"]
    if form is None:
        return desk.go(f"/office/contracts/{number}?done=booked")
    response = desk.show("contracts/pay.html", number=number, payment=form)
    gateway = urlsplit(form["url"])
    # The one page whose form goes elsewhere: to the gateway, with the customer looking.
    policy = PAGE_HEADERS["content-security-policy"]
    allowed = f"form-action 'self' {gateway.scheme}://{gateway.netloc}"
    response.headers["content-security-policy"] = policy.replace("form-action 'self'", allowed)
    return response


async def paid(desk: Desk) -> Response:
    """Where the gateway's page comes back to. Whether it is paid for is the contract's to say: the address may say
    anything, and of a failure not always why.
    """
    asked = desk.request.query_params
    contract = await contracts.read(desk, asked.get("contract", ""))
    is_paid = contract["state"] in _CONFIRMED
    return desk.show("contracts/paid.html", contract=contract, is_paid=is_paid, reason=asked.get("reason"))
