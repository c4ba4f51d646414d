"""What a job needs and cannot reach at the moment: told from faults of ours, which no waiting mends.

Whatever is away is tried again for as long as it is away. The database itself is `outage.py`'s: while it is away nobody
can even write down that a try has failed.
"""

from __future__ import annotations

import errno

from sqlalchemy.exc import DBAPIError

from server.database.errors import sql_state
from server.database.outage import is_away
from server.gateways.mailer import MailUnavailable
from server.gateways.object_store import StoreUnavailable
from server.gateways.payment import GatewayMisconfigured, GatewayUnreachable

_OUTSIDE = (GatewayUnreachable, GatewayMisconfigured, MailUnavailable, StoreUnavailable)
"""A certificate that has expired is mended by people, and then everything that waited for it goes on."""
_MACHINE = {
    *(errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN),
    *(errno.ENETDOWN, errno.ENETUNREACH, errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ESTALE),
}
"""What this machine lacks: room, files, memory, a network."""
_DATABASE = ("40001", "40P01", "53", "55P03", "57", "58")
"""SQLSTATEs: others are in the way, it lacks room, was interrupted, or its disk fails."""


def is_absent(error: BaseException) -> bool:
    """Whether a try failed because something was away, so that the same try succeeds when it is back."""
    if isinstance(error, (*_OUTSIDE, ConnectionError, TimeoutError)) or is_away(error):
        return True
    if isinstance(error, DBAPIError):
        return (sql_state(error) or "").startswith(_DATABASE)
    return isinstance(error, OSError) and error.errno in _MACHINE
