"""Callers who ask a server again and again, in a process of their own: `python -m benchmarks.load` with a plan on stdin.

Each caller has a connection and waits for its answer before it asks again. What is measured is written as JSON.
"""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import time
from dataclasses import asdict, dataclass

import orjson

LONGEST_SECONDS = 90.0
"""How long an answer is waited for."""


@dataclass(frozen=True)
class Plan:
    """Who is asked what: `bodies` are requests that are sent in turn; `requests` ends it early, if not 0. Callers share
    the `headers` among them, so that many can be different people.
    """

    port: int
    path: str
    bodies: list[str]
    headers: list[dict[str, str]]
    clients: int
    seconds: float
    requests: int = 0


@dataclass(frozen=True)
class Heard:
    """How many answers came in how many seconds, milliseconds of the middle one and of the slowest of a hundred."""

    answers: int
    seconds: float
    p50: float
    p99: float
    errors: int

    @property
    def rate(self) -> float:
        """Answers in a second."""
        return self.answers / self.seconds


def run(plan: Plan) -> Heard:
    """Asks as planned."""
    command = [sys.executable, "-m", "benchmarks.load"]
    done = subprocess.run(command, input=orjson.dumps(asdict(plan)), capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"the load did not run: {done.stderr.decode()[-2000:]}")
    return Heard(**orjson.loads(done.stdout))


async def ask(plan: Plan) -> Heard:
    """The callers, all at once, until the time is over."""
    waits: list[float] = []
    errors = left = 0
    begun = time.perf_counter()
    until = begun + plan.seconds
    left = plan.requests or sys.maxsize

    async def caller(number: int) -> None:
        nonlocal errors, left
        reader, writer = await asyncio.open_connection("127.0.0.1", plan.port)
        turn, headers = number, plan.headers[number % len(plan.headers)]
        requests = [_request(plan, body.encode(), headers) for body in plan.bodies]
        try:
            while left > 0 and time.perf_counter() < until:
                left -= 1
                asked = time.perf_counter()
                writer.write(requests[turn % len(requests)])
                turn += 1
                async with asyncio.timeout(LONGEST_SECONDS):
                    is_good = await _answer(reader)
                waits.append(time.perf_counter() - asked)
                errors += not is_good
        finally:
            writer.close()

    found = await asyncio.gather(*map(caller, range(plan.clients)), return_exceptions=True)
    errors += sum(isinstance(one, Exception) for one in found)
    waits.sort()
    middle, late = (waits[int(len(waits) * share)] * 1000 if waits else 0.0 for share in (0.5, 0.99))
    return Heard(len(waits), time.perf_counter() - begun, middle, late, errors)


def _request(plan: Plan, body: bytes, headers: dict[str, str]) -> bytes:
    usual = {"Host": "127.0.0.1", "Content-Type": "application/json", "Content-Length": str(len(body))}
    lines = [f"{name}: {value}" for name, value in {**usual, **headers}.items()]
    return "\r\n".join([f"POST {plan.path} HTTP/1.1", *lines, "", ""]).encode() + body


async def _answer(reader: asyncio.StreamReader) -> bool:
    """Reads one answer; whether it has data."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = next((line for line in head.split(b"\r\n") if line.startswith(b"content-length:")), None)
    if length is not None:
        body = await reader.readexactly(int(length.split(b":")[1]))
    else:
        body = await _chunks(reader)
    return head.startswith(b"http/1.1 200") and not body.startswith(b'{"errors"')


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    found = []
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        found.append((await reader.readexactly(size + 2))[:-2])
    await reader.readuntil(b"\r\n")
    return b"".join(found)


def main() -> None:
    import uvloop

    plan = Plan(**orjson.loads(sys.stdin.buffer.read()))
    gc.disable()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        heard = runner.run(ask(plan))
    sys.stdout.buffer.write(orjson.dumps(asdict(heard)))


if __name__ == "__main__":
    main()
