"""What `pip install` leaves: a wheel with everything in it, which serves from an empty folder, far from any checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from server.resolvers.schema import create_schema
from tests.clusters import private_folder, remove_below
from tests.driving import free_port

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("server", "migrations")
PATIENCE_SECONDS = 120


@pytest.fixture(scope="module")
def wheel() -> Path:
    """Built from a copy, because building writes beside what it builds."""
    folder = private_folder("ersatzwagen-wheel-")
    source = folder / "source"
    for name in PACKAGES:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    pip("wheel", "--no-build-isolation", "--wheel-dir", folder, source)
    (made,) = folder.glob("ersatzwagen-*.whl")
    return made


@pytest.fixture(scope="module")
def command(wheel: Path) -> Path:
    """The installed `ersatzwagen`. What it depends on is what the tests run with, so that nothing is downloaded."""
    environment = private_folder("ersatzwagen-installed-") / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    pip("--python", environment / "bin" / "python", "install", "--no-index", wheel)
    (packages,) = environment.glob("lib/python*/site-packages")
    # A line of a path alone: the paths that stand in files of that folder, such as the checkout's, are not followed.
    (packages / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    return environment / "bin" / "ersatzwagen"


def pip(*arguments: object) -> None:
    ours = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    words = [*ours, *map(str, arguments[:-1]), "--no-deps", str(arguments[-1])]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def bare() -> dict[str, str]:
    """The environment of somebody who has set nothing."""
    kept = ("PATH", "HOME", "ERSATZWAGEN_POSTGRES_BIN")
    return {name: os.environ[name] for name in kept if name in os.environ}


@contextmanager
def serving(command: Path, folder: Path) -> Iterator[httpx2.Client]:
    port = free_port()
    log = folder.parent / "server.log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            [command, "serve", "--port", str(port)], cwd=folder, env=bare(), stdout=written, stderr=written
        )
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as http:
            until = time.monotonic() + PATIENCE_SECONDS
            while not is_ready(http):
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < until, log.read_text()
                time.sleep(0.1)
            yield http
    finally:
        process.terminate()
        process.wait(60)


def is_ready(http: httpx2.Client) -> bool:
    try:
        return http.get("/readyz", timeout=2).status_code == 200
    except httpx2.HTTPError:
        return False


def test_the_wheel_holds_every_file_of_the_program_and_nothing_else(wheel: Path) -> None:
    written = [path for name in PACKAGES for path in (ROOT / name).rglob("*") if path.is_file()]
    ours = {path.relative_to(ROOT).as_posix() for path in written if "__pycache__" not in path.parts}
    with zipfile.ZipFile(wheel) as opened:
        held = {name for name in opened.namelist() if ".dist-info/" not in name}

    assert held == ours
    for kind in (".mjml", ".typ", ".otf", ".ttf", ".svg", ".xsd", ".graphql", ".js", ".css"):
        assert any(name.endswith(kind) for name in held), kind


def test_it_serves_from_an_empty_folder(command: Path) -> None:
    # Given
    folder = private_folder("ersatzwagen-empty-") / "empty"
    folder.mkdir()
    # When
    try:
        with serving(command, folder) as http:
            # Then it has made its tables, and asks who is calling
            refused = http.post("/graphql", json={"query": "{stations{id}}"})
            assert refused.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
            assert http.get("/healthz").status_code == 200
        assert [path.name for path in folder.iterdir()] == ["var"]
    finally:
        remove_below(folder)


def test_it_finds_its_schema_its_templates_and_its_fonts(command: Path, tmp_path: Path) -> None:
    asked = subprocess.run([command, "schema"], cwd=tmp_path, env=bare(), capture_output=True, text=True, check=True)
    subprocess.run([command, "mails", "out"], cwd=tmp_path, env=bare(), capture_output=True, check=True)

    assert asked.stdout.strip() == create_schema().as_str().strip()
    assert len(list((tmp_path / "out").glob("*.html"))) > 20
