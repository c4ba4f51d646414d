"""The document that claims a damage: what is damaged, what its repair costs, what limits that, and how it is paid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from server.errors import Sentence
from server.models import Company, Contract, Damage, Station, Vehicle, VehicleGroup
from server.models.document import DocumentType
from server.models.money import VatSplit
from server.models.price import PriceLine
from server.models.tariff import PriceLineKind
from server.models.vehicle_body import body_of
from server.paper import notation
from server.paper.views import DamageSpot, Language, PaymentPart, PaymentWay, VehicleUse
from server.services.billing.drafts import Draft
from server.services.claims.plan import Plan
from server.services.claims.wording import named
from server.services.mail import parts

_SEEN = Sentence("Found at the return on {at}.", "Festgestellt bei der Rückgabe am {at}.")
_ESTIMATED = Sentence("Net cost of the repair by the estimate.", "Reparaturkosten netto laut Kostenvoranschlag.")
_BILLED = Sentence("Net cost of the repair as billed.", "Reparaturkosten netto laut Rechnung.")
_LIMIT = Sentence("Limit by your deductible", "Begrenzung auf Ihre Selbstbeteiligung")
_LIMITED = Sentence(
    "Your contract limits what you pay for a damage to {most}.",
    "Ihr Vertrag begrenzt, was Sie für einen Schaden zahlen, auf {most}.",
)
_BESIDES = Sentence(
    "From the deposit we also take {amount} for the open amount of invoice {number}.",
    "Der Kaution entnehmen wir außerdem {amount} für den offenen Betrag der Rechnung {number}.",
)
_NOT_LIMITED = Sentence(
    "The deductible does not limit this claim: {why}", "Die Selbstbeteiligung begrenzt diese Forderung nicht: {why}"
)


@dataclass(frozen=True)
class Claim:
    """What a claim comes to: the net cost of the repair (`is_final`: by its bill), what of it is claimed, and why the
    deductible does not limit it, if so. Cents.
    """

    net_cents: int
    is_final: bool
    amount_cents: int
    lifted_because: str | None = None


def ways(from_deposit: int, rest: PaymentPart) -> list[PaymentPart]:
    """How a claim is paid: from the deposit first, `rest` by card or transfer."""
    first = PaymentPart(way=PaymentWay.TO_BE_TAKEN_FROM_DEPOSIT, amount_cents=from_deposit)
    return [part for part in (first, rest) if part.amount_cents]


def draft(
    contract: Contract,
    damage: Damage,
    vehicle: Vehicle,
    claim: Claim,
    payments: Sequence[PaymentPart],
    station: Station,
    company: Company,
) -> Draft:
    """The document before it has its number."""
    return Draft(
        type=DocumentType.DAMAGE_CLAIM,
        service_from=contract.checked_out_at or contract.starts_at,
        service_until=contract.returned_at or contract.ends_at,
        lines=_lines(contract, damage, claim, station),
        sums=VatSplit(claim.amount_cents, claim.amount_cents, 0),
        payments=payments,
        vehicles=[VehicleUse(plate=vehicle.plate, model=f"{vehicle.make} {vehicle.model}")],
        to_move_cents=claim.amount_cents,
        objections_to=_objections_to(station, company, parts.wording(contract.language)),
    )


def damage_at(damage: Damage, group: VehicleGroup | None) -> DamageSpot:
    """Where the damage is, on a car of this group."""
    body = body_of(group.acriss if group else None)
    return DamageSpot(view=damage.view.value, x=damage.x, y=damage.y, body=body)


def remark(plan: Plan, language: Language) -> str | None:
    """What the one capture takes for the rent besides; None if nothing."""
    share = plan.rent_share
    if share is None:
        return None
    document, cents = share
    return _BESIDES.within(language).format(amount=notation.money(cents, language), number=document.number)


def _lines(contract: Contract, damage: Damage, claim: Claim, station: Station) -> list[PriceLine]:
    language = parts.wording(contract.language)
    most = notation.money(contract.deductible_cents, language)
    said = [_SEEN.within(language).format(at=notation.moment(damage.seen_at, station.time_zone, language))]
    said += [_sentence(damage.description)] if damage.description else []
    said.append((_BILLED if claim.is_final else _ESTIMATED).within(language))
    if claim.lifted_because is not None:
        said.append(_sentence(_NOT_LIMITED.within(language).format(why=claim.lifted_because)))
    lines = [_line(named(damage, language), claim.net_cents, " ".join(said))]
    if above := claim.net_cents - claim.amount_cents:
        lines.append(_line(_LIMIT.within(language), -above, _LIMITED.within(language).format(most=most)))
    return lines


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _line(text: str, cents: int, explanation: str) -> PriceLine:
    """Amounts that are taken off are negative quantities, never negative prices."""
    quantity = Decimal(1 if cents > 0 else -1)
    return PriceLine(PriceLineKind.DAMAGE, text, quantity, abs(cents), cents, explanation, taxable=False)


def _objections_to(station: Station, company: Company, language: Language) -> str:
    address = notation.address_lines(parts.place_of(station).address, language)
    return ", ".join(part for part in (company.name, station.name, *address, station.email or company.email) if part)
