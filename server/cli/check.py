"""The command line's look at everything that a start needs: `ersatzwagen check`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from server import logs
from server.checks import Finding, findings
from server.cli.running import read_settings, unknown_settings


def check_all(data_dir: Annotated[Path | None, typer.Option(help="Where everything is kept.")] = None) -> None:
    """Looks at settings, database, files, mail server, certificate and clock; the exit code is 1 if not all is ok."""
    logs.configure()
    found = [Finding("settings", False, line) for line in unknown_settings()]
    settings, wrong = read_settings(data_dir=data_dir)
    found += [Finding("settings", False, line) for line in wrong]
    if settings is not None:
        found += asyncio.run(findings(settings))
    for one in found:
        says = " ".join(one.says.split())
        print(f"{'ok' if one.is_ok else 'NOT OK':8}{one.what:16}{says}")
    sys.exit(0 if all(one.is_ok for one in found) else 1)
