"""Damages through the API: decided by people, explained on paper, never twice. To the cent, in documents, books, mails."""

from __future__ import annotations

import io
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from pypdf import PdfReader

from tests.calendar import day_of, local, next_weekday
from tests.dealership import PROBLEM, Dealership, add_user, open_dealership
from tests.driving import Api, SandboxServer, new_id, picture
from tests.papers import empty_pdf

DAY = timedelta(days=1)
DAMAGE = (
    "...on Damage{id version liability repair estimateNet{amount} finalNet{amount} claimDeadline"
    " claim{number type total{amount} net{amount} vat{amount} lines{kind text total{amount} taxable} pdfUrl"
    " recipient{name} openItem{open{amount} dueOn}}} ...on VersionConflict{currentVersion} " + PROBLEM
)
STEPS = {
    "decide": "mutation($d:ID!,$v:Int!,$l:DamageLiability!,$e:Decimal,$f:Decimal,$r:String!){decideDamage(damageId:$d,"
    "version:$v,liability:$l,estimateNet:$e,finalNet:$f,reason:$r){__typename " + DAMAGE + "}}",
    "claim": "mutation($d:ID!,$v:Int!,$e:[String!]!=[],$o:String){claimDamage(damageId:$d,version:$v,evidence:$e,"
    "overrideReason:$o){__typename " + DAMAGE + "}}",
    "dispute": "mutation($d:ID!,$v:Int!,$r:String!){disputeDamage(damageId:$d,version:$v,reason:$r){__typename "
    + DAMAGE
    + "}}",
    "writeOff": "mutation($d:ID!,$v:Int!,$r:String!){writeOffDamage(damageId:$d,version:$v,reason:$r){__typename "
    + DAMAGE
    + "}}",
    "repair": "mutation($d:ID!,$v:Int!,$s:RepairState!){repairDamage(damageId:$d,version:$v,repair:$s){__typename "
    + DAMAGE
    + "}}",
}
CANCEL = (
    "mutation($d:ID!,$r:String!){cancelDocument(documentId:$d,reason:$r){__typename ...on Document{number type"
    " total{amount} net{amount} vat{amount} payable{amount} refersTo{id number} pdfUrl} " + PROBLEM + "}}"
)
LIST = (
    "query($f:DamageFilter){damages(filter:$f){totalCount nodes{id liability version photos{slot url}"
    " contract{number protocols{type photos{slot url}}}}}}"
)


def scratched(dealership: Dealership, **more: Any) -> tuple[dict[str, Any], str]:
    """A day's rental that came back with a scratch and is billed; the damage's id."""
    start = local(next_weekday(dealership.server, 0), 8)
    photo = dealership.yard.upload(picture(7))
    damage = new_id()
    scratch = {
        "id": damage,
        "position": {"view": "LEFT", "x": 0.4, "y": 0.5},
        "kind": "SCRATCH",
        "sizeMm": 80,
        "photos": [photo],
    }
    back_with = {"damages": [scratch], **more.pop("back_with", {})}
    contract = dealership.rent(start, start + DAY, back_with=back_with, **more)
    return contract, damage


def step(caller: Api, name: str, damage: str, version: int, **more: Any) -> dict[str, Any]:
    answer: dict[str, Any] = caller(STEPS[name], d=damage, v=version, **more)
    return answer


def decided(dealership: Dealership, damage: str, net: str) -> int:
    """Confirmed, then the customer's; the version."""
    confirmed = step(dealership.clerk, "decide", damage, 1, l="CONFIRMED", r="nicht im Übergabeprotokoll")
    assert confirmed["liability"] == "CONFIRMED"
    more = {"l": "DECIDED_CUSTOMER", "e": net, "r": "Kunde räumt es ein"}
    answer = step(dealership.clerk, "decide", damage, confirmed["version"], **more)
    assert (answer["liability"], answer["estimateNet"]["amount"]) == ("DECIDED_CUSTOMER", net)
    version: int = answer["version"]
    return version


def claimed(dealership: Dealership, damage: str, net: str, **more: Any) -> dict[str, Any]:
    """Claimed, and its money moved: the damage's answer."""
    answer = step(dealership.clerk, "claim", damage, decided(dealership, damage, net), **more)
    assert answer["__typename"] == "Damage", answer
    dealership.server.settle()
    return answer


def books(dealership: Dealership, contract: dict[str, Any]) -> list[tuple[str, str, str]]:
    """What happened at the gateway after the booking's advance and hold."""
    lines = [(line["type"], line["amount"], line["state"]) for line in dealership.server.ledger(contract["number"])]
    return lines[2:]


def mails(dealership: Dealership, contract: dict[str, Any], template: str) -> list[dict[str, Any]]:
    return dealership.server.mails(contract["customer"]["email"], template)


def standing(dealership: Dealership, damage: str, vehicle: str) -> dict[str, Any]:
    found = dealership.clerk(LIST, f={"vehicleId": vehicle})
    (only,) = [one for one in found["nodes"] if one["id"] == damage]
    answer: dict[str, Any] = only
    return answer


def paper_of(dealership: Dealership, url: str) -> str:
    content = dealership.server.http.get(url).content
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages).split())


def test_d1_from_the_scratch_to_the_money(dealership: Dealership) -> None:
    # Given: E01 with a new scratch: 59.00, nothing due, the deposit stays, no line for the damage
    contract, damage = scratched(dealership)
    final = next(one for one in contract["documents"] if one["type"] == "FINAL_INVOICE")
    assert (final["total"]["amount"], final["vat"]["amount"], final["payable"]["amount"]) == ("59.00", "9.42", "0.00")
    assert "DAMAGE" not in [line["kind"] for line in final["lines"]]
    assert (contract["deposit"]["state"], books(dealership, contract)) == ("ACTIVE", [])
    # When
    answer = claimed(dealership, damage, "620.00")
    # Then: the document
    claim = answer["claim"]
    assert claim["type"] == "DAMAGE_CLAIM"
    assert [claim[name]["amount"] for name in ("total", "net", "vat")] == ["620.00", "620.00", "0.00"]
    assert [(line["kind"], line["total"]["amount"], line["taxable"]) for line in claim["lines"]] == [
        ("DAMAGE", "620.00", False)
    ]
    # and the money
    assert books(dealership, contract) == [("postAuth", "300.00", "approved"), ("sale", "320.00", "approved")]
    after = dealership.contract(contract["id"])
    assert (after["settlementState"], after["paid"]["amount"], after["due"]["amount"]) == ("PAID", "59.00", "0.00")
    assert (after["deposit"]["state"], after["deposit"]["used"]["amount"]) == ("USED", "300.00")
    now = standing(dealership, damage, contract["vehicle"]["id"])
    assert now["liability"] == "PAID"
    # and the mails
    assert len(mails(dealership, contract, "DAMAGE_NOTICE")) == 1
    (mail,) = mails(dealership, contract, "DAMAGE_CLAIM")
    assert claim["number"] in mail["subject"]
    assert mails(dealership, contract, "PAYMENT_FAILED") == []
    # and the paper
    text = paper_of(dealership, dealership.contract(contract["id"])["documents"][-1]["pdfUrl"])
    assert "Schadenersatzforderung" in text
    assert "er ist nicht steuerbar und enthält keine Umsatzsteuer" in text
    assert "Kratzer, linke Seite, 80 mm" in text
    assert "300,00 € werden der Kaution entnommen" in text
    assert "320,00 € werden Ihrer hinterlegten Karte belastet" in text


def test_a_claim_that_was_paid_is_taken_back_and_made_anew(dealership: Dealership) -> None:
    # Given: D1, paid by the deposit and the card, and disputed
    contract, damage = scratched(dealership)
    number = claimed(dealership, damage, "620.00")["claim"]["number"]
    vehicle = contract["vehicle"]["id"]
    paid = standing(dealership, damage, vehicle)
    assert step(dealership.clerk, "dispute", damage, paid["version"], r="war schon da")["liability"] == "DISPUTED"
    (claim,) = [one for one in dealership.contract(contract["id"])["documents"] if one["number"] == number]
    email = f"{new_id()}@example.com"
    add_user(dealership.admin, email, "MANAGER", [dealership.station["id"]])
    manager = dealership.server.sign_in(email)
    # When a clerk tries, nothing happens
    assert dealership.clerk.error_code(CANCEL, d=claim["id"], r="bekannt") == "FORBIDDEN"
    assert (len(books(dealership, contract)), mails(dealership, contract, "CORRECTION")) == (2, [])
    # When a manager does it
    mirror = manager(CANCEL, d=claim["id"], r="war im Übergabeprotokoll")
    dealership.server.settle()
    # Then: the document
    assert (mirror["__typename"], mirror["type"]) == ("Document", "CANCELLATION_INVOICE")
    assert [mirror[name]["amount"] for name in ("total", "net", "vat")] == ["-620.00", "-620.00", "0.00"]
    assert mirror["refersTo"] == {"id": claim["id"], "number": number}
    # and the money
    assert sorted(books(dealership, contract)[2:]) == [
        ("return", "300.00", "approved"),
        ("return", "320.00", "approved"),
    ]
    after = dealership.contract(contract["id"])
    assert (after["settlementState"], after["paid"]["amount"], after["due"]["amount"]) == ("PAID", "59.00", "0.00")
    # and the paper
    assert len(mails(dealership, contract, "CORRECTION")) == 1
    text = paper_of(dealership, after["documents"][-1]["pdfUrl"])
    assert f"Hiermit nehmen wir die Schadenersatzforderung {number}" in text
    assert "620,00 € werden auf Ihre Karte erstattet" in text
    # and again is refused
    again = manager(CANCEL, d=claim["id"], r="noch einmal")
    assert (again["problemCode"], again["field"]) == ("INVALID_INPUT", ["documentId"])
    # When it is claimed anew
    now = standing(dealership, damage, vehicle)
    assert now["liability"] == "DECIDED_CUSTOMER"
    amended = step(dealership.clerk, "decide", damage, now["version"], l="DECIDED_CUSTOMER", f="80.00", r="Rechnung")
    new = step(dealership.clerk, "claim", damage, amended["version"])
    dealership.server.settle()
    # Then
    assert (new["claim"]["total"]["amount"], new["claim"]["number"] == number) == ("80.00", False)
    assert books(dealership, contract)[4:] == [("sale", "80.00", "approved")]
    assert standing(dealership, damage, vehicle)["liability"] == "PAID"


def test_d2_the_deductible_limits_the_claim(dealership: Dealership) -> None:
    contract, damage = scratched(dealership)

    answer = claimed(dealership, damage, "1500.00")

    assert [line["total"]["amount"] for line in answer["claim"]["lines"]] == ["1500.00", "-500.00"]
    assert answer["claim"]["total"]["amount"] == "1000.00"
    assert books(dealership, contract) == [("postAuth", "300.00", "approved"), ("sale", "700.00", "approved")]


def test_d3c_one_capture_for_both(dealership: Dealership) -> None:
    # Given: three eighths of fuel, 54.38; the card refuses them while the damage is suspected
    more = {"card": "tok-declined-later", "back_with": {"condition": {"fuelEighths": 5}}}
    contract, damage = scratched(dealership, **more)
    final = next(one for one in contract["documents"] if one["type"] == "FINAL_INVOICE")
    assert (final["payable"]["amount"], final["openItem"]["open"]["amount"]) == ("54.38", "54.38")
    assert (contract["deposit"]["state"], contract["settlementState"]) == ("ACTIVE", "OPEN")
    assert books(dealership, contract) == [("sale", "54.38", "declined")]
    # When: the claim leaves 180.00 of the deposit
    claimed(dealership, damage, "120.00")
    # Then
    assert books(dealership, contract)[1:] == [("postAuth", "174.38", "approved")]
    after = dealership.contract(contract["id"])
    assert (after["settlementState"], after["paid"]["amount"]) == ("PAID", "113.38")
    assert (after["deposit"]["state"], after["deposit"]["used"]["amount"]) == ("PARTLY_USED", "174.38")
    final = next(one for one in after["documents"] if one["type"] == "FINAL_INVOICE")
    assert final["openItem"]["open"]["amount"] == "0.00"
    assert standing(dealership, damage, contract["vehicle"]["id"])["liability"] == "PAID"
    (mail,) = mails(dealership, contract, "DAMAGE_CLAIM")
    assert mail["subject"].startswith("Forderung")


def test_d3c_the_claim_comes_first_and_the_rest_stays_open(dealership: Dealership) -> None:
    more = {"card": "tok-declined-later", "back_with": {"condition": {"fuelEighths": 5}}}
    contract, damage = scratched(dealership, **more)

    answer = claimed(dealership, damage, "620.00")

    assert books(dealership, contract)[1:] == [("postAuth", "300.00", "approved"), ("sale", "320.00", "declined")]
    after = dealership.contract(contract["id"])
    open_of = {one["number"]: one["openItem"] for one in after["documents"] if one["openItem"]}
    assert sorted(item["open"]["amount"] for item in open_of.values()) == ["320.00", "54.38"]
    in_fourteen_days = (day_of(dealership.server.now()) + 14 * DAY).isoformat()
    assert open_of[answer["claim"]["number"]]["dueOn"] == in_fourteen_days
    assert standing(dealership, damage, contract["vehicle"]["id"])["liability"] == "CLAIMED"
    assert len(mails(dealership, contract, "PAYMENT_FAILED")) == 2
    # Then a manager gives it up
    email = f"{new_id()}@example.com"
    add_user(dealership.admin, email, "MANAGER", [dealership.station["id"]])
    manager = dealership.server.sign_in(email)
    refused = dealership.clerk.error_code(STEPS["writeOff"], d=damage, v=answer["version"], r="Kulanz")
    assert refused == "FORBIDDEN"
    disputed = step(dealership.clerk, "dispute", damage, answer["version"], r="Kunde: war schon da")
    assert disputed["liability"] == "DISPUTED"
    written_off = step(manager, "writeOff", damage, disputed["version"], r="nicht beweisbar")
    assert (written_off["liability"], written_off["claim"]["openItem"]["open"]["amount"]) == ("WRITTEN_OFF", "0.00")


@pytest.mark.parametrize("operation", ["postAuth", "sale"])
def test_a_lost_answer_is_found_and_nothing_is_taken_twice(dealership: Dealership, operation: str) -> None:
    contract, damage = scratched(dealership)
    order = f"{contract['number']}-C1" if operation == "sale" else None
    dealership.server.script(operation, "process-then-drop", order)

    claimed(dealership, damage, "620.00")

    dealership.server.settle()
    assert books(dealership, contract) == [("postAuth", "300.00", "approved"), ("sale", "320.00", "approved")]
    assert standing(dealership, damage, contract["vehicle"]["id"])["liability"] == "PAID"


def test_the_same_claim_sent_twice_and_two_clerks_at_once(dealership: Dealership) -> None:
    contract, damage = scratched(dealership)
    version = decided(dealership, damage, "620.00")

    answers = [step(dealership.clerk, "claim", damage, version) for _ in range(2)]
    dealership.server.settle()

    assert [answer["__typename"] for answer in answers] == ["Damage", "VersionConflict"]
    assert answers[1]["currentVersion"] > version
    documents = dealership.contract(contract["id"])["documents"]
    assert [one["type"] for one in documents].count("DAMAGE_CLAIM") == 1
    assert len(books(dealership, contract)) == 2
    assert len(mails(dealership, contract, "DAMAGE_CLAIM")) == 1


def test_evidence_is_uploaded_and_goes_with_the_mail(dealership: Dealership) -> None:
    contract, damage = scratched(dealership)
    content = empty_pdf(2)
    stored = [dealership.clerk.post_pdf(content)["data"]["uploadDocument"] for _ in range(2)]
    assert stored[0] == stored[1]
    assert (stored[0]["__typename"], stored[0]["pages"]) == ("StoredDocument", 2)

    claimed(dealership, damage, "620.00", e=[stored[0]["sha256"]])

    (mail,) = mails(dealership, contract, "DAMAGE_CLAIM")
    raw = dealership.server.http.get(f"/sandbox/mails/{mail['id']}").content
    assert len(raw) < 10_000_000
    parts = list(message_from_bytes(raw, policy=default).iter_attachments())
    number = contract["number"]
    assert [part.get_filename() for part in parts][1:] == [
        f"{number}-Beleg-1.pdf",
        f"Übergabeprotokoll {number}.pdf",
        f"Rückgabeprotokoll {number}.pdf",
        f"{number}-Foto-1.jpg",
    ]
    assert parts[1].get_content() == content


@pytest.mark.parametrize(
    ("content", "sha256", "message", "field"),
    [
        (b"no pdf", None, "This is not a PDF.", ["file"]),
        (empty_pdf(51), None, "The PDF has more than 50 pages: send only those that matter.", ["file"]),
        (empty_pdf(), "0" * 64, "The file is not the one that this sha256 belongs to; send it again.", ["sha256"]),
    ],
)
def test_what_is_no_evidence_is_refused(
    dealership: Dealership, content: bytes, sha256: str | None, message: str, field: list[str]
) -> None:
    refused = dealership.clerk.post_pdf(content, sha256)["data"]["uploadDocument"]

    assert refused == {
        "__typename": "Rejection",
        "problemCode": "INVALID_INPUT",
        "message": message,
        "field": field,
    }


def test_another_station_cannot_use_a_foreign_pdf_or_damage(server: SandboxServer, dealership: Dealership) -> None:
    other = open_dealership(server)
    contract, damage = scratched(dealership)
    theirs = other.clerk.post_pdf(empty_pdf(3))["data"]["uploadDocument"]["sha256"]
    version = decided(dealership, damage, "620.00")

    foreign = step(other.clerk, "claim", damage, version)
    assert (foreign["problemCode"], foreign["field"]) == ("NOT_FOUND", ["damageId"])
    refused = step(dealership.clerk, "claim", damage, version, e=[theirs])

    assert (refused["problemCode"], refused["field"]) == ("INVALID_INPUT", ["evidence", "0"])
    assert books(dealership, contract) == []
    assert mails(dealership, contract, "DAMAGE_CLAIM") == []
    assert standing(dealership, damage, contract["vehicle"]["id"])["version"] == version


def test_refusals_name_what_is_wrong_and_change_nothing(dealership: Dealership) -> None:
    contract, damage = scratched(dealership)
    clerk = dealership.clerk

    early = step(clerk, "claim", damage, 1)
    assert early["problemCode"] == "INVALID_TRANSITION"
    assert early["message"] == "The damage's state: suspected. What can follow: rejected, confirmed."
    skipped = step(clerk, "decide", damage, 1, l="DECIDED_CUSTOMER", e="620.00", r="x")
    assert skipped["problemCode"] == "INVALID_TRANSITION"
    odd = step(clerk, "decide", damage, 1, l="CONFIRMED", e="-1.00", r="x")
    assert (odd["problemCode"], odd["field"]) == ("INVALID_INPUT", ["estimateNet"])
    blank = step(clerk, "decide", damage, 1, l="CONFIRMED", r=" ")
    assert (blank["problemCode"], blank["field"]) == ("INVALID_INPUT", ["reason"])
    assert dealership.yard.error_code(STEPS["decide"], d=damage, v=1, l="CONFIRMED", r="x") == "FORBIDDEN"

    now = standing(dealership, damage, contract["vehicle"]["id"])
    assert (now["liability"], now["version"]) == ("SUSPECTED", 1)
    assert mails(dealership, contract, "DAMAGE_NOTICE") == []


def test_what_lacks_an_amount_is_refused_and_a_clerk_does_not_override(dealership: Dealership) -> None:
    contract, damage = scratched(dealership)
    clerk = dealership.clerk
    confirmed = step(clerk, "decide", damage, 1, l="CONFIRMED", r="neu")
    version = step(clerk, "decide", damage, confirmed["version"], l="DECIDED_CUSTOMER", r="Kunde")["version"]

    lacking = step(clerk, "claim", damage, version)
    assert lacking["problemCode"] == "BILLING_BLOCKED"
    assert lacking["message"] == "The claim lacks: an amount (`estimateNet` or `finalNet`)."
    overriding = step(clerk, "claim", damage, version, o="grob fahrlässig")
    assert (overriding["problemCode"], overriding["field"]) == ("NOT_ALLOWED", ["overrideReason"])

    assert books(dealership, contract) == []
    amended = step(clerk, "decide", damage, version, l="DECIDED_CUSTOMER", f="80.00", r="Rechnung ist da")
    assert amended["finalNet"]["amount"] == "80.00"
    assert step(clerk, "claim", damage, amended["version"])["claim"]["total"]["amount"] == "80.00"


def test_a_clerk_sees_both_hand_overs_side_by_side_and_repairs_the_car(dealership: Dealership) -> None:
    contract, damage = scratched(dealership)
    found = dealership.clerk(LIST, f={"stationId": dealership.station["id"], "liability": ["SUSPECTED"]})

    (mine,) = [one for one in found["nodes"] if one["id"] == damage]
    assert [one["type"] for one in mine["contract"]["protocols"]] == ["CHECK_OUT", "CHECK_IN"]
    assert [one["slot"] for one in mine["photos"]] == ["DAMAGE"]
    assert dealership.server.http.get(mine["photos"][0]["url"]).status_code == 200
    repaired = step(dealership.clerk, "repair", damage, 1, s="REPAIRED")
    assert (repaired["repair"], repaired["liability"], repaired["version"]) == ("REPAIRED", "SUSPECTED", 2)
    assert dealership.contract(contract["id"])["deposit"]["state"] == "ACTIVE"
