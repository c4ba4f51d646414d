"""The shelf of GraphiQL: ready operations for the daily tasks, from the files of `shelf/`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SHELF = Path(__file__).parent / "shelf"
_HEAD = 5
"""Lines before the operation: title and use in both languages, and the variables."""


@dataclass(frozen=True)
class Entry:
    """One operation on the shelf."""

    name: str
    titles: Mapping[str, str]
    uses: Mapping[str, str]
    variables: str
    """JSON in which `$station`, `$today` and the like stand for what the page knows."""
    query: str

    def shown(self, language: str, known: Mapping[str, str]) -> dict[str, str]:
        """As the page takes it, with what is known in the variables' places."""
        variables = self.variables
        for name, value in known.items():
            variables = variables.replace(f'"${name}"', f'"{value}"')
        about = {"title": self.titles[language], "about": self.uses[language]}
        return {"name": self.name, **about, "variables": variables, "query": self.query}


@cache
def entries() -> tuple[Entry, ...]:
    """All of the shelf, in the order of their files."""
    return tuple(_read(file) for file in sorted(SHELF.glob("*.graphql")))


def _read(file: Path) -> Entry:
    lines = file.read_text(encoding="utf-8").splitlines()
    en, use_en, de, use_de, variables = (line.partition(": ")[2] for line in lines[:_HEAD])
    query = "\n".join(lines[_HEAD:]) + "\n"
    return Entry(file.stem, {"en": en, "de": de}, {"en": use_en, "de": use_de}, variables, query)
