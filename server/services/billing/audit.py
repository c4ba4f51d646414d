"""Whether a station's documents of a year are all there and unchanged: no gaps in the numbers, no break in the chain.

Read in batches, in one snapshot. Whoever may see the station is told of the whole series: it is looked at with the
system's eyes, for what one may not see must not look like a gap.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from server.database import SYSTEM, Scope, Session
from server.models import Document, DocumentSeries, Station
from server.models.document import DocumentType
from server.services.billing import documents
from server.services.fleet import stations
from server.services.outside import Outside

MOST_MISSING = 100
"""How many missing numbers are named, the lowest first."""
_BATCH = 500
_TAKES_BACK = frozenset({DocumentType.CANCELLATION_INVOICE, DocumentType.CORRECTION_INVOICE})


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
    async with outside.database.snapshot(SYSTEM) as session:
        walk = _Walk(station, year)
        while batch := await _batch(session, walk):
            targets = await _taken_back(session, batch)
            # Sealing takes a while: whoever else is served meanwhile does not wait for it.
            await asyncio.to_thread(walk.follow, batch, targets)
            session.expunge_all()
        series = await session.first(_series(station.id, year))
        return walk.ended(series)


def _series(station_id: UUID, year: int) -> SelectOfScalar[DocumentSeries]:
    return select(DocumentSeries).where(col(DocumentSeries.station_id) == station_id, col(DocumentSeries.year) == year)


async def _batch(session: Session, walk: _Walk) -> list[Document]:
    following = select(Document).where(
        col(Document.station_id) == walk.station.id,
        col(Document.year) == walk.year,
        col(Document.running_number) > walk.reached,
    )
    return await session.all(following.order_by(col(Document.running_number)).limit(_BATCH))


async def _taken_back(session: Session, batch: Sequence[Document]) -> dict[UUID, tuple[UUID, str]]:
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

    def follow(self, batch: Sequence[Document], targets: Mapping[UUID, tuple[UUID, str]]) -> None:
        """Goes on with the documents that follow, in order."""
        for document in batch:
            self._miss(document.running_number)
            if not self._holds(document, targets):
                self._break_at(document.running_number)
            self.reached, self._last_hash = document.running_number, document.chain_hash
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

    def _holds(self, document: Document, targets: Mapping[UUID, tuple[UUID, str]]) -> bool:
        return (
            document.number == self._number(document.running_number)
            and document.previous_hash == self._last_hash
            and document.seal() == document.chain_hash
            and self._takes_back(document, targets)
        )

    def _takes_back(self, document: Document, targets: Mapping[UUID, tuple[UUID, str]]) -> bool:
        """Whether what takes a document back points at one of this station, and at the one that its paper names."""
        if document.refers_to_id is None:
            return document.type not in _TAKES_BACK
        target = targets.get(document.refers_to_id)
        named = ((document.view or {}).get("refers_to") or {}).get("number")
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
