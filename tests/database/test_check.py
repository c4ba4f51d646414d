"""`ersatzwagen check` against real things: a PostgreSQL, a mail server, a gateway's address, certificates, folders."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from server import migrate
from server.database.embedded import SUPERUSER, Cluster
from tests.certificates import make_certificates, sign
from tests.certificates import run as openssl
from tests.clusters import migrated, private_folder
from tests.commands import invoke
from tests.driving import free_port

from .outside_world import PASSWORD, Bucket, Gateway, gateway_server, mail_server

GOOD = "ok"
LINES = [
    "settings",
    "data directory",
    "database",
    "migrations",
    "object store",
    "mail server",
    "certificate",
    "gateway",
    "clock",
]


@dataclass(frozen=True)
class World:
    """Everything that an administrator has set up, and it works."""

    folder: Path
    cluster: Cluster
    gateway: Gateway
    mail_port: int
    free_port: int

    def settings(self) -> dict[str, str]:
        return {
            "ENVIRONMENT": "production",
            "SECRET_KEY": "k" * 40,
            "DATABASE_URL": self.database(),
            "DATA_DIR": str(self.folder / "data"),
            "SMTP_URL": self.mail(),
            "MAIL_FROM": "Autohaus <mietwagen@autohaus.example>",
            "PUBLIC_URL": "https://mieten.autohaus.example",
            "TELECASH_URL": self.gateway.url,
            "TELECASH_STORE_ID": "120995000",
            "TELECASH_USER": "WS120995000._.007",
            "TELECASH_PASSWORD": "x",
            "TELECASH_SHARED_SECRET": "x",
            "TELECASH_CERTIFICATE": str(self.folder / "client.pem"),
            "TELECASH_KEY": str(self.folder / "client.key"),
        }

    def database(self, login: str = "ersatzwagen_app", password: str = PASSWORD, name: str = "ersatzwagen") -> str:
        return self.cluster.url(login, name).replace(f"{login}@", f"{login}:{password}@")

    def mail(self, password: str = PASSWORD) -> str:
        return f"smtp://clerk:{password}@127.0.0.1:{self.mail_port}?starttls"

    def owned(self, statement: str, database: str = "ersatzwagen") -> None:
        with psycopg.connect(self.cluster.url(SUPERUSER, database), autocommit=True) as owner:
            owner.execute(statement.encode())


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    folder = private_folder("ersatzwagen-check-")
    make_certificates(folder)
    cluster, gateway, mail = migrated(folder / "cluster"), Gateway(), mail_server(folder)
    with gateway_server(folder, gateway):
        made = World(folder, cluster, gateway, mail.port, free_port())
        demand_passwords(made)
        yield made
    mail.stop()
    cluster.stop()


def demand_passwords(world: World) -> None:
    rules = world.cluster._data / "pg_hba.conf"
    rules.write_text(f"local all {SUPERUSER} trust\nlocal all locked reject\nlocal all all scram-sha-256\n")
    for login in ("ersatzwagen_app", "locked", "lonely", "bypassing"):
        if login != "ersatzwagen_app":
            world.owned(f"create role {login} login")
        world.owned(f"alter role {login} password '{PASSWORD}'")
    world.owned("alter role bypassing bypassrls")
    world.owned("create database empty", "postgres")
    world.owned("select pg_reload_conf()")


@pytest.fixture
def checked(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., tuple[int, list[str]]]:
    """Runs the command with these settings instead of the good ones; its exit code and its lines."""

    def run(**instead: str | None) -> tuple[int, list[str]]:
        for name in [name for name in os.environ if name.startswith("ERSATZWAGEN_")]:
            monkeypatch.delenv(name)
        for name, value in {**world.settings(), **instead}.items():
            if value is not None:
                monkeypatch.setenv(f"ERSATZWAGEN_{name}", value)
        monkeypatch.setenv("SSL_CERT_FILE", str(world.folder / "ca.pem"))
        monkeypatch.chdir(tmp_path)
        ran = invoke("check")
        return ran.exit_code, ran.stdout.splitlines()

    return run


Checked = Callable[..., tuple[int, list[str]]]


def test_everything_is_there(checked: Checked, world: World) -> None:
    code, lines = checked()
    assert [(line[:8].strip(), line[8:24].strip()) for line in lines] == [(GOOD, what) for what in LINES]
    assert code == 0
    assert "good for 3649 days" in lines[6]
    assert lines[8].endswith("as the database and the gateway has it")
    # Nothing is left behind of what was tried.
    assert [path for path in (world.folder / "data" / "media").rglob("*") if path.is_file()] == []


@dataclass(frozen=True)
class Broken:
    """A setting that is wrong, and the one line that finds it."""

    name: str
    what: str
    says: str
    settings: Callable[[World], dict[str, str | None]]


def certificate(days: int, begins: int = -60) -> Callable[[World], dict[str, str | None]]:
    def make(world: World) -> dict[str, str | None]:
        now = datetime.now(UTC)
        sign(world.folder, "other", now + timedelta(days=begins), now + timedelta(days=days, hours=1))
        return {
            "TELECASH_CERTIFICATE": str(world.folder / "other.pem"),
            "TELECASH_KEY": str(world.folder / "other.key"),
        }

    return make


def a_file(name: str, content: str) -> Callable[[World], Path]:
    def write(world: World) -> Path:
        path = world.folder / name
        path.write_text(content)
        return path

    return write


BROKEN = [
    Broken("mistyped", "settings", "ERSATZWAGEN_SMPT_URL is no setting: write ERSATZWAGEN_SMTP_URL",
           lambda world: {"SMPT_URL": "smtp://mail.example"}),
    Broken("short-key", "settings", "ERSATZWAGEN_SECRET_KEY needs at least 32 bytes in production: openssl rand -hex 32",
           lambda world: {"SECRET_KEY": "short"}),
    Broken("no-public-url", "settings", "set ERSATZWAGEN_PUBLIC_URL: ", lambda world: {"PUBLIC_URL": None}),
    Broken("public-url", "settings", "ERSATZWAGEN_PUBLIC_URL: write https:// and the name of a host",
           lambda world: {"PUBLIC_URL": "mieten.autohaus.example"}),
    Broken("database-url", "settings", "ERSATZWAGEN_DATABASE_URL: write postgresql://user:password@host:5432/name",
           lambda world: {"DATABASE_URL": "postgres:right-password@db/rental"}),
    Broken("proxies", "settings", "ERSATZWAGEN_TRUSTED_PROXIES: ", lambda world: {"TRUSTED_PROXIES": "my-proxy"}),
    Broken("data-dir", "data directory", "ERSATZWAGEN_DATA_DIR: nothing can be kept in ",
           lambda world: {"DATA_DIR": str(a_file("a-file", "")(world) / "data"),
                          "MEDIA_URL": (world.folder / "data" / "media").as_uri(), "SECRET_KEY": None,
                          "ENVIRONMENT": "development"}),
    Broken("password", "database", "the database does not take the password of this login: correct it in ",
           lambda world: {"DATABASE_URL": world.database(password="wrong")}),
    Broken("host", "database", "nobody answers for the database: start PostgreSQL, or correct host and port in ",
           lambda world: {"DATABASE_URL": f"postgresql://me:right-password@127.0.0.1:{world.free_port}/rental"}),
    Broken("no-database", "database", "there is no database of that name: create it, or correct the name in ",
           lambda world: {"DATABASE_URL": world.database(name="rentals")}),
    Broken("rejected", "database", "the database lets this login or machine not in: add a line to its pg_hba.conf",
           lambda world: {"DATABASE_URL": world.database("locked")}),
    Broken("no-member", "database", "the database login lonely cannot become ersatzwagen_website: grant ersatzwagen_app to",
           lambda world: {"DATABASE_URL": world.database("lonely")}),
    Broken("bypassing", "database", "the database login bypassing is a superuser, or may bypass row-level security",
           lambda world: {"DATABASE_URL": world.database("bypassing")}),
    Broken("no-tables", "migrations", "the database is not up to date: run `ersatzwagen db upgrade`",
           lambda world: {"DATABASE_URL": world.database(name="empty")}),
    Broken("media", "object store", "ERSATZWAGEN_MEDIA_URL: pictures and documents cannot be kept there (",
           lambda world: {"MEDIA_URL": (a_file("in-the-way", "")(world) / "media").as_uri()}),
    Broken("mail-login", "mail server", "535 ", lambda world: {"SMTP_URL": world.mail(password="wrong")}),
    Broken("mail-port", "mail server", "SMTPConnectError: Error connecting to 127.0.0.1 on port ",
           lambda world: {"SMTP_URL": f"smtp://127.0.0.1:{world.free_port}"}),
    Broken("mail-tls", "mail server", "SSLCertVerificationError: ",
           lambda world: {"SMTP_URL": world.mail().replace("127.0.0.1", "localhost")}),
    Broken("mail-from", "mail server", "ERSATZWAGEN_MAIL_FROM: the sender is not an e-mail address: 'the dealer'",
           lambda world: {"MAIL_FROM": "the dealer"}),
    Broken("expired", "certificate", "it ended on ", certificate(days=-2)),
    Broken("ends-soon", "certificate", "it ends in 12 days, on ", certificate(days=12)),
    Broken("not-yet", "certificate", "it is good from ", certificate(days=400, begins=3)),
    Broken("other-key", "certificate", "the client certificate or its key cannot be read: the key is not the certificate's",
           lambda world: {"TELECASH_KEY": str(world.folder / "server.key")}),
    Broken("no-certificate", "certificate", "set ERSATZWAGEN_TELECASH_CERTIFICATE and _KEY: the gateway asks for them",
           lambda world: {"TELECASH_CERTIFICATE": None, "TELECASH_KEY": None}),
    Broken("gateway-secret", "gateway", "set ERSATZWAGEN_TELECASH_SHARED_SECRET: they come with the welcome letter",
           lambda world: {"TELECASH_SHARED_SECRET": None}),
    Broken("gateway-host", "gateway", "no connection (ConnectError): look at ERSATZWAGEN_TELECASH_URL, firewalls and ",
           lambda world: {"TELECASH_URL": f"https://127.0.0.1:{world.free_port}"}),
]  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN, ids=lambda one: one.name)
def test_a_broken_setting_is_found_by_one_line(checked: Checked, world: World, broken: Broken) -> None:
    code, lines = checked(**broken.settings(world))
    wrong = [line for line in lines if not line.startswith(GOOD)]
    assert (code, len(wrong), wrong[0][8:24].strip()) == (1, 1, broken.what)
    assert wrong[0][24:].startswith(broken.says)
    assert not [line for line in lines if PASSWORD in line]


def test_a_certificate_that_is_none_is_no_prompt_at_the_terminal(checked: Checked, world: World) -> None:
    # Given: a key with a password, which the library would ask for
    encrypted = world.folder / "encrypted.key"
    command = ["pkey", "-in", "client.key", "-aes256", "-passout", "pass:hidden", "-out", encrypted.name]
    openssl(command, world.folder)
    # When
    code, lines = checked(TELECASH_KEY=str(encrypted))
    # Then
    assert [line[8:24].strip() for line in lines if not line.startswith(GOOD)] == ["certificate"]
    assert code == 1


@pytest.mark.parametrize(("refused", "step"), [("PUT", "store"), ("GET", "read"), ("POST", "delete")])
def test_a_bucket_that_does_not_let_us(
    checked: Checked, monkeypatch: pytest.MonkeyPatch, refused: str, step: str
) -> None:
    with Bucket(refused) as bucket:
        for name, value in bucket.access().items():
            monkeypatch.setenv(name, value)
        code, lines = checked(MEDIA_URL="s3://photos/here")
    wrong = [line for line in lines if not line.startswith(GOOD)]
    assert (code, [line[8:24].strip() for line in wrong]) == (1, ["object store"])
    assert f"cannot {step} an object (" in wrong[0]
    assert wrong[0].endswith(
        "(AccessDenied): let this key put, get and delete objects of the bucket, and list them (s3:ListBucket)"
    )


def test_a_bucket_is_left_as_it_was(checked: Checked, monkeypatch: pytest.MonkeyPatch) -> None:
    with Bucket(None) as bucket:
        for name, value in bucket.access().items():
            monkeypatch.setenv(name, value)
        code, lines = checked(MEDIA_URL="s3://photos/here")
    assert (code, [line for line in lines if not line.startswith(GOOD)]) == (0, [])
    assert ([method for method, _ in bucket.calls], bucket.objects) == (["PUT", "GET", "POST", "GET"], {})
    assert bucket.calls[0][1].startswith("/photos/here/check/")


def test_a_clock_that_is_wrong(checked: Checked, world: World) -> None:
    world.gateway.ahead = timedelta(hours=1)
    try:
        code, lines = checked()
    finally:
        world.gateway.ahead = timedelta()
    assert (code, [line for line in lines if not line.startswith(GOOD)]) == (1, [lines[8]])
    assert "s behind the gateway: set both by NTP" in lines[8]


def test_a_program_that_is_older_than_its_database(checked: Checked, world: World) -> None:
    world.owned("update alembic_version set version_num = '9999', level = 9")
    try:
        code, lines = checked()
    finally:
        world.owned(f"update alembic_version set version_num = '{migrate.head()}'")
    wrong = [line for line in lines if not line.startswith(GOOD)]
    assert (code, [line[8:24].strip() for line in wrong]) == (1, ["migrations"])
    assert "the database is at 9999" in wrong[0]


def test_several_are_told_at_once(checked: Checked) -> None:
    code, lines = checked(SMPT_URL="x", TELECASH_SHARED_SECRET=None, MAIL_FROM="nobody")
    wrong = [line[8:24].strip() for line in lines if not line.startswith(GOOD)]
    assert (code, wrong) == (1, ["settings", "mail server", "gateway"])


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("ERSATZWAGEN_MAIL_FROM=Müller <a@b.de>".encode("latin-1"), "the file .env cannot be read: save it as UTF-8"),
        (b"ERSATZWAGEN_SMPT_URL=x", "ERSATZWAGEN_SMPT_URL is no setting: write ERSATZWAGEN_SMTP_URL"),
    ],
)
def test_a_file_of_settings(checked: Checked, tmp_path: Path, content: bytes, line: str) -> None:
    (tmp_path / ".env").write_bytes(content)
    code, lines = checked()
    assert (code, [one[24:] for one in lines if not one.startswith(GOOD)]) == (1, [line])


def test_nothing_is_made_for_a_private_database_that_is_not_there_yet(checked: Checked, tmp_path: Path) -> None:
    code, lines = checked(DATABASE_URL=None, PRIVATE_CLUSTER="true", DATA_DIR=str(tmp_path / "new"))
    assert (code, [line for line in lines if not line.startswith(GOOD)]) == (0, [])
    assert not Cluster(tmp_path / "new").is_made()
