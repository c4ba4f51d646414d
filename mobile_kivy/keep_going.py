"""A fault in one place must not end the app in somebody's hands."""

from __future__ import annotations

import logging
from collections.abc import Callable

from kivy.base import ExceptionHandler, ExceptionManager

from mobile_kivy.widgets.dialog import Dialog

log = logging.getLogger(__name__)


class KeepGoing(ExceptionHandler):
    """A fault is logged and said; one in every frame is said once."""

    def __init__(self, say: Callable[[], Dialog]) -> None:
        self._say = say
        self._said: Dialog | None = None

    def handle_exception(self, inst: BaseException) -> int:
        """Kivy asks what to do."""
        if not isinstance(inst, Exception):
            return int(ExceptionManager.RAISE)
        log.error("unexpected", exc_info=inst)
        if self._said is None or self._said.parent is None:
            self._said = self._say()
        return int(ExceptionManager.PASS)
