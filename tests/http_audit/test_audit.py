"""GraphQL over HTTP as its own audit suite sees it: every MUST and SHOULD. Needs Node, and a registry for two packages."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.driving import running

HERE = Path(__file__).parent


@pytest.mark.skipif(shutil.which("npm") is None, reason="there is no Node, in which the audit suite runs")
def test_every_must_and_should(tmp_path: Path) -> None:
    # Given the suite
    for name in ("package.json", "package-lock.json", "audit.mjs"):
        shutil.copy(HERE / name, tmp_path / name)
    installed = subprocess.run(
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=tmp_path,
        capture_output=True,
        timeout=120,
        check=False,
    )
    if installed.returncode != 0:
        pytest.skip("the audit suite cannot be installed: there is no registry")
    # When
    with running(tmp_path / "data") as server:
        token = server.admin().token
        asked = ["node", "audit.mjs", f"{server.base}/graphql", str(token)]
        done = subprocess.run(asked, cwd=tmp_path, capture_output=True, timeout=120, check=True)
    results = json.loads(done.stdout)
    # Then: what a server MAY do is told as a notice
    assert len(results) > 50
    failed = [(one["name"], one["reason"]) for one in results if one["status"] != "ok"]
    assert [one for one in failed if not one[0].startswith("MAY")] == []
