"""What is made of measurements: ratios, goals, differences, pictures."""

from __future__ import annotations

import asyncio
from xml.etree import ElementTree as ET

import pytest

from benchmarks import flames, load, plots
from benchmarks.alternation import Compared, Round, cpu
from benchmarks.answers import first_difference
from benchmarks.results import Bar


def a_round(cpu_ms: float) -> Round:
    return Round(rate=100.0, cpu_ms=cpu_ms, postgres_ms=1.0, p50=10.0, p99=20.0, errors=0)


def test_a_ratio_is_the_median_of_the_pairs() -> None:
    # Given: the machine was busy in the second pair
    compared = Compared(
        "b", 4, {"one": [a_round(2), a_round(9), a_round(3)], "two": [a_round(1), a_round(3), a_round(1)]}
    )
    # When, Then
    assert compared.ratio("one", "two", cpu) == 3.0
    assert compared.ratio("one", "three", cpu) is None


@pytest.mark.parametrize(
    ("bar", "is_missed"),
    [
        (Bar("x", 3.0, 3), False),
        (Bar("x", 3.1, 3), True),
        (Bar("x", 9.9, 10, at_least=True), True),
        (Bar("x", 10.0, 10, at_least=True), False),
        (Bar("x", None, 3), True),
    ],
)
def test_a_goal_is_reached_at_its_limit_and_not_without_a_figure(bar: Bar, is_missed: bool) -> None:
    assert bar.is_missed is is_missed


@pytest.mark.parametrize(
    ("one", "two", "where"),
    [
        ({"a": [1, {"b": None}]}, {"a": [1, {"b": None}]}, None),
        ({"generatedAt": 1, "a": 2}, {"generatedAt": 3, "a": 2}, None),
        ({"a": [1, {"b": 1}]}, {"a": [1, {"b": 2}]}, ".a[1].b: 1 and 2"),
        ({"a": [1]}, {"a": [1, 2]}, ".a: [1] and [1, 2]"),
        ({"a": 1}, {"b": 1}, ".a: 1 and None"),
    ],
)
def test_answers_are_compared_value_by_value(one: object, two: object, where: str | None) -> None:
    assert first_difference(one, two) == where


def test_pictures_are_well_formed() -> None:
    # Given
    stacks = {"m:main;asyncio.runners:run;a:<lambda>": 50, "m:main;asyncio.runners:run;b:f": 40, "c:&": 10}
    # When, Then: how the program came to its loop is left out
    assert set(flames.tree(stacks).inner) == {"a:<lambda>", "b:f", "c:&"}
    for picture in (flames.svg("a < b", stacks), plots.bars("a & b", "ms", [("<x>", 1.0), ("y", 0.0)])):
        assert ET.fromstring(picture).tag.endswith("svg")


async def test_the_load_counts_answers_and_errors() -> None:
    # Given: a server that answers well, in chunks, with an error, and then breaks off
    answers = iter(
        [
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
            b'HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{"errors":[]}',
        ]
    )

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(2)
            writer.write(answer)
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    # When
    heard = await load.ask(load.Plan(port, "/graphql", ["{}"], [{}], clients=1, seconds=20.0, requests=4))
    server.close()
    # Then
    assert (heard.answers, heard.errors) == (3, 2)
