"""A process that dies fails the test that it died of, and nothing else; the run comes to its end."""

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


def test_a_process_dies(tmp_path: Path) -> None:
    # Given files of which the last one kills its process, when the others are done
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    for number in range(FILES):
        (tmp_path / f"test_{number}.py").write_text(DIES if number == FILES - 1 else QUIET)
    # When
    options = ["-q", "-n", "2", "--dist", "loadfile", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *options, str(tmp_path)]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        command, check=False, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
    )
    # Then
    assert done.returncode == 1, done.stdout
    assert f"1 failed, {12 * FILES - 1} passed" in done.stdout
    assert f"crashed while running 'test_{FILES - 1}.py::test_it[5]'" in done.stdout
