"""All photos of a protocol in full size, for whoever follows the signed link of its mail."""

from __future__ import annotations

from html import escape
from uuid import UUID

from starlette.responses import HTMLResponse, Response

from server.clock import SystemClock
from server.database import Scope
from server.errors import Sentence
from server.models import Contract, Protocol
from server.paper.words import words
from server.security import page_policy
from server.services.handover import photos
from server.services.mail import parts
from server.services.outside import Outside

SHOWN_SECONDS = 3600
"""How long the pictures of a page that was opened go on loading."""
_TITLE = Sentence("Photos of contract {number}", "Fotos zu Vertrag {number}")
_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;color:#1f2933}"
    "figure{margin:0 0 2rem}img{max-width:100%;height:auto;background:#f4f6f8}"
)
_POLICY = page_policy(_STYLE, "img-src 'self'")


async def photo_page(outside: Outside, scope: Scope, protocol_id: UUID) -> Response:
    """A page with every photo of a protocol that `scope` sees, in the contract's language; 404 without one."""
    async with outside.database.snapshot(scope) as session:
        protocol = await session.by_id(Protocol, protocol_id)
        contract = await session.by_id(Contract, protocol.contract_id) if protocol else None
        placed = await photos.of_protocol(session, protocol_id)
    if contract is None or not placed:
        return Response(status_code=404)
    language = parts.wording(contract.language)
    slots = words(language)["slots"]
    title = escape(_TITLE.within(language).format(number=contract.number))
    until = int(SystemClock().now().timestamp()) + SHOWN_SECONDS
    figures = "".join(
        _figure(f"{number} · {slots[photo.slot]}", outside.links.signed(f"/media/photos/{photo.photo_id}", until))
        for number, photo in enumerate(placed, 1)
    )
    page = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
        f"<style>{_STYLE}</style></head><body><h1>{title}</h1>{figures}</body></html>"
    )
    headers = {"content-security-policy": _POLICY, "cache-control": "no-store", "referrer-policy": "no-referrer"}
    return HTMLResponse(page, headers=headers)


def _figure(caption: str, address: str) -> str:
    text = escape(caption)
    return f'<figure><img loading="lazy" src="{escape(address)}" alt="{text}"><figcaption>{text}</figcaption></figure>'
