"""Scalars of the contract. Each refuses what it cannot hold exactly."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any, NewType
from uuid import UUID

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

# ASCII, because Python reads the digits of every script, and week dates and odd spellings of UUIDs as well.
_DECIMAL = re.compile(r"-?\d{1,12}(\.\d{1,6})?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_UUID = re.compile(r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}")
_LOCAL_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:00)?", re.ASCII)
_FIRST_YEAR, _LAST_YEAR = 1900, 2999
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)", re.ASCII)

LocalTime = NewType("LocalTime", time)
JsonValue = NewType("JsonValue", object)
"""Any JSON value; whoever takes one bounds it."""


def parse_instant(value: object) -> datetime:
    """An RFC 3339 instant. Without an offset it is refused: the same local time can be two instants, or none."""
    if not isinstance(value, str) or not _INSTANT.fullmatch(value.upper()):
        raise GraphQLError("An instant needs date, time and offset, for example 2026-11-23T08:00:00+01:00.")
    try:
        instant = datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise GraphQLError("There is no such date or time.") from error
    # Further out it cannot be shown in every time zone, or reckoned with.
    if not _FIRST_YEAR <= instant.year <= _LAST_YEAR:
        raise GraphQLError(f"An instant lies between the years {_FIRST_YEAR} and {_LAST_YEAR}.")
    return instant


def write_instant(value: datetime) -> str:
    """An instant with its offset; whole seconds unless there is a fraction."""
    if value.tzinfo is None:
        raise ValueError("an instant without an offset")
    text = value.isoformat(timespec="seconds" if value.microsecond == 0 else "milliseconds")
    return text.replace("+00:00", "Z") if value.tzinfo is UTC else text


def _parse_date(value: object) -> date:
    try:
        return date.fromisoformat(value) if isinstance(value, str) and _DATE.fullmatch(value) else _refuse_date()
    except ValueError:
        return _refuse_date()


def _refuse_date() -> date:
    raise GraphQLError("A date is written as 2026-11-23.")


def _parse_local_time(value: object) -> time:
    if not isinstance(value, str) or not _LOCAL_TIME.fullmatch(value):
        raise GraphQLError("A time of day is written as 08:30; midnight is 00:00, as a closing time, too.")
    return time.fromisoformat(value)


def _write_local_time(value: time) -> str:
    return value.isoformat("minutes")


def _parse_decimal(value: object) -> Decimal:
    # A JSON number has already been through a float: 59.10 may no longer be exact.
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
        raise GraphQLError('An amount is written as text, for example "59.00".')
    try:
        return Decimal(value)
    except InvalidOperation as error:
        raise GraphQLError('An amount is written as text, for example "59.00".') from error


def _parse_uuid(value: object) -> UUID:
    try:
        return UUID(value) if isinstance(value, str) and _UUID.fullmatch(value) else _refuse_uuid()
    except ValueError:
        return _refuse_uuid()


def _refuse_uuid() -> UUID:
    raise GraphQLError("A UUID is written as 0f8fad5b-d9cb-469f-a165-70867728950e.")


def _as_it_is(value: object) -> object:
    return value


def _scalar(name: str, description: str, serialize: Any, parse: Any) -> ScalarDefinition:
    return strawberry.scalar(name=name, description=description, serialize=serialize, parse_value=parse)


SCALARS: dict[object, Any] = {
    datetime: _scalar(
        "DateTime",
        "RFC 3339 instant with an offset, for example 2026-11-23T08:00:00+01:00. A value without an offset is refused."
        " Answers carry the offset of the station that the instant belongs to; of none: UTC.",
        write_instant,
        parse_instant,
    ),
    date: _scalar("Date", "ISO 8601 calendar date, for example 2026-11-23.", date.isoformat, _parse_date),
    LocalTime: _scalar(
        "LocalTime",
        "Wall-clock time in the station's time zone, HH:MM, from 00:00 to 23:59.",
        _write_local_time,
        _parse_local_time,
    ),
    UUID: _scalar(
        "UUID", "A UUID made by the client (idempotency keys, protocol, damage and photo ids).", str, _parse_uuid
    ),
    JsonValue: _scalar("JSON", "Any JSON value; strokes of a signature.", _as_it_is, _as_it_is),
    Decimal: _scalar("Decimal", 'An exact decimal as a string, for example "59.00".', str, _parse_decimal),
}
"""What Strawberry uses for these Python types."""
