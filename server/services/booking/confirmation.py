"""What a booking leaves behind on paper: the advance invoice and the confirmation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from server.database import Session
from server.errors import Sentence
from server.models import Company, Contract, Deposit, Document, Station, Vehicle, VehicleGroup
from server.models.contract import ContractKind
from server.models.document import DocumentType
from server.models.email import EmailTemplate
from server.models.money import split_vat
from server.models.payment import DepositState
from server.paper.views import DepositNote, MailView, PaymentPart, PaymentWay
from server.services.billing import documents, settlements
from server.services.billing.drafts import Draft
from server.services.billing.settlements import SettlementAction
from server.services.fleet import company_data, stations
from server.services.mail import emails, letters, parts
from server.services.mail.emails import MailDraft
from server.services.pricing import fees
from server.services.pricing.words import Words

TOO_LATE = Sentence(
    "Your payment arrived after the car was no longer kept for you.",
    "Ihre Zahlung kam an, als das Fahrzeug nicht mehr für Sie vorgemerkt war.",
)
_NO_DEPOSIT = Sentence(
    "The deposit could not be placed on your card.", "Die Kaution ließ sich auf Ihrer Karte nicht blockieren."
)


async def confirm_booking(session: Session, contract: Contract, *, now: datetime) -> None:
    """Issues the advance invoice over what was taken, and writes the confirmation with it attached."""
    company = await company_data.require(session)
    station = await stations.get(session, contract.station_id)
    advance = None
    if contract.prepay_cents > 0 and contract.payment_method != "WAIVED":
        words = Words(parts.wording(contract.language))
        line = documents.advance_line(words.advance(), contract.prepay_cents, words.advance_reason(contract.number))
        invoice = Draft(
            type=DocumentType.ADVANCE_INVOICE,
            service_from=contract.starts_at,
            service_until=contract.ends_at,
            lines=[line],
            sums=split_vat(contract.prepay_cents, contract.terms.vat_rate_bp),
            payments=[PaymentPart(way=PaymentWay.CHARGED, amount_cents=contract.prepay_cents)],
        )
        advance = await documents.issue(session, contract, invoice, company, station, now=now)
    view = await _confirmation(session, contract, station, company, advance, now)
    attachments = documents.attachments(advance) if advance else []
    draft = MailDraft(
        EmailTemplate.BOOKING_CONFIRMATION, contract.id, view, attachments, waits_for_paper=advance is not None
    )
    await emails.queue(session, contract, draft, now=now)


@dataclass(frozen=True)
class Refunded:
    """What goes back because a booking did not come about, for want of a deposit or too late; `by_hand` where the card
    has not taken it.
    """

    cents: int
    no_deposit: bool
    by_hand: bool


async def tell_refunded(session: Session, contract: Contract, refunded: Refunded, *, now: datetime) -> None:
    """Whoever was debited for a booking that did not come about hears, once, that the money goes back, and why."""
    why = _NO_DEPOSIT if refunded.no_deposit else TOO_LATE
    view = replace(
        await letters.frame(session, contract),
        start=contract.starts_at,
        refund_cents=refunded.cents,
        refund_by_hand=refunded.by_hand,
        reason=why.within(parts.wording(contract.language)),
    )
    await emails.queue(session, contract, MailDraft(EmailTemplate.CANCELLATION, contract.id, view), now=now)


async def _confirmation(
    session: Session, contract: Contract, station: Station, company: Company, advance: Document | None, now: datetime
) -> MailView:
    group, vehicle, deposit = await _booked(session, contract)
    elsewhere = contract.return_station_id != contract.station_id
    return_station = await stations.get(session, contract.return_station_id) if elsewhere else station
    paid = advance.total_cents if advance else 0
    rest = await settlements.action_for(session, contract, contract.total_cents - paid)
    free_until, fee = _cancellation(contract)
    return MailView(
        time_zone=station.time_zone,
        supplier=parts.supplier_of(company),
        station=parts.place_of(station),
        greeting_name=contract.customer.display_name,
        contract_number=contract.number,
        courtesy=contract.kind is ContractKind.COURTESY,
        group_name=group.name if group else None,
        vehicle=f"{vehicle.make} {vehicle.model}" if vehicle else None,
        start=contract.starts_at,
        end=contract.ends_at,
        return_station=parts.place_of(return_station) if elsewhere else None,
        check_out_hours=parts.opening_windows(station, contract.starts_at),
        check_in_hours=parts.opening_windows(return_station, contract.ends_at),
        after_hours_return=return_station.after_hours_return,
        price_cents=contract.total_cents,
        paid_cents=paid,
        booked_with_card=await settlements.has_card(session, contract),
        rest_from_card=rest is SettlementAction.CHARGE,
        payer_name=parts.payer_name(contract),
        included_km=contract.price.included_km,
        extra_km_cents=contract.terms.extra_km_cents,
        deposit_cents=_shown_deposit(deposit),
        deposit_note=_deposit_note(deposit),
        deductible_cents=contract.deductible_cents,
        grace_minutes=contract.terms.grace_minutes,
        fuel_rule=parts.fuel_rule(group),
        free_cancellation_until=free_until,
        free_cancellation_over=free_until is not None and free_until <= now,
        cancellation_fee_cents=fee or None,
        no_show_fee_cents=fees.no_show_fee(contract.terms, fees.basis(contract.kind, contract.total_cents)) or None,
        document_number=advance.number if advance else None,
    )


def _cancellation(contract: Contract) -> tuple[datetime | None, int]:
    """Until when cancelling is free and what it costs after that; without an end where it costs nothing at all."""
    fee = fees.late_cancellation_fee(contract.terms, fees.basis(contract.kind, contract.total_cents))
    return (fees.free_until(contract.terms, contract.starts_at) if fee else None), fee


async def _booked(session: Session, contract: Contract) -> tuple[VehicleGroup | None, Vehicle | None, Deposit | None]:
    return (
        await session.by_id(VehicleGroup, contract.group_id),
        await session.by_id(Vehicle, contract.vehicle_id),
        await session.by_id(Deposit, contract.id),
    )


def _shown_deposit(deposit: Deposit | None) -> int | None:
    if deposit is None or deposit.state is DepositState.WAIVED:
        return None
    return deposit.amount_cents or None


def _deposit_note(deposit: Deposit | None) -> DepositNote:
    active = deposit is not None and deposit.state is DepositState.ACTIVE
    return DepositNote.BLOCKED if active else DepositNote.WILL_BE_BLOCKED
