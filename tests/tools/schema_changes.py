"""Prints what has changed in the API since the last release, and refuses what would break a caller.

Taken away may be what the release has deprecated, with a day that it was promised to live to (docs/releases.md).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
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
REMOVALS = {
    BreakingChangeType.FIELD_REMOVED,
    BreakingChangeType.VALUE_REMOVED_FROM_ENUM,
    BreakingChangeType.ARG_REMOVED,
}
PROMISE = re.compile(r"until (20[0-9]{2}-[01][0-9]-[0-3][0-9])")
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


def changes(before: GraphQLSchema, now: GraphQLSchema) -> tuple[list[str], list[str], list[str]]:
    """What breaks callers, what may surprise them, and what is new."""
    allowed = {what for what, reason in deprecated(before) if PROMISE.search(reason)}
    breaking, dangerous, new = [], [], []
    for change in find_schema_changes(before, now):
        if isinstance(change, BreakingChange):
            breaking.append("" if _was_announced(change, allowed) else change.description)
        elif isinstance(change, DangerousChange):
            dangerous.append(change.description)
        elif change.type is not SafeChangeType.DESCRIPTION_CHANGED:
            new.append(change.description)
    return [text for text in breaking if text], dangerous, new


def _was_announced(change: BreakingChange, allowed: set[str]) -> bool:
    return change.type in REMOVALS and any(what in change.description for what in allowed)


def main() -> int:
    before, now = (build_schema((FOLDER / f"{name}.graphql").read_text("utf-8")) for name in ("released", "schema"))
    breaking, dangerous, new = changes(before, now)
    for title, texts in (("breaks callers", breaking), ("may surprise callers", dangerous), ("is new", new)):
        print(f"{title}: {len(texts)}")
        for text in texts:
            print(f"  {text}")
    return 1 if breaking else 0


if __name__ == "__main__":
    sys.exit(main())
