"""What the business needs besides a session when it reaches out of a transaction: gateways, clock, database."""

import asyncio
from dataclasses import dataclass, field

from server.clock import Clock
from server.database import Database
from server.gateways.mailer import Mailer
from server.gateways.object_store import ObjectStore
from server.gateways.payment import PaymentGateway
from server.security import LinkSigner, Sealer


@dataclass(frozen=True)
class Outside:
    """The outside world of sagas and jobs. `base_url` is how browsers and the gateway reach this server, `sealer`
    what is given away and comes back, like the id of a quote, `links` signs addresses of pictures and documents.
    Whoever reads for seconds holds `long_read` meanwhile: one after the other, so that nobody else waits for a
    connection.
    """

    database: Database
    clock: Clock
    gateway: PaymentGateway
    mailer: Mailer
    objects: ObjectStore
    base_url: str
    mail_domain: str
    sealer: Sealer
    links: LinkSigner
    long_read: asyncio.Lock = field(default_factory=asyncio.Lock)
