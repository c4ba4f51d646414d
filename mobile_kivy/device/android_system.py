"""Window, screen lock, network and background of an Android tablet. Run against the real bridge in
tests/tablet/android; not tried on a device yet: see docs/android.md.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any

from mobile_kivy.device.android_sealing import android_seal
from mobile_kivy.device.bridge import activity, in_window_thread, java, text
from mobile_kivy.elapsed import elapsed
from mobile_kivy.store import Seal

_SECURE, _KEEP_SCREEN_ON = 0x2000, 0x80
_CONTENT = 0x01020002  # android.R.id.content
_EDGE_TO_EDGE = 35
"""From this API level on an app's window lies under the system's bars, and since 36 it cannot say no."""
_SERVICE = "org.ersatzwagen.yard.SendingService"
_log = logging.getLogger(__name__)


def _never_raises(work: Callable[..., None]) -> Callable[..., None]:
    """A comfort or a protection that fails must not take the form of somebody in the yard with it."""

    @wraps(work)
    def guarded(*args: Any) -> None:
        try:
            work(*args)
        except Exception:
            _log.warning("%s has failed", work.__name__, exc_info=True)

    return guarded


class AndroidSystem:
    """The tablet. Made in the main thread, where classes of ours are found."""

    def __init__(self) -> None:
        # What Java may call has to live as long as Java may call it: else the process ends.
        self._lent_to_java: list[Any] = []

    def name(self) -> str:
        """Manufacturer and model: the name that somebody gave it may be a person's."""
        try:
            build = java("android.os.Build")
            return f"{build.MANUFACTURER} {build.MODEL}"[:100]
        except Exception:
            _log.warning("nobody can say what the device is called", exc_info=True)
            return ""

    def seal(self, folder: Path) -> Seal:
        """The Keystore's."""
        return android_seal(folder)

    def elapsed(self) -> float:
        """Android counts while it sleeps, too."""
        return elapsed()

    @_never_raises
    def protect_window(self) -> None:
        """Asked for in another thread than the window's, Android would refuse it."""
        in_window_thread(_protect)()

    @_never_raises
    def fit_window(self) -> None:
        """Looked up each time: the bars move when the device is turned."""
        in_window_thread(_fit)()

    def has_screen_lock(self) -> bool:
        """True also if Android cannot say it: a fault of ours must not stop the yard's work."""
        try:
            keyguard = activity().getSystemService(java("android.content.Context").KEYGUARD_SERVICE)
            return bool(keyguard.isDeviceSecure())
        except Exception:
            _log.warning("nobody can say whether the device has a screen lock", exc_info=True)
            return True

    @_never_raises
    def watch_network(self, back: Callable[[], None]) -> None:
        """A callback of Android's is a class, which Python cannot extend: ours in Java calls a Runnable."""
        runnable = _runnable(back)
        watch = java("org.ersatzwagen.yard.NetworkWatch")(runnable)
        self._lent_to_java += [runnable, watch]
        connectivity = activity().getSystemService(java("android.content.Context").CONNECTIVITY_SERVICE)
        connectivity.registerDefaultNetworkCallback(watch)

    @_never_raises
    def ask_for_notifications(self) -> None:
        """Android asks only once, and not at all before version 13. Without it the app sends all the same, unseen."""
        import_module("android.permissions").request_permissions(["android.permission.POST_NOTIFICATIONS"])

    @_never_raises
    def keep_sending(self, title: str, words: str) -> None:
        """Allowed only while the app is still in front, so at the moment when it leaves."""
        intent = _service_intent()
        intent.putExtra("title", text(title))
        intent.putExtra("words", text(words))
        activity().startForegroundService(intent)

    @_never_raises
    def stop_sending(self) -> None:
        """Names the class in words: in the sync's thread, the bridge would not find it."""
        activity().stopService(_service_intent())


def _service_intent() -> Any:
    intent = java("android.content.Intent")()
    intent.setClassName(activity().getPackageName(), _SERVICE)
    return intent


def _protect() -> None:
    activity().getWindow().addFlags(_SECURE | _KEEP_SCREEN_ON)


def _fit() -> None:
    """Pads the view that holds the app's drawing: what lies over it (dialogs, messages) is clear of the bars, too."""
    if java("android.os.Build$VERSION").SDK_INT < _EDGE_TO_EDGE:
        return  # Android itself keeps the window clear of them
    insets = activity().getWindow().getDecorView().getRootWindowInsets()
    if insets is None:
        return  # before the first layout; the next change of size comes
    kinds = java("android.view.WindowInsets$Type")
    # Not the keyboard's height: Kivy itself moves the field that is typed into.
    box = insets.getInsets(kinds.systemBars() | kinds.displayCutout())
    activity().findViewById(_CONTENT).setPadding(box.left, box.top, box.right, box.bottom)


def _runnable(action: Callable[[], None]) -> Any:
    bridge: Any = import_module("jnius")
    base: Any = bridge.PythonJavaClass

    class Call(base):
        """Java's Runnable around a Python function."""

        __javainterfaces__ = ["java/lang/Runnable"]  # noqa: RUF012  # as the bridge wants it
        __javacontext__ = "app"

        @bridge.java_method("()V")
        def run(self) -> None:
            """In a thread of Java's. What is raised here would be printed and forgotten."""
            try:
                action()
            except Exception:
                _log.warning("what Java has called has failed", exc_info=True)

    return Call()
