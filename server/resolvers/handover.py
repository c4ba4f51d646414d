"""Hand-overs: pictures, check-out, check-in, damages, a station's day."""

from __future__ import annotations

from datetime import date

import strawberry
from strawberry.file_uploads import Upload

from server import batches, decoder
from server.errors import CallerError, CallerErrorCode
from server.models import Contract, Damage, Protocol
from server.schema.building import Info
from server.schema.change import report_of
from server.schema.damage import DamageConnection, DamageFilter, DamageInput
from server.schema.handover import CheckInInput, CheckOutInput, HandoverDay, StoredPhoto
from server.schema.instants import know_cars
from server.schema.paging import Page, page
from server.schema.results import ContractResult, DamageResult, ProtocolResult, UploadPhotoResult
from server.schema.root_fields import STAFF, mutation, query
from server.services.handover import damages, day, exchange, photos, swap
from server.services.handover.day import HandoverDay as DayFound
from server.services.handover.swap import SwapRequest
from server.services.validation import as_uuid


@strawberry.type
class HandoverQuery:
    """A station's day, and damages."""

    @query(allow=STAFF, graphql_type=HandoverDay)
    async def handover_day(self, info: Info, station_id: strawberry.ID, date: date) -> DayFound:
        """A station's work of one day, for the tablet: everything that it needs to go on without a network."""
        context = info.context
        found = await day.of(await context.session(), as_uuid(station_id), date, now=context.now)
        await context.know(batches.station, {found.station.id: found.station})
        await context.know(batches.vehicle, found.vehicles)
        know_cars(context, [*found.vehicles.values(), *found.spare_vehicles])
        return found

    @query(allow=STAFF, graphql_type=DamageConnection)
    async def damages(
        self,
        info: Info,
        filter: DamageFilter | None = None,  # noqa: A002
        first: int = 50,
        after: str | None = None,
    ) -> Page[Damage]:
        """Damages of your vehicles, the newest first."""
        return await page(info, (filter or DamageFilter()).listing(), first, after)


@strawberry.type
class HandoverMutation:
    """Handing cars over and taking them back."""

    @mutation(allow=STAFF, graphql_type=UploadPhotoResult)
    async def upload_photo(self, info: Info, sha256: str, file: Upload) -> StoredPhoto:
        """Stores one photo, or the picture of a signature. The same bytes (sha256) sent again are the same photo."""
        context = info.context
        if not hasattr(file, "read"):
            raise CallerError(CallerErrorCode.BAD_USER_INPUT, "`file` must be sent as a multipart upload.")
        async with decoder.reading():
            content = await file.read()
            photo = await photos.upload(context.outside, context.principal, sha256, content, now=context.now)
        return StoredPhoto(sha256=photo.sha256, width=photo.width, height=photo.height)

    @mutation(allow=STAFF, graphql_type=ProtocolResult)
    async def check_out(self, info: Info, input: CheckOutInput) -> Protocol:  # noqa: A002
        """Hands a car over. The protocol is frozen, and mailed to the customer within a minute."""
        context = info.context
        approval = await context.approval(input.approved_by)
        async with context.write() as session:
            return await exchange.check_out(session, input.report(), context.acting, approval)

    @mutation(allow=STAFF, graphql_type=ProtocolResult)
    async def check_in(self, info: Info, input: CheckInInput) -> Protocol:  # noqa: A002
        """Takes a car back. The protocol is mailed to the customer, and billing follows by itself."""
        context = info.context
        approval = await context.approval(input.approved_by)
        async with context.write() as session:
            return await exchange.check_in(session, input.report(), context.acting, approval)

    @mutation(allow=STAFF, graphql_type=ContractResult)
    async def swap_vehicle(
        self,
        info: Info,
        contract_id: strawberry.ID,
        version: int,
        vehicle_id: strawberry.ID,
        returned: CheckInInput,
        handed_out: CheckOutInput,
        waive_fuel: bool = False,
    ) -> Contract:
        """Goes on with another car in the middle of a rental, as often as needed: one comes back, one goes out.

        Each has kilometres and fuel of its own on the invoice; both protocols are mailed. Sent again, it is the first
        answer.
        """
        context = info.context
        approval = await context.approval(handed_out.approved_by)
        reports = report_of(returned, "returned"), report_of(handed_out, "handed_out")
        wanted = SwapRequest(as_uuid(contract_id), version, as_uuid(vehicle_id), *reports, waive_fuel, approval)
        async with context.write() as session:
            done = await swap.swap(session, wanted, context.acting)
        return await context.read_anew(Contract, done)

    @mutation(allow=STAFF, graphql_type=DamageResult)
    async def report_damage(self, info: Info, vehicle_id: strawberry.ID, damage: DamageInput) -> Damage:
        """Reports a damage found between check-in and check-out. The same damage id again is the same damage."""
        context = info.context
        async with context.write() as session:
            return await damages.report(session, as_uuid(vehicle_id), damage.report(), now=context.now)
