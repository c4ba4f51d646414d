"""The looks that the job takes at a contract, each at the time that the one before has named."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from server.jobs import TryLater
from server.services.retention import erasing, files
from tests.builders.bench import Bench


async def look(bench: Bench, contract_id: UUID) -> datetime | None:
    """What the job does now, twice, because a job may be run again; then the files. When it comes back, if it does."""
    again: list[datetime | None] = []
    for _ in range(2):
        try:
            await erasing.look(bench.outside, contract_id)
        except TryLater as later:
            again.append(later.at)
        else:
            again.append(None)
    assert again[0] == again[1]
    await delete_files(bench)
    return again[0]


async def look_until(bench: Bench, contract_id: UUID, end: datetime) -> list[datetime]:
    """Every look up to an instant, which the clock is then at: when they were."""
    looked = []
    while (following := await look(bench, contract_id)) is not None and following <= end:
        bench.clock.move_to(following)
        looked.append(following)
    bench.clock.move_to(max(end, bench.now))
    return looked


async def delete_files(bench: Bench) -> None:
    async with bench.owned() as session:
        erasures = {row.erasure_id for row in await session.rows("select erasure_id from erased_file")}
    for erasure in erasures:
        await files.delete(bench.outside, erasure)
    async with bench.owned() as session:
        assert await session.rows("select 1 from erased_file") == []
