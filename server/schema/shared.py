"""Shapes that many types share: money, periods, paging."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any, Protocol, TypeVar
from uuid import UUID

import strawberry

from server.models.contract import ContractKind
from server.models.customer import Language
from server.models.money import Money as MoneyValue
from server.models.tariff import BundleUnit, EarlyReturnPolicy, PriceLineKind
from server.models.unset import UNSET, Maybe
from server.schema.building import Info, api_enum, api_input, api_type
from server.schema.instants import known_zone, zone_of
from server.services.validation import as_uuid

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

for _kind in (Language, ContractKind, PriceLineKind, BundleUnit, EarlyReturnPolicy):
    api_enum(_kind)


@api_type
class Money:
    """An amount, gross unless the field says otherwise. `amount` always has two decimals."""

    amount: Decimal
    """The amount as an exact decimal, for example "59.00"."""
    currency: str
    """Currency as its ISO 4217 code: EUR."""


@api_type
class Period:
    """A half-open period [start, end): the end itself is no longer part of it."""

    start: datetime
    """First instant of the period."""
    end: datetime
    """First instant after the period."""


@api_input
class PeriodInput:
    """A half-open period [start, end): the end itself is no longer part of it."""

    start: datetime
    """First instant of the period."""
    end: datetime
    """First instant after the period; must lie after `start`."""


@api_type
class PageInfo:
    """Where a page of a list stands. Give `endCursor` as `after` to get the next one."""

    has_next_page: bool
    """Whether there is more after this page."""
    has_previous_page: bool
    """Whether there is something before this page."""
    start_cursor: str | None
    """Cursor of this page's first item; null if the page is empty."""
    end_cursor: str | None
    """Cursor of this page's last item; null if the page is empty."""


def money(cents: int, currency: str = "EUR") -> Money:
    """Cents as the API shows them."""
    value = MoneyValue(cents, currency)
    return Money(amount=value.amount, currency=currency)


def optional_money(cents: int | None) -> Money | None:
    """Cents that may be missing."""
    return None if cents is None else money(cents)


def period(start: datetime, end: datetime, row: object, info: Info) -> Period | Awaitable[Period]:
    """A period of a row, in its time zone; something to wait for where that has to be found first."""
    zone = known_zone(row, info.context)
    if zone is None:
        return period_found(start, end, row, info)
    return Period(start=start.astimezone(zone), end=end.astimezone(zone))


async def period_found(start: datetime, end: datetime, row: object, info: Info) -> Period:
    """The same for a resolver that can wait."""
    zone = await zone_of(row, info.context) or UTC
    return Period(start=start.astimezone(zone), end=end.astimezone(zone))


def row_of(source: Any) -> Any:
    """The row behind a type, for what the API does not show."""
    return source


class _Attribute:
    """How a field without a resolver gets its value: ids as text, everything else as it is."""

    def __call__(self, source: Any, name: str) -> Any:
        """That of one source."""
        value = getattr(source, name)
        return str(value) if isinstance(value, UUID) else value

    def of_all(self, sources: Iterable[Any], name: str) -> list[Any]:
        """Those of many, for the engine."""
        values = list(map(attrgetter(name), sources))
        if UUID in set(map(type, values)):
            return [str(value) if isinstance(value, UUID) else value for value in values]
        return values


read_attribute = _Attribute()


def maybe(value: T) -> Maybe[T]:
    """A field of an update as services take it: `UNSET` if the client has not sent it."""
    return UNSET if value is strawberry.UNSET else value


class Given(Protocol[T_co]):
    """An input that knows how services take it."""

    def given(self) -> T_co:
        """As the services take it."""
        ...


def maybe_given(entry: Given[T] | None) -> Maybe[T | None]:
    """An input within an update."""
    if entry is strawberry.UNSET:
        return UNSET
    return None if entry is None else entry.given()


def maybe_all(entries: Sequence[Given[T]] | None) -> Maybe[tuple[T, ...] | None]:
    """A list of inputs of an update."""
    if entries is strawberry.UNSET:
        return UNSET
    return None if entries is None else tuple(entry.given() for entry in entries)


def maybe_ids(ids: Sequence[str] | None) -> Maybe[tuple[UUID | None, ...] | None]:
    """A list of ids of an update; those that are malformed are ids of nothing."""
    if ids is strawberry.UNSET:
        return UNSET
    return None if ids is None else tuple(as_uuid(value) for value in ids)


def maybe_id(value: str | None) -> Maybe[UUID | None]:
    """An id of an update; one that is malformed is the id of nothing."""
    return UNSET if value is strawberry.UNSET else as_uuid(value)
