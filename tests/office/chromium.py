"""Chromium, as a clerk has it: it notes what goes elsewhere and what the console says."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.driving import PASSWORD

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
# The rules that count; what is only best practice is left to those who look at pages.
SERIOUS = frozenset({"serious", "critical"})
AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


@dataclass
class Window:
    """One window of the browser."""

    page: Page
    base: str
    told: list[str] = field(default_factory=list)
    """What the console said, and requests to other hosts."""

    def open(self, path: str) -> None:
        self.page.goto(f"{self.base}{path}")

    def sign_in(self, email: str) -> None:
        self.open("/office/sign-in")
        self.page.fill("#email", email)
        self.page.fill("#password", PASSWORD)
        self.page.click("button.first")
        self.page.wait_for_url("**/office/")

    def findings(self) -> list[str]:
        """What axe finds serious or critical on the page."""
        # Not by a script of the page: its policy would refuse that, and should.
        session = self.page.context.new_cdp_session(self.page)
        session.send("Runtime.evaluate", {"expression": AXE})
        asked = {"expression": "axe.run()", "awaitPromise": True, "returnByValue": True}
        found: Any = session.send("Runtime.evaluate", asked)["result"]["value"]["violations"]
        return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found if one["impact"] in SERIOUS]

    def is_too_wide(self) -> bool:
        root = "document.documentElement"
        return bool(self.page.evaluate(f"{root}.scrollWidth > {root}.clientWidth"))


@contextmanager
def window(base: str, *, width: int = 1440, dark: bool = False, language: str = "de-DE") -> Iterator[Window]:
    """A window of a browser of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--lang=de"])
        context = browser.new_context(
            locale=language, color_scheme="dark" if dark else "light", viewport={"width": width, "height": 900}
        )
        shown = Window(context.new_page(), base)
        shown.page.on("console", lambda message: _note(shown, message.type, message.text))
        shown.page.on("pageerror", lambda error: shown.told.append(f"error: {error}"))
        shown.page.on("request", lambda request: _look(shown, request.url))
        yield shown
        browser.close()


def _note(shown: Window, kind: str, text: str) -> None:
    if kind in {"error", "warning"}:
        shown.told.append(f"{kind}: {text}")


def _look(shown: Window, url: str) -> None:
    if not url.startswith((shown.base, "data:", "about:", f"ws{shown.base[4:]}")):
        shown.told.append(f"elsewhere: {url}")


def picture(shown: Window, folder: Path, name: str) -> None:
    """A picture of the page, to be looked at."""
    shown.page.screenshot(path=folder / f"{name}.png", full_page=True)
