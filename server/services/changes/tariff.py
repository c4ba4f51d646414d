"""The tariff of one contract, edited by the office until it is billed: other prices, a discount, a waiver.

With a reason, the contract's own copy changes and is priced anew; the price list stays. Money moves with the invoice.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from server.database import Session
from server.database.conflicts import tried_again
from server.errors import DomainError, InvalidInput, Path, Sentence
from server.models import Contract
from server.models.contract import ContractState
from server.models.contract_parts import HistoryAction
from server.models.price import PriceBreakdown
from server.models.tariff import PriceLineKind, TariffTerms
from server.models.tariff_edit import TariffEdit
from server.services import validation
from server.services.acting import Acting
from server.services.changes import drivers, edit, said, said_cancelling, said_terms
from server.services.changes.edit import Done, Prospect
from server.services.contract import contracts
from server.services.fleet import stations
from server.services.outside import Outside
from server.services.pricing import edits
from server.services.pricing.edits import TermsEdit
from server.services.pricing.reductions import discounted

FIELD = ("input",)
LONGEST_REASON = 500
_POSSIBLE = frozenset({ContractState.RESERVED, ContractState.CHECKED_OUT, ContractState.RETURNED})
_NOTHING = Sentence(
    "This changes nothing: give a value that is another one than now.",
    "Das ändert nichts: bitte einen Wert angeben, der anders ist als jetzt.",
)


@dataclass(frozen=True, kw_only=True)
class EditRequest:
    """An edit as it is asked for: amounts in euros, a discount in per cent. What is None stays."""

    reason: str
    day_price: Decimal | None = None
    extra_km: Decimal | None = None
    discount_percent: Decimal | None = None
    discount_amount: Decimal | None = None
    included_km_per_day: int | None = None
    fuel_per_litre: Decimal | None = None
    energy_per_kwh: Decimal | None = None
    waive_line: PriceLineKind | None = None
    charge_line: PriceLineKind | None = None


async def look_at(session: Session, contract: Contract, _acting: Acting, asked: EditRequest) -> Prospect:
    """What an edit would make of the agreed price, and what stands against it: state, values, too large a discount."""
    zone = (await stations.get(session, contract.station_id)).zone
    people = max(1, len(await drivers.of_contract(session, contract)))
    problems = edit.against_state(contract, _POSSIBLE)
    terms = contract.terms
    try:
        terms = edits.edited(terms, checked(asked))
    except DomainError as problem:
        problems.append(problem)
    else:
        if not edits.differences(contract.terms, terms):
            problems.append(InvalidInput(_NOTHING, field=FIELD))
    after = contracts.price_of(contract, drivers=people, zone=zone, terms=terms)
    problems += _too_much(asked, terms, after)
    return Prospect(before=contract.price, after=after, problems=problems)


@tried_again
async def change(outside: Outside, acting: Acting, contract_id: UUID | None, version: int, asked: EditRequest) -> UUID:
    """Edits the contract's own copy of its tariff, prices anew what is agreed, and tells the customer.

    Raises NotFound, VersionConflict, InvalidTransition, InvalidInput.
    """
    async with edit.editing(outside, acting, contract_id, version) as (session, contract):
        prospect = await look_at(session, contract, acting, asked)
        prospect.refuse()
        wanted, before, off = checked(asked), contract.terms, said_cancelling.agreed(contract)
        after = edits.edited(before, wanted)
        changes = edits.differences(before, after)
        who, when = acting.name, acting.now
        made = [TariffEdit(one.term, one.before, one.after, wanted.reason, who, when) for one in changes]
        contract.edit_terms(after, made)
        contract.agree_on(prospect.after)
        zone = (await stations.get(session, contract.station_id)).zone
        done = Done(
            action=HistoryAction.TARIFF_EDITED,
            before="; ".join(f"{one.term}: {one.before}" for one in changes),
            after="; ".join(f"{one.term}: {one.after}" for one in changes),
            told=said.joined(
                [
                    said_terms.changes(contract, before, after),
                    said.price(contract, prospect.before),
                    said_cancelling.changes(contract, off, zone, acting.now),
                ]
            ),
        )
        await edit.finish(session, contract, done, acting.because(wanted.reason))
        return contract.id


def checked(asked: EditRequest) -> TermsEdit:
    """In its stored form; InvalidInput names the field."""
    for name, kind in (("waive_line", asked.waive_line), ("charge_line", asked.charge_line)):
        if kind is not None and kind not in edits.WAIVABLE:
            message = Sentence("Such a line cannot be waived.", "Eine solche Position lässt sich nicht erlassen.")
            raise InvalidInput(message, field=[*FIELD, name])
    return TermsEdit(
        reason=validation.text(asked.reason, (*FIELD, "reason"), longest=LONGEST_REASON),
        day_price_cents=validation.optional_cents(asked.day_price, (*FIELD, "day_price")),
        extra_km_cents=validation.optional_cents(asked.extra_km, (*FIELD, "extra_km")),
        discount_basis_points=_basis_points(asked.discount_percent, (*FIELD, "discount_percent")),
        discount_cents=validation.optional_cents(asked.discount_amount, (*FIELD, "discount_amount")),
        included_km_per_day=validation.optional_number(
            asked.included_km_per_day, (*FIELD, "included_km_per_day"), lowest=0, highest=100_000
        ),
        fuel_per_litre_cents=validation.optional_cents(asked.fuel_per_litre, (*FIELD, "fuel_per_litre")),
        energy_per_kwh_cents=validation.optional_cents(asked.energy_per_kwh, (*FIELD, "energy_per_kwh")),
        waive=asked.waive_line,
        charge=asked.charge_line,
    )


def _basis_points(percent: Decimal | None, field: Path) -> int | None:
    if percent is None:
        return None
    if not percent.is_finite() or not 0 <= percent <= 100 or percent * 100 != int(percent * 100):
        message = Sentence(
            "A discount lies between 0 and 100 per cent and has at most two decimals.",
            "Ein Nachlass liegt zwischen 0 und 100 Prozent und hat höchstens zwei Nachkommastellen.",
        )
        raise InvalidInput(message, field=field)
    return int(percent * 100)


def _too_much(asked: EditRequest, terms: TariffTerms, after: PriceBreakdown) -> list[DomainError]:
    """A discount that is given is refused above its line; one of before ends at the line by itself."""
    if asked.discount_amount is None and asked.discount_percent is None:
        return []
    rental = sum(line.total_cents for line in after.lines if line.kind is PriceLineKind.RENTAL)
    if sum(discounted(discount, rental) for discount in terms.discounts) <= rental:
        return []
    name = "discount_amount" if asked.discount_amount is not None else "discount_percent"
    amount = f"{Decimal(rental).scaleb(-2)}"
    message = Sentence(
        f"The discounts are more than the rental itself, {amount}.",
        f"Die Nachlässe sind höher als die Miete selbst, {amount}.",
    )
    return [InvalidInput(message, field=[*FIELD, name])]
