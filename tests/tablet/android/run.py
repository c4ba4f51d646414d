"""One scenario in a process of its own: `python -m tests.tablet.android.run CLASSES FOLDER MODULE NAME OPTIONS`.

A scenario is a function of a module `*_scenarios`: it does something on a device and returns what came of it, which is
printed as one line of JSON and judged by the test.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path

from tests.tablet.android import jvm


def main() -> None:
    classes, folder, module, name, options = sys.argv[1:]
    jvm.start(classes, Path(folder))
    scenario = getattr(import_module(f"tests.tablet.android.{module}_scenarios"), name)
    print(json.dumps(scenario(Path(folder), **json.loads(options))))


if __name__ == "__main__":
    main()
