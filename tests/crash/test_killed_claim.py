"""kill -9 in the middle of a decision, a claim and its money: one document, one mail of each, one capture, one charge."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.calendar import soon
from tests.crash.test_killed import MortalServer, moved
from tests.dealership import Dealership, open_dealership
from tests.driving import new_id

DAY = timedelta(days=1)
FUSES = ["2", "3", "1 gateway", "4", "1 mail", "2 gateway", "3", "2"]
STATE = "query($v:ID!){damages(filter:{vehicleId:$v}){nodes{id liability version claim{number}}}}"
CONFIRM = 'mutation($d:ID!,$v:Int!){decideDamage(damageId:$d,version:$v,liability:CONFIRMED,reason:"neu"){__typename}}'
DECIDE = (
    "mutation($d:ID!,$v:Int!){decideDamage(damageId:$d,version:$v,liability:DECIDED_CUSTOMER,"
    'estimateNet:"620.00",reason:"Kunde"){__typename}}'
)
CLAIM = "mutation($d:ID!,$v:Int!){claimDamage(damageId:$d,version:$v){__typename}}"
NEXT = {"SUSPECTED": CONFIRM, "CONFIRMED": DECIDE, "DECIDED_CUSTOMER": CLAIM}


def until_claimed(server: MortalServer, dealership: Dealership, contract: dict[str, Any], damage: str) -> None:
    """A clerk looks where it stands, and does what comes next: whoever died before the answer may have done it."""
    for _ in range(60):
        found = server.insist(lambda: dealership.clerk(STATE, v=contract["vehicle"]["id"]))
        (now,) = [one for one in found["nodes"] if one["id"] == damage]
        if now["liability"] not in NEXT:
            return
        document, version = NEXT[now["liability"]], now["version"]
        answer = server.insist(lambda: dealership.clerk(document, d=damage, v=version))  # noqa: B023  # called at once
        assert answer["__typename"] in {"Damage", "VersionConflict"}, answer
    raise AssertionError("never claimed")


def test_killed_on_the_way_to_the_money(tmp_path: Path) -> None:
    # Given: back with a scratch, and billed
    server = MortalServer(tmp_path / "data", FUSES[:])
    server.entry = ["server"]
    server.start()
    try:
        dealership = open_dealership(server, cars=1)
        start, damage = soon(server), new_id()
        scratch = {"id": damage, "position": {"view": "LEFT", "x": 0.4, "y": 0.5}, "kind": "SCRATCH"}
        contract = dealership.rent(start, start + DAY, back_with={"damages": [scratch]})
        # When
        server.arm()
        until_claimed(server, dealership, contract, damage)
        for _ in range(6):
            server.insist(server.settle)
            server.insist(lambda: server.advance(minutes=15))
        server.insist(server.settle)
        # Then
        finished = server.insist(lambda: dealership.contract(contract["id"]))
        judge(server, finished)
        assert len(server.deaths) >= 5, server.deaths
    finally:
        server.stop()


def judge(server: MortalServer, contract: dict[str, Any]) -> None:
    taken = moved(server.ledger(contract["number"]))
    assert {kind: times for kind, times in taken.items() if kind[0] != "preAuth"} == {
        ("sale", "59.00"): 1,
        ("postAuth", "300.00"): 1,
        ("sale", "320.00"): 1,
    }
    assert [one["liability"] for one in contract["damages"]] == ["PAID"]
    assert [one["type"] for one in contract["documents"]] == ["ADVANCE_INVOICE", "FINAL_INVOICE", "DAMAGE_CLAIM"]
    assert all(one["sha256"] for one in contract["documents"])
    mails = Counter(mail["template"] for mail in server.mails(contract["customer"]["email"]))
    assert (mails["DAMAGE_NOTICE"], mails["DAMAGE_CLAIM"], mails["PAYMENT_FAILED"]) == (1, 1, 0)
