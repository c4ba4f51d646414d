"""The mail about a change: what was agreed before, and what is agreed now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from server.database import Session
from server.models import Contract, Document, Protocol, Vehicle
from server.models.document import DocumentType
from server.models.email import EmailTemplate
from server.models.protocol import WENT_OUT
from server.paper.views import Changed
from server.services.billing import documents, settlements, sources
from server.services.billing.settlements import SettlementAction
from server.services.fleet import stations
from server.services.mail import appointment, emails, letters, parts
from server.services.mail.emails import MailDraft
from server.services.payments import deposits


async def changed(
    session: Session,
    contract: Contract,
    cause_id: UUID,
    lines: Sequence[Changed],
    issued: Sequence[Document] = (),
    *,
    now: datetime,
) -> None:
    """Tells the customer what has changed, once for a cause such as the entry of the history, with what was issued."""
    vehicle = await session.by_id(Vehicle, contract.vehicle_id)
    elsewhere = contract.return_station_id != contract.station_id
    return_station = await stations.get(session, contract.return_station_id) if elsewhere else None
    view = replace(
        await letters.frame(session, contract),
        changed=tuple(lines),
        start=contract.starts_at,
        end=contract.ends_at,
        picked_up=contract.checked_out_at is not None,
        returned=contract.returned_at is not None,
        return_station=parts.place_of(return_station) if return_station else None,
        vehicle=f"{vehicle.make} {vehicle.model}" if vehicle else None,
        price_cents=contract.total_cents,
        paid_cents=contract.paid_cents,
        payer_name=parts.payer_name(contract),
    )
    files = documents.attachments(*issued)
    goes_on = [appointment.attached(contract, view, now=now)] if contract.state in deposits.LIVE else []
    draft = MailDraft(EmailTemplate.CHANGE, cause_id, view, [*goes_on, *files], waits_for_paper=bool(files))
    await emails.queue(session, contract, draft, now=now)


async def corrected(
    session: Session,
    contract: Contract,
    cause_id: UUID,
    protocol: Protocol,
    lines: Sequence[Changed],
    issued: Sequence[Document],
    *,
    now: datetime,
) -> None:
    """Tells the customer what a protocol had recorded wrongly, or without `lines` that it does not count any more; with
    what was issued because of it.
    """
    vehicle = await session.by_id(Vehicle, protocol.vehicle_id)
    last = issued[-1] if issued and issued[-1].type is DocumentType.FINAL_INVOICE else None
    moves = last.moves_cents if last else 0
    by_card = await sources.on_cards(session, contract.id, None) if moves < 0 else []
    view = replace(
        await letters.frame(session, contract),
        changed=tuple(lines),
        is_return=protocol.type not in WENT_OUT,
        occurred_at=protocol.occurred_at,
        vehicle=f"{vehicle.make} {vehicle.model}, {vehicle.plate}" if vehicle else None,
        billed_anew=last is not None,
        documents=tuple(document.number for document in issued),
        total_cents=last.total_cents if last else None,
        refund_cents=-moves if moves < 0 else None,
        refund_to_payer=contract.payer is not None,
        to_card_cents=min(max(0, -moves), sum(cents for _, cents in by_card)),
        open_cents=moves if moves > 0 else None,
        rest_from_card=await settlements.action_for(session, contract, moves) is SettlementAction.CHARGE,
        payer_name=parts.payer_name(contract),
    )
    files = documents.attachments(*issued)
    draft = MailDraft(EmailTemplate.CORRECTION, cause_id, view, files, protocol.id, waits_for_paper=bool(files))
    await emails.queue(session, contract, draft, now=now)
