"""Every feature that docs/features.md promises has a test of the name that stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROWS = re.findall(
    r"^\| (\d+) \| (.+?) \| `(tests/\S+\.py)::(test_\w+)` \|$", (ROOT / "docs" / "features.md").read_text(), re.M
)


def test_the_table_is_read() -> None:
    lines = [line for line in (ROOT / "docs" / "features.md").read_text().splitlines() if re.match(r"\| \d", line)]
    assert len(ROWS) == len(lines) > 50
    numbers = [int(row[0]) for row in ROWS]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize(("feature", "file", "name"), [row[1:] for row in ROWS])
def test_its_test_is_there(feature: str, file: str, name: str) -> None:
    assert re.search(rf"^\s*(async )?def {name}\(", (ROOT / file).read_text(), re.M), feature
