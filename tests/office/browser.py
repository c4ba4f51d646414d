"""A clerk's browser without JavaScript: follows links, fills in forms as they stand on the page."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx2
from lxml import html
from lxml.html import FormElement, HtmlElement

from tests.driving import PASSWORD


@dataclass
class Clerk:
    """Somebody at a browser."""

    http: httpx2.Client
    base: str
    language: str = "en"
    page: HtmlElement = field(init=False)
    status: int = 0
    path: str = ""

    @property
    def headers(self) -> dict[str, str]:
        return {"accept-language": self.language, "accept": "text/html"}

    def open(self, path: str, **more: Any) -> HtmlElement:
        """A page by its address, or where it leads."""
        return self._read(self.http.get(f"{self.base}{path}", headers=self.headers, follow_redirects=True, **more))

    def send(self, button: str | None = None, form: int = -1, **values: Any) -> HtmlElement:
        """Sends the page's last form as it stands, with these fields; dots in names are written as two underscores."""
        shown = self.forms()[form]
        fields: list[tuple[str, str]] = list(shown.form_values())
        given = {name.replace("__", "."): value for name, value in values.items()}
        fields = [(name, value) for name, value in fields if name not in given]
        for name, value in given.items():
            fields += [(name, one) for one in (value if isinstance(value, list) else [value]) if one is not None]
        if button:
            fields.append(("do", button))
        return self.post(shown.action or self.path, fields)

    def post(self, path: str, fields: list[tuple[str, str]], headers: dict[str, str] | None = None) -> HtmlElement:
        """Sends a form, and follows where it leads."""
        # As browsers do: a line ends with two characters.
        lines = [(name, value.replace("\r\n", "\n").replace("\n", "\r\n")) for name, value in fields]
        body = httpx2.QueryParams(list[tuple[str, str | int | float | bool | None]](lines))
        sent = {**self.headers, "content-type": "application/x-www-form-urlencoded", **(headers or {})}
        answer = self.http.post(f"{self.base}{path}", content=str(body), headers=sent, follow_redirects=True)
        return self._read(answer)

    def forms(self) -> list[FormElement]:
        """The forms of the page's own part."""
        found: list[FormElement] = self.page.xpath("//main//form[not(@role)]")
        return found

    def sign_in(self, email: str, password: str = PASSWORD) -> HtmlElement:
        self.open("/office/sign-in")
        return self.send(email=email, password=password)

    def text(self, where: str = "//main") -> str:
        """What can be read there, with single blanks."""
        return " ".join(" ".join(word for element in self.page.xpath(where) for word in element.itertext()).split())

    def alerts(self) -> list[str]:
        return [" ".join(one.text_content().split()) for one in self.page.xpath("//*[@role='alert']")]

    def links(self, where: str = "//main") -> list[str]:
        return [str(one) for one in self.page.xpath(f"{where}//a/@href")]

    def _read(self, answer: httpx2.Response) -> HtmlElement:
        self.status, self.answer = answer.status_code, answer
        self.path = answer.url.raw_path.decode()
        self.page = html.fromstring(answer.text)
        return self.page


def email_of(dealership: Any, role: str = "clerk") -> str:
    """The mail address of a dealership's own people."""
    return f"{role}{dealership.station['code'][1:]}@example.com"
