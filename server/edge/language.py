"""Which of our two languages a caller reads: `Accept-Language` (RFC 9110 section 12.5.4), without its `*`."""

from __future__ import annotations

LANGUAGES = ("de", "en")
WITHOUT_A_WISH = "en"
_MOST_RANGES = 20
"""More than any browser sends; what comes after them is not read."""


def language_of(header: str | None) -> str:
    """ "de" or "en": the one with the greater weight, of equal ones the first. English if neither is wanted, also
    without the header or with a malformed one.
    """
    wanted: dict[str, float] = {}
    for entry in (header or "").split(",", _MOST_RANGES)[:_MOST_RANGES]:
        tag, _, parameter = entry.partition(";")
        language = tag.strip().lower().partition("-")[0]
        if language in LANGUAGES and (weight := _weight(parameter)) > wanted.get(language, 0.0):
            wanted[language] = weight
    # `max` keeps the first of equals, and a dictionary the order in which the languages came.
    return max(wanted, key=lambda language: wanted[language], default=WITHOUT_A_WISH)


def _weight(parameter: str) -> float:
    """The `q` of a range, one if it has none; zero, which is "not at all", if it is malformed."""
    name, _, value = parameter.strip().partition("=")
    if not name:
        return 1.0
    try:
        weight = float(value)
    except ValueError:
        return 0.0
    return weight if name.strip().lower() == "q" and 0 <= weight <= 1 else 0.0
