"""What jobs need goes away and comes back, while everything else goes on."""

from __future__ import annotations

import random

from tests.services.life.world import World


async def the_mail_server_goes_or_comes(town: World, dice: random.Random) -> None:
    town.postbox.away = not town.postbox.away or dice.random() < 0.3
