"""How long operations take and how they end, for whoever watches: under names of the schema, never the caller's.

A caller may call an operation anything, and each name would be kept as figures of its own for as long as we run. So its
figures stand under its root field; what has several is `several`.
"""

from __future__ import annotations

import time
from asyncio import CancelledError
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from server import metrics
from server.edge.answers import HttpRefusal
from server.edge.guard import Operation
from server.edge.running import CallerGone
from server.errors import CallerError, CallerErrorCode

SEVERAL, INTROSPECTION = "several", "introspection"
_STATUS = {503: "busy", 504: "late"}


def name_of(operation: Operation) -> str:
    """The root field of an operation that fits the schema, or a word for what is not one field."""
    fields = {name for name in operation.root_names if not name.startswith("__")}
    if not fields:
        return INTROSPECTION
    return min(fields) if len(fields) == 1 else SEVERAL


@dataclass
class Ending:
    """What is noted of one operation."""

    outcome: str = "done"

    def read(self, answer: dict[str, Any]) -> None:
        """Looks whether an answer has errors, and whose."""
        codes = {error["extensions"].get("code") for error in answer.get("errors", ())}
        if codes:
            self.outcome = "fault" if CallerErrorCode.INTERNAL in codes else "refused"


@contextmanager
def measured(operation: Operation) -> Iterator[Ending]:
    """Measures the block in which an operation waits for its place and runs."""
    ending, begun = Ending(), time.monotonic()
    try:
        yield ending
    except (CallerGone, CancelledError):
        ending.outcome = "gone"
        raise
    except HttpRefusal as refusal:
        ending.outcome = _STATUS.get(refusal.status, "refused")
        raise
    except CallerError:  # a query that took too long
        ending.outcome = "late"
        raise
    except Exception:
        ending.outcome = "fault"
        raise
    finally:
        metrics.operations.labels(name_of(operation), ending.outcome).observe(time.monotonic() - begun)
