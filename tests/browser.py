"""A customer's browser on the gateway's payment page."""

from __future__ import annotations

import html
import re
from typing import Any

import httpx2

from tests.dealership import Dealership

CARD = "4035874000424977"


class Browser:
    """Posts forms and follows what pages tell it, without JavaScript."""

    def __init__(self, dealership: Dealership) -> None:
        self.http = dealership.server.http
        self.page = ""
        self.location = ""

    def open(self, form: dict[str, Any]) -> None:
        self.submit(form["url"], {field["name"]: field["value"] for field in form["fields"]})

    def submit(self, url: str, fields: dict[str, str]) -> None:
        response = self.http.post(url, data=fields)
        self.location = response.headers.get("location", "")
        while self.location and not self.location.startswith("https://shop.example"):
            url = str(httpx2.URL(url).join(self.location))
            response = self.http.get(url)
            self.location = response.headers.get("location", "")
        self.page = response.text
        self.url = url

    def form(self) -> tuple[str, dict[str, str]]:
        """The page's form: where it goes, and its hidden fields."""
        action = html.unescape(re.search(r'<form[^>]*action="([^"]*)"', self.page)[1])  # type: ignore[index]
        fields = {}
        for tag in re.findall(r"<input[^>]*>", self.page):
            name = re.search(r'name="([^"]*)"', tag)
            value = re.search(r'value="([^"]*)"', tag)
            if name and 'type="hidden"' in tag:
                fields[html.unescape(name[1])] = html.unescape(value[1]) if value else ""
        return str(httpx2.URL(self.url).join(action)), fields

    def answer(self, **values: str) -> None:
        url, fields = self.form()
        self.submit(url, {**fields, **values})

    def until_back_at_the_shop(self) -> str:
        for _ in range(4):
            if self.location.startswith("https://shop.example"):
                return self.location
            self.answer()
        raise AssertionError(self.page[:2000])


def pay(browser: Browser, number: str = CARD) -> None:
    browser.answer(cardnumber=number, expmonth="12", expyear="2031", cvm="977", bname="Anna Beispiel", action="pay")
