"""Names under which people keep what comes with a mail: what it is, and its number."""

from __future__ import annotations

from server.paper.views import Language
from server.paper.words import words


def pdf(kind: str, number: str, language: Language) -> str:
    """`Übergabeprotokoll BER-7QF2KD.pdf`; `kind` is that of a document or protocol, as the API names it."""
    return f"{words(language)['titles'][kind]} {number}.pdf"
