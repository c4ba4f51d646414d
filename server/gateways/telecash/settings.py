"""What the shop must know to speak to Telecash: comes with the welcome letter."""

from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo


@dataclass(frozen=True, kw_only=True)
class TelecashSettings:
    """Addresses and secrets of one Telecash store. Secrets stay out of `repr` and so out of logs."""

    service_url: str
    """Address of the SOAP service, ending in /ipgapi/services."""
    connect_url: str
    """Address of the hosted page, ending in /connect/gateway/processing."""
    store_id: str
    user: str
    """Name for the SOAP service, of the form WS<store>._.<user>."""
    password: str = field(repr=False)
    shared_secret: str = field(repr=False)
    """Key of the hosted page's seals."""
    certificate: Path | None = None
    """Client certificate (PEM); the real gateway demands one, the simulator does not."""
    key: Path | None = None
    """Private key of the client certificate (PEM)."""
    key_password: str | None = field(default=None, repr=False)
    trust: Path | None = None
    """Certificates that the server's one must descend from (PEM); None means the machine's own list."""
    read_timeout: float = 70.0
    """Seconds to wait for an answer: longer than the gateway itself waits for the card's bank."""
    connect_timeout: float = 10.0
    """Seconds to wait for a connection."""
    time_zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/Berlin"))
    """The zone in which the hosted page is told the time."""
