"""What the tablet's code may import: every package more has to build for Android, and some do not."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.driving import ROOT

APP = ROOT / "mobile_kivy"
ALLOWED = sys.stdlib_module_names | {"mobile_kivy", "kivy", "PIL", "requests", "urllib3", "certifi"}
ON_ANDROID = {"android", "jnius"}
"""There on a tablet only; whoever imports them does it inside a function."""
WINDOWLESS = ("forms", "api", "store", "sync", "imaging", "elapsed")


def files() -> list[Path]:
    return sorted(APP.rglob("*.py"))


def imported(file: Path) -> Iterator[str]:
    """The top names of all modules that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            yield (node.module or "").partition(".")[0]


@pytest.mark.parametrize("file", files(), ids=lambda file: str(file.relative_to(APP)))
def test_only_what_builds_for_android_is_imported(file: Path) -> None:
    assert set(imported(file)) - ALLOWED - ON_ANDROID == set()


def windowless() -> list[Path]:
    return [file for file in files() if file.relative_to(APP).parts[0].removesuffix(".py") in WINDOWLESS]


@pytest.mark.parametrize("file", windowless(), ids=lambda file: str(file.relative_to(APP)))
def test_what_keeps_and_sends_knows_no_window(file: Path) -> None:
    assert not {"kivy", *ON_ANDROID} & set(imported(file))


def test_store_and_sync_run_without_kivy() -> None:
    code = (
        "import mobile_kivy.sync, mobile_kivy.imaging, sys; assert not {m for m in sys.modules if m.startswith('kivy')}"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
