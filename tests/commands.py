"""Commands of the command line, in the test's own process."""

from __future__ import annotations

import logging

import structlog
from typer.testing import CliRunner, Result

from server.cli import app


def invoke(*command: str) -> Result:
    """What a command answers. Whatever it says of logging ends with it, like its standard error."""
    handlers = logging.root.handlers[:]
    try:
        return CliRunner().invoke(app, list(command))
    finally:
        logging.root.handlers[:] = handlers
        structlog.reset_defaults()
