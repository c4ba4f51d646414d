"""A cold start: from the process's first moment to the list's first frame. Run by `python -m benchmarks.tablet`."""

from __future__ import annotations

import json
import sys
import time
from datetime import datetime
from pathlib import Path

import psutil


def main() -> None:
    folder, moment = sys.argv[1:]
    from benchmarks.tablet.window import frame, open_app

    finger = open_app(Path(folder), datetime.fromisoformat(moment))
    names = time.time()
    # What lies between is a person with a PIN.
    person = finger.app.store.people.all()[0]
    finger.app.begin_shift(person, person.stations[0])
    while not finger.screen.ids.outs.children[0].children:
        frame()
    frame()
    process = psutil.Process()
    figures = {
        "wall": time.time() - process.create_time(),
        "names": names - process.create_time(),
        "cpu": time.process_time(),
        "memory": process.memory_info().rss,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
