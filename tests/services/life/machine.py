"""A life: steps in a row, the laws after each of them, and an end for every contract."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from hypothesis import strategies as st

from server.errors import DomainError
from tests.builders.bench import Bench, Emptying
from tests.builders.rows import company
from tests.services.life import (
    booking_steps,
    damage_steps,
    edit_steps,
    handover_steps,
    late_steps,
    money_steps,
    outage_steps,
    receivable_steps,
    retention_steps,
    world,
)
from tests.services.life.endings import every_contract_comes_to_its_end
from tests.services.life.laws import AFTER_EVERY_STEP
from tests.services.life.quiet_laws import WHEN_QUIET
from tests.services.life.sight import Sight
from tests.services.life.world import Broken, NothingToDo, Rule, World

WEIGHTS: dict[Rule, int] = {
    money_steps.rest: 1,
    booking_steps.book: 18,
    booking_steps.book_unpaid: 4,
    booking_steps.book_on_the_page: 4,
    booking_steps.pay_on_the_page: 4,
    booking_steps.book_a_courtesy_car: 3,
    booking_steps.book_for_a_payer: 3,
    edit_steps.change_the_period: 9,
    edit_steps.edit_the_tariff: 6,
    edit_steps.add_a_driver: 3,
    edit_steps.remove_a_driver: 2,
    edit_steps.change_the_payer: 4,
    edit_steps.cancel: 4,
    edit_steps.edit_what_has_changed: 1,
    edit_steps.mark_a_no_show: 4,
    edit_steps.undo_a_no_show: 4,
    handover_steps.check_out: 14,
    handover_steps.check_in: 12,
    handover_steps.swap_the_car: 4,
    handover_steps.undo_a_protocol: 5,
    handover_steps.correct_a_reading: 5,
    handover_steps.block_a_car: 3,
    handover_steps.unblock_a_car: 2,
    handover_steps.report_a_damage: 1,
    handover_steps.reassign_cars: 2,
    damage_steps.decide_about_a_damage: 10,
    damage_steps.claim_a_damage: 6,
    damage_steps.dispute_a_claim: 1,
    damage_steps.write_off_a_claim: 1,
    damage_steps.take_a_claim_back: 4,
    damage_steps.repair_a_damage: 1,
    late_steps.check_out_late: 3,
    late_steps.check_in_late: 3,
    late_steps.swap_late: 2,
    money_steps.lose_an_answer: 5,
    money_steps.refuse_a_payment: 4,
    money_steps.have_the_provider_fail: 3,
    money_steps.look_lost_payments_up: 2,
    money_steps.work: 6,
    money_steps.wait: 18,
    money_steps.be_away: 4,
    money_steps.settle: 6,
    money_steps.complete_the_customer: 1,
    outage_steps.the_mail_server_goes_or_comes: 3,
    receivable_steps.pay_elsewhere: 5,
    receivable_steps.write_an_item_off: 1,
    receivable_steps.ask_for_another_card: 2,
    receivable_steps.place_the_deposit_again: 2,
    receivable_steps.cancel_a_document: 3,
    retention_steps.ask_to_be_erased: 3,
    retention_steps.look_after_contracts: 4,
}
"""How often each step is taken. A later operation adds its step here."""
RULES: dict[str, Rule] = {rule.__name__: rule for rule in WEIGHTS}
_OFTEN = [name for name, rule in RULES.items() for _ in range(WEIGHTS[rule])]
MAY_WRITE_AND_REFUSE = frozenset(name for name in RULES if name.startswith(("book", "pay", "place", "settle")))
"""Works in several transactions: what the first has written stays when a later one is refused."""


class Step(NamedTuple):
    """What is done, and the dice that decide everything about it."""

    name: str
    dice: int


def lives(length: int) -> st.SearchStrategy[list[Step]]:
    """Lives of that many steps; a shorter one has a rest where it could be left out."""
    step = st.builds(Step, st.sampled_from(_OFTEN), st.integers(0, 2**31))
    return st.lists(step, min_size=length, max_size=length)


def life_of(number: int, length: int) -> list[Step]:
    """The same life for the same number, in every process: Hypothesis draws others where other modules are loaded."""
    dice = random.Random(number)
    return [Step(dice.choice(_OFTEN), dice.randrange(2**31)) for _ in range(length)]


async def live(bench: Bench, empty: Emptying, life: Sequence[Step]) -> Counter[str]:
    """Lives it, in a new town; how often each step was taken, was refused. Broken names the step and the law."""
    empty()
    bench.books.begin()
    await bench.put(company())
    town = await world.found(bench)
    taken: Counter[str] = Counter()
    for number, step in enumerate(life):
        try:
            taken[await _take(town, step)] += 1
        except AssertionError as broken:
            raise Broken(f"at step {number}, {step}: {broken}") from broken
    try:
        await every_contract_comes_to_its_end(town, random.Random(life[0].dice))
        await _judge_quiet(town)
    except DomainError as refusal:
        raise Broken(f"at the end: {refusal.code} {refusal}") from refusal
    return taken


async def _take(town: World, step: Step) -> str:
    before, dice = town.seen, random.Random(step.dice)
    name, refused = step.name, False
    try:
        await RULES[step.name](town, dice)
    except NothingToDo:
        return f"{step.name} –"
    except DomainError as refusal:
        name, refused = f"{step.name} {refusal.code.value}", True
    town.seen = await town.look()
    if refused and step.name not in MAY_WRITE_AND_REFUSE and before.written != town.seen.written:
        raise Broken(f"{name}: refused, and something was written")
    _judge(before, town)
    if step.name == "work" and dice.random() < 0.5:
        await _judge_quiet(town)
    return name


def _judge(before: Sight, town: World) -> None:
    for law in AFTER_EVERY_STEP:
        try:
            law(before, town.seen)
        except AssertionError as broken:
            raise Broken(f"{law.__name__}: {broken}") from broken


async def _judge_quiet(town: World) -> None:
    before = town.seen
    town.seen = await town.become_quiet()
    _judge(before, town)
    for law in WHEN_QUIET:
        try:
            law(town, town.seen)
        except AssertionError as broken:
            raise Broken(f"{law.__name__}: {broken}") from broken
