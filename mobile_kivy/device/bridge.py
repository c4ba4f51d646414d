"""The bridge to Java. Only Android has it, so it is imported where it is used, never with a module of ours.

What it does and does not do was found out by tests/tablet/android/test_bridge.py: which overload it takes, what a
callback may do. No window here: these files run in a test without one.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any


def java(name: str) -> Any:
    """A Java class by its full name. Classes of ours are found from the main thread only."""
    return import_module("jnius").autoclass(name)


def cast(name: str, thing: Any) -> Any:
    """The same Java object as one of another class: the bridge takes the overload for the class that it is told."""
    return import_module("jnius").cast(name, thing)


def activity() -> Any:
    """The app as Android sees it."""
    return java("org.kivy.android.PythonActivity").mActivity


def text(words: str) -> Any:
    """A Java String. Where several overloads fit, the bridge hands a Python text over as an array of characters."""
    return java("java.lang.String")(words)


def java_name(error: Exception) -> str:
    """The Java class of what was thrown; empty if it was thrown in Python."""
    return str(getattr(error, "classname", None) or "")


def in_window_thread(action: Callable[[], None]) -> Callable[[], None]:
    """The same action, run in the thread that alone may touch Android's windows. Later, so it says nothing back."""
    later: Callable[[], None] = import_module("android.runnable").run_on_ui_thread(action)
    return later
