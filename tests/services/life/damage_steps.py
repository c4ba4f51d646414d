"""What people decide about damages: confirmed or not, who pays, claimed, disputed, written off, repaired."""

from __future__ import annotations

import random
from decimal import Decimal

from server.models import Contract, Damage
from server.models.damage import FOLLOWS, DamageLiability, RepairState
from server.models.staff import Role
from server.security import Principal
from server.services.claims import claim, decisions
from server.services.claims.claim import ClaimRequest
from server.services.claims.decisions import Decision
from tests.services.life.edit_steps import MANAGERS, OFFICE
from tests.services.life.world import World, one_of

_DECISIONS = [
    one for one in DamageLiability if one is DamageLiability.REJECTED or "CONFIRMED" in one or "DECIDED" in one
]


def _of(world: World, dice: random.Random, *states: DamageLiability) -> Damage:
    """A damage in one of these states, once in a while in any."""
    fitting = [one for one in world.seen.damages if one.liability in states]
    return one_of(dice, world.seen.damages if dice.random() < 0.05 else fitting)


def _somebody(world: World, dice: random.Random, damage: Damage, *roles: Role) -> Principal:
    contract: Contract | None = world.seen.contract(damage.contract_id) if damage.contract_id else None
    return world.somebody(dice, *roles, sees=contract)


async def decide_about_a_damage(world: World, dice: random.Random) -> None:
    """What may follow, mostly; with an amount, mostly."""
    damage = _of(world, dice, DamageLiability.SUSPECTED, DamageLiability.CONFIRMED, DamageLiability.DECIDED_CUSTOMER)
    following = [one for one in FOLLOWS[damage.liability] if one in _DECISIONS]
    likely = [DamageLiability.DECIDED_CUSTOMER] * 4 if DamageLiability.DECIDED_CUSTOMER in following else []
    wanted = dice.choice(_DECISIONS if dice.random() < 0.1 or not following else [*following, *likely])
    net = Decimal(dice.choice(["0.01", "80", "120", "300", "620", "1500"])) if dice.random() < 0.8 else None
    said = Decision(wanted, "angesehen", net, net if dice.random() < 0.2 else None)
    acting = world.acting(_somebody(world, dice, damage, *OFFICE))
    await decisions.decide(world.bench.outside, acting, damage.id, damage.version, said)


async def claim_a_damage(world: World, dice: random.Random) -> None:
    """Sometimes a manager lifts the deductible."""
    damage = _of(world, dice, DamageLiability.DECIDED_CUSTOMER)
    who = _somebody(world, dice, damage, *OFFICE)
    why = "grob fahrlässig" if dice.random() < 0.2 else None
    wanted = ClaimRequest(damage.id, damage.version, override_reason=why)
    await claim.claim(world.bench.outside, world.acting(who), wanted)


async def dispute_a_claim(world: World, dice: random.Random) -> None:
    """The customer says no."""
    damage = _of(world, dice, DamageLiability.CLAIMED, DamageLiability.PAID)
    acting = world.acting(_somebody(world, dice, damage, *OFFICE))
    await decisions.dispute(world.bench.outside, acting, damage.id, damage.version, "war schon da")


async def write_off_a_claim(world: World, dice: random.Random) -> None:
    """A manager gives up what is open."""
    damage = _of(world, dice, DamageLiability.CLAIMED, DamageLiability.DISPUTED)
    acting = world.acting(_somebody(world, dice, damage, *MANAGERS))
    await decisions.write_off(world.bench.outside, acting, damage.id, damage.version, "nicht einbringlich")


async def repair_a_damage(world: World, dice: random.Random) -> None:
    """Any of them."""
    damage: Damage = one_of(dice, world.seen.damages)
    acting = world.acting(_somebody(world, dice, damage, *OFFICE))
    state = dice.choice(list(RepairState))
    await decisions.repair(world.bench.outside, acting, damage.id, damage.version, state)
