"""Everything that is stored of a customer, as one ZIP file, for whoever follows the signed link of `customerExport`."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator
from uuid import UUID

import structlog
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from server.clock import SystemClock
from server.errors import DomainError
from server.gateways.object_store import ObjectMissing
from server.models.staff import MANAGERS
from server.services.outside import Outside
from server.services.people import callers
from server.services.retention import export
from server.services.retention.export import Export
from server.services.validation import as_uuid

LONGEST_SECONDS = 600
"""For all files of a customer; whoever takes longer is cut off."""
_log = structlog.get_logger("customer_files")
_HEADERS = {
    "content-disposition": 'attachment; filename="customer.zip"',
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}


def path_of(customer_id: UUID, user_id: UUID) -> str:
    """Where a customer's files lie for one member of staff: the link shows what that person may see, no more."""
    return f"/media/customers/{customer_id}/for/{user_id}"


def routes(outside: Outside) -> list[Route]:
    """GET /media/customers/…"""

    async def files(request: Request) -> Response:
        parameters, now = request.query_params, int(SystemClock().now().timestamp())
        signed = outside.links.is_valid(request.url.path, parameters.get("expires"), parameters.get("signature"), now)
        customer, user = (as_uuid(request.path_params[name]) for name in ("customer", "user"))
        reader = await callers.member_of_staff(outside.database, user) if signed and user else None
        if reader is None or reader.role not in MANAGERS:
            return Response(status_code=404)
        try:
            found = await export.of_customer(outside, reader.scope, customer)
        except DomainError:
            return Response(status_code=404)
        return StreamingResponse(_zipped(outside, found), media_type="application/zip", headers=_HEADERS)

    return [Route("/media/customers/{customer}/for/{user}", files)]


async def _zipped(outside: Outside, found: Export) -> AsyncIterator[bytes]:
    """One file after the other: never more than one of them is in memory."""
    written = _Written()
    async with asyncio.timeout(LONGEST_SECONDS):
        with zipfile.ZipFile(written, "w") as archive:
            archive.writestr(zipfile.ZipInfo("data.json"), found.json)
            for file in found.files:
                try:
                    content = await outside.objects.get(file.key)
                except ObjectMissing:
                    _log.warning("customer_files.missing", name=file.name)
                    continue
                archive.writestr(zipfile.ZipInfo(file.name), content)
                yield written.taken()
        yield written.taken()


class _Written(io.RawIOBase):
    """What a ZIP file has written and nobody has taken yet."""

    def __init__(self) -> None:
        self._content = bytearray()

    def writable(self) -> bool:
        """Only that."""
        return True

    def write(self, data: object) -> int:
        """Keeps it for whoever takes it."""
        piece = memoryview(data)  # type: ignore[arg-type]  # RawIOBase says no more than that it is a buffer
        self._content += piece
        return piece.nbytes

    def taken(self) -> bytes:
        """All of it, once."""
        taken = bytes(self._content)
        self._content.clear()
        return taken
