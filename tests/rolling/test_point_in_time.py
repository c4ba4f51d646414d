"""Back to before a mistake: a base backup, the archive since then, and an instant."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from server import migrate
from server.database.embedded import SUPERUSER
from tests.machines import SCRIPTS, Machine


def sample(setting: str) -> str:
    """What the sample of a primary's configuration sets."""
    (value,) = re.findall(rf"^{setting} = '(.*)'$", (SCRIPTS / "both.conf").read_text(), re.MULTILINE)
    return str(value)


@pytest.fixture
def machines() -> Iterator[tuple[Machine, Machine, Path]]:
    """A primary that archives as the sample does, a machine without PostgreSQL, and where the archive is."""
    primary, other = Machine("archiving"), Machine("restored")
    for machine in (primary, other):
        machine.cluster.root.mkdir(parents=True)
        machine.cluster._make_private(machine.cluster.root)
    archive = primary.cluster.root / "archive"
    primary.cluster._make_private(archive)
    try:
        command = sample("archive_command").replace("/srv/rental-archive", str(archive))
        command = command.replace("/etc/ersatzwagen", str(primary.scripts()))
        primary.make_primary(archive_mode="on", archive_command=command)
        yield primary, other, archive
    finally:
        other.cluster.stop()
        primary.cluster.stop()


def test_a_database_comes_back_as_of_before_a_mistake(machines: tuple[Machine, Machine, Path]) -> None:
    primary, other, archive = machines
    # Given a base backup, and what was written after it
    base = primary.cluster.root / "base"
    backed_up = primary.script("base-backup.sh", primary.conninfo, str(base))
    assert (backed_up.returncode, backed_up.stdout) == (0, f"{base} is whole.\n"), backed_up.stderr
    with psycopg.connect(primary.url(SUPERUSER), autocommit=True) as owner:
        owner.execute("create table slip as select 'written after the backup' as text")
        (instant,) = owner.execute("select clock_timestamp()::text").fetchone() or ("",)
        time.sleep(0.05)
        # When somebody makes a mistake, and more is written after it
        owner.execute("update slip set text = 'a mistake'")
        owner.execute("create table later (id int)")
        (segment,) = owner.execute("select pg_walfile_name(pg_current_wal_lsn())").fetchone() or ("",)
        owner.execute("select pg_switch_wal()")
    deadline = time.monotonic() + 60
    while not (archive / segment).exists():
        assert time.monotonic() < deadline, "nothing was archived"
        time.sleep(0.1)
    # When
    made = other.script("restore-to.sh", str(base), str(archive), str(other.data), instant)
    assert made.returncode == 0, made.stderr
    other.configure()
    other.cluster.start()
    # Then: it is as it was at that instant, can be written to, and the program can work with it
    with psycopg.connect(other.url(SUPERUSER), autocommit=True) as restored:
        while restored.execute("select pg_is_in_recovery()").fetchone() != (False,):
            assert time.monotonic() < deadline, "it never came up"
            time.sleep(0.1)
        assert restored.execute("select text from slip").fetchall() == [("written after the backup",)]
        assert restored.execute("select to_regclass('later')").fetchone() == (None,)
        restored.execute("insert into slip values ('written after that')")
    assert migrate.fit(migrate.standing(other.url(SUPERUSER))) is migrate.Fit.CURRENT
    # Then: what follows it stays a standby, although it was made of one that had an instant to stop at
    follower = Machine("rental_standby_1")
    try:
        follower.make_standby_of(other)
        with psycopg.connect(other.url(SUPERUSER), autocommit=True) as restored:
            restored.execute("insert into slip values ('written by now')")
        with psycopg.connect(follower.url(SUPERUSER), autocommit=True) as behind:
            deadline = time.monotonic() + 60
            while ("written by now",) not in behind.execute("select text from slip").fetchall():
                assert time.monotonic() < deadline, "it does not follow"
                time.sleep(0.1)
            assert behind.execute("select pg_is_in_recovery()").fetchone() == (True,)
    finally:
        follower.cluster.stop()
    # Then: the old one and its backup are as they were
    with psycopg.connect(primary.url(SUPERUSER)) as owner:
        assert owner.execute("select text from slip").fetchall() == [("a mistake",)]
    again = other.script("restore-to.sh", str(base), str(archive), str(other.data), instant)
    assert (again.returncode, again.stderr) == (1, f"restore-to.sh: there is something at {other.data} already\n")


def test_the_same_segment_is_archived_once_and_another_one_never_in_its_place(tmp_path: Path) -> None:
    # Given
    (tmp_path / "archive").mkdir()
    segment = tmp_path / "segment"
    segment.write_bytes(b"what was written")

    def archived() -> int:
        command = ["sh", str(SCRIPTS / "archive.sh"), str(segment), "0001", str(tmp_path / "archive")]
        return subprocess.run(command, stderr=subprocess.DEVNULL, timeout=30, check=False).returncode

    # When, Then: PostgreSQL asks again for what it is not sure of
    assert [archived(), archived()] == [0, 0]
    segment.write_bytes(b"of another cluster")
    assert archived() == 1
    assert {file.name: file.read_bytes() for file in (tmp_path / "archive").iterdir()} == {"0001": b"what was written"}


@pytest.mark.parametrize(
    ("archive", "instant", "says"),
    [
        ("archive", "2026-09-02", "write the archive's whole path, from / on"),
        ("/nowhere", "2026-09-02", "there is no /nowhere"),
        ("/tmp", "x' y", "neither archive nor instant may hold quotes, % or \\"),
        ("/tmp", "", "write the instant as 2026-09-02 10:20:00+02"),
        ("/tmp", "yesterday", "write the instant as 2026-09-02 10:20:00+02"),
        ("/tmp", "2026-09-02 10:20:00+02", "/dev is no base backup"),
    ],
)
def test_a_restore_that_cannot_be_meant_touches_nothing(archive: str, instant: str, says: str, tmp_path: Path) -> None:
    wanted = tmp_path / "back"
    command = ["sh", str(SCRIPTS / "restore-to.sh"), "/dev", archive, str(wanted), instant]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr, wanted.exists()) == (1, f"restore-to.sh: {says}\n", False)
