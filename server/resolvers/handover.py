"""Hand-overs: pictures, check-out, check-in, damages, a station's day."""

from __future__ import annotations

from datetime import date
from typing import Any

import strawberry
from strawberry.file_uploads import Upload

from server.errors import CallerError, CallerErrorCode
from server.schema.building import Info
from server.schema.damage import DamageConnection, DamageFilter, DamageInput, DamageResult
from server.schema.handover import CheckInInput, CheckOutInput, HandoverDay, StoredPhoto, UploadPhotoResult
from server.schema.paging import page
from server.schema.protocol import ProtocolResult
from server.schema.root_fields import STAFF, mutation, query
from server.services.fleet import stations
from server.services.handover import damages, day, exchange, photos
from server.services.lists import search
from server.services.lists.search import only
from server.services.validation import as_uuid


@strawberry.type
class HandoverQuery:
    """A station's day, and damages."""

    @query(allow=STAFF, graphql_type=HandoverDay)
    async def handover_day(self, info: Info, station_id: strawberry.ID, date: date) -> Any:
        """A station's work of one day, for the tablet: everything that it needs to go on without a network."""
        session = await info.context.session()
        station = await stations.get(session, as_uuid(station_id), field=["stationId"])
        return await day.of(session, station, date, now=info.context.now)

    @query(allow=STAFF, graphql_type=DamageConnection)
    async def damages(
        self,
        info: Info,
        filter: DamageFilter | None = None,  # noqa: A002
        first: int = 50,
        after: str | None = None,
    ) -> Any:
        """Damages of your vehicles, the newest first."""
        wanted = filter or DamageFilter()
        listing = search.damages(
            station_id=only(wanted.station_id),
            vehicle_id=only(wanted.vehicle_id),
            liability=wanted.liability,
            repair=wanted.repair,
        )
        return await page(info, listing, first, after)


@strawberry.type
class HandoverMutation:
    """Handing cars over and taking them back."""

    @mutation(allow=STAFF, graphql_type=UploadPhotoResult)
    async def upload_photo(self, info: Info, sha256: str, file: Upload) -> StoredPhoto:
        """Stores one picture. The same picture (sha256) sent again is the same photo."""
        context = info.context
        if not hasattr(file, "read"):
            raise CallerError(CallerErrorCode.BAD_USER_INPUT, "`file` must be sent as a multipart upload.")
        content = await file.read()
        photo = await photos.upload(context.outside, context.principal, sha256, content, now=context.now)
        return StoredPhoto(sha256=photo.sha256, width=photo.width, height=photo.height)

    @mutation(allow=STAFF, graphql_type=ProtocolResult)
    async def check_out(self, info: Info, input: CheckOutInput) -> Any:  # noqa: A002
        """Hands a car over. The protocol is frozen, and mailed to the customer within a minute."""
        context = info.context
        async with context.write() as session:
            return await exchange.check_out(session, input.report(), context.acting)

    @mutation(allow=STAFF, graphql_type=ProtocolResult)
    async def check_in(self, info: Info, input: CheckInInput) -> Any:  # noqa: A002
        """Takes a car back. The protocol is mailed to the customer, and billing follows by itself."""
        context = info.context
        async with context.write() as session:
            return await exchange.check_in(session, input.report(), context.acting)

    @mutation(allow=STAFF, graphql_type=DamageResult)
    async def report_damage(self, info: Info, vehicle_id: strawberry.ID, damage: DamageInput) -> Any:
        """Reports a damage that was found outside a hand-over. The same damage id again is the same damage."""
        context = info.context
        async with context.write() as session:
            return await damages.report(session, as_uuid(vehicle_id), damage.report(), now=context.now)
