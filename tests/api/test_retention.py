"""Copies of what is stored of a customer, and erasure, through the API."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest

from tests.calendar import local, next_weekday
from tests.dealership import PROBLEM, Dealership, add_user, open_dealership
from tests.driving import Api, SandboxServer, picture, running

DAY = timedelta(days=1)
CANARY = "Zzkanarienvogel"
COPY = "query($id:ID!){customerExport(id:$id){json filesUrl expiresAt}}"
ERASE = (
    "mutation($id:ID!,$v:Int!,$r:String!){eraseCustomer(id:$id,version:$v,reason:$r){__typename"
    " ...on Customer{id lastName firstName email phone birthDate restrictedAt version address{street}}"
    " ...on VersionConflict{currentVersion} " + PROBLEM + "}}"
)
SHOWN = (
    "query($id:ID!){contract(id:$id){personErasedAt customer{lastName email restrictedAt} history{action after}"
    " emails{to subject} protocols{id photos{url}} drivers{lastName} notes{text}"
    " documents{number erasedAt total{amount} recipient{name} lines{text} pdfUrl}}}"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    """Of its own: its clock runs through nine years."""
    with running(tmp_path_factory.mktemp("retention") / "data") as started:
        yield started


def anna(**more: Any) -> dict[str, Any]:
    return {
        "firstName": "Anna",
        "lastName": CANARY,
        "email": f"{CANARY.lower()}@example.com",
        "phone": "+49 30 1234567",
        "birthDate": "1980-02-03",
        "address": {"street": f"{CANARY}weg 1", "postcode": "10115", "city": "Berlin"},
        "language": "DE",
        **more,
    }


def rented(dealership: Dealership, **more: Any) -> dict[str, Any]:
    """A whole day with pictures and signatures, settled."""
    start = local(next_weekday(dealership.server, 0), 8)
    photos = [{"slot": "FRONT", "sha256": dealership.yard.upload(picture(seed))} for seed in (21, 22)]
    going = {"photos": photos, "signature": dealership.sign(), "remarks": f"Für {CANARY}"}
    coming = {
        "photos": [{"slot": "REAR", "sha256": dealership.yard.upload(picture(23))}],
        "signature": dealership.sign(),
    }
    return dealership.rent(start, start + DAY, customer=anna(), out=going, back_with=coming, **more)


def manager_of(dealership: Dealership) -> Api:
    email = f"manager-{dealership.station['code'].lower()}@example.com"
    add_user(dealership.admin, email, "MANAGER", [dealership.station["id"]])
    return dealership.server.sign_in(email)


def customer_of(dealership: Dealership, contract: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = dealership.clerk(
        "query($id:ID!){customer(id:$id){id version lastName}}", id=contract["customer"]["id"]
    )
    return found


def test_a_copy_has_everything_and_its_files(server: SandboxServer) -> None:
    # Given
    dealership = open_dealership(server)
    contract = rented(dealership)
    manager = manager_of(dealership)
    # When
    copy = manager(COPY, id=contract["customer"]["id"])
    # Then
    told = json.loads(copy["json"])
    assert (told["customer"]["last_name"], told["customer"]["birth_date"]) == (CANARY, "1980-02-03")
    (of_contract,) = told["contracts"]
    assert of_contract["number"] == contract["number"]
    assert of_contract["customer"]["street"] == f"{CANARY}weg 1"
    assert {one["remarks"] for one in of_contract["protocols"]} == {f"Für {CANARY}", None}
    assert [one["number"] for one in of_contract["documents"]] == [one["number"] for one in contract["documents"]]
    assert sorted(one["template"] for one in of_contract["emails"]) == [
        "BOOKING_CONFIRMATION",
        "CHECK_IN_PROTOCOL",
        "CHECK_OUT_PROTOCOL",
        "FINAL_INVOICE",
        "REMINDER",
    ]
    assert "token" not in copy["json"]
    # And
    answer = httpx2.get(copy["filesUrl"], trust_env=False)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert "no-store" in answer.headers["cache-control"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert json.loads(archive.read("data.json")) == told
        endings = sorted(name.rpartition(".")[2] for name in names)
        assert endings == ["jpg"] * 4 + ["json"] + ["pdf"] * 4, "both signatures are one picture"
        assert archive.read(f"{contract['number']}/{contract['documents'][0]['number']}.pdf").startswith(b"%PDF")


def test_a_copy_is_for_who_asked_and_for_a_quarter_of_an_hour(server: SandboxServer) -> None:
    # Given
    dealership, elsewhere = open_dealership(server), open_dealership(server)
    contract = rented(dealership)
    manager, stranger = manager_of(dealership), manager_of(elsewhere)
    link = manager(COPY, id=contract["customer"]["id"])["filesUrl"]
    # When, Then: not without its seal, not with another's name in it, not for a customer of somebody else
    assert httpx2.get(link.partition("?")[0], trust_env=False).status_code == 404
    someone = stranger("{viewer{user{id}}}")["user"]["id"]
    user = link.partition("?")[0].rpartition("/")[2]
    assert httpx2.get(link.replace(user, someone), trust_env=False).status_code == 404
    assert stranger.error_code(COPY, id=contract["customer"]["id"]) == "BAD_USER_INPUT"
    # And who is not there any more takes the link along
    dealership.admin("mutation($id:ID!){updateUser(id:$id,input:{active:false}){__typename}}", id=user)
    assert httpx2.get(link, trust_env=False).status_code == 404


def test_a_manager_sees_the_contracts_of_the_own_stations_an_administrator_all(server: SandboxServer) -> None:
    dealership, elsewhere = open_dealership(server), open_dealership(server)
    here, there = rented(dealership), rented(elsewhere)
    assert here["customer"]["id"] == there["customer"]["id"]

    def numbers(caller: Api) -> set[str]:
        copy = json.loads(caller(COPY, id=here["customer"]["id"])["json"])
        return {one["number"] for one in copy["contracts"]}

    assert numbers(manager_of(dealership)) == {here["number"]}
    assert numbers(dealership.admin) >= {here["number"], there["number"]}


def test_who_is_erased_is_found_nowhere(server: SandboxServer) -> None:
    # Given
    dealership = open_dealership(server)
    named = anna(lastName="Zzweg", email="zzweg@example.com")
    contract = dealership.rent(*a_day(dealership), customer=named, note="Zzweg ist nett")
    manager = manager_of(dealership)
    stored = customer_of(dealership, contract)
    assert manager('{documents(filter:{search:"zzweg"}){totalCount}}') == {"totalCount": 2}
    # When
    answer = manager(ERASE, id=stored["id"], v=stored["version"], r="Anruf vom Montag")
    server.settle()
    # Then
    assert answer.pop("restrictedAt") is not None
    assert answer == {
        "__typename": "Customer",
        "id": stored["id"],
        "lastName": None,
        "firstName": None,
        "email": "",
        "phone": None,
        "birthDate": None,
        "version": stored["version"] + 1,
        "address": None,
    }
    for caller in (manager, dealership.clerk, dealership.admin):
        assert caller("query($id:ID!){customer(id:$id){id}}", id=stored["id"]) is None
        assert caller('{customers(search:"zzweg"){totalCount}}') == {"totalCount": 0}
        assert caller('{contracts(filter:{search:"zzweg"}){totalCount}}') == {"totalCount": 0}
        assert caller('{documents(filter:{search:"zzweg"}){totalCount}}') == {"totalCount": 0}
        shown = caller(SHOWN, id=contract["id"])
        assert shown["customer"]["lastName"] is None
        assert shown["customer"]["email"] == ""
        assert [driver["lastName"] for driver in shown["drivers"]] == [""]
        assert shown["notes"] == []
    # And what the law keeps is there
    assert [one["recipient"]["name"] for one in manager(SHOWN, id=contract["id"])["documents"]] == ["Anna Zzweg"] * 2
    # And asked once more there is nobody
    again = manager(ERASE, id=stored["id"], v=stored["version"] + 1, r="Anruf vom Montag")
    assert again == {
        "__typename": "Rejection",
        "problemCode": "NOT_FOUND",
        "message": again["message"],
        "field": ["id"],
    }


def a_day(dealership: Dealership) -> tuple[Any, Any]:
    start = local(next_weekday(dealership.server, 0), 8)
    return start, start + DAY


def test_what_stands_against_it_is_named(server: SandboxServer) -> None:
    dealership = open_dealership(server)
    settled = dealership.rent(*a_day(dealership))
    start, end = a_day(dealership)
    contract = dealership.booked(start, end)
    stored = customer_of(dealership, contract)
    manager = manager_of(dealership)

    answer = manager(ERASE, id=stored["id"], v=stored["version"], r="so")

    assert (answer["__typename"], answer["problemCode"], answer["field"]) == ("Rejection", "NOT_ALLOWED", ["id"])
    assert contract["number"] in answer["message"]
    late = manager(ERASE, id=customer_of(dealership, settled)["id"], v=9, r="so")
    assert (late["__typename"], late["currentVersion"]) == ("VersionConflict", 1)
    assert customer_of(dealership, contract) == stored


def stored_files(server: SandboxServer) -> set[str]:
    """Objects by their folder: documents, protocols, photos."""
    media = Path(server.data_dir) / "media"
    return {str(path.relative_to(media)) for path in media.rglob("*") if path.is_file()}


def who_says(server: SandboxServer, word: str) -> set[str]:
    """Tables that say a word in any column."""
    with psycopg.connect(server.owner) as connection:
        tables = [
            row[0]
            for row in connection.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
        ]
        return {
            table
            for table in tables
            if connection.execute(f"select 1 from {table} t where t::text ilike %s limit 1", [f"%{word}%"]).fetchone()
        }
