"""Answers beside each other: two servers are compared only if they say the same."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from benchmarks.alternation import Target
from benchmarks.servers import Serving

FLOOR = ("a1", "b", "e", "vehicles", "f")
"""What the floor answers."""
_OF_THE_MOMENT = "generatedAt"


def ask(serving: Serving, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """One answer, whatever it is."""
    address = f"http://127.0.0.1:{serving.port}{path}"
    request = urllib.request.Request(address, data=body, headers={"content-type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            found: bytes = answer.read()
    except urllib.error.HTTPError as error:
        found = error.read()
    return found


def require_same(one: Target, two: Target) -> None:
    """RuntimeError if they differ in any value, but for the moment at which each was made."""
    found = [orjson.loads(ask(of.serving, of.path, of.bodies[0], of.headers[0])) for of in (one, two)]
    if difference := first_difference(*found):
        raise RuntimeError(f"{one.label} and {two.label} differ at {difference}")


def first_difference(one: Any, two: Any, path: str = "") -> str | None:
    """Where two answers differ first, and how; None if they are the same."""
    if isinstance(one, dict) and isinstance(two, dict):
        keys = [key for key in {**one, **two} if key != _OF_THE_MOMENT]
        found = (first_difference(one.get(key), two.get(key), f"{path}.{key}") for key in keys)
        return next(filter(None, found), None)
    if isinstance(one, list) and isinstance(two, list) and len(one) == len(two):
        found = (first_difference(*pair, f"{path}[{at}]") for at, pair in enumerate(zip(one, two, strict=True)))
        return next(filter(None, found), None)
    if one == two or _of_the_moment(one, two):
        return None
    return f"{path}: {str(one)[:80]} and {str(two)[:80]}"


def _of_the_moment(one: Any, two: Any) -> bool:
    """Whether both say when they were made: until now, for a car that is late."""
    try:
        instants = [datetime.fromisoformat(said) for said in (one, two)]
        return all(abs(datetime.now(UTC) - instant) < timedelta(minutes=1) for instant in instants)
    except (TypeError, ValueError):
        return False
