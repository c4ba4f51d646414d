"""Whatever anybody does with contracts, in whatever order, every law holds, and every contract comes to an end.

Always the same lives. Others, for longer, and made short where they fail: `python -m tests.tools.live --minutes 60`.
"""

from __future__ import annotations

import pytest

from tests.builders.bench import Bench, Books, Emptying
from tests.builders.till import Till
from tests.services.life.machine import life_of, live

LENGTH = 40
"""Steps of a life: together with the number of lives about a minute."""
LIVES = 8


@pytest.fixture(params=["telecash", "till"])
def books(request: pytest.FixtureRequest, simulator: Books) -> Books:
    return Till() if request.param == "till" else simulator


@pytest.mark.parametrize("number", range(LIVES))
async def test_every_law_holds_whatever_is_done(bench: Bench, empty: Emptying, number: int) -> None:
    await live(bench, empty, life_of(number, LENGTH))
