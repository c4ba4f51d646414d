"""Whole rentals on generated data: booked with sale and hold, handed over, taken back, billed and paid.

The server is the real one, without a sandbox. The gateway is the Telecash simulator in a process of its own, and so is
the mail server: what is counted is the server's work alone, with all that its worker does because of a rental.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import orjson
import psycopg

from benchmarks import measure, servers
from benchmarks.callers import member
from benchmarks.database import Counted, Counter
from benchmarks.operations import station_id
from server.app import create_app
from server.config import Settings
from server.runtime import create_runtime, settle
from server.sandbox.telecash import SimulatorConfig
from tests.dealership import Dealership, add_website
from tests.driving import Api, free_port

STATION = "B5"
_ALWAYS_OPEN = "update station set opening_hours = '[]' where id = %(at)s"
_OURS = "c.station_id = %(at)s and c.created_by <> 'generator'"
_GIVE_BACK = (
    "delete from job",  # there are no others than theirs, and what the server makes anew when it starts
    f"update occupancy o set active = false from contract c where c.id = o.contract_id and o.active and {_OURS}",
    f"update vehicle v set out_contract_id = null, out_until = null from contract c where c.id = v.out_contract_id and {_OURS}",
    f"update contract c set state = 'CANCELLED' where c.state in ('HELD', 'RESERVED', 'CHECKED_OUT') and {_OURS}",
)
"""What takes back the cars of these rentals, and what is left to do for them."""
_GROUPS = "select id::text, code from vehicle_group order by code"
SETTLED_SECONDS = 60.0


@dataclass(frozen=True)
class Step:
    """What each of some rentals took in one step, with all that the worker did because of it."""

    name: str
    cpu_ms: float
    counted: Counted


class Rentals:
    """A dealership on generated data, and the rentals that are being made."""

    def __init__(self, serving: servers.Serving, owner: str, http: httpx2.Client) -> None:
        self._serving, self._owner = serving, owner
        base = f"http://127.0.0.1:{serving.port}"
        staff = {role: Api(base, http, member(owner, role, STATION)) for role in ("YARD", "CLERK", "ADMIN")}
        at = str(station_id(STATION))
        key = add_website(_Keys(base, http), staff["ADMIN"], [at]).token  # type: ignore[arg-type]  # makes callers
        with psycopg.connect(owner, autocommit=True) as connection:
            connection.execute(_ALWAYS_OPEN, {"at": at})
            groups = connection.execute(_GROUPS).fetchall()
        self._groups = [{"id": group, "code": code} for group, code in groups]
        self._dealership = Dealership(
            serving,  # type: ignore[arg-type]  # only asked for its clock, which is the machine's here
            staff["ADMIN"], {"id": at}, self._groups[0], "", staff["YARD"], staff["CLERK"], Api(base, http, key),
        )  # fmt: skip
        self._made: list[dict[str, Any]] = []

    @property
    def website(self) -> str:
        """The key of the website that books."""
        return self._dealership.website.token or ""

    def book(self, number: int) -> None:
        """A booking of a website by a stored card, which begins at once."""
        self._made.append(self._dealership.booked(*self._next(number)))

    def request(self, number: int) -> bytes:
        """The same booking, not sent."""

        def kept(query: str, **variables: Any) -> bytes:
            return orjson.dumps({"query": query, "variables": variables})

        body: bytes = self._dealership.book(*self._next(number), caller=kept)  # type: ignore[arg-type,assignment]
        return body

    def _next(self, number: int) -> tuple[datetime, datetime]:
        start = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
        self._dealership.group = self._groups[number % len(self._groups)]
        return start, start + timedelta(hours=4)

    def check_out(self, number: int) -> None:
        """The car is handed over."""
        done = self._dealership.check_out(self._made[number], datetime.now(UTC))
        assert done["__typename"] == "Protocol", done

    def check_in(self, number: int) -> None:
        """The car is back; billing follows by itself."""
        contract = self._made[number]
        done = self._dealership.check_in(contract, datetime.now(UTC), km=contract["vehicle"]["odometerKm"] + 50)
        assert done["__typename"] == "Protocol", done

    def wait_until_settled(self) -> None:
        """Waits until all of them are billed and paid."""
        deadline = time.monotonic() + SETTLED_SECONDS
        ids = [contract["id"] for contract in self._made]
        open_ones = "select count(*) from contract where id = any(%s::uuid[]) and settlement_state <> 'PAID'"
        with psycopg.connect(self._owner, autocommit=True) as connection:
            while (connection.execute(open_ones, [ids]).fetchone() or [0])[0]:
                if time.monotonic() > deadline:
                    raise RuntimeError("rentals were not billed and paid in time")
                time.sleep(0.2)


@dataclass
class _Keys:
    """Makes callers for a server that is not one of the tests' own."""

    base: str
    http: httpx2.Client

    def api(self, token: str | None = None) -> Api:
        return Api(self.base, self.http, token)


@contextmanager
def outside(folder: Path) -> Iterator[dict[str, str]]:
    """Gateway and mail server, each as a process of its own: the settings by which our server finds them."""
    gateway, mails = free_port(), free_port()
    books = folder / "simulator"
    telecash = [sys.executable, "-m", "server", "simulator", "--port", str(gateway), "--data-dir", str(books)]
    smtp = [sys.executable, "-m", "aiosmtpd", "-n", "-l", f"127.0.0.1:{mails}", "-c", "aiosmtpd.handlers.Sink"]
    known = SimulatorConfig()
    with (
        servers.started("simulator", telecash, gateway, folder, {}, ready="/"),
        servers.started("smtp", smtp, mails, folder, {}, ready=None),
    ):
        yield {
            "ERSATZWAGEN_TELECASH_URL": f"http://127.0.0.1:{gateway}",
            "ERSATZWAGEN_TELECASH_STORE_ID": known.store_id,
            "ERSATZWAGEN_TELECASH_USER": known.user,
            "ERSATZWAGEN_TELECASH_PASSWORD": known.password,
            "ERSATZWAGEN_TELECASH_SHARED_SECRET": known.shared_secret,
            "ERSATZWAGEN_SMTP_URL": f"smtp://127.0.0.1:{mails}",
        }


def measured(url: str, owner: str, folder: Path, rentals: int) -> list[Step]:
    """So many bookings by themselves, then so many rentals with all that follows from them, step by step."""
    _give_back(owner)
    try:
        return _measured(url, owner, folder, rentals)
    finally:
        _give_back(owner)  # the next server that is measured must not do what these have left to do


def _give_back(owner: str) -> None:
    with psycopg.connect(owner) as connection:
        connection.execute("set session_replication_role = replica")
        for statement in _GIVE_BACK:
            connection.execute(statement.encode(), {"at": station_id(STATION)})


def _measured(url: str, owner: str, folder: Path, rentals: int) -> list[Step]:
    counter = Counter(owner)
    with outside(folder) as environment, httpx2.Client(timeout=60, trust_env=False) as http:
        with servers.product(url, folder, environment=environment) as serving:
            made = Rentals(serving, owner, http)
        alone = asyncio.run(_alone(made, url, folder, environment, counter, rentals))
        with servers.product(url, folder, environment=environment) as serving:
            serving.rest()  # what the bookings before have left to do is done
            _steps(Rentals(serving, owner, http), serving, counter, max(2, rentals // 3))
            return [alone, *_steps(Rentals(serving, owner, http), serving, counter, rentals)]


async def _alone(
    made: Rentals, url: str, folder: Path, environment: dict[str, str], counter: Counter, rentals: int
) -> Step:
    """Bookings without a worker: what one takes until its answer."""
    given = {name.removeprefix("ERSATZWAGEN_").lower(): value for name, value in environment.items()}
    runtime = create_runtime(Settings(data_dir=folder, database_url=url, **given), url)  # type: ignore[arg-type]
    app = create_app(runtime)
    try:
        for number in range(3):
            await measure.ask(app, "/graphql", made.request(number), made.website)
        settle()
        bodies = [made.request(number) for number in range(rentals)]
        counter.listen()
        before = time.process_time()
        answers = [await measure.ask(app, "/graphql", body, made.website) for body in bodies]
        spent = (time.process_time() - before) / rentals * 1000
        if not all(b'"Booking"' in answer for answer in answers):
            raise RuntimeError(f"a booking failed: {answers[-1][:300]!r}")
        return Step("booking until its answer", spent, counter.heard(rentals))
    finally:
        await runtime.outside.database.close()


def _steps(made: Rentals, serving: servers.Serving, counter: Counter, rentals: int) -> list[Step]:
    steps: Sequence[tuple[str, Callable[[int], None]]] = (
        ("booking with sale and hold, and what follows", made.book),
        ("check-out, and what follows", made.check_out),
        ("check-in with billing, and what follows", made.check_in),
    )
    found = []
    idle = serving.idle()
    for name, work in steps:
        counter.listen()
        before, begun = serving.seconds(), time.monotonic()
        for number in range(rentals):
            work(number)
        if work == made.check_in:
            made.wait_until_settled()
        serving.rest()
        spent = serving.seconds() - before - idle * (time.monotonic() - begun)
        found.append(Step(name, spent / rentals * 1000, counter.heard(rentals)))
    return found
