"""Whose public holidays a station keeps: the regions of ISO 3166-2, and the German places that have one more day."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache

import holidays
from holidays.constants import CATHOLIC, PUBLIC

from server.errors import InvalidInput, Path, Sentence

_VARIANTS = {
    "DE-BY-AUGSBURG": ("Augsburg", (PUBLIC, CATHOLIC)),
    "DE-BY-CATHOLIC": ("BY", (PUBLIC, CATHOLIC)),
    "DE-SN-CATHOLIC": ("SN", (PUBLIC, CATHOLIC)),
    "DE-TH-CATHOLIC": ("TH", (PUBLIC, CATHOLIC)),
}
"""Days that only some places of a Land have, by its law on holidays: Mariä Himmelfahrt where more Catholics than
Protestants live in Bavaria, in Augsburg the Friedensfest, too; Fronleichnam in parts of Saxony and Thuringia."""
_ISO = re.compile(r"[A-Z0-9]{1,3}")


@lru_cache(maxsize=256)
def holidays_of(region: str, year: int) -> Mapping[date, Sentence]:
    """The public holidays of a region in a year, with their names."""
    country, _, subdivision = region.partition("-")
    place, categories = _VARIANTS.get(region, (subdivision or None, (PUBLIC,)))
    english, german = (
        holidays.country_holidays(country, subdiv=place, years=year, categories=categories, language=language)
        for language in ("en_US", "de")
    )
    return {day: Sentence(english[day], german[day]) for day in english}


def checked(value: str | None, country: str, field: Path) -> str | None:
    """A region in its stored form, or None. InvalidInput for one that is not known, or that could be two: `BY` is
    Belarus, and for a station in Germany it is meant to be Bavaria. The refusal lists what is possible.
    """
    code = (value or "").strip().upper()
    if not code:
        return None
    place = code.partition("-")[0]
    ambiguous = _is_ambiguous(code, country)
    if code in _regions(place) and not ambiguous:
        return code
    known = country if ambiguous or not _regions(place) else place
    listed = ", ".join(_regions(known) or _regions("DE"))
    message = Sentence(
        f"No public holidays are known for this region, or it could be two. Possible: {listed}.",
        f"Für diese Region sind keine Feiertage bekannt, oder es könnten zwei sein. Möglich sind: {listed}.",
    )
    raise InvalidInput(message, field=field)


def _is_ambiguous(code: str, country: str) -> bool:
    """Whether a country's code is a region's where the station is."""
    return code != country and f"{country}-{code}" in _regions(country)


@lru_cache(maxsize=256)
def _regions(country: str) -> tuple[str, ...]:
    """The regions of a country whose holidays are known, itself among them; none if its holidays are not."""
    parts = holidays.list_supported_countries(include_aliases=False).get(country)
    if parts is None:
        return ()
    within = [f"{country}-{part}" for part in parts if _ISO.fullmatch(part)]
    variants = [variant for variant in _VARIANTS if variant.startswith(f"{country}-")]
    return (country, *sorted([*within, *variants]))
