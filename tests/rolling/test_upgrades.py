"""Restarts and upgrades of one server after the other, behind nginx and under load: nobody notices."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from server import migrate
from server.database.embedded import SUPERUSER, Cluster
from tests.clusters import migrated, private_folder
from tests.driving import ROOT
from tests.rolling.load import under_load
from tests.rolling.site import Node, Site, needs_nginx, site

pytestmark = needs_nginx
NEXT = "next"
MIGRATION = f'''
from alembic import op

revision, down_revision, branch_labels, depends_on = "{NEXT}", "{migrate.head()}", None, None


def upgrade() -> None:
    op.execute("alter table contract add column of_the_next text")
    op.execute("alter table vehicle add column of_the_next text not null default 'unknown'")
    op.execute("update alembic_version set level = {migrate.LEVEL + 1}")
'''


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    made = migrated(private_folder("ersatzwagen-rolling-") / "data")
    yield made
    made.stop()


@pytest.fixture(scope="module")
def running(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("rolling"), cluster.url(), owner=cluster.url(SUPERUSER)) as running:
        yield running


@pytest.fixture(scope="module")
def next_release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This program as the release after it would be: one migration more, which raises the level."""
    root = tmp_path_factory.mktemp("next")
    for part in ("server", "migrations"):
        shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "migrations" / "versions" / f"{NEXT}.py").write_text(MIGRATION)
    program = root / "server" / "migrate.py"
    text = program.read_text()
    program.write_text(re.sub(r"^LEVEL = \d+$", f"LEVEL = {migrate.LEVEL + 1}", text, flags=re.MULTILINE))
    return root


def ended(node: Node) -> int:
    """Tells a server to end, and waits for it; meanwhile it says so to whoever asks whether it is ready."""
    node.tell_to_end()
    deadline = time.monotonic() + 5
    while (ready := node.get("/readyz")).status_code == 200:
        assert time.monotonic() < deadline, "it does not say that it ends"
    assert (ready.status_code, ready.json()) == (503, {"ends": True})
    assert node.get("/healthz").status_code == 200
    return node.wait()


def test_nobody_notices_a_restart_or_an_upgrade(running: Site, cluster: Cluster, next_release: Path) -> None:
    dealership = running.open_dealership(cars=8)
    with under_load(dealership) as load:
        # When one after the other is restarted
        for node in running.nodes:
            assert ended(node) == 0
            load.until_more(20)
            node.start()
            load.until_more(20)
        # When the database is upgraded under them, and one after the other by a new program
        upgraded = subprocess.run(
            [sys.executable, "-m", "server", "db", "upgrade"],
            cwd=next_release,
            env={"ERSATZWAGEN_DATABASE_URL": cluster.url(SUPERUSER), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert (upgraded.returncode, upgraded.stdout) == (0, f"The database is at {NEXT}.\n"), upgraded.stderr
        load.until_more(40)
        for node in running.nodes:
            assert ended(node) == 0
            load.until_more(20)
            node.start(next_release)
            load.until_more(20)
    # Then: nobody was refused, and every booking that somebody was told of is there once
    assert load.failed() == []
    assert len(load.answers) > 300
    with psycopg.connect(cluster.url(SUPERUSER)) as owner:
        numbers = [number for (number,) in owner.execute("select number from contract where state = 'RESERVED'")]
    assert sorted(numbers) == sorted(load.booked) == sorted(running.charged())
    # Then: every customer has got the confirmation, once
    with psycopg.connect(cluster.url(SUPERUSER)) as owner:
        customers = [to for (to,) in owner.execute("select email from customer")]
    deadline = time.monotonic() + 120
    while len(running.letterbox.to) < len(customers):
        assert time.monotonic() < deadline, "not all mails were sent"
        time.sleep(0.2)
    assert sorted(running.letterbox.to) == sorted(customers)
    # Then: none of the four that ended has left a stack in its log
    assert [node.log.read_text() for node in running.nodes if "Traceback" in node.log.read_text()] == []
