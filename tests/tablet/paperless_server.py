"""The server without its paper: PDFs, mails and invoices of hundreds of protocols are not what the sync's tests ask.

Run as `python -m tests.tablet.paperless_server serve …`. Everything else is the product, unchanged.
"""

from __future__ import annotations

from server import worker
from server.jobs import ClaimedJob, Handler
from server.models.job import JobKind
from server.services.outside import Outside

PAPER = frozenset({JobKind.PROTOCOL_SHEET, JobKind.SEND_EMAIL, JobKind.BILL})
_handlers = worker.handlers


async def _leave(job: ClaimedJob) -> None:
    return None


def handlers(outside: Outside) -> dict[JobKind, Handler]:
    """The worker's, with those that make paper doing nothing."""
    return {name: _leave if name in PAPER else handler for name, handler in _handlers(outside).items()}


if __name__ == "__main__":
    worker.handlers = handlers
    from server.cli import main

    main()
