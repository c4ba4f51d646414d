"""A JVM in this process, with python-for-android's own `android` package over the stubs.

The package's Python files (activity, runnable, permissions) are the real ones, from the wheel: they are plain Python.
Only `android.config`, which its build writes, is made here. pyjnius starts one JVM in a process and cannot restart it.
"""

from __future__ import annotations

import importlib.util
import sys
import types
from importlib import import_module
from pathlib import Path

# Small and quick to start; UTF-8 as on Android. -Xcheck:jni is of no use: the bridge itself makes it warn.
_OPTIONS = ("-Xmx256m", "-Xss1m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Dfile.encoding=UTF-8")


def start(classes: str, folder: Path) -> None:
    """Before anything asks for a Java class. `folder` is where the device's files are."""
    config = import_module("jnius_config")
    config.set_classpath(classes)
    config.add_options(*_OPTIONS, f"-Djava.io.tmpdir={folder}")
    import_module("jnius")

    found = importlib.util.find_spec("pythonforandroid")
    assert found is not None
    assert found.submodule_search_locations
    source = Path(found.submodule_search_locations[0]) / "recipes" / "android" / "src" / "android"
    android, config = types.ModuleType("android"), types.ModuleType("android.config")
    android.__path__ = [str(source)]
    activity = "org.kivy.android.PythonActivity"
    vars(config).update(ACTIVITY_CLASS_NAME=activity, ACTIVITY_CLASS_NAMESPACE=activity.replace(".", "/"))
    android.config = config  # type: ignore[attr-defined]  # as its build does
    sys.modules["android"], sys.modules["android.config"] = android, config
