"""A fault in one place must not end the app in somebody's hands."""

from __future__ import annotations

import logging
from collections.abc import Callable

from kivy.base import ExceptionHandler, ExceptionManager

log = logging.getLogger(__name__)


class KeepGoing(ExceptionHandler):
    """A fault is logged and said, and the form is saved."""

    def __init__(self, say: Callable[[], None]) -> None:
        self._say = say

    def handle_exception(self, inst: BaseException) -> int:
        """Kivy asks what to do."""
        if not isinstance(inst, Exception):
            return int(ExceptionManager.RAISE)
        log.error("unexpected", exc_info=inst)
        self._say()
        return int(ExceptionManager.PASS)
