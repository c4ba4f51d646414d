"""How the simulated store is set up, and the switches that make it difficult."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import time
from typing import Any, Literal
from zoneinfo import ZoneInfo

NotificationMode = Literal["before", "after", "never", "twice"]
UnknownOrderMode = Literal["false", "error", "empty"]

_CHOICES: Mapping[str, tuple[str, ...]] = {
    "notification": ("before", "after", "never", "twice"),
    "unknown_order": ("false", "error", "empty"),
    "answer_language": ("page", "de", "en"),
}


class ProductionRefused(RuntimeError):
    """Somebody tried to run the simulator where real money is expected."""


@dataclass(frozen=True, kw_only=True)
class Switches:
    """What may be changed while the simulator runs (`PUT /switches`). The defaults are a friendly store."""

    cvv_mandatory: bool = False
    """The store demands the security code, which makes every charge on a stored card impossible (-12000)."""
    credit_allowed: bool = True
    vault_contracted: bool = True
    split_shipment: bool = False
    void_hold: bool = True
    """A preAuth may be voided, which releases the deposit."""
    max_transactions_per_order: int = 50
    duplicate_window_seconds: int = 0
    """Same card and same amount within so many seconds is refused as fraud; 0 switches the rule off."""
    strict_credential_on_file: bool = False
    """A merchant-initiated charge needs a FIRST use of that card before it, else it is declined with 65."""
    missing_scheme_reference_code: str = ""
    """In the strict mode: decline code when the known scheme transaction id is not referred to; empty allows it."""
    amount_rules: bool = False
    """The cents of the amount choose the issuer's answer: .05 declines 05, .51 declines 51 and so on."""
    unknown_order: UnknownOrderMode = "false"
    visibility_delay_seconds: int = 0
    """For so long after processing an inquiry does not see a transaction."""
    shuffle_answers: bool = True
    """Answers come with shuffled elements, other prefixes and elements nobody has heard of."""
    misspelt_faults: bool = False
    """Faults carry their payload in the namespace as the vendor misspells it."""
    notification: NotificationMode = "before"
    """When the hosted page tells the shop's server, relative to the customer's way back."""
    answer_language: Literal["page", "de", "en"] = "page"
    """Language of the hosted page's answers: German ones say GENEHMIGT and write 49,00."""
    wrong_hash: bool = False
    tampered_order: str = ""
    """Order that the hosted page's answers claim instead of the true one."""
    missing_store: bool = False
    waiting: bool = False
    """The hosted page answers `?:waiting`; the payment goes through `waiting_seconds` later."""
    waiting_seconds: int = 60

    def changed(self, wishes: Mapping[str, Any]) -> "Switches":
        """A copy with some switches set; raises ValueError for unknown names or values of the wrong kind."""
        known = {one.name: getattr(self, one.name) for one in fields(self)}
        for name, value in wishes.items():
            if name not in known or type(value) is not type(known[name]):
                message = f"no such switch, or not a value for it: {name}"
                raise ValueError(message)
            if name in _CHOICES and value not in _CHOICES[name]:
                message = f"{name} is one of {', '.join(_CHOICES[name])}"
                raise ValueError(message)
        return replace(self, **wishes)


@dataclass(frozen=True, kw_only=True)
class SimulatorConfig:
    """The simulated store. The values are the sandbox's own, known to everybody and good for nothing else."""

    store_id: str = "10010012345"
    user: str = "WS10010012345._.1"
    password: str = field(default="sandbox-password", repr=False)
    shared_secret: str = field(default="sandbox-shared-secret", repr=False)
    sibling_stores: frozenset[str] = frozenset()
    """Other stores of the same merchant, whose vault may be named by HostedDataStoreID."""
    brands: frozenset[str] = frozenset({"VISA", "MASTERCARD"})
    currency: str = "978"
    time_zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/Berlin"))
    clearing_at: time = time(23, 0)
    """Local time of the daily clearing, which ends voidability."""
    hold_days: Mapping[str, int] = field(default_factory=lambda: {"VISA": 5, "MASTERCARD": 30})
    """Days that a hold made by the server lives, by brand; a brand not named lives 5."""
    hosted_hold_days: Mapping[str, int] = field(default_factory=lambda: {"VISA": 10, "MASTERCARD": 30})
    """Days that a hold made on the hosted page lives, by brand."""
    return_age_days: int = 180
    """An older order cannot be referred to by a return (-5995)."""
    checkout_minutes: int = 15
    """How far `txndatetime` may be from now when the hosted page is opened."""
    challenge_minutes: int = 15
    """So long after the hosted page was opened an unanswered 3-D Secure step has failed (-5103)."""
    production: bool = False
    """True makes `create_simulator` refuse."""
    switches: Switches = field(default_factory=Switches)
