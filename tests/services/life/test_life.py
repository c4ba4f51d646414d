"""Whatever anybody does with contracts, in whatever order, every law holds, and every contract comes to an end.

For longer, with other seeds: `python -m tests.tools.live --minutes 60`.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.builders.bench import Bench, Books, Emptying
from tests.builders.till import Till
from tests.services.life.machine import Step, live, lives
from tests.thoroughness import tried

LENGTH = 40
"""Steps of a life: together with the number of lives about a minute."""
LIVES = 5


@pytest.fixture(params=["telecash", "till"])
def books(request: pytest.FixtureRequest, simulator: Books) -> Books:
    return Till() if request.param == "till" else simulator


@given(life=lives(LENGTH))
@settings(
    tried(LIVES),
    derandomize=True,
    phases=[Phase.generate],  # a failure is made short by the command, which has the time for it
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
async def test_every_law_holds_whatever_is_done(bench: Bench, empty: Emptying, life: list[Step]) -> None:
    await live(bench, empty, life)
