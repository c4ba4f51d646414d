"""The GraphQL documents that the tablet sends, one operation a file."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent


def document(name: str) -> str:
    """The text of a document. Read from beside this module: on Android, too, the app's files lie in a folder."""
    return (_FOLDER / f"{name}.graphql").read_text(encoding="utf-8")
