"""Database and media in one file, and back from it into an empty place.

The file is a plain tar: `backup.json`, `database.dump` (PostgreSQL's own format, with grants and row-level security)
and `media/…`. The database is dumped first: objects are written before the rows that name them and never changed, so
media copied later hold everything that the dump names, also while the server is running.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO
from urllib.parse import unquote, urlsplit

import orjson
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from server import migrate
from server.config import Settings
from server.database.connections import conninfo
from server.database.postgres_tools import NoFittingTool, fitting, version_of
from server.database.roles import MAKE_ROLES

FORMAT = 1
ABOUT, DUMP, MEDIA = "backup.json", "database.dump", "media"
_TABLES = "select count(*) from pg_tables where schemaname = 'public'"


class BackupFailed(RuntimeError):
    """A backup could not be made or restored; nothing was left half done."""


def write_backup(settings: Settings, owner_url: str, file: Path) -> str | None:
    """Writes the file as a whole or not at all. Returns what the operator must see to himself, if anything."""
    if file.is_dir():
        raise BackupFailed(f"{file} is a directory: name a file in it")
    folder = _media_folder(settings)
    if migrate.current(owner_url) is None:
        raise BackupFailed("there is nothing in the database yet: `ersatzwagen db upgrade` makes its tables")
    file.parent.mkdir(parents=True, exist_ok=True)
    with _draft_beside(file) as draft, tempfile.TemporaryFile(dir=file.parent) as dump:
        _dump(owner_url, dump)
        with draft.open("wb") as target:
            with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as tar:
                about = {
                    "format": FORMAT,
                    "migration": migrate.current(owner_url),
                    "media": folder is not None,
                    "postgres": version_of(owner_url),
                }
                _add(tar, ABOUT, io.BytesIO(orjson.dumps(about)))
                _add(tar, DUMP, dump)
                _add_media(tar, folder)
            target.flush()
            os.fsync(target.fileno())
        draft.replace(file)
    return _bucket_notice(settings) if folder is None else None


def read_backup(settings: Settings, owner_url: str, file: Path) -> str | None:
    """Restores into an empty database and an empty media folder. BackupFailed, with nothing changed, otherwise."""
    folder = _media_folder(settings)
    _require_empty(owner_url, folder)
    _address_of_all_rows(owner_url)
    try:
        with tarfile.open(file, mode="r:") as tar:
            about = _about(tar)
            _require_readable(about, version_of(owner_url))
            if about["media"] and folder is None:
                raise BackupFailed("the backup holds media files, but ERSATZWAGEN_MEDIA_URL names a bucket")
            written = _restore_media(tar, folder)
            try:
                _restore_database(owner_url, tar)
            except BaseException:
                for path in written:
                    path.unlink(missing_ok=True)
                raise
    except (tarfile.TarError, KeyError, OSError) as error:
        raise BackupFailed(f"{file} cannot be read as a backup: {error}") from error
    return None if about["media"] else _bucket_notice(settings)


def _media_folder(settings: Settings) -> Path | None:
    """Where media lie on this machine; None for a bucket."""
    if settings.media_url is None:
        return settings.data_dir.absolute() / "media"
    parts = urlsplit(settings.media_url)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None


def _bucket_notice(settings: Settings) -> str:
    return f"Media are not in this file: {settings.media_url or 'the bucket'} needs a backup of its own."


@contextmanager
def _draft_beside(file: Path) -> Iterator[Path]:
    """A file that only its owner can read: it holds customers' data."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
    os.close(handle)
    draft = Path(name)
    try:
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def _dump(owner_url: str, target: IO[bytes]) -> None:
    options = ["--format=custom", "--no-owner", "--no-comments", "--enable-row-security"]
    _run(owner_url, "pg_dump", options, stdout=target)
    target.seek(0)


def _add(tar: tarfile.TarFile, name: str, content: IO[bytes]) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = content.seek(0, os.SEEK_END)
    content.seek(0)
    tar.addfile(entry, content)


def _add_media(tar: tarfile.TarFile, folder: Path | None) -> None:
    if folder is None:
        return
    for path in sorted(folder.rglob("*")):
        # A name that begins with a dot is an object that is still being written.
        if path.is_file() and not path.name.startswith("."):
            with path.open("rb") as content:
                _add(tar, f"{MEDIA}/{path.relative_to(folder).as_posix()}", content)


def _about(tar: tarfile.TarFile) -> dict[str, object]:
    about: dict[str, object] = orjson.loads(_content(tar, ABOUT).read())
    if about.get("format") != FORMAT:
        raise BackupFailed(f"the backup has format {about.get('format')}; this program reads {FORMAT}")
    return about


def _require_readable(about: dict[str, object], here: int) -> None:
    """Files of before do not say of which version they are."""
    made = about.get("postgres")
    if isinstance(made, int) and made > here:
        raise BackupFailed(
            f"the backup is of PostgreSQL {made}, which a server of version {here} cannot read: restore it into a"
            f" server of version {made} or newer"
        )


def _content(tar: tarfile.TarFile, name: str | tarfile.TarInfo) -> IO[bytes]:
    content = tar.extractfile(name)
    if content is None:
        raise BackupFailed(f"{name} is not a file")
    return content


def _require_empty(owner_url: str, folder: Path | None) -> None:
    with psycopg.connect(conninfo(owner_url)) as connection:
        row = connection.execute(_TABLES).fetchone()
    if row is not None and row[0]:
        raise BackupFailed("the database is not empty: restore into a new one (another data directory, for example)")
    if folder is not None and any(path.is_file() for path in folder.rglob("*")):
        raise BackupFailed(f"the media folder {folder} is not empty: restore into a new one")


def _restore_media(tar: tarfile.TarFile, folder: Path | None) -> list[Path]:
    written: list[Path] = []
    for entry in tar.getmembers():
        parts = PurePosixPath(entry.name).parts
        if folder is None or parts[0] != MEDIA:
            continue
        if not entry.isfile() or ".." in parts or len(parts) < 2:
            raise BackupFailed(f"{entry.name} has no place in a backup")
        target = folder.joinpath(*parts[1:])
        target.parent.mkdir(parents=True, exist_ok=True)
        written.append(target)
        with target.open("wb") as file:
            shutil.copyfileobj(_content(tar, entry), file)
            file.flush()
            os.fsync(file.fileno())
    return written


def _restore_database(owner_url: str, tar: tarfile.TarFile) -> None:
    _make_roles(owner_url)
    options = ["--no-owner", "--no-comments", "--enable-row-security", "--single-transaction", "--exit-on-error"]
    with tempfile.TemporaryFile() as dump:
        shutil.copyfileobj(_content(tar, DUMP), dump)
        dump.seek(0)
        _run(owner_url, "pg_restore", options, stdin=dump)
    with psycopg.connect(conninfo(owner_url), autocommit=True) as connection:
        connection.execute("analyze")


def _make_roles(owner_url: str) -> None:
    """The grants in the dump name our roles. Roles belong to the cluster and are in no dump of a database."""
    with psycopg.connect(conninfo(owner_url)) as connection:
        connection.execute(MAKE_ROLES)


def _run(
    owner_url: str,
    program: str,
    options: list[str],
    *,
    stdin: IO[bytes] | int = subprocess.DEVNULL,
    stdout: IO[bytes] | int = subprocess.DEVNULL,
) -> None:
    try:
        tool = fitting(program, version_of(owner_url))
    except NoFittingTool as missing:
        raise BackupFailed(str(missing)) from missing
    address, secret = _address_of_all_rows(owner_url)
    result = subprocess.run(  # noqa: S603  # our own command line, no shell
        [str(tool), f"--dbname={address}", *options],
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env={**os.environ, **secret},
        check=False,
    )
    if result.returncode != 0:
        raise BackupFailed(f"{program} failed: {result.stderr.decode(errors='replace').strip()[-2000:]}")


def _address_of_all_rows(owner_url: str) -> tuple[str, dict[str, str]]:
    """For PostgreSQL's own programs: the address, and the password as a variable of the environment, because everybody
    on the machine could read it on the command line.

    An owner who is no superuser is subject to row-level security, and the address opens all rows to it. BackupFailed
    where that is lost on the way: a dump would have no rows, and nobody would be told.
    """
    parts = {name: str(value) for name, value in conninfo_to_dict(conninfo(owner_url)).items()}
    parts["options"] = f"{parts.get('options', '')} -c app.everything=on".strip()
    try:
        with psycopg.connect(make_conninfo("", **parts)) as connection:
            row = connection.execute("select current_setting('app.everything', true)").fetchone()
    except psycopg.OperationalError as error:
        if "unsupported startup parameter" not in str(error):
            raise
        row = None
    if row != ("on",):
        raise BackupFailed(
            "a pooler stands before the database and keeps settings back: name PostgreSQL itself in"
            " ERSATZWAGEN_DATABASE_URL for backups"
        )
    secret = {"PGPASSWORD": parts.pop("password")} if "password" in parts else {}
    return make_conninfo("", **parts), secret
