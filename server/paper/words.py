"""The wording of documents in German and English, and the parts that every sheet shares."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from server.paper.notation import NBSP, address_lines, printable
from server.paper.views import Language, Supplier

DOCUMENTS = Path(__file__).parent / "templates" / "documents"

# JSON for the typst template: strings, lists and objects whose shape the template knows.
Sheet = dict[str, Any]


@cache
def words(language: Language) -> Sheet:
    """The dictionary of one language; the two have the same keys."""
    everything: dict[str, Sheet] = json.loads((DOCUMENTS / "words.json").read_text(encoding="utf-8"))
    return everything[language]


def letterhead(supplier: Supplier, language: Language) -> Sheet:
    """The supplier's name, sender line and the columns at the foot (§ 14 Abs. 4 UStG, § 35a GmbHG)."""
    w = words(language)
    town = address_lines(supplier.address, language)
    columns = (
        [supplier.name, *town],
        [_named(w["phone"], supplier.phone), supplier.email, supplier.website],
        [
            _named(w["tax_number"], supplier.tax_number),
            _named(w["vat_id"], supplier.vat_id),
            _named(w["seat"], supplier.seat),
            supplier.register,
            _named(w["directors"], supplier.directors),
        ],
        [supplier.bank, _named("IBAN", supplier.iban), _named("BIC", supplier.bic)],
    )
    kept = [[printable(line) for line in column if line] for column in columns]
    return {
        "name": printable(supplier.name),
        "aside": printable(supplier.website or supplier.email or ""),
        "sender_line": " · ".join([printable(supplier.name), *town]),
        "footer": [column for column in kept if column],
    }


def fact(label: str, value: str | None) -> list[tuple[str, str]]:
    """A label with its value, or nothing where there is no value: for unpacking into a list of facts."""
    return [(label, printable(value))] if value else []


def _named(label: str, value: str | None) -> str | None:
    return f"{label}{NBSP}{value}" if value else None
