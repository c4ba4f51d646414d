"""The signposts of CONTRIBUTING.md and of docs/architecture.md point at something that is there."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_each_of_the_eleven_answers_is_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    answers = re.findall(r"^\|.*\? \| `(.+)` \| `(.+)` \|$", text, re.MULTILINE)

    assert len(answers) == 11
    for file, name in answers:
        assert re.search(rf"^ *(?:async def|def|class)? ?{name}\b", (ROOT / file).read_text(encoding="utf-8"), re.M), (
            name
        )


def test_the_rooms_name_each_of_their_modules() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = text.split("The rooms of `services/`", 1)[1].split("```")[1]
    named = set(re.findall(r"\w+", rooms))
    modules = {module.stem for module in (ROOT / "server" / "services").rglob("*.py")} - {"__init__"}

    assert modules - named == set()
