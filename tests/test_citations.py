"""What code, tests and documents cite is there: a section, a rule, an example, a decision, a law, a file, an anchor.

Citations and what they can point at are written alike ("domain 4.5 rule 6", "E10a", "ADR 0006", "§ 548 BGB",
"file docs/tablet.md"), so that one resolves if it is among the others.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("server", "mobile_kivy", "tests", "migrations", "benchmarks", "docs", "deploy")
KINDS = frozenset({".py", ".graphql", ".md", ".html", ".j2", ".mjml", ".typ", ".kv", ".json", ".xsd", ".spec", ".yml"})
NOT_READ = ("server/static/", "tests/test_citations.py")

SECTION = re.compile(
    r"\b(domain|telecash)\s+(\d+\.\d+(?:\s+rule\s+\d+)?(?:(?:,|,?\s+and)\s+\d+\.\d+(?:\s+rule\s+\d+)?)*)"
)
PART = re.compile(r"(\d+\.\d+)(?:\s+rule\s+(\d+))?")
# It says neither which document nor which section it means, and so cannot be looked up.
VAGUE = re.compile(r"\b(?:domain|telecash|api)\s+(?:rules?|notes?|examples?)\b|[(,;]\s*\d\.\d+\s+rule\s+\d+")
NAME = re.compile(r"(?<![\w.-])(?:E\d\d|[DS]\d|A\d\d?)[a-d]?(?![\w-])")
NAMED_CASE = re.compile(r"""["']E\d\d[a-d]?["']""")
NAMED_TEST = re.compile(r"\bdef test_((?:e\d\d|[das]\d\d?)[a-d]?)_")
RECORD = re.compile(r"\badr/(\d{4})|\bADR[ -](\d{4})\b")
DOCUMENT = re.compile(r"(?<![\w/])(?:\.\./)*(docs/[\w/-]+\.\w+)")
LINK = re.compile(r"\]\(([^)\s]+)\)")
PARAGRAPH = re.compile(r"§\s*(\d+[a-z]?)\b(?:[^§;\n]{0,45}?\b(UStG|UStDV|BGB|StVG|StVZO|GmbHG|AO|HGB)\b)?")
HEADING = re.compile(r"^#{1,4} (.+)$", re.MULTILINE)
NUMBERED = re.compile(r"^#{2,4} (\d+\.\d+)\b.*$", re.MULTILINE)
RULE = re.compile(r"^(\d+)\. ", re.MULTILINE)
ROW = re.compile(rf"^\| ({NAME.pattern}) \|", re.MULTILINE)


class Citation(NamedTuple):
    """What is cited, and on which line."""

    target: str
    line: int


def sources() -> Iterator[tuple[str, str]]:
    """Every text that may cite: its path below the root, its content."""
    files = [*ROOT.glob("*.md"), ROOT / "dev.py"]
    files += [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in KINDS]
    for path in sorted(files):
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith(NOT_READ):
            yield name, path.read_text(encoding="utf-8")


def citations(name: str, text: str) -> list[Citation]:
    """Everything that a file cites, once for each place."""
    found = [*_sections(text), *_names(name, text), *_laws(text), *_files(name, text)]
    return sorted({Citation(target, text.count("\n", 0, at) + 1) for target, at in found}, key=lambda one: one.line)


def _sections(text: str) -> Iterator[tuple[str, int]]:
    for match in SECTION.finditer(text):
        for section, rule in PART.findall(match[2]):
            yield f"{match[1]} {section}" + (f" rule {rule}" if rule else ""), match.start()
    for match in VAGUE.finditer(text):
        yield f"vague: {match[0].strip('(,; ')}", match.start()


def _names(name: str, text: str) -> Iterator[tuple[str, int]]:
    """Examples and flows. In Python they stand in comments, docstrings, the names of tests and of their cases."""
    if not name.endswith((".py", ".md")):
        return
    prose = _prose(text) if name.endswith(".py") else [(text, 0)]
    for part, begins in prose:
        yield from ((match[0], begins + match.start()) for match in NAME.finditer(part) if _means_one(name, match[0]))
    if name.startswith("tests/"):
        yield from ((match[0].strip("\"'"), match.start()) for match in NAMED_CASE.finditer(text))
        yield from ((match[1].capitalize(), match.start()) for match in NAMED_TEST.finditer(text))


def _means_one(name: str, found: str) -> bool:
    """Elsewhere S3 is an object store."""
    return not found.startswith("S") or name.startswith("tests/") or name == "docs/domain.md"


def _prose(code: str) -> Iterator[tuple[str, int]]:
    """Comments and docstrings, with their places."""
    begins = [0]
    for line in code.splitlines(keepends=True):
        begins.append(begins[-1] + len(line))
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        is_docstring = token.type == tokenize.STRING and token.string.startswith('"""')
        if token.type == tokenize.COMMENT or is_docstring:
            yield token.string, begins[token.start[0] - 1] + token.start[1]


def _laws(text: str) -> Iterator[tuple[str, int]]:
    yield from ((f"§ {match[1]} {match[2] or 'of no law'}", match.start()) for match in PARAGRAPH.finditer(text))


def _files(name: str, text: str) -> Iterator[tuple[str, int]]:
    for match in RECORD.finditer(text):
        yield f"ADR {match[1] or match[2]}", match.start()
    for match in DOCUMENT.finditer(text):
        yield f"file {match[1]}", match.start()
    if name.endswith(".md"):
        for match in LINK.finditer(text):
            if "://" not in match[1] and not match[1].startswith("mailto:"):
                yield f"file {_linked(name, match[1])}", match.start()


def _linked(name: str, link: str) -> str:
    """Where a link of a document leads, from the root."""
    path, _, anchor = link.partition("#")
    target = (ROOT / name).parent / path if path else ROOT / name
    # Without symbolic links: a checkout may be one.
    place = Path(*_straight(target.relative_to(ROOT).parts)).as_posix()
    return f"{place}#{anchor}" if anchor else place


def _straight(parts: tuple[str, ...]) -> list[str]:
    way: list[str] = []
    for part in parts:
        if part == ".." and way:
            way.pop()
        else:
            way.append(part)
    return way


def targets() -> set[str]:
    """Everything that can be cited."""
    domain, telecash = (_document(name) for name in ("domain", "telecash"))
    found = {f"{name} {place}" for name, text in (("domain", domain), ("telecash", telecash)) for place in places(text)}
    found |= set(ROW.findall(domain))
    found |= {law for law, _ in _laws(domain)}
    found |= {f"ADR {path.name[:4]}" for path in (ROOT / "docs" / "adr").glob("[0-9]*.md")}
    return found | _everything_there()


def _document(name: str) -> str:
    path = ROOT / "docs" / f"{name}.md"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def places(text: str) -> set[str]:
    """The numbered sections of a document ("4.5") and the numbered rules in them ("4.5 rule 6")."""
    _, *parts = NUMBERED.split(text)
    found = set(parts[::2])
    for section, content in zip(parts[::2], parts[1::2], strict=True):
        found |= {f"{section} rule {rule}" for rule in RULE.findall(content)}
    return found


def _everything_there() -> set[str]:
    paths = [*ROOT.iterdir(), *(path for folder in FOLDERS for path in (ROOT / folder).rglob("*"))]
    found = {f"file {path.relative_to(ROOT).as_posix()}" for path in paths}
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        name = path.relative_to(ROOT).as_posix()
        found |= {f"file {name}#{slug}" for slug in map(_slug, HEADING.findall(path.read_text(encoding="utf-8")))}
    return found


def _slug(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


@pytest.fixture(scope="module")
def there() -> set[str]:
    return targets()


def test_every_citation_resolves(there: set[str]) -> None:
    cited = [(name, one) for name, text in sources() for one in citations(name, text)]

    lost = [f"{name}:{one.line}: {one.target}" for name, one in cited if one.target not in there]

    assert not lost, "\n".join(lost)
    # A pattern that finds nothing any more would find no mistake either.
    kinds = ("domain ", "telecash ", "ADR ", "§ ", "file docs/", "E", "D", "A1", "S")
    assert {kind for kind in kinds if not any(one.target.startswith(kind) for _, one in cited)} == set()


MADE_UP = '''"""Deposits (domain 4.5 rule 6, domain 3.10 and 99.1; telecash 1.10, telecash 88.2), example E10a.

Why: docs/adr/0002, ADR 9999; how: docs/nowhere.md. § 548 BGB, § 9999 BGB, § 7.
"""

CASES = ["E01", "E99", "D9", "A0"]  # D3b, but not RB-7F3K-D8, S608 or A002


def test_s1_something() -> None:
    """A rule of no document (4.5 rule 7), and the telecash notes 5.3."""


def test_e98_something() -> None:
    """Domain rule 4.5 rule 99 (domain 4.5 rule 99)."""
'''


def test_what_is_cited_is_found(there: set[str]) -> None:
    found = {one.target for one in citations("tests/made_up.py", MADE_UP)}

    right = {"domain 4.5 rule 6", "domain 3.10", "telecash 1.10", "ADR 0002", "§ 548 BGB", "E10a", "E01", "D3b", "S1"}
    wrong = {
        "domain 99.1",
        "domain 4.5 rule 99",
        "telecash 88.2",
        "ADR 9999",
        "file docs/nowhere.md",
        "§ 9999 BGB",
        "§ 7 of no law",
        "E99",
        "E98",
        "vague: 4.5 rule 7",
        "vague: telecash notes",
    }
    assert found == right | wrong
    assert found - there == wrong


def test_links_are_followed_to_the_anchor(there: set[str]) -> None:
    text = (
        "[a](../README.md) [b](adr/README.md) [c](adr/) [d](tablet.md#how-it-is-built) [e](https://example.com/x.md)\n"
        "[f](gone.md)\n[g](tablet.md#gone) [h](#a-document)\n"
    )

    lost = [one for one in citations("docs/made_up.md", text) if one.target not in there]

    assert sorted(lost) == [
        Citation("file docs/gone.md", 2),
        Citation("file docs/made_up.md#a-document", 3),
        Citation("file docs/tablet.md#gone", 3),
    ]


def test_a_rule_belongs_to_its_section() -> None:
    assert places("## 4 Money\n### 4.5 Rules\n1. One.\n2. Two.\n### 4.6 More\n\n1. Other.\n") == {
        "4.5", "4.5 rule 1", "4.5 rule 2", "4.6", "4.6 rule 1",
    }  # fmt: skip
