"""Outcomes ordered in advance: what the next matching calls do."""

import math
import re
import sqlite3
from dataclasses import dataclass
from typing import Any

from server.sandbox.telecash.orders import OPERATIONS
from server.sandbox.telecash.refusals import Refused

PLAIN_OUTCOMES = (
    "fault:server",
    "fault:merchant",
    "drop-before",
    "process-then-drop",
    "process-then-fault",
    "process-then-503",
    "process-then-contradict",
    "garbage",
    "503",
)
"""Outcomes without a value. Those beginning with `process-then`, and `garbage`, process the request; others do not."""

_REFUSALS = re.compile(r"(decline|failed|fraud):(-?[0-9A-Za-z]{1,8})")
_DELAYS = re.compile(r"(delay|delay-before):([0-9]+(?:\.[0-9]+)?)")
_LONGEST_DELAY = 600.0


@dataclass(frozen=True)
class Step:
    """One ordered outcome: `kind` is the word before the colon, `value` what follows it."""

    kind: str
    value: str = ""

    @property
    def refusal(self) -> Refused | None:
        """The refusal to be put in the place of the bank's answer."""
        if self.kind == "decline":
            return Refused("DECLINED", self.value)
        if self.kind == "failed":
            return Refused("FAILED", self.value)
        return Refused("FRAUD", self.value) if self.kind == "fraud" else None

    @property
    def seconds(self) -> float:
        """How long a delay lasts."""
        return float(self.value) if self.kind in ("delay", "delay-before") else 0.0


NO_STEP = Step("")


def add_script(connection: sqlite3.Connection, wish: Any) -> None:
    """Orders an outcome; raises ValueError if the wish makes no sense."""
    if not isinstance(wish, dict):
        message = "expected a JSON object"
        raise ValueError(message)
    operation, order_id, outcome = wish.get("operation"), wish.get("order"), wish.get("outcome")
    times = wish.get("times", 1)
    if operation is not None and operation not in (*OPERATIONS, "inquiry"):
        message = f"operation is one of {', '.join(OPERATIONS)}, inquiry, or null for any"
        raise ValueError(message)
    if order_id is not None and not isinstance(order_id, str):
        message = "order is a text, or null for any"
        raise ValueError(message)
    if type(times) is not int or not 1 <= times <= 10_000:
        message = "times is a whole number from 1 to 10000"
        raise ValueError(message)
    if not isinstance(outcome, str) or not _known(outcome):
        message = f"outcome is decline:CODE, failed:CODE, fraud:CODE, delay:SECONDS, {', '.join(PLAIN_OUTCOMES)}"
        raise ValueError(message)
    if operation == "inquiry" and _REFUSALS.fullmatch(outcome):
        message = "an inquiry cannot be declined"
        raise ValueError(message)
    connection.execute(
        "INSERT INTO scripts (operation, order_id, outcome, remaining) VALUES (?, ?, ?, ?)",
        (operation, order_id or None, outcome, times),
    )


def take_step(connection: sqlite3.Connection, operation: str, order_id: str | None) -> Step:
    """The outcome ordered for this call, used up by one; one for exactly this order goes before one for any."""
    row = connection.execute(
        "SELECT number, outcome, remaining FROM scripts WHERE (operation = ? OR operation IS NULL)"
        " AND (order_id = ? OR order_id IS NULL) ORDER BY order_id IS NULL, number LIMIT 1",
        (operation, order_id),
    ).fetchone()
    if row is None:
        return NO_STEP
    if row["remaining"] > 1:
        connection.execute("UPDATE scripts SET remaining = remaining - 1 WHERE number = ?", (row["number"],))
    else:
        connection.execute("DELETE FROM scripts WHERE number = ?", (row["number"],))
    outcome = str(row["outcome"])
    if outcome in PLAIN_OUTCOMES:
        return Step(outcome)
    kind, _, value = outcome.partition(":")
    return Step(kind, value)


def list_scripts(connection: sqlite3.Connection) -> list[dict[str, object]]:
    """What is still ordered."""
    rows = connection.execute("SELECT operation, order_id, outcome, remaining FROM scripts ORDER BY number")
    return [{"operation": row[0], "order": row[1], "outcome": row[2], "times": row[3]} for row in rows]


def _known(outcome: str) -> bool:
    delay = _DELAYS.fullmatch(outcome)
    if delay:
        seconds = float(delay[2])
        return math.isfinite(seconds) and seconds <= _LONGEST_DELAY
    return outcome in PLAIN_OUTCOMES or _REFUSALS.fullmatch(outcome) is not None
