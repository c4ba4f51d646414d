"""Links in mails to what is too heavy for them: signed, and good for a time that their words name."""

from __future__ import annotations

from datetime import timedelta

from server.clock import SystemClock
from server.services.outside import Outside

SHOWN_FOR = timedelta(days=30)
"""How long a link in a mail shows what it is for; the mail's words name the same time."""


def shown(outside: Outside, path: str) -> str:
    """The address of a picture or document for somebody who has nothing but the mail."""
    # By the machine's clock, like every signed link.
    until = int((SystemClock().now() + SHOWN_FOR).timestamp())
    return outside.base_url + outside.links.signed(path, until)
