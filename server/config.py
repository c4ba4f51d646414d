"""Settings: the only place that reads the environment. Variables are named ERSATZWAGEN_… or stand in a `.env` file."""

import os
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from pydantic import AwareDatetime, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, DotEnvSettingsSource, NoDecode, SettingsConfigDict

from server.addresses import Network, network

FEWEST_KEY_BYTES = 32
"""What an HMAC of SHA-256 can use (RFC 2104, 3)."""
PREFIX = "ERSATZWAGEN_"
_COMMANDS_READ = ("ERSATZWAGEN_PASSWORD", "ERSATZWAGEN_POSTGRES_BIN")
"""Variables that are no settings: a new user's password, and where PostgreSQL's programs are."""
_DATABASE_SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")


class Settings(BaseSettings):
    """What an operator can set. Without any of it the server starts a private database and a sandbox."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=".env", extra="ignore")

    database_url: str | None = None
    """A PostgreSQL server of one's own (postgresql://…); without it a private cluster in the data directory."""
    private_cluster: bool = False
    """In production the word that the private cluster is meant: one machine, and no standby."""
    data_dir: Path = Path("var")
    """Where the private cluster, pictures, documents and the sandbox's state live."""
    media_url: str | None = None
    """Where pictures and PDFs go: file:///… or s3://bucket/prefix; without it `media` in the data directory."""
    smtp_url: str | None = None
    """smtp://user:password@host:port, smtps://… or smtp://…?starttls."""
    mail_from: str = "Ersatzwagen <no-reply@ersatzwagen.example>"
    """The sender of all mails."""
    telecash_url: str | None = None
    """Base of the gateway, for example https://test.ipg-online.com; web service and payment page lie below it."""
    telecash_store_id: str = ""
    telecash_user: str = ""
    telecash_password: SecretStr = SecretStr("")
    telecash_certificate: Path | None = None
    """The store's client certificate (PEM)."""
    telecash_key: Path | None = None
    """The key of that certificate (PEM)."""
    telecash_shared_secret: SecretStr = SecretStr("")
    """Signs the payment page's form and verifies its answers."""
    public_url: str | None = None
    """How browsers reach this server, for example https://rental.example; links and notifications use it."""
    secret_key: SecretStr | None = None
    """Signs short-lived links to pictures and documents; required in production."""
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = ()
    """Addresses or networks, separated by commas, whose `X-Forwarded-For` is believed; none unless set. The addresses
    that sign-ins are counted by come from it.
    """
    metrics_token: SecretStr | None = None
    """Whoever brings it as a bearer token may read /metrics; at least 32 bytes."""
    metrics_address: str | None = None
    """`host:port` where /metrics is answered beside the API, for a network that only those who watch can reach."""
    drain_seconds: Annotated[int, Field(ge=0, le=300)] = 0
    """How long the server goes on answering when it is told to end, while /readyz says so: longer than a proxy in front
    keeps an idle connection, and than a load balancer takes to notice.
    """
    level_by_level: bool = True
    """Whether our own engine executes queries; off, graphql-core does, with the same answers and more time."""
    environment: Literal["development", "production"] = "development"
    admin_email: str | None = None
    """With `admin_password`: creates the first administrator if there is none."""
    admin_password: SecretStr | None = None

    sandbox: bool = False
    """Set by `serve --sandbox`, not by the environment of a production machine."""
    sandbox_begins: AwareDatetime | None = None
    """The instant at which a fresh sandbox begins, in the past or to come; without it the machine's."""
    demo_data: bool = True
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, given: object) -> object:
        return tuple(network(one) for one in given.split(",") if one.strip()) if isinstance(given, str) else given

    @field_validator("database_url")
    @classmethod
    def _database_address(cls, given: str | None) -> str | None:
        if given is not None and not _is_database_address(given):
            # Without a word of the driver's: it shows the address, and with it the password.
            form = "postgresql://user:password@host:5432/name"
            hosts = "several hosts as host1:5432,host2:5432, after ? only options of libpq"
            raise ValueError(f"write {form}; in a password, / ? # @ : are written %2F %3F %23 %40 %3A; {hosts}")
        return given

    @field_validator("telecash_url", "public_url")
    @classmethod
    def _web_address(cls, given: str | None) -> str | None:
        if given and not _is_web_address(given):
            raise ValueError("write https:// and the name of a host")
        return given

    @field_validator("metrics_token")
    @classmethod
    def _not_guessed(cls, given: SecretStr | None) -> SecretStr | None:
        if given is not None and len(given.get_secret_value().encode()) < FEWEST_KEY_BYTES:
            raise ValueError(f"needs at least {FEWEST_KEY_BYTES} bytes: openssl rand -hex 32")
        return given

    @field_validator("metrics_address")
    @classmethod
    def _names_a_port(cls, given: str | None) -> str | None:
        host, _, port = (given or "").rpartition(":")
        if given and not (host.strip("[]") and port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            raise ValueError("must be an address with a port, like 127.0.0.1:9100 or [::1]:9100")
        return given or None

    @model_validator(mode="after")
    def _refuse_unsafe(self) -> "Settings":
        if self.environment == "production":
            if self.sandbox:
                raise ValueError("the sandbox refuses to start when ENVIRONMENT=production")
            if self.secret_key is None:
                raise ValueError("ERSATZWAGEN_SECRET_KEY is required in production")
            if len(self.secret_key.get_secret_value().encode()) < FEWEST_KEY_BYTES:
                advice = f"at least {FEWEST_KEY_BYTES} bytes in production: openssl rand -hex 32"
                raise ValueError(f"ERSATZWAGEN_SECRET_KEY needs {advice}")
            if self.database_url is None and not self.private_cluster:
                advice = "or ERSATZWAGEN_PRIVATE_CLUSTER=true if the one in the data directory is meant"
                raise ValueError(f"production needs ERSATZWAGEN_DATABASE_URL, {advice}")
        return self

    @property
    def base_url(self) -> str:
        """The address that others use for this server, without a slash at the end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def metrics_listens_at(self) -> tuple[str, int] | None:
        """Host and port of `metrics_address`."""
        if self.metrics_address is None:
            return None
        host, _, port = self.metrics_address.rpartition(":")
        return host.strip("[]"), int(port)


def unknown_variables() -> Iterator[tuple[str, str | None]]:
    """Variables of ours, of the environment or of `.env`, that nothing reads; each with the one that was probably
    meant: `ERSATZWAGEN_SMTP_URL` for `ERSATZWAGEN_SMPT_URL`.
    """
    known = [PREFIX + name.upper() for name in Settings.model_fields] + [*_COMMANDS_READ]
    given = {name.upper() for name in (*os.environ, *DotEnvSettingsSource(Settings).env_vars)}
    for name in sorted(given):
        # Six letters, so that a mistake in the first word is seen as well.
        if name.startswith(PREFIX[:6]) and name not in known:
            yield name, next(iter(get_close_matches(name, known, n=1, cutoff=0.8)), None)


def _is_database_address(text: str) -> bool:
    """Whether it is one as libpq reads it: with several hosts, too, each with a port of its own or all with one."""
    scheme, _, rest = text.partition("://")
    try:
        parts = conninfo_to_dict(f"postgresql://{rest}")
    except ProgrammingError:
        return False
    ports = str(parts.get("port", "5432")).split(",")
    hosts = str(parts.get("host", "")).split(",")
    return (
        scheme in _DATABASE_SCHEMES
        and not {"/", "?", "#", "@"} & set(str(parts.get("dbname", "")))
        and len(ports) in (1, len(hosts))
        and all(not port or (port.isascii() and port.isdigit() and 0 < int(port) < 65536) for port in ports)
    )


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
