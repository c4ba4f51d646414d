"""A server whose photos and papers lie in S3: what it keeps there, what it says while S3 is away, what follows after."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from server.gateways.object_store import S3ObjectStore
from tests.calendar import DAY, local, next_weekday
from tests.dealership import Dealership, open_dealership
from tests.driving import SandboxServer, picture, running
from tests.papers import empty_pdf
from tests.store.s3_server import S3Server

PAPERS = """query($n:String){contract(number:$n){documents{number pdfUrl}
    protocols{pdfUrl photos{url thumbnailUrl}}}}"""


@pytest.fixture(scope="module")
def server(s3: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    environment = {**s3.access(), "ERSATZWAGEN_MEDIA_URL": "s3://photos/rental"}
    with running(tmp_path_factory.mktemp("on-s3") / "data", environment=environment) as server:
        yield server


@pytest.fixture(scope="module")
def dealership(server: SandboxServer) -> Dealership:
    return open_dealership(server)


@pytest.fixture
def store(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> S3ObjectStore:
    for name, value in s3.access().items():
        monkeypatch.setenv(name, value)
    return S3ObjectStore("s3://photos/rental")


def rented(dealership: Dealership, weekday: int, photo: int) -> dict[str, Any]:
    day = next_weekday(dealership.server, weekday)
    photos = [{"sha256": dealership.yard.upload(picture(photo)), "slot": "FRONT"}]
    out = {"photos": photos, "signature": dealership.sign()}
    return dealership.rent(local(day, 8), local(day + DAY, 8), km=90, out=out)


def papers_of(dealership: Dealership, contract: dict[str, Any]) -> list[str | None]:
    """Where its papers are read; a protocol that is not printed yet has no such place."""
    found = dealership.admin(PAPERS, n=contract["number"])
    return [paper["pdfUrl"] for paper in (*found["documents"], *found["protocols"])]


def photos_of(dealership: Dealership, contract: dict[str, Any]) -> list[str]:
    (photo,) = dealership.admin(PAPERS, n=contract["number"])["protocols"][0]["photos"]
    return [photo["url"], photo["thumbnailUrl"]]


async def test_what_nobody_has_attached_goes_after_a_month(dealership: Dealership, store: S3ObjectStore) -> None:
    # Given
    dealership.server.settle()
    before = await store.keys()
    dealership.yard.upload(picture(7))
    dealership.clerk.post_pdf(empty_pdf(3))
    uploaded = await store.keys() - before
    assert len(uploaded) == 3
    # When
    for _ in range(33):
        dealership.server.advance(days=1)
    dealership.server.settle()
    # Then: the picture, its small one and the PDF, and nothing else
    assert await store.keys() == before


async def test_photos_and_papers_are_kept_there_and_read_through_their_links(
    dealership: Dealership, store: S3ObjectStore
) -> None:
    # When
    contract = rented(dealership, 0, photo=1)
    sent = empty_pdf()
    answer = dealership.clerk.post_pdf(sent)
    # Then
    links = [*papers_of(dealership, contract), *photos_of(dealership, contract)]
    answers = [dealership.server.http.get(str(link)) for link in links]
    assert [answer.status_code for answer in answers] == [200] * len(links)
    assert {answer.content[:4] for answer in answers} == {b"%PDF", b"\xff\xd8\xff\xe0"}
    assert not (dealership.server.data_dir / "media").exists()
    sha256 = hashlib.sha256(sent).hexdigest()
    assert answer["data"]["uploadDocument"]["sha256"] == sha256
    assert await store.get(f"evidence/{sha256}.pdf") == sent


async def test_while_it_is_away_callers_are_told_to_wait_and_jobs_wait(
    s3: S3Server, dealership: Dealership, store: S3ObjectStore
) -> None:
    # Given
    server = dealership.server
    link = photos_of(dealership, rented(dealership, 1, photo=2))[-1]
    start = local(next_weekday(server, 2), 8)
    out = dealership.checked_out(start, start + DAY)
    server.settle()
    before = server.figures()
    s3.cable.cut()
    # When
    content = picture(3)
    try:
        upload = post_photo(dealership, content)
        document = post_photo(dealership, empty_pdf(2), "uploadDocument")
        shown = server.http.get(link)
        returned = dealership.check_in(out, start, km=out["vehicle"]["odometerKm"] + 1)
        server.settle()
    finally:
        s3.cable.join()
    # Then: both are told so in words, and when to come again
    for answer in (upload, document):
        (error,) = answer.json()["errors"]
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
        assert error["extensions"] == {"code": "RATE_LIMITED"}
        assert error["message"].startswith("Photos and documents cannot be reached at the moment")
    assert (shown.status_code, shown.headers["retry-after"]) == (503, "30")
    # And it is nobody's fault
    assert faults(server.figures()) == faults(before)
    contract = dealership.contract(out["id"])
    assert (returned["__typename"], contract["state"], contract["settlementState"]) == ("Protocol", "BILLED", "PAID")
    assert None in papers_of(dealership, contract)
    # When it is back, Then within the hour the papers are there, and what is sent again is taken
    server.advance(minutes=61)
    server.settle()
    papers = papers_of(dealership, contract)
    assert len(papers) == len(set(papers)) == 4
    assert [server.http.get(str(paper)).status_code for paper in (*papers, link)] == [200] * 5
    dealership.yard.upload(content)


def faults(figures: str) -> list[str]:
    return [line for line in figures.splitlines() if line.startswith("ersatzwagen_faults_total")]


def post_photo(dealership: Dealership, content: bytes, field: str = "uploadPhoto") -> Any:
    kind = "StoredPhoto" if field == "uploadPhoto" else "StoredDocument"
    operations = {
        "query": f"mutation($s:String!,$f:Upload!){{{field}(sha256:$s,file:$f){{__typename ...on {kind}{{sha256}}}}}}",
        "variables": {"s": hashlib.sha256(content).hexdigest(), "f": None},
    }
    return dealership.server.http.post(
        "/graphql",
        headers={"authorization": f"Bearer {dealership.clerk.token}", "GraphQL-Require-Preflight": "1"},
        data={"operations": orjson.dumps(operations).decode(), "map": '{"0":["variables.f"]}'},
        files={"0": ("file", content)},
    )
