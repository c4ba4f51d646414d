"""Addresses of pages in the web, as people and websites give them."""

from __future__ import annotations

from urllib.parse import urlsplit

from server.errors import InvalidInput, Path, Sentence
from server.services import validation

LONGEST = 500


def is_one(text: str) -> bool:
    """Whether a browser can be sent there, and comes to where the address seems to lead."""
    try:
        parts = urlsplit(text)
    except ValueError:  # a bracket that is not closed
        return False
    # A browser would pass over line ends and tabs, and not be where the address seems to lead.
    is_plain = text.isprintable() and " " not in text
    return is_plain and parts.scheme in {"http", "https"} and bool(parts.hostname)


def page(value: str | None, field: Path) -> str | None:
    """The address of a page that mails link to; None for an empty one. InvalidInput names the field."""
    typed = validation.optional_text(value, field, longest=LONGEST)
    if typed is not None and not is_one(typed):
        raise InvalidInput(
            Sentence(
                "This is not the address of a page; it should look like https://example.de/terms.",
                "Das ist keine Webadresse; sie sollte aussehen wie https://example.de/agb.",
            ),
            field=field,
        )
    return typed
