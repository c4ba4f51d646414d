"""Where an input is wrong, in the words of the API: services name attributes, callers see their document's path."""

from __future__ import annotations

from collections.abc import Sequence

from strawberry.utils.str_converters import to_camel_case


def wire_path(field: Sequence[str] | None) -> list[str] | None:
    """`["input", "tax_number"]` as `["input", "taxNumber"]`; the same for queries and mutations."""
    return None if field is None else [to_camel_case(part) for part in field]
