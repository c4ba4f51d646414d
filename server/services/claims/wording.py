"""How damages and where they stand are called where people read it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from server.errors import Sentence
from server.models import Damage
from server.models.damage import DamageLiability
from server.paper import notation
from server.paper.views import Language
from server.paper.words import words

LIABILITY_WORDS = {
    DamageLiability.KNOWN: Sentence("known before", "schon bekannt"),
    DamageLiability.SUSPECTED: Sentence("suspected", "vermutet"),
    DamageLiability.REJECTED: Sentence("rejected", "verworfen"),
    DamageLiability.CONFIRMED: Sentence("confirmed", "bestätigt"),
    DamageLiability.DECIDED_CUSTOMER: Sentence("the customer pays", "der Kunde zahlt"),
    DamageLiability.DECIDED_INSURER: Sentence("an insurer pays", "eine Versicherung zahlt"),
    DamageLiability.DECIDED_THIRD_PARTY: Sentence("a third party pays", "ein Dritter zahlt"),
    DamageLiability.DECIDED_OWN_COST: Sentence("the company pays", "die Firma zahlt selbst"),
    DamageLiability.CLAIMED: Sentence("claimed", "gefordert"),
    DamageLiability.PAID: Sentence("paid", "bezahlt"),
    DamageLiability.DISPUTED: Sentence("disputed", "bestritten"),
    DamageLiability.WRITTEN_OFF: Sentence("written off", "ausgebucht"),
}
"""What fits behind "The damage's state:" and "Stand des Schadens:"."""


def why_not(liability: DamageLiability, following: Sequence[DamageLiability]) -> Sentence:
    """Why a step is refused: where the damage stands, and what can follow."""
    here, allowed = LIABILITY_WORDS[liability], [LIABILITY_WORDS[one] for one in following]
    if not allowed:
        return Sentence(
            f"The damage's state: {here.en}. Nothing can follow.",
            f"Stand des Schadens: {here.de}. Danach ist nichts mehr möglich.",
        )
    then = Sentence(", ".join(word.en for word in allowed), ", ".join(word.de for word in allowed))
    return Sentence(
        f"The damage's state: {here.en}. What can follow: {then.en}.",
        f"Stand des Schadens: {here.de}. Möglich ist danach: {then.de}.",
    )


def named(damage: Damage, language: Language) -> str:
    """What is damaged, and where: "Kratzer, linke Seite, 40 mm"."""
    w = words(language)
    size = f", {damage.size_mm} mm" if damage.size_mm else ""
    return f"{w['kinds'][damage.kind.value]}, {w['places'][damage.view.value]}{size}"


def dated(sentence: Sentence, day: date) -> Sentence:
    """A sentence whose {day} is written as each language writes it."""
    return Sentence(
        sentence.en.format(day=notation.day(day, "en")),
        sentence.de.format(day=notation.day(day, "de")),
    )
