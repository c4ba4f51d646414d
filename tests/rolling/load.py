"""Callers who never stop: websites that book and clerks who look, and what each of their requests came to."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from datetime import time as time_of_day
from typing import Any

import httpx2
import orjson
from holidays import country_holidays

from tests.calendar import BERLIN
from tests.dealership import BOOK, Dealership, request_of

LOOK = "query{contracts(filter:{states:[RESERVED]},first:5){totalCount nodes{number}}}"


@dataclass(frozen=True)
class Answer:
    """What a request came to."""

    kind: str
    status: int
    """0 if there was no answer."""
    said: str
    retry_after: str | None = None
    contract: str | None = None
    """The number of the contract that a booking has made."""


@dataclass
class Load:
    """The answers so far. With `repeats`, a booking that was told to come back does so with the same key until it is there."""

    dealership: Dealership
    repeats: bool = False
    answers: list[Answer] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _mornings: list[datetime] = field(default_factory=lambda: list(_working_days(200)))

    @property
    def booked(self) -> list[str]:
        """The contracts that callers were told of."""
        return [answer.contract for answer in self.answers if answer.contract]

    def statuses(self) -> Counter[int]:
        return Counter(answer.status for answer in self.answers)

    def failed(self) -> list[Answer]:
        """What was not answered as it should."""
        return [answer for answer in self.answers if answer.status != 200 or answer.said != "ok"]

    def until_more(self, count: int) -> None:
        """Waits until so many more requests have been answered."""
        wanted, deadline = len(self.answers) + count, time.monotonic() + 120
        while len(self.answers) < wanted:
            assert time.monotonic() < deadline, self.statuses()
            time.sleep(0.05)

    def book(self) -> None:
        """Books one slot after the other."""
        with self._client() as http:
            while not self._over.is_set():
                number = next(self._numbers)
                start = self._mornings[number % len(self._mornings)]
                request = request_of(self.dealership, start, start + timedelta(hours=6), number)
                while not self._ask(http, "book", BOOK, {"input": request}, self.dealership.website.token):
                    if not self.repeats:
                        break
                    time.sleep(0.2)

    def look(self) -> None:
        """Reads the list of contracts again and again."""
        with self._client() as http:
            while not self._over.is_set():
                self._ask(http, "look", LOOK, {}, self.dealership.clerk.token)
                time.sleep(0.02)

    def _client(self) -> httpx2.Client:
        return httpx2.Client(timeout=60, trust_env=False)

    def _ask(self, http: httpx2.Client, kind: str, query: str, variables: dict[str, Any], token: str | None) -> bool:
        content = orjson.dumps({"query": query, "variables": variables})
        headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
        try:
            response = http.post(f"{self.dealership.server.base}/graphql", content=content, headers=headers)
        except httpx2.HTTPError as error:
            self.answers.append(Answer(kind, 0, type(error).__name__))
            return False
        answer = _read(kind, response)
        self.answers.append(answer)
        return answer.status == 200 and answer.said == "ok"


def _working_days(count: int) -> Iterator[datetime]:
    """Nine o'clock of the next days on which a station is open; these servers live by the machine's clock."""
    closed, day = country_holidays("DE", subdiv="BE"), datetime.now(BERLIN).date()
    while count:
        day += timedelta(days=1)
        if day.weekday() < 5 and day not in closed:
            count -= 1
            yield datetime.combine(day, time_of_day(9), BERLIN)


def _read(kind: str, response: httpx2.Response) -> Answer:
    retry_after, contract = response.headers.get("retry-after"), None
    try:
        body = response.json()
    except ValueError:
        return Answer(kind, response.status_code, response.text[:200], retry_after)
    data = (body.get("data") or {}) if isinstance(body, dict) else {}
    said = "ok" if response.status_code == 200 and data and not body.get("errors") else str(body)[:300]
    if said == "ok" and kind == "book":
        result = data["bookVehicle"]
        said = "ok" if result["__typename"] == "Booking" else str(result)[:300]
        contract = result["contract"]["number"] if said == "ok" else None
    return Answer(kind, response.status_code, said, retry_after, contract)


@contextmanager
def under_load(dealership: Dealership, *, repeats: bool = False) -> Iterator[Load]:
    """Three websites and a clerk, until the block ends; then everybody has got an answer."""
    load = Load(dealership, repeats)
    threads = [threading.Thread(target=work, daemon=True) for work in (load.book, load.book, load.book, load.look)]
    for thread in threads:
        thread.start()
    try:
        load.until_more(30)
        assert load.failed() == []
        yield load
    finally:
        load._over.set()
        for thread in threads:
            thread.join(120)
