"""The PDF of a protocol and the mail that carries it: made by a job, frozen by its hash, always sent."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlmodel import col, select

from server import decoder
from server.database import SYSTEM, Session
from server.gateways.object_store import ObjectStore
from server.models import (
    Contract,
    Damage,
    Deposit,
    Driver,
    Email,
    Photo,
    Protocol,
    Station,
    Vehicle,
    VehicleGroup,
    VehicleLeg,
)
from server.models.email import EmailTemplate, StoredFile
from server.models.protocol import WENT_OUT, ProtocolType
from server.models.vehicle_body import body_of
from server.paper import file_names, protocol_sheet, typesetter
from server.paper.views import (
    AccessoryLine,
    ConditionView,
    DamageMark,
    DepositNote,
    DriverLine,
    ProtocolKind,
    ProtocolView,
    VehicleLine,
)
from server.pictures import PhotoRefused
from server.services.fleet import company_data, stations
from server.services.handover import photos, printed_photos
from server.services.mail import emails, letters, links, parts
from server.services.mail.emails import MailDraft
from server.services.outside import Outside
from server.services.payments import deposits
from server.services.people import customers

T = TypeVar("T")
TEMPLATES = {
    ProtocolType.CHECK_OUT: EmailTemplate.CHECK_OUT_PROTOCOL,
    ProtocolType.SWAP_OUT: EmailTemplate.CHECK_OUT_PROTOCOL,
    ProtocolType.CHECK_IN: EmailTemplate.CHECK_IN_PROTOCOL,
    ProtocolType.SWAP_IN: EmailTemplate.CHECK_IN_PROTOCOL,
}

SWAPS = {ProtocolType.SWAP_OUT, ProtocolType.SWAP_IN}


async def make(outside: Outside, protocol_id: UUID) -> None:
    """Prints a protocol, stores the PDF, writes the mail. Safe to repeat: the same protocol prints the same bytes."""
    async with outside.database.transaction(SYSTEM) as session:
        protocol = await session.by_id(Protocol, protocol_id)
        if protocol is None or await _is_mailed(session, protocol):
            return
        contract = await _required(session.by_id(Contract, protocol.contract_id))
        view = await _view(session, outside.objects, contract, protocol)
    pdf = await asyncio.to_thread(typesetter.render_protocol, view)
    sha256 = hashlib.sha256(pdf).hexdigest()
    key = f"protocols/{sha256}.pdf"
    await outside.objects.put(key, pdf)
    now = outside.clock.now()
    async with outside.database.transaction(SYSTEM) as session:
        protocol = await _required(session.by_id(Protocol, protocol_id, lock=True))
        if await _is_mailed(session, protocol):
            return
        protocol.pdf_key, protocol.sha256 = key, sha256
        await session.store(protocol)
        # Under review it may be somebody else's record: of that no station is shown anything.
        if contract.checked_out_at is not None and not contract.customer_review:
            await customers.show_to(session, contract.customer_id, contract.return_station_id)
        erased = "select 1 from contract where id = :id and person_erased_at is not null"
        if await session.value(erased, {"id": contract.id}) is not None:
            return  # the paper is kept; there is nobody to send it to any more
        await _mail(
            session, contract, protocol, view, links.shown(outside, f"/media/protocols/{protocol_id}/photos"), now
        )


async def _is_mailed(session: Session, protocol: Protocol) -> bool:
    return await session.first(select(Email).where(col(Email.protocol_id) == protocol.id)) is not None


async def _mail(
    session: Session, contract: Contract, protocol: Protocol, view: ProtocolView, photos_url: str, now: datetime
) -> None:
    vehicle = await _required(session.by_id(Vehicle, protocol.vehicle_id))
    back_to = await stations.get(session, contract.return_station_id)
    elsewhere = back_to.id != protocol.at_station_id
    new_damages = sum(damage.is_new for damage in view.damages)
    language = parts.wording(contract.language)
    mail = replace(
        await letters.frame(session, contract),
        time_zone=view.time_zone,
        station=view.station,
        vehicle=f"{view.vehicle.make} {view.vehicle.model}, {view.vehicle.plate}",
        start=contract.starts_at,
        end=contract.ends_at,
        return_station=parts.place_of(back_to) if elsewhere else None,
        check_in_hours=parts.opening_windows(back_to, contract.ends_at),
        grace_minutes=contract.terms.grace_minutes,
        included_km=contract.price.included_km,
        extra_km_cents=contract.terms.extra_km_cents,
        fuel_rule=parts.fuel_rule(await session.by_id(VehicleGroup, vehicle.group_id)),
        is_swap=protocol.type in SWAPS,
        occurred_at=protocol.key_drop_at or protocol.occurred_at,
        odometer_km=protocol.odometer_km,
        level=protocol_sheet.level(view.condition, language),
        driven_km=protocol.odometer_km - view.before.odometer_km if view.before else None,
        new_damages=new_damages,
        deposit_cents=await _deposit_told(session, contract, protocol, new_damages),
        deposit_note=DepositNote.KEPT if new_damages else DepositNote.BLOCKED,
        photo_count=len(view.photos),
        photos_url=photos_url if await photos.of_protocol(session, protocol.id) else None,
    )
    name = file_names.pdf(protocol.type.value, contract.number, language)
    pdf = StoredFile(name, "application/pdf", protocol.pdf_key or "")
    draft = MailDraft(TEMPLATES[protocol.type], protocol.id, mail, [pdf], protocol_id=protocol.id)
    await emails.queue(session, contract, draft, now=now)


async def _deposit_told(session: Session, contract: Contract, protocol: Protocol, new_damages: int) -> int | None:
    """What is blocked on the card, as the car goes out or comes back damaged; else the invoice's mail tells of it."""
    if protocol.type not in WENT_OUT and not new_damages:
        return None
    return deposits.held_cents(await session.by_id(Deposit, contract.id))


async def _view(session: Session, objects: ObjectStore, contract: Contract, protocol: Protocol) -> ProtocolView:
    station = await _required(session.by_id(Station, protocol.at_station_id))
    vehicle = await _required(session.by_id(Vehicle, protocol.vehicle_id))
    group = await session.by_id(VehicleGroup, vehicle.group_id)
    company = await company_data.require(session)
    drivers = await session.all(select(Driver).where(col(Driver.contract_id) == contract.id).order_by(col(Driver.id)))
    before = await _matching_check_out(session, protocol)
    shown = await printed_photos.damages_shown(session, protocol)
    prints, count = await printed_photos.printed(session, objects, protocol, shown)
    signature = await _signature(session, objects, protocol.signature_sha256)
    staff_signature = await _signature(session, objects, protocol.staff_signature_sha256)
    return ProtocolView(
        protocol_id=str(protocol.id),
        kind=ProtocolKind(protocol.type.value),
        language=parts.wording(contract.language),
        time_zone=station.time_zone,
        contract_number=contract.number,
        supplier=parts.supplier_of(company),
        station=parts.place_of(station),
        customer=parts.customer_of(contract),
        vehicle=_vehicle_line(vehicle, group),
        condition=_condition(protocol),
        occurred_at=protocol.occurred_at,
        received_at=protocol.received_at,
        staff_name=protocol.staff,
        drivers=[_driver_line(driver) for driver in drivers],
        key_drop_at=protocol.key_drop_at,
        planned_return_at=contract.ends_at,
        before=_condition(before) if before else None,
        before_at=before.occurred_at if before else None,
        accessories=[AccessoryLine(**item) for item in protocol.accessories],
        damages=_damage_marks(protocol, shown),
        photos=prints,
        photo_count=count,
        customer_signature=signature,
        staff_signature=staff_signature,
        signed_by=contract.customer.display_name if signature else None,
        signature_missing_reason=protocol.signature_missing_reason,
        remarks=protocol.remarks,
        content_sha256=protocol.content_hash,
    )


def _vehicle_line(vehicle: Vehicle, group: VehicleGroup | None) -> VehicleLine:
    return VehicleLine(
        plate=vehicle.plate,
        make=vehicle.make,
        model=vehicle.model,
        body=body_of(group.acriss if group else None),
        vin=vehicle.vin,
        colour=vehicle.colour,
        group=group.name if group else None,
    )


def _driver_line(driver: Driver) -> DriverLine:
    return DriverLine(
        name=f"{driver.first_name} {driver.last_name}".strip(),
        licence_class=driver.licence_class,
        checked_at=driver.checked_at,
    )


def _condition(protocol: Protocol) -> ConditionView:
    return ConditionView(
        odometer_km=protocol.odometer_km,
        fuel_eighths=protocol.fuel_eighths,
        charge_percent=protocol.state_of_charge_percent,
        cleanliness_inside=protocol.cleanliness_inside.value,
        cleanliness_outside=protocol.cleanliness_outside.value,
    )


async def _matching_check_out(session: Session, protocol: Protocol) -> Protocol | None:
    leg = await session.first(select(VehicleLeg).where(col(VehicleLeg.check_in_id) == protocol.id))
    return await session.by_id(Protocol, leg.check_out_id) if leg else None


def _damage_marks(protocol: Protocol, shown: Sequence[Damage]) -> list[DamageMark]:
    """What is written down when the car goes out was there before: new is only what comes back with it."""
    back = ProtocolKind(protocol.type.value).is_check_in
    return [
        DamageMark(
            view=damage.view.value,
            x=damage.x,
            y=damage.y,
            kind=damage.kind.value,
            is_new=back and damage.protocol_id == protocol.id,
            size_mm=damage.size_mm,
            note=damage.description,
        )
        for damage in shown
    ]


async def _signature(session: Session, objects: ObjectStore, sha256: str | None) -> bytes | None:
    if sha256 is None:
        return None
    photo = await session.first(select(Photo).where(col(Photo.sha256) == sha256))
    if photo is None:
        return None
    try:
        return await decoder.signature(await objects.get(photo.object_key))
    except PhotoRefused:
        return None


async def _required(looking: Awaitable[T | None]) -> T:
    found = await looking
    if found is None:
        raise LookupError("a protocol points at something that is not there")
    return found
