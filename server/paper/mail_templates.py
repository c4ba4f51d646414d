"""Mails from templates: MJML is turned into HTML once, Jinja fills in the facts, the plain text follows from the HTML.

Templates come from files only; what customers wrote goes in as values, escaped. A template that shows a missing fact
fails instead of sending "None" to a customer. Subjects carry numbers, never names (they are read over shoulders).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import mrml
from jinja2 import BaseLoader, StrictUndefined, Template, UndefinedError, pass_context
from jinja2.runtime import Context
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from server.paper import notation
from server.paper.views import Language, MailView, PostalAddress

MAILS = Path(__file__).parent / "templates" / "mails"
TEMPLATES = (
    "BOOKING_CONFIRMATION",
    "CHANGE",
    "REMINDER",
    "CHECK_OUT_PROTOCOL",
    "CHECK_IN_PROTOCOL",
    "FINAL_INVOICE",
    "REFUND",
    "CANCELLATION",
    "CORRECTION",
    "PAYMENT_FAILED",
    "DAMAGE_NOTICE",
    "DAMAGE_CLAIM",
    "PAYMENT_REMINDER",
    "OVERDUE",
    "STATION_NOTICE",
)

_INCLUDE = re.compile(r'<mj-include path="([a-z_.]+\.mjml)" />')
_SPACES = re.compile(r"[ \t\r\n]+")


class UnknownMail(LookupError):
    """There is no template of this name and language (yet)."""


class MailIncomplete(ValueError):
    """The template shows a fact that the view does not have."""


@dataclass(frozen=True)
class RenderedMail:
    """A mail ready to be sent."""

    subject: str
    html: str
    text: str


def render_mail(template: str, language: Language, view: MailView) -> RenderedMail:
    """Fill in a template, named like the API's EmailTemplate. `UnknownMail`, `MailIncomplete`."""
    if template not in TEMPLATES or language not in ("de", "en"):
        raise UnknownMail(f"{template} ({language})")
    subject, html = _compiled(template, language)
    facts = {"mail": view, "language": language}
    try:
        page = notation.printable_html(html.render(facts))
        return RenderedMail(_one_line(subject.render(facts)), page, plain_text(page))
    except UndefinedError as problem:
        raise MailIncomplete(f"{template} ({language}): {problem}") from problem


def compile_all() -> None:
    """Compiles every template now: a broken one fails here."""
    for template in TEMPLATES:
        _compiled(template, "de")
        _compiled(template, "en")


@cache
def _compiled(template: str, language: Language) -> tuple[Template, Template]:
    source = _with_parts((MAILS / f"{template.lower()}.{language}.mjml").read_text(encoding="utf-8"))
    # No web fonts: a mail must not call a third party's server when it is opened.
    made = mrml.to_html(source, render_options=mrml.RenderOptions(disable_comments=False, fonts={}))
    escaped, plain = _environment(escaped=True), _environment(escaped=False)
    # mrml escapes inside Jinja's marks as well: "<" in a condition comes out as "&lt;".
    html = re.sub(r"{%.*?%}|{{.*?}}", lambda mark: unescape(mark[0]), made.content, flags=re.DOTALL)
    return plain.from_string(made.title or ""), escaped.from_string(html)


def _with_parts(source: str) -> str:
    """Shared parts are put in as text: mrml's own include forgets the width of what surrounds it."""
    return _INCLUDE.sub(lambda part: (MAILS / part[1]).read_text(encoding="utf-8"), source)


def _environment(*, escaped: bool) -> SandboxedEnvironment:
    environment = SandboxedEnvironment(
        loader=_NoLoader(), autoescape=escaped, undefined=StrictUndefined, finalize=_known, trim_blocks=True
    )
    environment.filters.update(
        money=_filter(lambda value, language, _: notation.money(value, language), int),
        km=_filter(lambda value, language, _: notation.kilometres(value, language), int),
        day=_filter(lambda value, language, _: notation.day(value, language), date),
        moment=_filter(lambda value, language, zone: notation.moment(value, zone, language), datetime),
        weekday_moment=_filter(lambda value, language, zone: notation.weekday_moment(value, zone, language), datetime),
        clock=_filter(lambda value, language, zone: notation.clock_time(value, zone, language), datetime),
        hours=_filter(lambda value, language, zone: notation.opening_hours(value, zone, language), tuple),
        whole=whole,
        address=_filter(lambda value, language, _: ", ".join(notation.address_lines(value, language)), PostalAddress),
    )
    return environment


class _NoLoader(BaseLoader):
    """Templates cannot pull in other files."""


def _filter(write: Callable[[Any, Language, str], str], kind: type) -> Callable[[Context, Any], str]:
    @pass_context
    def written(context: Context, value: Any) -> str:
        if not isinstance(value, kind):
            raise MailIncomplete(f"a {kind.__name__} is missing in {context['mail'].contract_number}")
        return write(value, context["language"], context["mail"].time_zone)

    return written


_LONGEST_WHOLE = 24
"""Characters: what is longer would not fit on a phone, and may be broken there."""


def whole(value: str | None) -> str:
    """Words whose hyphens are no places to break a line, such as the number of a document, or a plate. HTML only."""
    words = str(_known(value)).split(" ")
    kept = Markup('<span style="white-space:nowrap">{}</span>')
    return Markup(" ").join(kept.format(word) if 0 < len(word) <= _LONGEST_WHOLE else word for word in words)


def _known(value: Any) -> Any:
    if value is None:
        raise MailIncomplete("a fact that the template shows is missing")
    return value


def _one_line(text: str) -> str:
    return _SPACES.sub(" ", notation.printable(text)).strip()


def plain_text(html: str) -> str:
    """The words of an HTML mail: a line per block and table row, labels with a colon, list items with a dash, the
    address of a link behind its words.
    """
    reader = _PlainText()
    reader.feed(html)
    lines = (_SPACES.sub(" ", line).strip() for line in "".join(reader.words).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


class _PlainText(HTMLParser):
    """Collects text; head, style and the hidden preview line are left out."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._hidden = 0
        self._label = False
        self._address: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a block."""
        found = dict(attrs)
        hides = tag in ("head", "style", "title") or "display:none" in (found.get("style") or "").replace(" ", "")
        if self._hidden or hides:
            self._hidden += tag not in ("meta", "br", "img", "link", "hr", "input")
            return
        self._label = self._label or (tag == "td" and found.get("class") == "label")
        if tag in ("h1", "h2"):
            self.words.append("\n\n")
        elif tag in ("p", "div", "tr", "ul", "br"):
            self.words.append("\n")
        elif tag == "li":
            self.words.append("\n- ")
        elif tag == "a":
            address = found.get("href") or ""
            self._address = address if address.startswith(("http://", "https://")) else None

    def handle_endtag(self, tag: str) -> None:
        """Close a block."""
        if self._hidden:
            self._hidden -= 1
        elif tag == "td" and self._label:
            self.words.append(": ")
            self._label = False
        elif tag == "a" and self._address:
            self.words.append(f" ({self._address})")
            self._address = None
        elif tag in ("h1", "h2", "p", "div", "ul"):
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        """Take the words; line breaks of the source mean nothing."""
        if not self._hidden:
            self.words.append(_SPACES.sub(" ", data))
