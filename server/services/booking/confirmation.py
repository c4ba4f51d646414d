"""What a booking leaves behind on paper: the advance invoice and the confirmation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from server.database import Session
from server.errors import Sentence
from server.models import Contract
from server.models.document import DocumentType
from server.models.email import EmailTemplate
from server.models.money import split_vat
from server.paper.views import PaymentPart, PaymentWay
from server.services.billing import documents, settlements
from server.services.billing.drafts import Draft
from server.services.billing.settlements import SettlementAction
from server.services.booking import before_check_out, reminder
from server.services.fleet import company_data, stations
from server.services.mail import appointment, emails, letters, parts
from server.services.mail.emails import MailDraft
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
    paid = advance.total_cents if advance else 0
    rest = await settlements.action_for(session, contract, contract.total_cents - paid)
    view = replace(
        await before_check_out.facts(session, contract, now),
        paid_cents=paid,
        rest_from_card=rest is SettlementAction.CHARGE,
        document_number=advance.number if advance else None,
    )
    attachments = documents.attachments(advance) if advance else []
    attachments.append(appointment.attached(contract, view, now=now))
    draft = MailDraft(
        EmailTemplate.BOOKING_CONFIRMATION, contract.id, view, attachments, waits_for_paper=advance is not None
    )
    await emails.queue(session, contract, draft, now=now)
    await reminder.schedule(session, contract, now=now)


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
