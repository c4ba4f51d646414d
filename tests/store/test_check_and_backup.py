"""What the commands tell an administrator of a bucket: whether it is right, and what it lacks."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from server.database.embedded import SUPERUSER, Cluster
from server.gateways.object_store import S3ObjectStore
from tests.clusters import migrated, private_folder
from tests.driving import ROOT, free_port
from tests.store.s3_server import S3Server, s3_server

PHOTO = (
    "insert into photo (id, sha256, uploaded_by, stations, signature, width, height, object_key, thumbnail_key,"
    " created_at) values (gen_random_uuid(), repeat('a', 64), (select id from app_user), '{}', false, 640, 480, 'photos/a.jpg',"
    " 'photos/a-small.jpg', now())"
)
Command = Callable[..., tuple[int, list[str]]]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    made = migrated(private_folder("ersatzwagen-s3-") / "data")
    yield made
    made.stop()


@pytest.fixture
def command(s3: S3Server, cluster: Cluster, tmp_path: Path) -> Command:
    """Runs a command of the owner's; its exit code, and what it says line by line."""

    def run(*arguments: str, **instead: str) -> tuple[int, list[str]]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("ERSATZWAGEN_", "AWS_"))}
        given = {
            **s3.access(),
            "ERSATZWAGEN_DATABASE_URL": cluster.url(),
            "ERSATZWAGEN_MEDIA_URL": "s3://photos/rental",
            "ERSATZWAGEN_DATA_DIR": str(tmp_path / "data"),
            **instead,
        }
        ran = subprocess.run(
            [sys.executable, "-m", "server", *arguments],
            cwd=ROOT,
            env={**clean, **{name: value for name, value in given.items() if value}},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return ran.returncode, (ran.stdout + ran.stderr).splitlines()

    return run


def line_of(lines: list[str]) -> str:
    """What `check` says of the store."""
    (line,) = [line for line in lines if line[8:24].strip() == "object store"]
    return line[:8].strip() + ": " + line[24:]


def test_a_bucket_that_is_as_it_should_be(command: Command) -> None:
    code, lines = command("check")
    assert (code, line_of(lines)) == (0, "ok: stored, read and deleted an object")


@pytest.mark.parametrize(
    ("instead", "says"),
    [
        (
            {"ERSATZWAGEN_MEDIA_URL": "s3://fotos/rental"},
            "cannot store an object (NoSuchBucket): make the bucket, or correct its name in ERSATZWAGEN_MEDIA_URL",
        ),
        (
            {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}"},
            "cannot store an object (no connection): look at AWS_ENDPOINT_URL, whether S3 runs there, and at firewalls",
        ),
        (
            {"AWS_ALLOW_HTTP": ""},
            "cannot store an object (http:// is not allowed): write https:// into AWS_ENDPOINT_URL, or"
            " AWS_ALLOW_HTTP=true for an S3 in a network of your own",
        ),
    ],
)
def test_a_setting_that_is_wrong(command: Command, instead: dict[str, str], says: str) -> None:
    code, lines = command("check", **instead)
    assert (code, line_of(lines)) == (1, f"NOT OK: {says}")


def test_a_variable_that_cannot_be_read(command: Command) -> None:
    code, lines = command("check", AWS_ALLOW_HTTP="maybe")
    assert (code, line_of(lines)) == (
        1,
        "NOT OK: ERSATZWAGEN_MEDIA_URL: correct it, or the variables AWS_… (Generic Config error: failed to parse"
        ' "maybe" as boolean)',
    )


def test_a_key_that_nobody_knows(tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given: a server that looks at keys after the bucket was made
    monkeypatch.setenv("INITIAL_NO_AUTH_ACTION_COUNT", "1")
    with s3_server(tmp_path) as strict:
        strict.make("photos")
        # When
        code, lines = command("check", **strict.access())
    # Then
    assert (code, line_of(lines)) == (
        1,
        "NOT OK: cannot store an object (InvalidAccessKeyId): correct AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    )


def test_an_authority_of_ones_own(tmp_path: Path, command: Command) -> None:
    with s3_server(tmp_path, tls=True) as own:
        own.make("photos")
        access = own.access(AWS_ALLOW_HTTP="")
        # When nobody has told of it, and when somebody has
        _, strange = command("check", **access)
        _, known = command("check", **access, SSL_CERT_FILE=str(tmp_path / "ca.pem"))
    # Then
    assert line_of(strange) == (
        "NOT OK: cannot store an object (certificate not trusted): let this machine trust its authority, or correct the"
        " host's name in AWS_ENDPOINT_URL"
    )
    assert line_of(known) == "ok: stored, read and deleted an object"


async def test_a_backup_tells_what_the_bucket_lacks_and_so_does_its_restore(
    command: Command, cluster: Cluster, s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given: a photo whose small picture got lost
    user = ("user", "create", "--email", "boss@example.com", "--name", "Boss", "--role", "ADMIN")
    assert command(*user, ERSATZWAGEN_PASSWORD="correct-horse-battery")[0] == 0
    with psycopg.connect(cluster.url(SUPERUSER), autocommit=True) as owner:
        owner.execute(PHOTO)
        owner.execute("create database other template template0")
    for name, value in s3.access().items():
        monkeypatch.setenv(name, value)
    store = S3ObjectStore("s3://photos/rental")
    await store.put("photos/a.jpg", b"whole")
    as_owner = {"ERSATZWAGEN_DATABASE_URL": cluster.url(SUPERUSER)}
    elsewhere = {"ERSATZWAGEN_DATABASE_URL": cluster.url(SUPERUSER, "other")}
    file = tmp_path / "evening.tar"
    said = [
        "Media are not in this file: s3://photos/rental needs a backup of its own.",
        "1 of 2 media are missing:",
        "  photos/a-small.jpg",
    ]
    # When, Then
    assert command("db", "backup", str(file), **as_owner) == (1, [f"Written: {file}", *said])
    assert command("db", "restore", str(file), **elsewhere) == (1, [f"Restored: {file}", *said])
    # When it is there again, Then
    await store.put("photos/a-small.jpg", b"small")
    assert command("db", "backup", str(file), **as_owner) == (0, [f"Written: {file}", said[0]])
    # When nobody answers, Then the database is in the file all the same
    s3.cable.cut()
    try:
        code, lines = command("db", "backup", str(file), **as_owner)
    finally:
        s3.cable.join()
    assert (code, lines) == (
        1,
        [
            f"Written: {file}",
            said[0],
            "Nobody knows whether media are missing: their store cannot be looked at (no connection).",
        ],
    )
