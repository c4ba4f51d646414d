"""What erasing each part means in the tables. Each is safe to repeat, and tells whether there was anything left of it.

Rows go whole where nothing that stays points at them; contract, documents and payments stay with numbers, sums and
seals and lose what is personal.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from server.database import Session
from server.models import Contract
from server.models.contract_parts import HistoryAction
from server.services.retention import files
from server.services.retention.clocks import Part
from server.services.retention.standing import NO_CLAIM


@dataclass(frozen=True)
class Erasure:
    """One look at a locked contract: its id names the files that are to be deleted for it."""

    id: UUID
    contract: Contract
    now: datetime


Eraser = Callable[[Session, Erasure], Awaitable[bool]]
_PERSONAL_WORDS = [
    action.value
    for action in (
        HistoryAction.DRIVER_ADDED,
        HistoryAction.DRIVER_REMOVED,
        HistoryAction.PAYER_CHANGED,
        HistoryAction.EMAIL_RESENT,
    )
]
_PHOTOS = (
    "delete from protocol_photo where contract_id = :contract returning photo_id",
    "delete from damage_photo where damage_id in (select id from damage where contract_id = :contract"
    " and liability <> all(:no_claim)) returning photo_id",
)
_ESTIMATES = (
    "delete from damage_evidence where damage_id in (select id from damage where contract_id = :contract)"
    " returning evidence_file_id"
)
# Smaller copies, made for the mail of a claim: no row of a photo names them.
_MAILED_PHOTOS = (
    "select distinct file ->> 'key' as key from email, jsonb_array_elements(attachments) file"
    " where contract_id = :contract and file ->> 'key' like 'photos/%'"
)
_LEFT_BY_A_BOOKING = (
    "reading_correction", "vehicle_leg", "email", "protocol", "driver", "note", "history_entry", "occupancy",
    "hosted_payment",
)  # fmt: skip
_LEFT_BY_NOTHING = ("payment_share", "open_item", "deposit", "payment", "last_change")


async def _card(session: Session, erasure: Erasure) -> bool:
    """The gateway has been told before."""
    return await _delete(session, "stored_card", erasure) > 0


async def _licences(session: Session, erasure: Erasure) -> bool:
    statement = (
        "update driver set licence_number = null, licence_class = null, licence_issued = null,"
        " licence_valid_until = null where contract_id = :contract and num_nonnulls(licence_number, licence_class,"
        " licence_issued, licence_valid_until) > 0"
    )
    return await session.write(statement, {"contract": erasure.contract.id}) > 0


async def _photos(session: Session, erasure: Erasure) -> bool:
    values = {"contract": erasure.contract.id, "no_claim": NO_CLAIM}
    shown = {row.photo_id for statement in _PHOTOS for row in await session.rows(statement, values)}
    estimates = {row.evidence_file_id for row in await session.rows(_ESTIMATES, {"contract": erasure.contract.id})}
    if not shown and not estimates:
        return False
    mailed = await session.rows(_MAILED_PHOTOS, {"contract": erasure.contract.id})
    await files.erase(session, erasure.id, [row.key for row in mailed], now=erasure.now)
    await files.erase_photos(session, erasure.id, shown, now=erasure.now)
    await files.erase_estimates(session, erasure.id, estimates, now=erasure.now)
    return True


async def _person(session: Session, erasure: Erasure) -> bool:
    contract = erasure.contract
    if contract.person_erased_at is not None:
        return False
    about = {"contract": contract.id}
    contract.forget_person()
    contract.person_erased_at = erasure.now
    contract.version += 1
    await session.store(contract)
    await session.write(
        "update driver set first_name = '', last_name = '', birth_date = null where contract_id = :contract", about
    )
    await session.write("delete from note where contract_id = :contract", about)
    await session.write(
        "update history_entry set before = null, after = null where contract_id = :contract and action = any(:actions)",
        about | {"actions": _PERSONAL_WORDS},
    )
    await _licences(session, erasure)
    return True


async def _letters(session: Session, erasure: Erasure) -> bool:
    contract, about = erasure.contract, {"contract": erasure.contract.id}
    if contract.letters_erased_at is not None:
        return False
    await _photos(session, erasure)
    printed = await session.rows(
        "select pdf_key, signature_sha256, staff_signature_sha256 from protocol where contract_id = :contract", about
    )
    await files.erase(session, erasure.id, [row.pdf_key for row in printed if row.pdf_key], now=erasure.now)
    signatures = {row.signature_sha256 for row in printed} | {row.staff_signature_sha256 for row in printed}
    await session.write(
        "update damage set protocol_id = null where protocol_id in (select id from protocol"
        " where contract_id = :contract)",
        about,
    )
    await session.write("update damage set contract_id = null where contract_id = :contract", about)
    for table in _LEFT_BY_A_BOOKING:
        await _delete(session, table, erasure)
    await files.erase_signatures(session, erasure.id, signatures - {None}, now=erasure.now)
    contract.waiver_reason = contract.billing_block_detail = None
    contract.created_by, contract.letters_erased_at = "", erasure.now
    await session.store(contract)
    return True


async def _vouchers(session: Session, erasure: Erasure) -> bool:
    contract, about = erasure.contract, {"contract": erasure.contract.id}
    if contract.vouchers_erased_at is not None:
        return False
    kept = await session.rows("select pdf_key, xml_key from document where contract_id = :contract", about)
    await files.erase(session, erasure.id, [key for row in kept for key in row if key], now=erasure.now)
    await session.write(
        "update document set recipient = '{\"name\": \"\"}', lines = '[]', advances = '[]', view = null, pdf_key = '',"
        " xml_key = null, erased_at = :now where contract_id = :contract",
        about | {"now": erasure.now},
    )
    await session.write(
        "update payment set gateway_reference = null, network_reference = null, reason = null,"
        " order_reference = case kind when 'EXTERNAL' then '' else order_reference end"
        " where contract_id = :contract",
        about,
    )
    contract.forget_edits()
    contract.vouchers_erased_at = erasure.now
    await session.store(contract)
    return True


async def _whole(session: Session, erasure: Erasure) -> bool:
    await _letters(session, erasure)
    for table in _LEFT_BY_NOTHING:
        await _delete(session, table, erasure)
    await session.remove(erasure.contract)
    return True


async def _delete(session: Session, table: str, erasure: Erasure) -> int:
    # The table's name is one of ours.
    return await session.write(f"delete from {table} where contract_id = :contract", {"contract": erasure.contract.id})  # noqa: S608


ERASERS: Mapping[Part, Eraser] = {
    Part.CARD: _card,
    Part.LICENCES: _licences,
    Part.PHOTOS: _photos,
    Part.PERSON: _person,
    Part.LETTERS: _letters,
    Part.VOUCHERS: _vouchers,
    Part.WHOLE: _whole,
}
"""In the order in which they are done."""
