"""By what a car is recognised: the form in which number plates and VINs are compared, however somebody spells them."""

from __future__ import annotations

import unicodedata

from server.models.composing import composed

_LOOK_ALIKES = str.maketrans(
    "АВЕЅІЈКМНОРСТУХ" + "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "ABESIJKMHOPCTYX" + "ABEZHIKMNOPTYX",
)
"""Cyrillic and Greek capitals that look like a Latin one. Plates there use only these, so that they can be read abroad
(Vienna Convention on Road Traffic, annex 2)."""
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u00ad\ufe58\ufe63\uff0d", "-"))
"""What keyboards and word processors make of a hyphen."""
_LONGEST = 100
"""Characters: more than a plate, a VIN, an IBAN or a VAT id has, however it is spaced."""


def latin(text: str) -> str:
    """In capitals, with Latin letters for those that look alike and a plain hyphen for every dash."""
    upper = composed(text, _LONGEST, "NFKC").upper()
    return composed(upper, len(upper)).translate(_LOOK_ALIKES).translate(_DASHES)


def plate_key(plate: str) -> str:
    """The form in which plates are compared: `B-QX 4711 E`, `bqx4711e` and `B.QX.4711-E` are one. Letters and digits
    only; umlauts stay, for `MÜ` and `MU` are two places. So does the E or H at the end: it is part of the plate.
    """
    return "".join(_plain(char) for char in latin(plate) if char.isalnum())


def vin_key(vin: str | None) -> str | None:
    """The form in which VINs are compared; None where there is none."""
    return plate_key(vin or "") or None


def _plain(char: str) -> str:
    return str(unicodedata.decimal(char)) if char.isdecimal() else char
