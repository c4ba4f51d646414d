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
PINNED = "58d21141f17c889bf8585f5665921d72028f8831"
"""python-for-android's v2026.05.09, which is also what the tests of the manifest run with."""


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


def test_every_file_that_the_app_reads_is_in_the_package_and_nothing_else() -> None:
    spec = _spec()
    included = {f".{ending}" for ending in spec["source.include_exts"].split(",")}
    excluded = set(spec["source.exclude_dirs"].split(","))
    assert excluded >= {"__pycache__", "apk"}
    files = [path for path in APP.rglob("*") if path.is_file() and not excluded & set(path.relative_to(APP).parts)]
    endings = {path.suffix for path in files} - NOT_IN_THE_PACKAGE
    assert endings == included


def test_the_build_is_pinned_to_what_was_tested() -> None:
    spec = _spec()
    assert (spec["p4a.commit"], spec["p4a.bootstrap"], spec["android.ndk"]) == (PINNED, "sdl2", "28c")
    assert (_locked("test.lock")["python-for-android"], _locked("test.lock")["pyjnius"]) == ("2026.5.9", "1.7.0")
    for name in ("icon.filename", "presplash.filename"):
        assert Path(spec[name].replace("%(source.dir)s", str(APP))).exists()
