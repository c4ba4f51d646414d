"""Whether a station's documents of a year are all there and unchanged: no gaps in the numbers, no break in the chain.

Of what is erased only its place in the chain can be looked at. Read in batches, in one snapshot. Whoever may see the
station is told of the whole series: it is looked at with the system's eyes, for what one may not see must not look like
a gap.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from server.database import SYSTEM, Scope, Session
from server.models import Document, DocumentSeries, Station
from server.models.columns import Json
from server.models.document import SEALED, DocumentType, seal_of
from server.services.billing import documents
from server.services.fleet import stations
from server.services.outside import Outside

MOST_MISSING = 100
"""How many missing numbers are named, the lowest first."""
_BATCH = 1_000
_REFER = frozenset({DocumentType.CANCELLATION_INVOICE.value, DocumentType.CORRECTION_INVOICE.value})
_JSON = ("recipient", "lines", "view")
# Plain rows, with JSON as text: a hundred thousand documents are read and sealed within a query's deadline.
_FOLLOWING = """
select running_number, chain_hash, refers_to_id, number, type, issued_at, cast(recipient as text) as recipient,
  cast(lines as text) as lines, total_cents as total, net_cents as net, vat_cents as vat, payable_cents as payable,
  cast(view as text) as view, sha256 as pdf, previous_hash as previous, erased_at
from document where station_id = :station and year = :year and running_number > :reached
order by running_number limit :most
"""


@dataclass(frozen=True)
class DocumentAudit:
    """What was found. `issued` documents are there; `last_number` is the last one that was given; `missing`: numbers up
    to it without a document, at most MOST_MISSING; `broken_at`: the first number at which the chain does not hold.
    """

    station: Station
    year: int
    issued: int
    last_number: str | None
    missing: tuple[str, ...]
    broken_at: str | None


async def of_series(outside: Outside, scope: Scope, station_id: UUID | None, year: int) -> DocumentAudit:
    """Goes through the series of a visible station and a year. NotFound."""
    async with outside.database.snapshot(scope) as session:
        station = await stations.get(session, station_id, field=["station_id"])
    async with outside.long_read, outside.database.snapshot(SYSTEM) as session:
        walk = _Walk(station, year)
        while batch := await _batch(session, walk):
            targets = await _referred_to(session, batch)
            # Sealing takes a while: whoever else is served meanwhile does not wait for it.
            await asyncio.to_thread(walk.follow, batch, targets)
        series = await session.first(_series(station.id, year))
        return walk.ended(series)


def _series(station_id: UUID, year: int) -> SelectOfScalar[DocumentSeries]:
    return select(DocumentSeries).where(col(DocumentSeries.station_id) == station_id, col(DocumentSeries.year) == year)


async def _batch(session: Session, walk: _Walk) -> Sequence[Row[Any]]:
    series = {"station": walk.station.id, "year": walk.year, "reached": walk.reached, "most": _BATCH}
    return await session.rows(_FOLLOWING, series)


async def _referred_to(session: Session, batch: Sequence[Row[Any]]) -> dict[UUID, tuple[UUID, str]]:
    """The station and number of what these documents take back, by id."""
    wanted = {one.refers_to_id for one in batch if one.refers_to_id is not None}
    if not wanted:
        return {}
    statement = select(Document.id, Document.station_id, Document.number).where(col(Document.id).in_(wanted))
    return {row.id: (row.station_id, row.number) for row in await session.rows(statement)}


@dataclass
class _Walk:
    """Along the running numbers of a series: how far it has come, and what was found on the way."""

    station: Station
    year: int
    reached: int = 0
    issued: int = 0
    missing: list[str] = field(default_factory=list)
    broken_at: str | None = None
    _last_hash: str | None = None

    def follow(self, batch: Sequence[Row[Any]], targets: Mapping[UUID, tuple[UUID, str]]) -> None:
        """Goes on with the documents that follow, in order."""
        for row in batch:
            self._miss(row.running_number)
            if not self._holds(row, targets):
                self._break_at(row.running_number)
            self.reached, self._last_hash = row.running_number, row.chain_hash
            self.issued += 1

    def ended(self, series: DocumentSeries | None) -> DocumentAudit:
        """What was found, once the series' own record of its last number and hash is compared, too."""
        given = 0 if series is None else series.last_number
        last = max(given, self.reached)
        self._miss(last + 1)
        if given != self.reached or (series is not None and series.last_hash != self._last_hash):
            self._break_at(last)
        last_number = self._number(last) if last else None
        return DocumentAudit(self.station, self.year, self.issued, last_number, tuple(self.missing), self.broken_at)

    def _holds(self, row: Row[Any], targets: Mapping[UUID, tuple[UUID, str]]) -> bool:
        if row.erased_at is not None:  # its content cannot be sealed anew; that it is the one of this place can be seen
            return bool(row.number == self._number(row.running_number) and row.previous == self._last_hash)
        content = {name: getattr(row, name) for name in SEALED}
        content |= {name: orjson.loads(content[name]) for name in _JSON if content[name] is not None}
        return (
            row.number == self._number(row.running_number)
            and row.previous == self._last_hash
            and seal_of(content) == row.chain_hash
            and self._refers_well(row, content["view"], targets)
        )

    def _refers_well(self, row: Row[Any], view: Json | None, targets: Mapping[UUID, tuple[UUID, str]]) -> bool:
        """Whether what takes a document back points at one of this station, and at the one that its paper names."""
        if row.refers_to_id is None:
            return row.type not in _REFER
        target = targets.get(row.refers_to_id)
        named = ((view or {}).get("refers_to") or {}).get("number")
        return target is not None and target[0] == self.station.id and named in (None, target[1])

    def _miss(self, following: int) -> None:
        room = MOST_MISSING - len(self.missing)
        gap = range(self.reached + 1, following)[:room]
        self.missing += [self._number(running) for running in gap]

    def _break_at(self, running: int) -> None:
        if self.broken_at is None:
            self.broken_at = self._number(running)

    def _number(self, running: int) -> str:
        return documents.number_of(self.station, self.year, running)
