"""How a contract's state is called where people read it."""

from __future__ import annotations

from collections.abc import Iterable

from server.errors import Sentence
from server.models.contract import ContractState

STATE_WORDS = {
    ContractState.QUOTE: Sentence("quote", "Angebot"),
    ContractState.HELD: Sentence("waiting for payment", "wartet auf Zahlung"),
    ContractState.RESERVED: Sentence("reserved", "reserviert"),
    ContractState.CHECKED_OUT: Sentence("car handed over", "Fahrzeug übergeben"),
    ContractState.RETURNED: Sentence("car returned", "Fahrzeug zurückgegeben"),
    ContractState.BILLED: Sentence("billed", "berechnet"),
    ContractState.CANCELLED: Sentence("cancelled", "storniert"),
    ContractState.NO_SHOW: Sentence("not picked up", "nicht abgeholt"),
}
"""What fits behind "The contract's state:" and "Stand des Vertrags:"."""


def why_not(state: ContractState, allowed: Iterable[ContractState]) -> Sentence:
    """Why a step is refused: where the contract stands, and what could follow."""
    words = [STATE_WORDS[one] for one in allowed]
    here = STATE_WORDS[state]
    if not words:
        return Sentence(
            f"The contract's state: {here.en}. Nothing can follow.",
            f"Stand des Vertrags: {here.de}. Danach ist nichts mehr möglich.",
        )
    following = Sentence(", ".join(word.en for word in words), ", ".join(word.de for word in words))
    return Sentence(
        f"The contract's state: {here.en}. What can follow: {following.en}.",
        f"Stand des Vertrags: {here.de}. Möglich ist danach: {following.de}.",
    )
