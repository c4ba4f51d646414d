"""Copies and erasure through the API, and nine years of a dealership: what must go is gone, what must stay is there."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest

from tests.api.test_damage_claims import claimed, scratched
from tests.calendar import BERLIN, local, next_weekday
from tests.dealership import PROBLEM, Dealership, add_user, open_dealership
from tests.driving import Api, SandboxServer, picture, running

DAY = timedelta(days=1)
CANARY = "Zzkanarienvogel"
NEVER = "zzkanarienvogel2@example.com"
"""Of who books what never comes about."""
COPY = "query($id:ID!){customerExport(id:$id){json filesUrl expiresAt}}"
ERASE = (
    "mutation($id:ID!,$v:Int!,$r:String!){eraseCustomer(id:$id,version:$v,reason:$r){__typename"
    " ...on Customer{id lastName firstName email phone birthDate restrictedAt version address{street}}"
    " ...on VersionConflict{currentVersion} " + PROBLEM + "}}"
)
AUDIT = "query($s:ID!,$y:Int!){documentAudit(stationId:$s,year:$y){issued missing brokenAt lastNumber}}"
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


@dataclass
class Years:
    """A dealership whose years go by: a rental, one whose damage was claimed and paid, one that was called off."""

    dealership: Dealership
    contracts: list[dict[str, Any]]
    year: int
    audit: dict[str, Any]
    """What was found of the documents of that year in the year itself."""

    def begin(self, years_later: int) -> None:
        """The third of January, so many years later, with all jobs done."""
        server = self.dealership.server
        server.move_to(local(date(self.year + years_later, 1, 3), 12))
        server.settle()

    def audited(self) -> dict[str, Any]:
        found: dict[str, Any] = self.dealership.admin(AUDIT, s=self.dealership.station["id"], y=self.year)
        return found

    def shown(self) -> list[dict[str, Any]]:
        return [self.dealership.admin(SHOWN, id=contract["id"]) for contract in self.contracts]

    def counted(self, what: str) -> int:
        with psycopg.connect(self.dealership.server.owner) as connection:
            (count,) = connection.execute(f"select count(*) from {what}".encode()).fetchone() or (0,)
        return int(count)


def begun(dealership: Dealership) -> Years:
    server = dealership.server
    licensed = {"firstName": "Anna", "lastName": CANARY, "birthDate": "1980-02-03", "licenceNumber": "B072RRE2I55"}
    rental = rented(dealership, drivers=[licensed])
    with_damage, damage = scratched(dealership, customer=anna())
    claimed(dealership, damage, "620.00")
    start = local(next_weekday(server, 0, weeks=2), 8)
    called_off = dealership.booked(start, start + DAY, customer=anna())
    dealership.clerk(
        'mutation($c:ID!,$v:Int!){cancelContract(contractId:$c,version:$v,reason:"krank"){__typename}}',
        c=called_off["id"],
        v=called_off["version"],
    )
    never = dealership.book(start, start + DAY, customer=anna(email=NEVER), card="tok-declined")
    assert never["__typename"] == "PaymentDeclined"
    server.settle()
    years = Years(dealership, [rental, with_damage, called_off], server.now().astimezone(BERLIN).year, {})
    years.audit = years.audited()
    assert (years.audit["issued"], years.audit["missing"], years.audit["brokenAt"]) == (7, [], None)
    kinds = {document["type"] for one in years.contracts for document in dealership.contract(one["id"])["documents"]}
    assert kinds == {"ADVANCE_INVOICE", "FINAL_INVOICE", "DAMAGE_CLAIM", "CANCELLATION_INVOICE"}
    return years


def answers(shown: dict[str, Any]) -> set[int]:
    """How the links of a contract's documents are answered."""
    return {httpx2.get(document["pdfUrl"], trust_env=False).status_code for document in shown["documents"]}


def test_nine_years(tmp_path: Path) -> None:
    with running(tmp_path / "data") as server:
        # Given
        dealership = open_dealership(server)
        started_with = stored_files(server)
        years = begun(dealership)
        ledger = server.ledger()
        assert dealership.admin(f'{{customers(search:"{NEVER}"){{totalCount}}}}') == {"totalCount": 1}
        cards, licences = years.counted("stored_card"), years.counted("driver where licence_number is not null")
        assert (cards, licences) == (4, 1)

        # When a month and a half have gone, Then the booking that never came about is gone
        server.advance(days=45)
        server.settle()
        assert dealership.admin(f'{{customers(search:"{NEVER}"){{totalCount}}}}') == {"totalCount": 0}
        numbers = {one["number"] for one in dealership.clerk("{contracts(first:50){nodes{number}}}")["nodes"]}
        assert numbers == {one["number"] for one in years.contracts}

        # When half a year has gone, Then cards, licences and pictures without a damage are gone, those of a claim not
        server.advance(days=200)
        server.settle()
        assert [one["photos"] for one in years.shown()[0]["protocols"]] == [[], []]
        (kept,) = dealership.clerk("query($f:DamageFilter){damages(filter:$f){nodes{photos{url}}}}", f={})["nodes"]
        assert len(kept["photos"]) == 1
        assert years.counted("stored_card") == years.counted("driver where licence_number is not null") == 0

        # When six years are over, Then the letters are gone, and the vouchers are there
        years.begin(7)
        assert years.audited() == years.audit
        assert who_says(server, CANARY) == {"document"}
        for shown in years.shown():
            assert (shown["emails"], shown["protocols"], shown["drivers"], shown["notes"]) == ([], [], [], [])
            assert [entry["action"] for entry in shown["history"]] == ["DATA_ERASED"]
            assert {document["recipient"]["name"] for document in shown["documents"]} == {f"Anna {CANARY}"}
            assert answers(shown) == {200}
        assert {name.partition("/")[0] for name in stored_files(server) - started_with} == {"documents"}

        # When eight years are over, Then numbers, sums and seals are left, and the chain holds
        years.begin(9)
        assert years.audited() == years.audit
        assert who_says(server, CANARY) == set()
        assert stored_files(server) == started_with
        for shown in years.shown():
            assert {document["recipient"]["name"] for document in shown["documents"]} == {""}
            assert all(document["erasedAt"] and not document["lines"] for document in shown["documents"])
            assert answers(shown) == {404}
        assert sum(len(shown["documents"]) for shown in years.shown()) == years.audit["issued"]
        assert [line["amount"] for line in server.ledger()] == [line["amount"] for line in ledger]
        assert years.counted("job where kind in ('RETENTION', 'ERASE_FILES') and state <> 'DONE'") == 0
