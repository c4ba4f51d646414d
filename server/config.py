"""Settings: the only place that reads the environment. Variables are named ERSATZWAGEN_… or stand in a `.env` file."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from server.addresses import Network, network

FEWEST_KEY_BYTES = 32
"""What an HMAC of SHA-256 can use (RFC 2104, 3)."""


class Settings(BaseSettings):
    """What an operator can set. Without any of it the server starts a private database and a sandbox."""

    model_config = SettingsConfigDict(env_prefix="ERSATZWAGEN_", env_file=".env", extra="ignore")

    database_url: str | None = None
    """A PostgreSQL server of one's own (postgresql://…); without it a private cluster in the data directory."""
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
    port: int = 8000

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, given: object) -> object:
        return tuple(network(one) for one in given.split(",") if one.strip()) if isinstance(given, str) else given

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
