"""Live or late: with the customer still there a hand-over may be refused; what is over and signed is kept, doubted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from server.database import Session
from server.errors import InvalidInput, ProblemCode, Refused
from server.models import Contract
from server.models.blank import seen
from server.models.contract_attention import BillingBlock
from server.services.acting import Acting
from server.services.contract import blocks
from server.services.handover.report import HandoverReport

_NOBODY_SAID = "–"
"""Stands in the reason's place where there was nobody left to ask."""


class Doubts:
    """What would have been refused on time, in the order in which it was found."""

    def __init__(self, report: HandoverReport, now: datetime) -> None:
        self._is_over = report.is_over(now)
        self._found: list[str] = []

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Around a check: its refusal is raised if it can still be heeded, else remembered."""
        try:
            yield
        except (Refused, InvalidInput) as refusal:
            if not self._is_over:
                raise
            self._found.append(refusal.code.value)

    def reason(self, given: str | None) -> str | None:
        """The reason for an odd reading; of a late hand-over one is never asked for."""
        return given if not self._is_over or seen(given) else _NOBODY_SAID

    def are_about(self, code: ProblemCode) -> bool:
        """Whether this refusal is among what is remembered."""
        return code.value in self._found

    async def block_billing(
        self, session: Session, contract: Contract, acting: Acting, *, odometer: str | None = None
    ) -> None:
        """A contract with something remembered, or with an odd odometer, waits for a person."""
        if odometer is not None:
            await blocks.block_billing(session, contract, BillingBlock.ODOMETER, acting, detail=odometer)
        for code in dict.fromkeys(self._found):
            contract.protocol_conflict = True
            await blocks.block_billing(session, contract, BillingBlock.LATE_HANDOVER, acting, detail=code)
