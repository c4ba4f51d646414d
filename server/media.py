"""Pictures and documents over HTTP: with a short-lived signature or the viewer's own authorization, else 404."""

from __future__ import annotations

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.clock import SystemClock
from server.database import SYSTEM, Scope
from server.edge.fairness import address_of
from server.edge.identity import Authenticate
from server.errors import DeviceRevoked
from server.gateways.object_store import ObjectMissing
from server.models import Document, Photo, Protocol
from server.photo_page import photo_page
from server.runtime import Runtime
from server.services.validation import as_uuid

NOT_FOUND = 404
_HEADERS = {
    "cache-control": "private, max-age=300",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; sandbox",
}


def routes(runtime: Runtime, authenticate: Authenticate) -> list[Route]:
    """GET /media/…"""

    async def serve(request: Request, model: type[Photo | Document | Protocol], key: str, media_type: str) -> Response:
        return await _serve(runtime, await _scope(runtime, authenticate, request), request, model, key, media_type)

    async def photo(request: Request) -> Response:
        key = "thumbnail_key" if request.url.path.endswith("/small") else "object_key"
        return await serve(request, Photo, key, "image/jpeg")

    async def document(request: Request) -> Response:
        return await serve(request, Document, "pdf_key", "application/pdf")

    async def e_invoice(request: Request) -> Response:
        return await serve(request, Document, "xml_key", "application/xml")

    async def protocol(request: Request) -> Response:
        return await serve(request, Protocol, "pdf_key", "application/pdf")

    async def photos(request: Request) -> Response:
        scope, wanted = await _scope(runtime, authenticate, request), as_uuid(request.path_params["id"])
        if scope is None or wanted is None:
            return Response(status_code=NOT_FOUND)
        return await photo_page(runtime.outside, scope, wanted)

    return [
        Route("/media/photos/{id}", photo),
        Route("/media/photos/{id}/small", photo),
        Route("/media/documents/{id}", document),
        Route("/media/documents/{id}/xml", e_invoice),
        Route("/media/protocols/{id}", protocol),
        Route("/media/protocols/{id}/photos", photos),
    ]


async def _serve(
    runtime: Runtime,
    scope: Scope | None,
    request: Request,
    model: type[Photo | Document | Protocol],
    key: str,
    content_type: str,
) -> Response:
    wanted = as_uuid(request.path_params["id"])
    if scope is None or wanted is None:
        return Response(status_code=NOT_FOUND)
    stored = await _key(runtime, scope, model, wanted, key)
    if not stored:  # not printed yet, or erased
        return Response(status_code=NOT_FOUND)
    try:
        content = await runtime.outside.objects.get(stored)
    except ObjectMissing:
        return Response(status_code=NOT_FOUND)
    return Response(content, media_type=content_type, headers=_HEADERS)


async def _key(
    runtime: Runtime, scope: Scope, model: type[Photo | Document | Protocol], wanted: UUID, key: str
) -> str | None:
    async with runtime.outside.database.snapshot(scope) as session:
        row = await session.by_id(model, wanted)
    return getattr(row, key, None)


async def _scope(runtime: Runtime, authenticate: Authenticate, request: Request) -> Scope | None:
    """Everything for a link that we have signed; else what the bearer of the token may see."""
    now = SystemClock().now()
    parameters = request.query_params
    expires, signature = parameters.get("expires"), parameters.get("signature")
    if runtime.outside.links.is_valid(request.url.path, expires, signature, int(now.timestamp())):
        return SYSTEM
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        return None
    try:
        principal = await authenticate(token.strip(), address_of(request))
    except DeviceRevoked:
        return None
    return principal.scope if principal else None
