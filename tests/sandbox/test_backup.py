"""One file with everything, taken from a running server, and a server that starts from it elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from server.backup import BackupFailed, read_backup, write_backup
from server.cli.running import owner
from server.config import Settings
from server.database.embedded import SUPERUSER, Cluster
from tests.calendar import DAY, local, next_weekday
from tests.dealership import open_dealership
from tests.driving import ADMIN, ROOT, SandboxServer, picture, running


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "server", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    with running(tmp_path_factory.mktemp("original") / "data") as server:
        yield server


@pytest.fixture(scope="module")
def billed(original: SandboxServer) -> dict[str, Any]:
    """A rental with a photo, a signature and invoices."""
    dealership = open_dealership(original)
    photo = {"sha256": dealership.yard.upload(picture(1)), "slot": "FRONT"}
    monday = next_weekday(original, 0)
    out = {"photos": [photo], "signature": dealership.sign()}
    contract = dealership.rent(local(monday, 8), local(monday + DAY, 8), km=90, out=out)
    return {**contract, "clerk": dealership.clerk.token}


@pytest.fixture(scope="module")
def file(original: SandboxServer, billed: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Taken while the server runs."""
    target = tmp_path_factory.mktemp("backup") / "evening.tar"
    result = command("db", "backup", str(target), "--data-dir", str(original.data_dir))
    assert result.returncode == 0, result.stderr
    return target


@pytest.fixture(scope="module")
def restored(file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    data_dir = tmp_path_factory.mktemp("restored") / "data"
    result = command("db", "restore", str(file), "--data-dir", str(data_dir))
    assert result.returncode == 0, result.stderr
    return data_dir


def test_the_file_holds_all_and_is_for_its_owner_only(file: Path) -> None:
    assert file.stat().st_mode & 0o077 == 0
    with tarfile.open(file) as tar:
        names = tar.getnames()
    assert names[:2] == ["backup.json", "database.dump"]
    assert any(name.startswith("media/photos/") for name in names)
    assert any(name.startswith("media/documents/") for name in names)
    assert list(file.parent.iterdir()) == [file]


def test_the_restored_tables_are_those_of_the_models(restored: Path) -> None:
    result = command("db", "check", "--data-dir", str(restored))
    assert result.returncode == 0, result.stdout


def test_row_level_security_holds_in_the_restored_database(original: SandboxServer, restored: Path) -> None:
    clusters = [Cluster(original.data_dir), Cluster(restored)]
    clusters[1].start()
    try:
        with psycopg.connect(clusters[1].url()) as application:
            application.execute("set role ersatzwagen_staff")
            assert application.execute("select count(*) from contract").fetchone() == (0,)
            assert application.execute("select count(*) from customer").fetchone() == (0,)
            application.execute("set role ersatzwagen_system")
            assert application.execute("select count(*) from contract").fetchone() == (1,)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                application.execute("update document set total_cents = 1")
        with psycopg.connect(clusters[1].url(SUPERUSER)) as superuser, pytest.raises(psycopg.errors.RestrictViolation):
            superuser.execute("update document set total_cents = 1")
        rights = [_rights(cluster.url(SUPERUSER)) for cluster in clusters]
        assert rights[0] == rights[1]
    finally:
        clusters[1].stop()


def _rights(url: str) -> list[Any]:
    """Policies, row security, grants and triggers of every table."""
    statements = [
        "select tablename, policyname, roles::text, cmd, qual, with_check from pg_policies order by 1, 2",
        "select relname, relrowsecurity, relforcerowsecurity from pg_class"
        " where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1",
        "select grantee, table_name, column_name, privilege_type from information_schema.role_column_grants"
        " where grantee like 'ersatzwagen%' order by 1, 2, 3, 4",
        "select grantee, table_name, privilege_type from information_schema.role_table_grants"
        " where grantee like 'ersatzwagen%' order by 1, 2, 3",
        "select proname, prosecdef, proacl::text from pg_proc where pronamespace = 'public'::regnamespace order by 1, 3",
        "select tgrelid::regclass::text, tgname, tgenabled from pg_trigger where not tgisinternal order by 1, 2",
        "select rolname, has_schema_privilege(rolname, 'public', 'usage') from pg_roles"
        " where rolname like 'ersatzwagen%' order by 1",
    ]
    with psycopg.connect(url) as connection:
        return [connection.execute(statement).fetchall() for statement in statements]


def test_a_server_starts_from_it_and_serves_papers_and_pictures(restored: Path, billed: dict[str, Any]) -> None:
    with running(restored) as server:
        admin = server.sign_in(**ADMIN)
        query = """query($n:String){contract(number:$n){state settlementState documents{number sha256 pdfUrl}
            protocols{type pdfUrl photos{url thumbnailUrl} signedByCustomer}}}"""
        contract = admin(query, n=billed["number"])
        assert (contract["state"], contract["settlementState"]) == ("BILLED", "PAID")
        assert [d["number"] for d in contract["documents"]] == [d["number"] for d in billed["documents"]]
        out = contract["protocols"][0]
        assert out["signedByCustomer"]
        links = [d["pdfUrl"] for d in contract["documents"]] + [out["pdfUrl"]]
        links += [out["photos"][0]["url"], out["photos"][0]["thumbnailUrl"]]
        assert [server.http.get(link).status_code for link in links] == [200] * len(links)
        # The sessions of the evening are still good, and so are the passwords.
        assert server.api(billed["clerk"])("{viewer{role}}")["role"] == "CLERK"


def test_nothing_is_restored_over_a_database(restored: Path, file: Path) -> None:
    settings = Settings(data_dir=restored)
    with owner(settings) as url, pytest.raises(BackupFailed, match="the database is not empty"):
        read_backup(settings, url, file)


def test_what_cannot_be_restored_changes_nothing(file: Path, tmp_path: Path) -> None:
    """Other media are in the way; then the file is damaged; then all is well."""
    media = tmp_path / "media"
    media.mkdir()
    (media / "photo.jpg").write_bytes(b"somebody's")
    settings = Settings(data_dir=tmp_path / "data", media_url=media.as_uri())
    with owner(settings) as url:
        with pytest.raises(BackupFailed, match="is not empty"):
            read_backup(settings, url, file)
        assert [path.name for path in media.iterdir()] == ["photo.jpg"]
        (media / "photo.jpg").unlink()
        with pytest.raises(BackupFailed, match="pg_restore failed"):
            read_backup(settings, url, damaged(file, tmp_path / "damaged.tar"))
        assert not [path for path in media.rglob("*") if path.is_file()]
        assert read_backup(settings, url, file) is None
    assert [path for path in media.rglob("*.jpg") if path.is_file()]


def damaged(file: Path, target: Path) -> Path:
    """A copy with a few bytes turned over in the middle of the dump."""
    content = bytearray(file.read_bytes())
    with tarfile.open(file) as tar:
        dump = tar.getmember("database.dump")
    middle = dump.offset_data + dump.size // 2
    content[middle : middle + 200] = bytes(byte ^ 0xFF for byte in content[middle : middle + 200])
    target.write_bytes(content)
    return target


def test_a_bucket_is_said_to_need_its_own_backup(original: SandboxServer, tmp_path: Path) -> None:
    settings = Settings(data_dir=original.data_dir, media_url="s3://bucket/media")
    with owner(settings) as url:
        notice = write_backup(settings, url, tmp_path / "small.tar")
    assert notice is not None
    assert "s3://bucket/media needs a backup of its own" in notice
    with tarfile.open(tmp_path / "small.tar") as tar:
        assert tar.getnames() == ["backup.json", "database.dump"]


def test_a_directory_is_no_file_to_write_to(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    with pytest.raises(BackupFailed, match=r"^.* is a directory: name a file in it$"):
        write_backup(settings, "postgresql://nobody@127.0.0.1:9/nothing", tmp_path)
    assert list(tmp_path.iterdir()) == []
