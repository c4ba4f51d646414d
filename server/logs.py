"""Logging: one JSON object a line on standard error. What customers typed, and whatever opens doors, is never in it."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

_SECRET = ("password", "token", "secret", "key", "card", "authorization")


def _mask(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """The last line of defence: fields with telling names lose their values."""
    for name in event:
        if any(part in name.lower() for part in _SECRET) and name != "key":
            event[name] = "***"
    return event


def _frames_only(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """The stack of an exception without its message and without values: both may hold a customer's data."""
    info = event.pop("exc_info", None)
    error = sys.exc_info()[1] if info is True else info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        frames = []
        trace = error.__traceback__
        while trace is not None:
            code = trace.tb_frame.f_code
            frames.append(f"{code.co_filename.rsplit('/server/', 1)[-1]}:{trace.tb_lineno} {code.co_name}")
            trace = trace.tb_next
        event["error"] = type(error).__name__
        event["frames"] = frames
    return event


class _Libraries(logging.Formatter):
    """Messages of libraries by level, name and place only; uvicorn's own words besides, which are about addresses and
    connections. Exceptions without their messages and values.
    """

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        said = f" {record.getMessage().strip()}" if record.name.startswith("uvicorn") else ""
        error = record.exc_info[1] if record.exc_info else None
        what = f" ({type(error).__name__})" if error is not None else ""
        return f"{record.levelname} {record.name} {record.filename}:{record.lineno}{said}{what}"


def configure(*, level: int = logging.INFO) -> None:
    """Sends our own and the libraries' messages to standard error."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _mask,
            _frames_only,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Libraries())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
