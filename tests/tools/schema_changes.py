"""Prints what has changed in the API since the last release, and refuses what would break a caller.

Taken away may be what the release has deprecated, with a day that it was promised to live to (docs/releases.md).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
)
from graphql.utilities import (
    BreakingChange,
    BreakingChangeType,
    DangerousChange,
    SafeChangeType,
    find_schema_changes,
)

FOLDER = Path(__file__).resolve().parents[2] / "server" / "schema"
PROMISE = re.compile(r"until (20\d\d-\d\d-\d\d)")
"""What a deprecation must say, for example: "Use `total`. It stays until 2027-12-01."."""


def deprecated(schema: GraphQLSchema) -> Iterator[tuple[str, str]]:
    """What a schema has deprecated, as ("Type.field", reason)."""
    for name, kind in schema.type_map.items():
        if name.startswith("__"):
            continue
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for field, its in kind.fields.items():
                yield f"{name}.{field}", its.deprecation_reason or ""
                yield from ((f"{name}.{field}({arg}:)", one.deprecation_reason or "") for arg, one in its.args.items())
        elif isinstance(kind, GraphQLInputObjectType):
            yield from ((f"{name}.{field}", its.deprecation_reason or "") for field, its in kind.fields.items())
        elif isinstance(kind, GraphQLEnumType):
            yield from ((f"{name}.{value}", its.deprecation_reason or "") for value, its in kind.values.items())


def changes(before: GraphQLSchema, now: GraphQLSchema, today: date) -> tuple[list[str], list[str], list[str]]:
    """What breaks callers, what may surprise them, and what is new."""
    gone = {what for what, reason in deprecated(before) if _promised_until(reason) < today}
    breaking, dangerous, new = [], [], []
    for change in find_schema_changes(before, now):
        if isinstance(change, BreakingChange):
            if not _may_go(change, gone, before):
                breaking.append(change.description)
        elif isinstance(change, DangerousChange):
            dangerous.append(change.description)
        elif change.type is not SafeChangeType.DESCRIPTION_CHANGED:
            new.append(change.description)
    return breaking, dangerous, new


def _promised_until(reason: str) -> date:
    promise = PROMISE.search(reason)
    return date.fromisoformat(promise[1]) if promise else date.max


def _may_go(change: BreakingChange, gone: set[str], before: GraphQLSchema) -> bool:
    """Whether what was removed was announced, and its day is over; a type goes with the last of its fields."""
    what, removed, _ = change.description.partition(" was removed")
    name = what.rpartition(" ")[2]
    if not removed:
        return False
    if change.type is BreakingChangeType.TYPE_REMOVED:
        kind = before.type_map[what.split(" ")[-1]]
        fields = getattr(kind, "fields", None) or getattr(kind, "values", None) or {}
        return bool(fields) and all(f"{kind.name}.{field}" in gone for field in fields)
    return name in gone


def main() -> int:
    before, now = (build_schema((FOLDER / f"{name}.graphql").read_text("utf-8")) for name in ("released", "schema"))
    breaking, dangerous, new = changes(before, now, datetime.now(UTC).date())
    for title, texts in (("breaks callers", breaking), ("may surprise callers", dangerous), ("is new", new)):
        print(f"{title}: {len(texts)}")
        for text in texts:
            print(f"  {text}")
    return 1 if breaking else 0


if __name__ == "__main__":
    sys.exit(main())
