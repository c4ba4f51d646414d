"""How a contract's state is called in a sentence."""

from __future__ import annotations

from collections.abc import Iterable

from server.errors import Sentence
from server.models.contract import ContractState

STATE_WORDS = {
    ContractState.QUOTE: Sentence("a quote", "ein Angebot"),
    ContractState.HELD: Sentence("waiting for its payment", "noch nicht bezahlt"),
    ContractState.RESERVED: Sentence("reserved", "reserviert"),
    ContractState.CHECKED_OUT: Sentence("checked out", "übergeben"),
    ContractState.RETURNED: Sentence("returned", "zurückgegeben"),
    ContractState.BILLED: Sentence("billed", "abgerechnet"),
    ContractState.CANCELLED: Sentence("cancelled", "storniert"),
    ContractState.NO_SHOW: Sentence("a no-show", "nicht abgeholt"),
}
"""What fits behind "The contract is" and "Der Vertrag ist"."""


def any_of(states: Iterable[ContractState]) -> Sentence:
    """States as an enumeration; "nothing" for none."""
    words = [STATE_WORDS[state] for state in states]
    if not words:
        return Sentence("nothing", "nichts")
    return Sentence(", ".join(word.en for word in words), ", ".join(word.de for word in words))
