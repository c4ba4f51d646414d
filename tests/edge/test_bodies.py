"""What callers put around their JSON without meaning anything by it: byte-order marks and charsets."""

from __future__ import annotations

import codecs

import httpx2
import pytest

QUERY = b'{"query":"{viewer}"}'
SOMEBODY = {"data": {"viewer": "Somebody"}}


async def post(client: httpx2.AsyncClient, body: bytes, kind: str = "application/json") -> httpx2.Response:
    return await client.post("/graphql", content=body, headers={"content-type": kind, "accept": "application/json"})


async def test_a_byte_order_mark_is_passed_over(client: httpx2.AsyncClient) -> None:
    response = await post(client, codecs.BOM_UTF8 + QUERY)

    assert (response.status_code, response.json()) == (200, SOMEBODY)


@pytest.mark.parametrize("body", [codecs.BOM_UTF8 * 2 + QUERY, codecs.BOM_UTF8, QUERY.decode().encode("utf-16")])
async def test_one_mark_and_of_no_other_encoding(client: httpx2.AsyncClient, body: bytes) -> None:
    response = await post(client, body)

    assert response.status_code == 400
    assert response.json()["errors"][0]["message"] == "The body is not valid JSON in UTF-8."


async def test_a_mark_within_an_upload_is_passed_over_too(client: httpx2.AsyncClient) -> None:
    """Two of a form's parts are JSON."""
    parts = {"operations": '\ufeff{"query":"{viewer}","variables":{"f":null}}', "map": '\ufeff{"0":["variables.f"]}'}

    response = await client.post(
        "/graphql",
        data=parts,
        files={"0": b"x"},
        headers={"graphql-require-preflight": "1", "accept": "application/json"},
    )

    assert "JSON" not in response.text
    assert response.status_code == 200, response.text


@pytest.mark.parametrize(
    "kind",
    [
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        'application/json; charset="utf-8"',
        "application/json; Charset = utf8 ;",
        "application/json;",
    ],
)
async def test_utf_8_by_any_of_its_names(client: httpx2.AsyncClient, kind: str) -> None:
    assert (await post(client, QUERY, kind)).json() == SOMEBODY


@pytest.mark.parametrize(
    "kind",
    [
        "application/json; charset=iso-8859-1",
        "application/json; charset=windows-1252",
        "application/json; charset=utf-16",
        "application/json; charset=",
        "application/json; charset=utf-8; charset=latin1",
        "multipart/form-data; charset=latin1; boundary=b",
    ],
)
async def test_another_charset_is_named_as_what_is_wrong(client: httpx2.AsyncClient, kind: str) -> None:
    response = await post(client, QUERY, kind)

    assert response.status_code == 415
    assert "charset must be utf-8" in response.json()["errors"][0]["message"]


async def test_another_parameter_is_still_another_type(client: httpx2.AsyncClient) -> None:
    response = await post(client, QUERY, "application/json; profile=x")

    assert response.status_code == 415
    assert "Content-Type must be application/json" in response.json()["errors"][0]["message"]
