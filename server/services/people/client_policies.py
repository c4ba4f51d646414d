"""What an administrator says of a website's policy, checked."""

from __future__ import annotations

from dataclasses import dataclass, replace

from server.errors import InvalidInput, Sentence
from server.models.api_client import ClientPolicy
from server.models.contract import ContractKind
from server.services import validation

FIELD = ("policy",)
MOST_HOLDS = 1_000
MOST_DRIVERS = 50


@dataclass(frozen=True, kw_only=True)
class PolicyRequest:
    """What is to differ from the policy of before, or of a website that nothing was said of; None: nothing does."""

    kinds: tuple[ContractKind, ...] | None = None
    may_name_payer: bool | None = None
    may_change_period: bool | None = None
    open_holds: int | None = None
    open_holds_per_customer: int | None = None
    drivers: int | None = None


def checked(wanted: PolicyRequest, before: ClientPolicy) -> ClientPolicy:
    """The policy of an API client with what is wanted in it. InvalidInput names the field that is wrong."""
    if wanted.kinds is not None and not wanted.kinds:
        message = Sentence(
            "A website needs at least one kind of contract that it may book.",
            "Eine Website braucht mindestens eine Vertragsart, die sie buchen darf.",
        )
        raise InvalidInput(message, field=[*FIELD, "kinds"])
    for name, highest in (
        ("open_holds", MOST_HOLDS),
        ("open_holds_per_customer", MOST_HOLDS),
        ("drivers", MOST_DRIVERS),
    ):
        validation.optional_number(getattr(wanted, name), (*FIELD, name), lowest=1, highest=highest)
    given = {name: value for name, value in vars(wanted).items() if value is not None}
    if wanted.kinds is not None:
        given["kinds"] = tuple(dict.fromkeys(wanted.kinds))
    return replace(before, **given)
