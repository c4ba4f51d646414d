"""Java's stubs and our own Java, compiled once; each scenario has a JVM, and so a process, of its own.

The stubs have all overloads that Android has: one left out would let a test pass that fails on a device. A fault in
the bridge ends the process, so the return code is part of every judgement.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.driving import ROOT

STUBS = Path(__file__).parent / "stubs"
OURS = ROOT / "mobile_kivy" / "apk" / "java"
Scenario = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def javac() -> Path:
    """The compiler of a JDK, whose virtual machine the bridge uses too."""
    found = sorted(Path("/usr/lib/jvm").glob("default-java/bin/javac")) or sorted(
        Path("/usr/lib/jvm").glob("*/bin/javac")
    )
    elsewhere = shutil.which("javac")
    if not found and elsewhere is None:
        pytest.skip("no JDK here: apt-get install default-jdk-headless")
    return found[0] if found else Path(str(elsewhere))


@pytest.fixture(scope="session")
def classes(javac: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with all classes, made for Java 8, which is what the app's Gradle file asks for."""
    files = sorted(str(path) for folder in (STUBS, OURS) for path in folder.rglob("*.java"))
    out = tmp_path_factory.mktemp("classes")
    command = [str(javac), "--release", "8", "-encoding", "UTF-8", "-nowarn", "-Xlint:-options"]
    done = subprocess.run([*command, "-d", str(out), *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture
def scenario(javac: Path, classes: Path, tmp_path: Path) -> Scenario:
    """Runs a scenario by its module and name; what came of it. A crash of the JVM fails with its last words."""

    def run(module: str, name: str, **options: Any) -> dict[str, Any]:
        command = [sys.executable, "-m", "tests.tablet.android.run", str(classes), str(tmp_path), module, name]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "JAVA_HOME": str(javac.resolve().parent.parent)}
        done = subprocess.run(
            [*command, json.dumps(options)],
            capture_output=True,
            text=True,
            timeout=120,
            cwd=tmp_path,  # where a crashed JVM leaves its log
            env=environment,
            check=False,
        )
        assert done.returncode == 0, f"{done.returncode}: {done.stdout[-2000:]}{done.stderr[-3000:]}"
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return {**found, "stderr": done.stderr}

    return run
