"""A page of contracts as JSON text: what lists of contracts mostly show, made by PostgreSQL in one statement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from server.services.lists.json_text import Many, Needs, Part, Shape, instant, money, name, value
from server.services.lists.page_text import RowsText
from server.services.lists.shown import CONTRACT, customer, vehicle, vehicle_group

_STATION = "left join station s on s.id = c.station_id"
# As `schema/instants.py` shows what belongs to a contract: in the zone of its station, also if that may not be seen.
_ZONE = (
    "cross join lateral (select coalesce(s.time_zone, (select f.time_zone from station_zones(array[c.station_id]) f))"
    " as zone) z"
)
_IN_ZONE = Needs((_STATION, _ZONE))


def _shape(
    name: str, fields: Mapping[str, str], parts: Mapping[str, Part | Many], instants: Mapping[str, str]
) -> Shape:
    shown = {field: instant(column, "z.zone") for field, column in instants.items()}
    return Shape(name, {**fields, **shown}, parts, dict.fromkeys(shown, _IN_ZONE))


def _found(join: str, always: str | None = None) -> Needs:
    return Needs((f"left join {join}",), () if always is None else (always,))


def _station(s: str, of: str) -> Part:
    """Of a foreign station what the contract says of it (`StationLabel`)."""
    shape = Shape(
        "Station",
        {
            "id": name(f"c.{of}_id"),
            "code": value(f"coalesce({s}.code, c.{of}_code)"),
            "name": value(f"coalesce({s}.name, c.{of}_name)"),
        },
    )
    return Part(shape, needs=_found(f"station {s} on {s}.id = c.{of}_id"))


_GROUP = Part(vehicle_group("g"), needs=_found("vehicle_group g on g.id = c.group_id", "g.id is not null"))
_GROUP_OF_CAR = Part(
    vehicle_group("vg"),
    needs=_found("vehicle_group vg on vg.id = v.group_id", "(v.id is null or vg.id is not null)"),
)
_VEHICLE = Part(vehicle("v", _GROUP_OF_CAR), "v.id is null", _found("vehicle v on v.id = c.vehicle_id"))
_TARIFF_ITSELF = Part(
    Shape("Tariff", {"id": name("t.id"), "code": value("t.code"), "name": value("t.name")}),
    needs=_found("tariff t on t.id = c.tariff_id", "t.id is not null"),
)
_TARIFF = Part(Shape("TariffSnapshot", {"code": value("c.tariff_snapshot ->> 'code'")}, {"tariff": _TARIFF_ITSELF}))
_PERIOD = Part(_shape("Period", {}, {}, {"start": "c.starts_at", "end": "c.ends_at"}))
_DEPOSIT = Part(
    _shape(
        "Deposit",
        {"state": name("dp.state")},
        {"amount": money("dp.amount_cents"), "used": money("dp.used_cents")},
        {"authorisedAt": "dp.authorised_at", "expiresAt": "dp.expires_at"},
    ),
    "dp.contract_id is null",
    _found("deposit dp on dp.contract_id = c.id"),
)
_DOCUMENTS = Many(
    _shape(
        "Document",
        {"id": name("d.id"), "number": value("d.number"), "type": name("d.type")},
        {
            "total": money("d.total_cents"),
            "net": money("d.net_cents"),
            "vat": money("d.vat_cents"),
            "payable": money("d.payable_cents"),
        },
        {"issuedAt": "d.issued_at", "erasedAt": "d.erased_at"},
    ),
    "document d where d.contract_id = c.id",
    "d.issued_at, d.id",
)
_DUE = "(case when c.state in ('CANCELLED', 'NO_SHOW') then 0 else c.total_cents - c.paid_cents end)"
_LAST_CHANGE = _found("last_change lc on lc.contract_id = c.id", "lc.updated_at is not null")


def _contract(*, stored_customers: bool) -> Shape:
    parts: Mapping[str, Part | Many] = {
        "station": _station("s", "station"),
        "returnStation": _station("rs", "return_station"),
        "group": _GROUP,
        "vehicle": _VEHICLE,
        "period": _PERIOD,
        "customer": customer(stored=stored_customers),
        "tariff": _TARIFF,
        "paid": money("c.paid_cents"),
        "due": money(_DUE),
        "deposit": _DEPOSIT,
        "documents": _DOCUMENTS,
    }
    instants = {"createdAt": "c.created_at", "updatedAt": "lc.updated_at", "personErasedAt": "c.person_erased_at"}
    plain = _shape("Contract", {**CONTRACT, "billingBlockReason": name("c.billing_block")}, parts, instants)
    return replace(plain, needs={**plain.needs, "updatedAt": _IN_ZONE | _LAST_CHANGE})


# A website sees of a customer only what its booking named.
CONTRACTS = RowsText("contract", "c", _contract(stored_customers=True), _contract(stored_customers=False))
