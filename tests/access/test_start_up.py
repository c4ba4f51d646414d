"""What a server and a worker do before they work."""

from __future__ import annotations

import gc

from server.config import Settings
from server.runtime import Runtime
from server.worker import create_worker
from tests.builders.bench import Bench


async def test_what_was_loaded_is_never_looked_through_again(bench: Bench) -> None:
    """The collector stops everybody for as long as it looks: half a second for modules, schema and templates."""
    # Given: a process that has loaded all of the server
    gc.unfreeze()
    runtime = Runtime(Settings(_env_file=None), bench.outside, create_worker(bench.outside), None)
    # When: it begins to work, as `serve` and `worker` do
    async with runtime.working():
        put_away, left = gc.get_freeze_count(), len(gc.get_objects())
    gc.unfreeze()
    # Then
    assert put_away > 100_000
    assert left < put_away / 10
