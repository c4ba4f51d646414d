"""A signature that somebody has given on a tablet, so that what they signed is a fact."""

from __future__ import annotations

from server.models import Photo
from server.models.staff import Role
from tests.builders.rows import Shop
from tests.services.samples import at

HAND = "ab" * 32
"""The hash of its picture."""


async def sign(shop: Shop, role: Role = Role.YARD) -> str:
    """A picture of the signature, uploaded by somebody of the yard; returns its hash."""
    who = shop.somebody(role)
    await shop.bench.put(
        Photo(
            sha256=HAND,
            uploaded_by=who.id,
            stations=list(who.stations),
            signature=True,
            width=9,
            height=3,
            object_key="a",
            thumbnail_key="b",
            created_at=at("2026-09-08 09:00"),
        )
    )
    return HAND
