"""The file of vectors, case by case. It knows neither side."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "handover.json").read_text(encoding="utf-8"))


def cases(rule: str) -> pytest.MarkDecorator:
    """Every case of a rule, named by what it is about."""
    return pytest.mark.parametrize("case", VECTORS[rule], ids=lambda case: str(case["case"]))
