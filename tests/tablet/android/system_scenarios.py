"""A tablet with or without what the app would like to have."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mobile_kivy.device.android_system import AndroidSystem
from mobile_kivy.device.android_vibration import android_tick
from mobile_kivy.device.bridge import activity, java


def _device(name: str, thing: Any) -> Any:
    java("android.content.Context").SERVICES.put(name, thing)
    return thing


def _wait(condition: Callable[[], object]) -> bool:
    end = time.monotonic() + 5
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    return bool(condition())


def window(_folder: Path) -> dict[str, Any]:
    """Flags and padding; the stub refuses them in any thread but the window's."""
    system, app = AndroidSystem(), activity()
    decor, insets = app.getWindow().getDecorView(), java("android.view.WindowInsets")()
    system.protect_window()
    flagged = _wait(lambda: app.getWindow().flags != 0)
    system.fit_window()  # before the first layout there are no insets
    time.sleep(0.1)
    before = list(app.content.padding)
    decor.insets = insets
    java("android.os.Build$VERSION").SDK_INT = 34
    system.fit_window()
    time.sleep(0.1)
    older = list(app.content.padding)
    java("android.os.Build$VERSION").SDK_INT = 36
    system.fit_window()
    _wait(lambda: app.content.padding[0])
    try:
        app.getWindow().addFlags(1)
        here = ""
    except Exception as error:
        here = str(error)
    return {
        "flagged": flagged,
        "flags": app.getWindow().flags,
        "before": before,
        "older": older,
        "padding": list(app.content.padding),
        "here": "CalledFromWrongThreadException" in here,
    }


def screen_lock(_folder: Path) -> dict[str, Any]:
    """With, without, and on a device that cannot say it."""
    system = AndroidSystem()
    unknown = system.has_screen_lock()
    keyguard = _device("keyguard", java("android.app.KeyguardManager")())
    secure = system.has_screen_lock()
    keyguard.secure = False
    return {"unknown": unknown, "secure": secure, "insecure": system.has_screen_lock()}


def name(_folder: Path) -> dict[str, Any]:
    """What the office recognises the tablet by."""
    return {"name": AndroidSystem().name()}


def vibration(_folder: Path) -> dict[str, Any]:
    """Three touches each: a vibrator that works, one that throws, a device without one, and no service at all."""
    found: dict[str, Any] = {}
    tick = android_tick()
    for _ in range(3):
        tick()
    for how in ("works", "throws", "none"):
        vibrator = _device("vibrator", java("android.os.Vibrator")())
        vibrator.broken, vibrator.has = how == "throws", how != "none"
        tick = android_tick()
        for _ in range(3):
            tick()
        found[how] = vibrator.ticks
    return found


def network(_folder: Path) -> dict[str, Any]:
    """It comes back twice; what is called then may fail, and the garbage collector takes nothing away."""
    import gc

    seen: list[str] = []

    def back() -> None:
        seen.append(threading.current_thread().name)
        if len(seen) == 1:
            raise RuntimeError("the store is closed already")

    system = AndroidSystem()
    system.watch_network(back)  # no service: said in the log
    manager = _device("connectivity", java("android.net.ConnectivityManager")())
    system.watch_network(back)
    gc.collect()
    manager.comesBack()
    manager.comesBack()
    return {"times": len(seen), "elsewhere": "MainThread" not in seen}


def sending(_folder: Path) -> dict[str, Any]:
    """Started, refused, stopped from a thread of Python's, stopped once more."""
    system, context = AndroidSystem(), java("android.content.Context")
    running = context.RUNNING
    system.keep_sending("Ersatzwagen sendet", "2 Protokolle warten – bitte warten")
    name = "org.ersatzwagen.yard.SendingService"
    intent = running.get(name)
    shade = _device("notification", java("android.app.NotificationManager")())
    service = java(name)()
    mode = service.onStartCommand(intent, 0, 1)
    shown, channel = service.shown, shade.channel
    thread = threading.Thread(target=system.stop_sending)
    thread.start()
    thread.join()
    stopped = running.isEmpty()
    system.stop_sending()
    context.refusesServices = "ForegroundServiceStartNotAllowedException"
    system.keep_sending("a", "b")
    service.onTimeout(1, 1)
    return {
        "title": str(shown.title),
        "text": str(shown.text),
        "type": service.shownAs,
        "mode": mode,
        "channel": [channel.id, channel.importance],
        "stopped": stopped,
        "timed out": service.stopped,
        "refused": running.isEmpty(),
    }


def notifications(_folder: Path) -> dict[str, Any]:
    """The permission is asked for by python-for-android's own code; nobody waits for the answer."""
    AndroidSystem().ask_for_notifications()
    return {"asked": list(activity().asked)}


def nothing_works(folder: Path) -> dict[str, Any]:
    """A device on which Java's side is broken altogether: the app is told nothing, and goes on."""
    logging.basicConfig(level=logging.CRITICAL)
    java("org.kivy.android.PythonActivity").mActivity = None
    system = AndroidSystem()
    system.protect_window()
    system.fit_window()
    system.watch_network(lambda: None)
    system.keep_sending("a", "b")
    system.stop_sending()
    android_tick()()
    return {"lock": system.has_screen_lock()}
