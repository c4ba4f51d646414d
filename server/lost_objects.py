"""Whether everything that rows name lies in the object store: what a backup of the database alone cannot tell."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg

from server.database.connections import conninfo
from server.gateways.object_store import ObjectStore

_NAMED = """
select object_key from photo union select thumbnail_key from photo
union select pdf_key from protocol where sha256 is not null
union select pdf_key from document where sha256 is not null and erased_at is null
union select xml_key from document where xml_sha256 is not null and erased_at is null
union select object_key from evidence_file
order by 1
"""


async def missing(objects: ObjectStore, owner_url: str) -> tuple[int, Sequence[str]]:
    """How many objects rows name, and the keys of those that are not there. The address is the owner's."""
    with psycopg.connect(conninfo(owner_url)) as connection:
        # Row-level security is forced: without it an owner who is no superuser would see no row, and miss nothing.
        connection.execute("select set_config('app.everything', 'on', true)")
        named = [key for (key,) in connection.execute(_NAMED).fetchall()]
    there = await objects.keys()
    return len(named), [key for key in named if key not in there]
