"""What can be done with a damage: decide who pays, claim it, and what follows."""

from __future__ import annotations

from collections.abc import Callable

from server.models.damage import FOLLOWS, DamageLiability
from server.office.actions.action import Action, Choices, Known, Subject
from server.office.actions.steps import Steps
from server.office.desk import Desk
from server.office.door import NotFound
from server.office.operations import Answer
from server.office.typed import Choice
from server.office.words.catalogue import value_words

_BY_HAND = frozenset({
    "REJECTED", "CONFIRMED", "DECIDED_CUSTOMER", "DECIDED_INSURER", "DECIDED_THIRD_PARTY", "DECIDED_OWN_COST",
})  # fmt: skip
"""What a person decides; what follows from it has operations of its own."""


async def read(desk: Desk, key: str) -> Answer:
    """A damage of a contract, by the contract's number and its own id with a stop between them; with the photos of both
    protocols of its car.
    """
    number, _, damage_id = key.partition(".")
    contract = (await desk.ask("ContractOfDamage", number=number))["contract"]
    damage = next((one for one in (contract or {}).get("damages", ()) if one["id"] == damage_id), None)
    if damage is None:
        raise NotFound
    return {**damage, "contract": contract, "zone": desk.zone_at(contract["station"], contract["returnStation"])}


def key_of(number: str, damage_id: str) -> str:
    """How a damage is named in an address."""
    return f"{number}.{damage_id}"


def _in(states: frozenset[str]) -> Callable[[Answer], bool]:
    return lambda damage: damage["liability"] in states


def _version(damage: Answer) -> Known:
    return {"version": damage["version"]}


def _decision(damage: Answer) -> Known:
    return {name: damage[name] for name in ("version", "liability", "estimateNet", "finalNet")}


def _repair(damage: Answer) -> Known:
    return {"version": damage["version"], "repair": damage["repair"]}


def _damage_id(damage: Answer) -> Known:
    return {"damageId": damage["id"]}


def _possible(damage: Answer) -> list[str]:
    """What can be decided as the damage stands: the decision that it has may be said again, with other sums."""
    here = DamageLiability(damage["liability"])
    stays = () if here in {DamageLiability.REJECTED, DamageLiability.SUSPECTED} else (here,)
    found = (*stays, *FOLLOWS[here])
    return [one.value for one in found if one.value in _BY_HAND]


def _is_undecided(damage: Answer) -> bool:
    return bool(_possible(damage))


async def _decisions(desk: Desk, damage: Answer) -> Choices:
    words = value_words("DamageLiability")
    return {"liability": [Choice(one, words[one].within(desk.language)) for one in _possible(damage)]}


_CLAIMED = frozenset({"CLAIMED", "DISPUTED"})
ACTIONS = (
    Action("decide", "DecideDamage", "decideDamage", _is_undecided, _decision, _damage_id, _decisions),
    Action("claim", "ClaimDamage", "claimDamage", _in(frozenset({"DECIDED_CUSTOMER"})), _version, _damage_id),
    Action("dispute", "DisputeDamage", "disputeDamage", _in(frozenset({"CLAIMED", "PAID"})), _version, _damage_id),
    Action("repair", "RepairDamage", "repairDamage", values=_repair, fixed=_damage_id),
    Action("write-off", "WriteOffDamage", "writeOffDamage", _in(_CLAIMED), _version, _damage_id, is_grave=True),
)
DAMAGE = Subject(
    read,
    title=lambda damage: f"{damage['vehicle']['plate']} · {damage['contract']['number']}",
    page=lambda damage: f"/office/damages/{key_of(damage['contract']['number'], damage['id'])}",
    zone=lambda damage: str(damage["zone"]),
    key=lambda damage: key_of(damage["contract"]["number"], damage["id"]),
)
STEPS = Steps(DAMAGE, {action.name: action for action in ACTIONS})
