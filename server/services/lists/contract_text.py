"""A page of contracts as JSON text: what lists of contracts mostly show, made by PostgreSQL in one statement."""

from __future__ import annotations

from collections.abc import Mapping

from server.services.lists.json_text import Many, Part, Shape, instant, money, name, value
from server.services.lists.page_text import RowsText
from server.services.lists.shown import CONTRACT, customer, vehicle, vehicle_group

_STATION = "left join station s on s.id = c.station_id"
_RETURN_STATION = "left join station rs on rs.id = c.return_station_id"
# As `schema/instants.py` shows what belongs to a contract: in the zone of its station, also if that may not be seen.
_ZONE = (
    "cross join lateral (select coalesce(s.time_zone, (select f.time_zone from station_zones(array[c.station_id]) f))"
    " as zone) z"
)


def _shape(
    name: str, fields: Mapping[str, str], parts: Mapping[str, Part | Many], instants: Mapping[str, str]
) -> Shape:
    shown = {field: instant(column, "z.zone") for field, column in instants.items()}
    return Shape(name, {**fields, **shown}, parts, dict.fromkeys(shown, (_STATION, _ZONE)))


def _station(s: str, of: str, join: str) -> Part:
    """Of a foreign station what the contract says of it (`StationLabel`)."""
    shape = Shape(
        "Station",
        {
            "id": name(f"c.{of}_id"),
            "code": value(f"coalesce({s}.code, c.{of}_code)"),
            "name": value(f"coalesce({s}.name, c.{of}_name)"),
        },
    )
    return Part(shape, joins=(join,))


_GROUP = Part(vehicle_group("g"), joins=("left join vehicle_group g on g.id = c.group_id",))
_GROUP_OF_CAR = Part(vehicle_group("vg"), joins=("left join vehicle_group vg on vg.id = v.group_id",))
_TARIFF = Shape(
    "TariffSnapshot",
    {"code": value("c.tariff_snapshot ->> 'code'")},
    {
        "tariff": Part(
            Shape("Tariff", {"id": name("t.id"), "code": value("t.code"), "name": value("t.name")}),
            joins=("left join tariff t on t.id = c.tariff_id",),
        )
    },
)
_DOCUMENT = _shape(
    "Document",
    {"id": name("d.id"), "number": value("d.number"), "type": name("d.type")},
    {
        "total": money("d.total_cents"),
        "net": money("d.net_cents"),
        "vat": money("d.vat_cents"),
        "payable": money("d.payable_cents"),
    },
    {"issuedAt": "d.issued_at", "erasedAt": "d.erased_at"},
)
_DEPOSIT = _shape(
    "Deposit",
    {"state": name("dp.state")},
    {"amount": money("dp.amount_cents"), "used": money("dp.used_cents")},
    {"authorisedAt": "dp.authorised_at", "expiresAt": "dp.expires_at"},
)
_PERIOD = _shape("Period", {}, {}, {"start": "c.starts_at", "end": "c.ends_at"})
_DUE = "(case when c.state in ('CANCELLED', 'NO_SHOW') then 0 else c.total_cents - c.paid_cents end)"


def _contract(*, stored_customers: bool) -> Shape:
    parts: Mapping[str, Part | Many] = {
        "station": _station("s", "station", _STATION),
        "returnStation": _station("rs", "return_station", _RETURN_STATION),
        "group": _GROUP,
        "vehicle": Part(
            vehicle("v", _GROUP_OF_CAR), "v.id is null", joins=("left join vehicle v on v.id = c.vehicle_id",)
        ),
        "period": Part(_PERIOD),
        "customer": customer(stored=stored_customers),
        "tariff": Part(_TARIFF),
        "paid": money("c.paid_cents"),
        "due": money(_DUE),
        "deposit": Part(_DEPOSIT, "dp.contract_id is null", ("left join deposit dp on dp.contract_id = c.id",)),
        "documents": Many(_DOCUMENT, "document d where d.contract_id = c.id", "d.issued_at, d.id"),
    }
    fields = {**CONTRACT, "billingBlockReason": name("c.billing_block")}
    return _shape("Contract", fields, parts, {"createdAt": "c.created_at", "personErasedAt": "c.person_erased_at"})


# A website sees of a customer only what its booking named.
CONTRACTS = RowsText("contract", "c", _contract(stored_customers=True), _contract(stored_customers=False))
