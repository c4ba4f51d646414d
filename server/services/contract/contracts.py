"""What all steps of a contract share: finding it, locking it, moving its state, storing its price."""

from __future__ import annotations

import secrets
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from server.database import Session
from server.errors import InvalidTransition, NotFound, Path
from server.models import Contract
from server.models.columns import Json
from server.models.contract import ALLOWED, ContractState
from server.models.contract_parts import HistoryAction
from server.models.tariff import PriceLineKind, terms_of
from server.services.acting import Acting
from server.services.contract import history
from server.services.pricing.price import Facts, PriceBreakdown, PriceLine, breakdown

_ENTERED = {
    ContractState.RESERVED: HistoryAction.STATE_RESERVED,
    ContractState.CHECKED_OUT: HistoryAction.STATE_CHECKED_OUT,
    ContractState.RETURNED: HistoryAction.STATE_RETURNED,
    ContractState.BILLED: HistoryAction.STATE_BILLED,
    ContractState.CANCELLED: HistoryAction.STATE_CANCELLED,
    ContractState.NO_SHOW: HistoryAction.STATE_NO_SHOW,
}
# Without letters and digits that people mix up on the phone.
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def new_number(station_code: str) -> str:
    """A contract number: the station's code and six random characters, which tell nobody how many contracts exist."""
    return f"{station_code}-{''.join(secrets.choice(_ALPHABET) for _ in range(6))}"


async def lock(session: Session, contract_id: UUID | None, *, field: Path | None = None) -> Contract:
    """A visible contract, locked until the end of the transaction; NotFound otherwise."""
    contract = await session.by_id(Contract, contract_id, lock=True)
    if contract is None:
        raise NotFound("contract", field=field)
    return contract


def require_state(contract: Contract, wanted: ContractState) -> None:
    """InvalidTransition unless `wanted` may follow the contract's state."""
    if wanted not in ALLOWED[contract.state]:
        allowed = ALLOWED[contract.state]
        names = ", ".join(state.value for state in allowed) or "nothing"
        message = f"The contract is {contract.state.value}; what can follow is {names}."
        raise InvalidTransition(message, state=contract.state, allowed=allowed)


async def move(session: Session, contract: Contract, state: ContractState, acting: Acting) -> None:
    """Moves a locked contract on, with its entry in the history."""
    require_state(contract, state)
    before, contract.state = contract.state, state
    contract.state_since = acting.now
    contract.version += 1
    await session.store(contract)
    await history.record(session, contract, _ENTERED[state], acting, before=before.value, after=state.value)


def reprice(contract: Contract, *, drivers: int, zone: ZoneInfo) -> None:
    """Prices what is agreed anew, from the contract's own copy of its tariff. What was taken in advance stays."""
    agreed = price_of(contract.price)
    facts = Facts(
        contract.kind,
        contract.starts_at,
        contract.ends_at,
        zone,
        extras=tuple((extra["code"], extra["quantity"]) for extra in contract.extras),
        drivers=drivers,
        one_way=contract.return_station_id != contract.station_id,
        # The return station's hours may not be the caller's to see; the agreed price knows.
        after_hours=any(line.kind is PriceLineKind.AFTER_HOURS for line in agreed.lines),
        language=contract.language.value.lower(),
    )
    price = breakdown(terms_of(contract.tariff_snapshot), facts)
    contract.price, contract.total_cents = price_json(price), price.total_cents


def price_json(price: PriceBreakdown) -> Json:
    """A price as it is stored with the contract."""
    return {
        "lines": [
            {
                "kind": line.kind.value,
                "text": line.text,
                "quantity": str(line.quantity),
                "unit_cents": line.unit_cents,
                "total_cents": line.total_cents,
                "taxable": line.taxable,
                "explanation": line.explanation,
            }
            for line in price.lines
        ],
        "total_cents": price.total_cents,
        "net_cents": price.net_cents,
        "vat_cents": price.vat_cents,
        "days": price.days,
        "included_km": price.included_km,
    }


def price_of(stored: Json) -> PriceBreakdown:
    """Reads a stored price back."""
    return PriceBreakdown(
        lines=tuple(line_of(line) for line in stored["lines"]),
        total_cents=stored["total_cents"],
        net_cents=stored["net_cents"],
        vat_cents=stored["vat_cents"],
        days=stored["days"],
        included_km=stored["included_km"],
    )


def line_of(stored: Json) -> PriceLine:
    """Reads one stored line back."""
    return PriceLine(
        kind=PriceLineKind(stored["kind"]),
        text=stored["text"],
        quantity=Decimal(stored["quantity"]),
        unit_cents=stored["unit_cents"],
        total_cents=stored["total_cents"],
        taxable=stored["taxable"],
        explanation=stored["explanation"],
    )
