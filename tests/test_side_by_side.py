"""A process that dies twice of the same test fails it, and nothing else; the run comes to its end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
FILES = 9
CONFTEST = """
from tests.side_by_side import ByFileOrFolder

def pytest_xdist_make_scheduler(config, log):
    config.option.loadscopereorder = False
    return ByFileOrFolder(config, log)
"""
QUIET = "import time, pytest\n@pytest.mark.parametrize('n', range(12))\ndef test_it(n):\n    time.sleep(0.01)\n"
DIES = QUIET.replace("    time", "    import os\n    if n == 5:\n        os._exit(1)\n    time")


DIES_ONCE = (
    DIES.replace("n == 5", "n == 5 and not pathlib.Path('died').exists()")
    .replace("        os._exit", "        pathlib.Path('died').touch()\n        os._exit")
    .replace("import time", "import pathlib, time", 1)
)


def run(folder: Path, last: str) -> subprocess.CompletedProcess[str]:
    """Files of which the last one kills its process, when the others are done."""
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    for number in range(FILES):
        (folder / f"test_{number}.py").write_text(last if number == FILES - 1 else QUIET)
    options = ["-q", "-n", "2", "--dist", "loadfile", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *options, str(folder)]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        command, check=False, cwd=folder, env=environment, capture_output=True, text=True, timeout=120
    )


def test_a_process_dies_of_a_test(tmp_path: Path) -> None:
    done = run(tmp_path, DIES)
    assert done.returncode == 1, done.stdout
    assert f"1 failed, {12 * FILES - 1} passed" in done.stdout
    assert f"crashed while running 'test_{FILES - 1}.py::test_it[5]'" in done.stdout


def test_a_process_dies_of_something_else_while_it_is_at_a_test(tmp_path: Path) -> None:
    done = run(tmp_path, DIES_ONCE)
    assert done.returncode == 0, done.stdout
    assert f"{12 * FILES} passed" in done.stdout
    assert "node down: Not properly terminated" in done.stdout
