"""The server without its paper: PDFs, mails and invoices of hundreds of protocols are not what the sync's tests ask.

And with its database connections used by preference instead of in turn: a new server plans each statement anew on each
of twenty connections, which for one tablet's calls is most of their time.

Run as `python -m tests.tablet.paperless_server serve …`. Everything else is the product, unchanged.
"""

from __future__ import annotations

from functools import partial

from server import database, worker
from server.jobs import ClaimedJob, Handler
from server.services.outside import Outside

PAPER = frozenset({"protocol_paper", "send_email", "settle"})
_handlers = worker.handlers


async def _leave(job: ClaimedJob) -> None:
    return None


def handlers(outside: Outside) -> dict[str, Handler]:
    """The worker's, with those that make paper doing nothing."""
    return {name: _leave if name in PAPER else handler for name, handler in _handlers(outside).items()}


if __name__ == "__main__":
    worker.handlers = handlers
    engine = "create_async_engine"
    setattr(database, engine, partial(getattr(database, engine), pool_use_lifo=True))
    from server.cli import main

    main()
