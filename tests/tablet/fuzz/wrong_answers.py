"""Ways in which an answer can be wrong. One seed, one fault, so that a case can be told in a line."""

from __future__ import annotations

import copy
import json
import random
from dataclasses import dataclass
from typing import Any

ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 10**30, "", "x", "\u0000", "\ud800", "ä" * 10, [], {}, [None], {"x": 1},
    "2026-13-45T99:99:99", "2026-11-23T08:40:00", float("inf"), float("nan"),
)  # fmt: skip
WHOLE = (
    "truncated", "empty", "html", "foreign", "list", "null", "not utf-8", "error 500", "deep", "duplicate", "huge",
    "1e999", "late", "trickling",
)  # fmt: skip
Path = tuple[Any, ...]


@dataclass(frozen=True)
class Wrong:
    """A body as it is sent instead of the good one, and how: `pause` seconds before it, and between its bytes."""

    body: bytes
    what: str
    status: int = 200
    pause: float = 0.0
    between: float = 0.0


def spoilt(answer: dict[str, Any], lots: random.Random) -> Wrong:
    """The answer with one fault."""
    if lots.random() < 0.25:
        return spoilt_whole(answer, lots.choice(WHOLE))
    wrong = copy.deepcopy(answer)
    path = lots.choice(paths(wrong))
    holder: Any = wrong
    for part in path[:-1]:
        holder = holder[part]
    what = _spoil(holder, path[-1], lots)
    return Wrong(json.dumps(wrong).encode(), f"{'.'.join(map(str, path))} {what}")


def spoilt_at(answer: dict[str, Any], path: Path, odd: Any) -> Wrong:
    """The answer with something odd in one place; the good one if there is no such place."""
    wrong = copy.deepcopy(answer)
    holder: Any = wrong
    try:
        for part in path[:-1]:
            holder = holder[part]
        holder[path[-1]] = odd
    except (LookupError, TypeError):
        return Wrong(json.dumps(answer).encode(), "nothing")
    return Wrong(json.dumps(wrong).encode(), f"{'.'.join(map(str, path))} = {odd!r}"[:120])


def spoilt_whole(answer: dict[str, Any], kind: str) -> Wrong:
    """Something else in the answer's place, or the answer in another way."""
    good, (first, value) = json.dumps(answer).encode(), next(iter(answer["data"].items()))
    padded = {**value, "pad": "x" * 3_000_000} if isinstance(value, dict) else "x" * 3_000_000
    bodies: dict[str, bytes] = {
        "truncated": good[: len(good) // 2],
        "empty": b"",
        "html": b"<html>Welcome, please accept our terms</html>",
        "foreign": b'{"data": {"status": "login required"}}',
        "list": b"[]",
        "null": json.dumps({"data": {first: None}}).encode(),
        "not utf-8": good[:20] + b"\xff\xfe" + good[20:],
        "error 500": b'{"errors": [{"message": 5, "extensions": "x"}]}',
        "deep": b'{"data": ' + b"[" * 5000 + b"]" * 5000 + b"}",
        "duplicate": good[:-1] + b', "data": {}}',
        "huge": json.dumps({"data": {first: padded}}).encode(),
        "1e999": json.dumps({"data": {first: padded if value is None else value}, "n": 0}).encode()[:-2] + b"1e999}",
    }
    status = 500 if kind == "error 500" else 200
    if kind == "late":
        return Wrong(good, kind, pause=1.2)
    return Wrong(good, kind, between=0.02) if kind == "trickling" else Wrong(bodies[kind], kind, status)


def paths(value: Any, here: Path = ()) -> list[Path]:
    """Every place in it; of long lists the first three."""
    found = [here] if here else []
    if isinstance(value, dict):
        for key, part in value.items():
            found += paths(part, (*here, key))
    elif isinstance(value, list):
        for place, part in enumerate(value[:3]):
            found += paths(part, (*here, place))
    return found


def _spoil(holder: Any, last: Any, lots: random.Random) -> str:
    kind = lots.choice(("odd", "odd", "odd", "missing", "extra", "large", "twice"))
    old = holder[last]
    if kind == "missing" and isinstance(holder, dict):
        del holder[last]
    elif kind == "extra" and isinstance(old, dict):
        old["unheardOf"] = {"deep": [1, 2, 3]}
    elif kind == "large" and isinstance(old, str):
        holder[last] = old * 20_000
    elif kind == "large" and isinstance(old, list) and old:
        holder[last] = old * 300
    elif kind == "twice" and isinstance(old, list) and old:
        holder[last] = [*old, old[0]]
    else:
        holder[last] = lots.choice(ODD)
        return f"= {holder[last]!r}"
    return kind
