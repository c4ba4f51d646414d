"""A copy of everything that is stored of a customer (Art. 15 GDPR), as far as whoever asks for it may see."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import inspect
from sqlmodel import SQLModel, col, select

from server.database import SYSTEM, Scope, Session
from server.errors import InvalidInput, NotFound, Sentence
from server.models import (
    Contract,
    Customer,
    CustomerStation,
    CustomerVersion,
    Damage,
    DamageEvidence,
    DamagePhoto,
    Deposit,
    Document,
    Driver,
    Email,
    EvidenceFile,
    HistoryEntry,
    Note,
    OpenItem,
    Payment,
    Photo,
    Protocol,
    ProtocolPhoto,
    ReadingCorrection,
    Station,
    VehicleLeg,
)
from server.services.outside import Outside

MOST_CONTRACTS = 1_000
"""Of one customer in one copy."""
_OURS = frozenset({"search_text", "tariff_hash", "request_hash", "content_hash", "html", "email_key", "client_id"})
"""What only the system works with; a mail's text stands for its HTML."""
_PARTS: dict[str, type[SQLModel]] = {
    "drivers": Driver,
    "vehicles": VehicleLeg,
    "protocols": Protocol,
    "corrections": ReadingCorrection,
    "damages": Damage,
    "documents": Document,
    "payments": Payment,
    "deposits": Deposit,
    "open_items": OpenItem,
    "emails": Email,
    "notes": Note,
    "history": HistoryEntry,
}
Parts = dict[str, dict[UUID, list[Any]]]
"""Rows by what they are called in a copy, then by their contract."""
_UNKNOWN = Sentence("There is no such customer.", "Diesen Kunden gibt es nicht.")
_TOO_MANY = Sentence(
    f"The customer has more than {MOST_CONTRACTS:,} contracts: that many do not fit into one copy.",
    f"Der Kunde hat mehr als {MOST_CONTRACTS} Verträge: So viele passen nicht in eine Kopie.",
)


@dataclass(frozen=True)
class Person:
    """A customer's record, what changes of it have replaced, and the codes of the stations that may see it."""

    record: Customer
    versions: Sequence[CustomerVersion]
    stations: Sequence[str]


@dataclass(frozen=True)
class ExportedFile:
    """A file of a copy: its name there, and its key in the object store."""

    name: str
    key: str


@dataclass(frozen=True)
class Export:
    """A copy: its data as JSON, and the files that go with them."""

    customer_id: UUID
    json: bytes
    files: Sequence[ExportedFile]


async def of_customer(outside: Outside, scope: Scope, customer_id: UUID | None) -> Export:
    """Everything that a scope sees of a customer. NotFound; InvalidInput above MOST_CONTRACTS contracts."""
    async with outside.long_read, outside.database.snapshot(scope) as session:
        customer = await session.by_id(Customer, customer_id)
        if customer is None or customer.restricted_at is not None:
            raise NotFound(_UNKNOWN, field=["id"])
        # A doubtful booking may be somebody else's.
        theirs = (col(Contract.customer_id) == customer.id, col(Contract.customer_review).is_(False))
        of_them = select(Contract).where(*theirs).order_by(col(Contract.created_at))
        contracts = await session.all(of_them.limit(MOST_CONTRACTS + 1))
        if len(contracts) > MOST_CONTRACTS:
            raise InvalidInput(_TOO_MANY, field=["id"])
        changes = select(CustomerVersion).where(col(CustomerVersion.customer_id) == customer.id)
        about = Person(
            customer, await session.all(changes.order_by(col(CustomerVersion.at))), await _stations(session, customer)
        )
        parts = {name: await _rows_of(session, model, contracts) for name, model in _PARTS.items()}
        files = await _files(session, contracts, parts)
    cards = await _cards(outside, contracts)
    return Export(customer.id, await asyncio.to_thread(_written, about, contracts, parts, cards), files)


async def _stations(session: Session, customer: Customer) -> Sequence[str]:
    of_them = select(Station.code).join(CustomerStation, col(CustomerStation.station_id) == col(Station.id))
    return await session.all(of_them.where(col(CustomerStation.customer_id) == customer.id).order_by(col(Station.code)))


async def _cards(outside: Outside, contracts: Sequence[Contract]) -> dict[UUID, datetime]:
    """Since when a card is stored for a contract: only the system reads that. The token is not read at all: it says
    nothing of the card to anybody but the gateway.
    """
    stored = "select contract_id, consent_at from stored_card where contract_id = any(:contracts)"
    async with outside.database.snapshot(SYSTEM) as session:
        rows = await session.rows(stored, {"contracts": [contract.id for contract in contracts]})
    return {row.contract_id: row.consent_at for row in rows}


async def _rows_of(session: Session, model: Any, contracts: Sequence[Contract]) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = {contract.id: [] for contract in contracts}
    keys = inspect(model).primary_key  # what the server makes an id of comes in its order
    for row in await session.all(select(model).where(col(model.contract_id).in_(list(found))).order_by(*keys)):
        found[row.contract_id].append(row)
    return found


def _written(about: Person, contracts: Sequence[Contract], parts: Parts, cards: Mapping[UUID, datetime]) -> bytes:
    told = [
        _shown(contract)
        | {"card_stored_since": cards.get(contract.id)}
        | {name: [_shown(row) for row in rows[contract.id]] for name, rows in parts.items()}
        for contract in contracts
    ]
    whole = {
        "customer": _shown(about.record),
        "seen_by_stations": about.stations,
        "changes": [_shown(version) for version in about.versions],
        "contracts": told,
    }
    return orjson.dumps(whole, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z)


def _shown(row: SQLModel) -> dict[str, Any]:
    """A row by the names of its columns, without what says nothing of anybody."""
    return {name.removesuffix("_json"): value for name, value in row.model_dump().items() if name not in _OURS}


async def _files(session: Session, contracts: Sequence[Contract], parts: Parts) -> list[ExportedFile]:
    photos = await _photos(session, contracts, parts)
    return [file for contract in contracts for file in _of_contract(contract, parts, photos.get(contract.id, []))]


def _of_contract(contract: Contract, parts: Parts, photos: Sequence[tuple[str, str]]) -> Iterator[ExportedFile]:
    folder = contract.number
    for document in parts["documents"][contract.id]:
        if document.sha256 is not None:
            yield ExportedFile(f"{folder}/{document.number}.pdf", document.pdf_key)
        if document.xml_sha256 is not None:
            yield ExportedFile(f"{folder}/{document.number}.xml", document.xml_key)
    for protocol in parts["protocols"][contract.id]:
        if protocol.pdf_key is not None:
            day: datetime = protocol.occurred_at
            name = f"{day:%Y-%m-%d-%H%M}-{protocol.type.value.lower()}-{str(protocol.id)[:8]}"
            yield ExportedFile(f"{folder}/{name}.pdf", protocol.pdf_key)
    for number, (key, ending) in enumerate(dict.fromkeys(photos), 1):
        yield ExportedFile(f"{folder}/{number:03d}{ending}", key)


async def _photos(session: Session, contracts: Sequence[Contract], parts: Parts) -> dict[UUID, list[tuple[str, str]]]:
    """Keys and endings of photos, signatures and estimates, by contract."""
    placed = await _rows_of(session, ProtocolPhoto, contracts)
    damages = {damage.id: contract_id for contract_id, rows in parts["damages"].items() for damage in rows}
    close_ups = await session.all(select(DamagePhoto).where(col(DamagePhoto.damage_id).in_(damages)))
    speaking = await session.all(select(DamageEvidence).where(col(DamageEvidence.damage_id).in_(damages)))
    wanted = [(row.photo_id, contract_id) for contract_id, rows in placed.items() for row in rows]
    wanted += [(row.photo_id, damages[row.damage_id]) for row in close_ups]
    keys = await _keys(session, Photo, {photo_id for photo_id, _ in wanted})
    estimates = await _keys(session, EvidenceFile, {row.evidence_file_id for row in speaking})
    found: dict[UUID, list[tuple[str, str]]] = {}
    # What another station has uploaded is not the reader's to see.
    for photo_id, contract_id in wanted:
        if photo_id in keys:
            found.setdefault(contract_id, []).append((keys[photo_id], ".jpg"))
    for row in speaking:
        if row.evidence_file_id in estimates:
            found.setdefault(damages[row.damage_id], []).append((estimates[row.evidence_file_id], ".pdf"))
    for contract_id, key in await _signatures(session, parts["protocols"]):
        found.setdefault(contract_id, []).append((key, ".jpg"))
    return found


async def _keys(session: Session, model: Any, ids: set[UUID]) -> dict[UUID, str]:
    return {row.id: row.object_key for row in await session.all(select(model).where(col(model.id).in_(ids)))}


async def _signatures(session: Session, protocols: dict[UUID, list[Any]]) -> list[tuple[UUID, str]]:
    """Of those who have signed; staff's are not the customer's."""
    signed = {row.signature_sha256: contract_id for contract_id, rows in protocols.items() for row in rows}
    signed.pop(None, None)
    photos = await session.all(select(Photo).where(col(Photo.sha256).in_(signed)))
    return [(signed[photo.sha256], photo.object_key) for photo in photos]
