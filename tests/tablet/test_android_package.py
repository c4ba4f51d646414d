"""What can be known of the Android package without building it."""

from __future__ import annotations

import re
from configparser import ConfigParser
from pathlib import Path

from tests.driving import ROOT

APP = ROOT / "mobile_kivy"
RECIPES = {"python3", "kivy", "pillow"}
"""Built by python-for-android at the version of its recipe; the others come from the package index."""
NOT_IN_THE_PACKAGE = {".svg", ".txt", ".spec", ".pyc"}


def _spec() -> dict[str, str]:
    parser = ConfigParser(interpolation=None)
    parser.read(APP / "buildozer.spec", encoding="utf-8")
    return dict(parser["app"])


def _locked(name: str) -> dict[str, str]:
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9-]+)==([\w.]+)", text, re.MULTILINE))


def test_every_requirement_is_pinned_to_what_the_tests_run_with() -> None:
    wanted = dict(part.partition("==")[::2] for part in _spec()["requirements"].split(","))
    assert [name for name, version in wanted.items() if not version] == ["python3"]
    locked = _locked("tablet.lock")
    assert {name: version for name, version in wanted.items() if name not in RECIPES} == {
        name: locked[name] for name in wanted if name not in RECIPES
    }
    assert wanted["kivy"] == locked["kivy"]


def test_every_file_that_the_app_reads_is_in_the_package() -> None:
    included = {f".{ending}" for ending in _spec()["source.include_exts"].split(",")}
    files = [path for path in APP.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    endings = {path.suffix for path in files} - NOT_IN_THE_PACKAGE
    assert endings == included


def test_the_app_asks_for_no_more_than_it_needs() -> None:
    spec = _spec()
    assert {part.strip() for part in spec["android.permissions"].split(",")} == {
        "INTERNET",
        "ACCESS_NETWORK_STATE",
        "VIBRATE",
    }
    assert spec["android.allow_backup"] == "False"
    for name in ("icon.filename", "presplash.filename"):
        assert Path(spec[name].replace("%(source.dir)s", str(APP))).exists()
