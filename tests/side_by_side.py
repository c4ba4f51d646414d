"""How the suite is handed out to several processes."""

from __future__ import annotations

from typing import Any

from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

TOGETHER = ("tests/scope/", "tests/telecash/", "tests/edge/")
"""One process for the whole folder: two would each build its world, which takes longer than most of its tests."""


class ByFileOrFolder(LoadScopeScheduling):
    """Hands out whole files, and some folders as a whole, in the order in which they were collected."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._died_before: set[str] = set()

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return next((folder for folder in TOGETHER if file.startswith(folder)), file)

    def remove_node(self, node: WorkerController) -> str | None:
        """Takes a process out, and gives the test that it died of, if so. What it had not begun goes on elsewhere.

        What a process was at when it died may not be what it died of: that test is run once more by another one, and is
        at fault if that one dies of it, too. The run says in any case that a process was lost.

        xdist 3.8 hands out the files again that were done, with nothing to do: who gets one waits for ever, and with it
        the whole run. And it would run what the process died of once more.
        """
        left = {scope: unit for scope, unit in self.assigned_work.pop(node).items() if not all(unit.values())}
        if not left:
            return None
        of, died = next((scope, test) for scope, unit in left.items() for test, done in unit.items() if not done)
        again = died not in self._died_before
        self._died_before.add(died)
        left[of][died] = not again
        self.workqueue.update({scope: unit for scope, unit in left.items() if not all(unit.values())})
        for other in self.assigned_work:
            self._reschedule(other)
        return None if again else died
