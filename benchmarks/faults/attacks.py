"""What a stranger, or somebody with a key, can send: answers, the longest wait of everybody else, CPU and memory.

    python -m benchmarks.faults.attacks

Fails if an attack is answered with 500 or INTERNAL, or if memory grows by 150 MB. Times are printed and not judged:
the machine may be busy with something else. The bars: nobody waits for 500 ms, no single request costs 0.2 s of CPU.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx2
import orjson
from PIL import Image

from benchmarks.faults.victim import Victim, longest_wait, running

MOST_GROWTH_MB = 150
SIGN_IN = "mutation($e:String!,$p:String!){signIn(email:$e,password:$p){__typename ...on Session{accessToken}}}"
UPLOAD = "mutation($s:String!,$f:Upload!){uploadPhoto(sha256:$s,file:$f){__typename ...on Problem{problemCode}}}"
Answers = Counter[str]


@dataclass(frozen=True)
class Attack:
    """Something that is sent, `requests` of it; returns how each was answered."""

    name: str
    requests: int
    run: Callable[[Victim, str], Awaitable[Answers]]


@dataclass(frozen=True)
class Result:
    """What an attack came to."""

    attack: Attack
    answers: Answers
    longest_ms: float
    cpu_each: float
    growth_mb: float


async def _raw(victim: Victim, *pieces: bytes, times: int = 1) -> str:
    """Sends bytes, the last piece so many times; the status of the answer, or that there was none."""
    reader, writer = await asyncio.open_connection("127.0.0.1", victim.port)
    try:
        with contextlib.suppress(ConnectionError):
            for piece in [*pieces[:-1], *([pieces[-1]] * times)]:
                writer.write(piece)
                await writer.drain()
        with contextlib.suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(40):
                line = await reader.readline()
                return line.split(b" ")[1].decode() if b" " in line else "cut off"
        return "cut off"
    finally:
        writer.close()


async def _posted(victim: Victim, token: str | None, bodies: list[dict[str, Any]]) -> Answers:
    """GraphQL requests side by side; the HTTP status, or the code of the first error."""
    headers = {"authorization": f"Bearer {token}"} if token else {}
    async with httpx2.AsyncClient(base_url=victim.base, timeout=90, trust_env=False, headers=headers) as client:
        answers = await asyncio.gather(*(client.post("/graphql", json=body) for body in bodies))
    return Counter(map(_said, answers))


def _said(answer: httpx2.Response) -> str:
    if answer.status_code != 200:
        return str(answer.status_code)
    errors = answer.json().get("errors")
    return errors[0]["extensions"]["code"] if errors else "200"


def _head(path: str, *more: str) -> bytes:
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: 127.0.0.1", *more, "", ""]).encode()


async def endless_bodies(victim: Victim, _token: str) -> Answers:
    """Four bodies of 300 MB to a route that anybody may post to."""
    head = _head("/payment/return", "Transfer-Encoding: chunked")
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    return Counter(await asyncio.gather(*(_raw(victim, head, chunk, times=4800) for _ in range(4))))


async def one_header(victim: Victim, _token: str) -> Answers:
    """One header of 150 MB."""
    return Counter([await _raw(victim, b"GET / HTTP/1.1\r\nX: ", b"x" * 65536, times=2400)])


async def half_open(victim: Victim, _token: str) -> Answers:
    """Two hundred connections that never finish their head."""
    return Counter(await asyncio.gather(*(_raw(victim, b"GET / HTTP/1.1\r\nX: y") for _ in range(200))))


async def slow_bodies(victim: Victim, _token: str) -> Answers:
    """A hundred bodies that stop after a byte."""
    head = _head("/graphql", "Content-Type: application/json", "Content-Length: 1000")
    return Counter(await asyncio.gather(*(_raw(victim, head, b"{") for _ in range(100))))


async def comparisons(victim: Victim, token: str) -> Answers:
    """Fragments that nobody spreads, with six hundred fields of one name: the same and ever new ones."""
    text = "{viewer{role}} fragment A on Contract{" + "customer{id} " * 600 + "}"
    return await _posted(victim, token, [{"query": text + " " * (number % 5)} for number in range(20)])


async def largest_documents(victim: Victim, token: str) -> Answers:
    """Documents with as many fields to compare as are allowed, none twice."""
    names = ("number", "state", "id", "kind", "version", "language", "createdAt", "source", "flags", "billingBlock")
    fields = " ".join(" ".join([name] * 58) for name in names)
    texts = [f"{{contracts(first:1){{nodes{{...F{n}}}}}}} fragment F{n} on Contract{{{fields}}}" for n in range(10)]
    return await _posted(victim, token, [{"query": text} for text in texts])


async def long_lists(victim: Victim, token: str) -> Answers:
    """A flag a thousand times."""
    query = "query($f:[ContractFlag!]){contracts(filter:{flags:$f},first:1){nodes{id}}}"
    return await _posted(victim, token, [{"query": query, "variables": {"f": ["DEPOSIT_EXPIRING"] * 1000}}] * 10)


async def accents(victim: Victim, _token: str) -> Answers:
    """Mail addresses that are all accents: as many as fit, and to any server that reads more, more."""
    mails = ["e" + "\u0301\u0323" * size for size in (2_000, 2_600, 30_000, 60_000)]
    return await _posted(victim, None, [{"query": SIGN_IN, "variables": {"e": mail, "p": "x"}} for mail in mails])


async def upgrades(victim: Victim, _token: str) -> Answers:
    """Two hundred questions for a WebSocket, with a body."""
    head = _head("/graphql", "Connection: Upgrade", "Upgrade: websocket", "Content-Length: 5")
    return Counter(await asyncio.gather(*(_raw(victim, head, b"abcde") for _ in range(200))))


async def endless_expiry(victim: Victim, _token: str) -> Answers:
    """Links that are good until a time of five thousand digits."""
    link = b"GET /media/photos/0f8fad5b-d9cb-469f-a165-70867728950e?signature=a&expires=" + b"9" * 5000
    head = link + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    return Counter(await asyncio.gather(*(_raw(victim, head) for _ in range(20))))


async def many_passes(victim: Victim, token: str) -> Answers:
    """Pictures of twenty megapixels in three thousand passes, 200 KB each."""
    return await _sent_pictures(victim, token, [_passes(3000 + number) for number in range(4)])


def _passes(count: int) -> bytes:
    out = io.BytesIO()
    Image.new("L", (5000, 4000), 128).save(out, "JPEG", progressive=True)
    data = out.getvalue()
    return data[:-2] + data[data.rindex(b"\xff\xda") : -2] * count + data[-2:]


async def guesses(victim: Victim, _token: str) -> Answers:
    """Eighty wrong passwords for as many accounts."""
    variables = [{"e": f"nobody{n}@example.com", "p": "wrong-password"} for n in range(80)]
    return await _posted(victim, None, [{"query": SIGN_IN, "variables": one} for one in variables])


async def bogus_tokens(victim: Victim, _token: str) -> Answers:
    """Three hundred tokens that are none."""
    async with httpx2.AsyncClient(base_url=victim.base, timeout=90, trust_env=False) as client:
        asked = [
            client.post("/graphql", json={"query": "{viewer{role}}"}, headers={"authorization": f"Bearer ea_{n:043}"})
            for n in range(300)
        ]
        return Counter(map(_said, await asyncio.gather(*asked)))


async def pictures(victim: Victim, token: str) -> Answers:
    """Eight WebPs of twenty megapixels, and eight of the largest that are taken."""
    return await _uploaded(victim, token, 4472) + await _uploaded(victim, token, 2236)


async def _uploaded(victim: Victim, token: str, side: int) -> Answers:
    return await _sent_pictures(victim, token, [await asyncio.to_thread(_webp, side, number) for number in range(8)])


async def _sent_pictures(victim: Victim, token: str, contents: list[bytes]) -> Answers:
    headers = {"authorization": f"Bearer {token}", "graphql-require-preflight": "1"}
    async with httpx2.AsyncClient(base_url=victim.base, timeout=120, trust_env=False, headers=headers) as client:
        asked = [client.post("/graphql", data=_form(content), files={"0": content}) for content in contents]
        answers = await asyncio.gather(*asked)
    return Counter(_photo_said(answer) for answer in answers)


def _webp(side: int, number: int) -> bytes:
    out = io.BytesIO()
    picture = Image.linear_gradient("L").resize((side, side)).convert("RGB")
    picture.paste((number, 0, 0), (0, 0, 64, 64))
    picture.save(out, "WEBP")
    return out.getvalue()


def _form(content: bytes) -> dict[str, str]:
    operations = {"query": UPLOAD, "variables": {"s": hashlib.sha256(content).hexdigest(), "f": None}}
    return {"operations": orjson.dumps(operations).decode(), "map": '{"0":["variables.f"]}'}


def _photo_said(answer: httpx2.Response) -> str:
    if (said := _said(answer)) != "200":
        return said
    result = answer.json()["data"]["uploadPhoto"]
    return str(result.get("problemCode", result["__typename"]))


ATTACKS = [
    Attack("endless bodies", 4, endless_bodies),
    Attack("one endless header", 1, one_header),
    Attack("half-open connections", 200, half_open),
    Attack("slow bodies", 100, slow_bodies),
    Attack("comparisons", 20, comparisons),
    Attack("largest documents", 10, largest_documents),
    Attack("long lists", 10, long_lists),
    Attack("accents", 4, accents),
    Attack("upgrades", 200, upgrades),
    Attack("endless expiry", 20, endless_expiry),
    Attack("many passes", 4, many_passes),
    Attack("guessed passwords", 80, guesses),
    Attack("bogus tokens", 300, bogus_tokens),
    Attack("large pictures", 16, pictures),
]


async def _token(victim: Victim) -> str:
    async with httpx2.AsyncClient(base_url=victim.base, timeout=60, trust_env=False) as client:
        variables = {"e": "admin@autohaus-sonnenfeld.example", "p": "sandbox-password"}
        answer = await client.post("/graphql", json={"query": SIGN_IN, "variables": variables})
    token: str = answer.json()["data"]["signIn"]["accessToken"]
    return token


async def attack_all(victim: Victim) -> list[Result]:
    """One attack after the other, each beside somebody who asks for /healthz."""
    token, found = await _token(victim), []
    start_mb = victim.megabytes()
    for attack in ATTACKS:
        over, cpu = asyncio.Event(), victim.cpu_seconds()
        waiting = asyncio.create_task(longest_wait(victim.base, over))
        answers = await attack.run(victim, token)
        over.set()
        each = (victim.cpu_seconds() - cpu) / attack.requests
        found.append(Result(attack, answers, await waiting, each, victim.megabytes() - start_mb))
    return found


def main() -> int:
    """Prints the table; 1 if something broke."""
    with running() as victim:
        results = asyncio.run(attack_all(victim))
        faults = victim.faults()
    print(f"{'attack':24}{'answers':44}{'others wait':>12}{'CPU each':>10}{'memory':>10}")
    for result in results:
        answers = ", ".join(f"{count} x {said}" for said, count in result.answers.most_common())
        figures = f"{result.longest_ms:9.0f} ms{result.cpu_each:8.3f} s{result.growth_mb:+7.0f} MB"
        print(f"{result.attack.name:24}{answers:44}{figures}")
    broken = [r.attack.name for r in results if r.answers["500"] or r.answers["INTERNAL"]]
    growth = max(result.growth_mb for result in results)
    print(f"unexpected errors: {faults}; grew by at most {growth:.0f} MB")
    return 1 if broken or faults or growth >= MOST_GROWTH_MB else 0


if __name__ == "__main__":
    sys.exit(main())
