"""The catalogue: what values and fields of the API are called on the pages, in German and English."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import NamedTuple

from server.errors import Sentence
from server.services.contract.state_words import STATE_WORDS

_FOLDER = Path(__file__).parent


@cache
def _tables(name: str) -> dict[str, dict[str, Sentence]]:
    tables = tomllib.loads((_FOLDER / name).read_text(encoding="utf-8"))
    return {table: {key: Sentence(*words) for key, words in rows.items()} for table, rows in tables.items()}


def value_words(enum: str) -> dict[str, Sentence]:
    """The words of an enum's values, by the enum's name in the schema. KeyError if it has none (tests look)."""
    if enum == "ContractState":
        return {state.value: words for state, words in STATE_WORDS.items()}
    return _tables("values.toml")[enum]


def field_word(place: str, name: str) -> Sentence:
    """What a field is called: by the form or input type that it stands in, else by its name. KeyError as above."""
    tables = _tables("fields.toml")
    return tables.get(place, {}).get(name) or tables["names"][name]


def hint(name: str) -> Sentence | None:
    """What a field wants, where its name does not say it."""
    return _tables("fields.toml")["hints"].get(name)


class ActionWords(NamedTuple):
    """What an operation is called, and what it does."""

    title: Sentence
    about: Sentence | None


def action_words(document: str) -> ActionWords:
    """The words of an operation, by its document. KeyError as above."""
    words = _tables("actions.toml")[document]
    return ActionWords(words["title"], words.get("about"))
