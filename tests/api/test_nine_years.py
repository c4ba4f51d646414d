"""Nine years of a dealership: what must go is gone, what must stay is there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx2
import psycopg

from tests.api.test_damage_claims import claimed, scratched
from tests.api.test_retention import CANARY, DAY, SHOWN, anna, rented, stored_files, who_says
from tests.calendar import BERLIN, local, next_weekday
from tests.dealership import Dealership, open_dealership
from tests.driving import running

NEVER = "zzkanarienvogel2@example.com"
"""Of who books what never comes about."""
AUDIT = "query($s:ID!,$y:Int!){documentAudit(stationId:$s,year:$y){issued missing brokenAt lastNumber}}"


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
