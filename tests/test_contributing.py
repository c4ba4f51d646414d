"""The signposts of CONTRIBUTING.md point at something that is there."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_each_of_the_ten_answers_is_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    answers = re.findall(r"^\|.*\? \| `(.+)` \| `(.+)` \|$", text, re.MULTILINE)

    assert len(answers) == 10
    for file, name in answers:
        assert re.search(rf"^ *(?:async def|def|class)? ?{name}\b", (ROOT / file).read_text(encoding="utf-8"), re.M), (
            name
        )
