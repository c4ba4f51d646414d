"""One search over everything that a clerk looks for: contracts, cars, customers and documents, the best first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlmodel import SQLModel

from server.database import Session
from server.database.plain import PlainRows
from server.errors import InvalidInput, Sentence
from server.models import Contract, Customer, Document, Vehicle
from server.models.plate import plate_key
from server.services import validation
from server.services.lists.found import LONGEST, SIMILAR

_TEXT: Final = ("text",)
_SHORTEST = 2
"""Characters: of one alone nobody knows what is meant, and too much is found by it."""


class HitKind(StrEnum):
    """What was found."""

    CONTRACT = "CONTRACT"
    """A contract, in `contract`."""
    VEHICLE = "VEHICLE"
    """One of your cars, in `vehicle`."""
    CUSTOMER = "CUSTOMER"
    """A stored customer, in `customer`."""
    DOCUMENT = "DOCUMENT"
    """An issued document such as an invoice, in `document`."""


class HitMatch(StrEnum):
    """By what it was found."""

    NUMBER = "NUMBER"
    """The contract's or the document's number."""
    PLATE = "PLATE"
    """The plate of the car."""
    VIN = "VIN"
    """The vehicle identification number of the car."""
    CUSTOMER_PLATE = "CUSTOMER_PLATE"
    """The plate of the customer's own car, which is in the workshop."""
    WORKSHOP_ORDER = "WORKSHOP_ORDER"
    """The number of the workshop order."""
    NAME = "NAME"
    """The customer's name or company, or the name that a document is made out to."""
    PAYER = "PAYER"
    """The name of whoever pays instead of the customer."""
    EMAIL = "EMAIL"
    """The mail address."""
    PHONE = "PHONE"
    """The phone number."""
    SEVERAL = "SEVERAL"
    """The words stand in several of these, or in the plate of a contract's car."""
    SIMILAR = "SIMILAR"
    """Nothing of it is what you asked for; it is written much like it."""


@dataclass(frozen=True)
class Hit:
    """One row that was found, with a line by which people know it."""

    kind: HitKind
    matched: HitMatch
    title: str
    row: Contract | Vehicle | Customer | Document


@dataclass(frozen=True)
class _Place:
    """Where a row stands among what was found: how near it comes (see migration 0037), and whether it is still open."""

    kind: HitKind
    id: UUID
    nearness: int
    is_open: bool

    @property
    def rank(self) -> tuple[int, int]:
        """The nearest first; at the same distance the car, open contracts, customers, documents, old contracts."""
        order = [HitKind.VEHICLE, HitKind.CONTRACT, HitKind.CUSTOMER, HitKind.DOCUMENT]
        return self.nearness, order.index(self.kind) if self.is_open else len(order)


_MODELS: Final[Mapping[HitKind, type[SQLModel]]] = {
    HitKind.CONTRACT: Contract,
    HitKind.VEHICLE: Vehicle,
    HitKind.CUSTOMER: Customer,
    HitKind.DOCUMENT: Document,
}
_FOUND: Final = " union all ".join(
    f"select '{kind.value}' as kind, f.* from search_found('{kind.value.lower()}', :asked, :plate, :station, :most) f"  # noqa: S608  # our own words
    for kind in _MODELS
)
_FITTING: Final = """
select distinct on (place) place, matched
from unnest(cast(:places as int[]), cast(:matches as text[]), cast(:values as text[]))
  with ordinality as v (place, matched, value, position)
where search_fits(value, :asked, :plate) order by place, position
"""


def question(text: str) -> str:
    """What somebody searches for; InvalidInput if it is too short, too long, or cannot be printed."""
    asked = validation.text(text, _TEXT, longest=LONGEST)
    if len(asked) < _SHORTEST:
        raise InvalidInput(
            Sentence(
                f"This is too short: at least {_SHORTEST} characters.",
                f"Das ist zu kurz: mindestens {_SHORTEST} Zeichen.",
            ),
            field=_TEXT,
        )
    return asked


async def of_everything(session: Session, text: str, station_id: UUID | None, most: int) -> list[Hit]:
    """At most so many hits in the caller's scope, the best first: what is there as it was asked for before what begins
    so and what contains it, contracts that are open before old ones, and last what is only like it.
    """
    asked = question(text)
    about = {"asked": asked, "plate": plate_key(asked)}
    rows = await session.rows(_FOUND, about | {"station": station_id, "most": most})
    places = [_Place(HitKind(row.kind), row.id, row.nearness, row.is_open) for row in rows]
    # The newest of a rank first: ids begin with the time at which they were made.
    places.sort(key=lambda place: place.id, reverse=True)
    places.sort(key=lambda place: place.rank)
    found = await _read(session, places[:most])
    shown = [place for place in places[:most] if place.id in found]
    matches = await _matches(session, about, [found[place.id] for place in shown])
    return [
        Hit(place.kind, _matched(place, matches.get(number)), _title(found[place.id]), found[place.id])
        for number, place in enumerate(shown)
    ]


def _matched(place: _Place, fitting: str | None) -> HitMatch:
    if fitting is not None:
        return HitMatch(fitting)
    return HitMatch.SEVERAL if place.nearness < SIMILAR else HitMatch.SIMILAR


@cache
def _rows_of(model: type[SQLModel]) -> PlainRows[Any]:
    return PlainRows(model)


async def _read(session: Session, places: Sequence[_Place]) -> dict[UUID, Any]:
    """The rows themselves, as the caller may see them: what it may not is not there."""
    found: dict[UUID, Any] = {}
    for kind, model in _MODELS.items():
        if ids := [place.id for place in places if place.kind is kind]:
            found |= {row.id: row for row in await _rows_of(model).by("id").all(session, keys=ids)}
    return found


async def _matches(session: Session, about: dict[str, str], rows: Sequence[Any]) -> dict[int, str]:
    values = [(number, match, value) for number, row in enumerate(rows) for match, value in _values(row) if value]
    if not values:
        return {}
    numbers, matches, texts = zip(*values, strict=True)
    given = {"places": list(numbers), "matches": [one.value for one in matches], "values": list(texts)}
    return {row.place: row.matched for row in await session.rows(_FITTING, about | given)}


def _values(row: Any) -> list[tuple[HitMatch, str | None]]:
    """What of a row is searched, with its name: in the order in which it is told."""
    if isinstance(row, Vehicle):
        return [(HitMatch.PLATE, row.plate), (HitMatch.VIN, row.vin)]
    if isinstance(row, Document):
        return [(HitMatch.NUMBER, row.number), (HitMatch.NAME, row.recipient.name)]
    if isinstance(row, Customer):
        return _of_person(row)
    payer = row.payer
    return [
        (HitMatch.NUMBER, row.number),
        (HitMatch.WORKSHOP_ORDER, row.workshop_order_number),
        (HitMatch.CUSTOMER_PLATE, row.workshop_plate),
        *_of_person(row.customer),
        (HitMatch.PAYER, payer and payer.name),
        (HitMatch.EMAIL, payer and payer.email),
    ]


def _of_person(person: Any) -> list[tuple[HitMatch, str | None]]:
    name = " ".join(part for part in (person.first_name, person.last_name, person.company) if part)
    return [(HitMatch.NAME, name), (HitMatch.EMAIL, person.email), (HitMatch.PHONE, person.phone)]


def _title(row: Any) -> str:
    if isinstance(row, Vehicle):
        parts = [row.plate, f"{row.make} {row.model}"]
    elif isinstance(row, Document):
        parts = [row.number, row.recipient.name]
    elif isinstance(row, Customer):
        person = " ".join(part for part in (row.first_name, row.last_name) if part)
        parts = [row.company or person, person if row.company else "", row.city or ""]
    else:
        parts = [row.number, row.customer.display_name]
    return " · ".join(part for part in parts if part)
