"""What deploy/ holds is what the program has: commands, settings and files, and the tools of the trade find no fault."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.main import get_command

from server.cli import app
from server.start_errors import OF_SERVE, OF_WORKER

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))


def started(line: str) -> tuple[str, set[str]]:
    """The command that a line starts, and its options."""
    words = line.split()
    return words[0], {word for word in words[1:] if word.startswith("--")}


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_starts_a_command_that_there_is(unit: Path) -> None:
    (line,) = re.findall(r"^ExecStart=/opt/ersatzwagen/bin/ersatzwagen (.*)$", unit.read_text(), re.MULTILINE)
    name, options = started(line)
    command = get_command(app).commands[name]  # type: ignore[attr-defined]  # of a group
    assert options <= {option for parameter in command.params for option in parameter.opts}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_reads_every_line(unit: Path, tmp_path: Path) -> None:
    # Given a copy whose program and user are there
    text = unit.read_text().replace("/opt/ersatzwagen/bin/ersatzwagen", "/bin/true")
    text = re.sub(r"^(User|Group)=.*$", r"\1=root", text, flags=re.MULTILINE)
    copy = tmp_path / unit.name
    copy.write_text(re.sub(r"^Documentation=.*\n", "", text, flags=re.MULTILINE))
    # When
    done = subprocess.run(
        ["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, timeout=60, check=False
    )
    # Then: of other units of this machine we say nothing
    assert [line for line in done.stderr.splitlines() if unit.name in line] == []


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="there is no shellcheck")
def test_the_scripts_are_sound() -> None:
    done = subprocess.run(
        ["shellcheck", *map(str, sorted((DEPLOY / "postgresql").glob("*.sh")))],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.skipif(shutil.which("nginx") is None, reason="there is no nginx")
def test_nginx_reads_its_sample(tmp_path: Path) -> None:
    site = (DEPLOY / "nginx" / "ersatzwagen.conf").read_text()
    plain = re.sub(r"^\s*(ssl_\w+ .*;)$", "", site, flags=re.MULTILINE).replace("listen 443 ssl", "listen 8443")
    (tmp_path / "site.conf").write_text(plain.replace("listen 80;", "listen 8080;"))
    whole = (
        f"pid {tmp_path}/pid; error_log stderr; events {{}} http {{ access_log off; include {tmp_path}/site.conf; }}"
    )
    (tmp_path / "nginx.conf").write_text(whole)
    done = subprocess.run(
        ["nginx", "-t", "-c", str(tmp_path / "nginx.conf")], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_container_copies_what_there_is_and_starts_what_there_is() -> None:
    text = (DEPLOY / "Containerfile").read_text()
    copied = [word for line in re.findall(r"^COPY (?!--)(.*)$", text, re.MULTILINE) for word in line.split()[:-1]]
    assert [name for name in copied if not (ROOT / name).exists()] == []
    (words,) = re.findall(r'^CMD \["serve", (.*)\]$', text, re.MULTILINE)
    options = set(re.findall(r'"(--[\w-]+)"', words))
    serve = get_command(app).commands["serve"]  # type: ignore[attr-defined]  # of a group
    assert options == {"--host", "--data-dir"} <= {option for parameter in serve.params for option in parameter.opts}


def test_the_guide_counts_connections_as_the_program_does() -> None:
    guide = (ROOT / "docs" / "operations.md").read_text()
    assert re.findall(r"^\| `(serve|worker)` \| (\d+):", guide, re.MULTILINE) == [
        ("serve", str(OF_SERVE)),
        ("worker", str(OF_WORKER)),
    ]
    assert f"`max_connections` has to be {OF_SERVE} for each `serve`, {OF_WORKER} for each `worker`" in guide
