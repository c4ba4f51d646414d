"""Hand-over and return: pictures, protocols, refusals, and the mail that always arrives."""

from __future__ import annotations

import email
import html
import io
import re
from datetime import datetime, timedelta
from email.policy import default
from typing import Any

import pytest
from pypdf import PdfReader

from tests.calendar import soon
from tests.dealership import Dealership, add_car, add_user, open_dealership
from tests.driving import SandboxServer, new_id, picture, signature

DAY = timedelta(days=1)
SLOTS = ["FRONT", "REAR", "LEFT", "RIGHT", "FRONT_LEFT", "FRONT_RIGHT", "REAR_LEFT", "REAR_RIGHT"]


@pytest.fixture
def start(dealership: Dealership) -> datetime:
    return soon(dealership.server)


@pytest.fixture
def booked(dealership: Dealership, start: datetime) -> dict[str, Any]:
    contract = dealership.booked(start, start + DAY)
    dealership.server.move_to(start)
    return contract


def scratch(photo: str | None = None) -> dict[str, Any]:
    position = {"view": "LEFT", "x": 0.31, "y": 0.62}
    return {"id": new_id(), "position": position, "kind": "SCRATCH", "sizeMm": 120, "photos": [photo] if photo else []}


def attachments(server: SandboxServer, to: str, template: str) -> list[tuple[str, str]]:
    """File names and PDF texts of the one mail of a kind."""
    (mail,) = server.mails(to, template)
    message: Any = email.message_from_bytes(server.http.get(f"/sandbox/mails/{mail['id']}").content, policy=default)
    found = []
    for part in message.iter_attachments():
        pages = PdfReader(io.BytesIO(part.get_payload(decode=True))).pages
        found.append((part.get_filename(), " ".join(page.extract_text() for page in pages)))
    return found


def test_a_whole_protocol_reaches_the_customer(dealership: Dealership, booked: dict[str, Any], start: datetime) -> None:
    hashes = [dealership.yard.upload(picture(seed)) for seed in range(8)]
    close_up = dealership.yard.upload(picture(99))
    damage = scratch(close_up)

    out = dealership.check_out(
        booked,
        start,
        photos=[{"sha256": sha256, "slot": slot} for sha256, slot in zip(hashes, SLOTS, strict=True)],
        damages=[damage],
        signature=dealership.sign(),
        accessories=[{"name": "Fahrzeugschlüssel", "present": 1}],
        remarks="Winterreifen",
    )
    dealership.server.settle()

    assert out["damages"] == [{"id": damage["id"]}]
    assert [photo["slot"] for photo in out["photos"]] == SLOTS
    ((name, text),) = attachments(dealership.server, booked["customer"]["email"], "CHECK_OUT_PROTOCOL")
    assert name == f"Übergabeprotokoll {booked['number']}.pdf"
    for words in (
        "Übergabeprotokoll",
        booked["number"],
        booked["vehicle"]["plate"],
        "Winterreifen",
        "Fahrzeugschlüssel",
    ):
        assert words in text
    contract = dealership.contract(booked["id"])
    (protocol,) = contract["protocols"]
    assert protocol["signedByCustomer"] is True
    pdf = dealership.server.http.get(protocol["pdfUrl"])
    assert (pdf.status_code, pdf.headers["content-type"]) == (200, "application/pdf")
    # A damage at hand-over is known: nobody is suspected, and nothing holds up the deposit.
    assert contract["damages"] == []


def test_the_mail_leads_to_all_photos_in_full_size(
    dealership: Dealership, booked: dict[str, Any], start: datetime
) -> None:
    # given a hand-over with photos, and its mail
    hashes = [dealership.yard.upload(picture(seed)) for seed in (1, 2)]
    photos = [{"sha256": sha256, "slot": slot} for sha256, slot in zip(hashes, ("FRONT", "DAMAGE"), strict=True)]
    close_up = dealership.yard.upload(picture(3))
    protocol = dealership.check_out(booked, start, photos=photos, damages=[scratch(close_up)])
    dealership.server.settle()
    http = dealership.server.http
    (mail,) = dealership.server.mails(booked["customer"]["email"], "CHECK_OUT_PROTOCOL")
    message: Any = email.message_from_bytes(http.get(f"/sandbox/mails/{mail['id']}").content, policy=default)

    # when its reader follows the link of the HTML, or of the plain text
    texts = [message.get_body((kind,)).get_content() for kind in ("html", "plain")]
    found = [re.search(r"http://[^\s\"<)]*/media/protocols/[^\s\"<)]*", text) for text in texts]
    addresses = [html.unescape(address[0]) for address in found if address]
    assert len(addresses) == 2
    assert len(set(addresses)) == 1
    page = http.get(addresses[0])

    # then all photos are there, in the contract's language, and open
    assert (page.status_code, re.findall(r"<figcaption>([^<]*)", page.text)) == (
        200,
        ["1 · Vorne", "2 · Schaden", "3 · Schaden"],
    )
    shown = [html.unescape(source) for source in re.findall(r'src="([^"]*)"', page.text)]
    assert [http.get(source).content[:3] for source in shown] == [b"\xff\xd8\xff"] * 3
    assert "img-src 'self'" in page.headers["content-security-policy"]

    # but nobody else gets there
    bare = f"/media/protocols/{protocol['id']}/photos"
    stranger = open_dealership(dealership.server, cars=0)
    assert http.get(bare).status_code == 404
    assert http.get(addresses[0][:-4] + "0000").status_code == 404
    assert http.get(bare, headers={"authorization": f"Bearer {dealership.yard.token}"}).status_code == 200
    assert http.get(bare, headers={"authorization": f"Bearer {stranger.yard.token}"}).status_code == 404


def test_both_signatures_stand_on_the_paper(dealership: Dealership, booked: dict[str, Any], start: datetime) -> None:
    staff = dealership.yard.upload(signature(height=50))
    dealership.check_out(booked, start, signature=dealership.sign(), staffSignatureSha256=staff)
    dealership.server.settle()

    (protocol,) = dealership.contract(booked["id"])["protocols"]
    pages = PdfReader(io.BytesIO(dealership.server.http.get(protocol["pdfUrl"]).content)).pages
    assert sum(len(page.images) for page in pages) == 2


def test_a_link_without_signature_is_nothing(dealership: Dealership, booked: dict[str, Any], start: datetime) -> None:
    sha256 = dealership.yard.upload(picture(7))
    dealership.check_out(booked, start, photos=[{"sha256": sha256, "slot": "FRONT"}])
    shown = dealership.clerk(
        "query($id:ID){contract(id:$id){protocols{photos{url thumbnailUrl sha256 width height}}}}", id=booked["id"]
    )
    (photo,) = shown["protocols"][0]["photos"]
    http = dealership.server.http

    assert photo["sha256"] == sha256
    assert http.get(photo["url"]).content[:3] == b"\xff\xd8\xff"
    assert len(http.get(photo["thumbnailUrl"]).content) < len(http.get(photo["url"]).content)
    bare, forged = photo["url"].split("?")[0], photo["url"][:-4] + "0000"
    assert http.get(bare).status_code == 404
    assert http.get(forged).status_code == 404
    assert http.get(bare, headers={"authorization": f"Bearer {dealership.yard.token}"}).status_code == 200
    stranger = open_dealership(dealership.server, cars=0)
    assert http.get(bare, headers={"authorization": f"Bearer {stranger.yard.token}"}).status_code == 404


def test_the_mail_arrives_although_the_mail_server_fails_twice(
    dealership: Dealership, booked: dict[str, Any], start: datetime
) -> None:
    # D8
    server = dealership.server
    dealership.check_out(booked, start)
    server.settle()
    back = start + DAY
    server.move_to(back)
    server.smtp("451")
    try:
        dealership.check_in(booked, back, km=10_100)
        server.settle()
        first = mail_of(dealership, booked, "CHECK_IN_PROTOCOL")
        assert (first["state"], first["tries"]) == ("QUEUED", 1)
        assert first["lastError"]
        server.smtp("down")
        server.advance(minutes=1)
        assert mail_of(dealership, booked, "CHECK_IN_PROTOCOL")["tries"] == 2
    finally:
        server.smtp("ok")
    server.advance(minutes=5)

    last = mail_of(dealership, booked, "CHECK_IN_PROTOCOL")
    assert (last["state"], last["tries"]) == ("SENT", 3)
    assert len(server.mails(booked["customer"]["email"], "CHECK_IN_PROTOCOL")) == 1


def mail_of(dealership: Dealership, contract: dict[str, Any], template: str) -> dict[str, Any]:
    found = dealership.clerk(
        "query($f:EmailFilter){emails(filter:$f){totalCount nodes{id state tries lastError subject to}}}",
        f={"contractId": contract["id"], "template": template},
    )
    assert found["totalCount"] == 1
    node: dict[str, Any] = found["nodes"][0]
    return node


def test_a_mailbox_that_does_not_exist_is_shown_to_the_clerk(
    dealership: Dealership, booked: dict[str, Any], start: datetime
) -> None:
    server = dealership.server
    server.settle()
    server.smtp("550")
    try:
        dealership.check_out(booked, start)
        server.settle()
    finally:
        server.smtp("ok")
    failed = mail_of(dealership, booked, "CHECK_OUT_PROTOCOL")
    assert failed["state"] == "FAILED"

    address = f"{new_id()}@example.com"
    again = dealership.clerk(
        "mutation($id:ID!,$to:String){resendEmail(emailId:$id,to:$to){__typename ...on Email{id to}}}",
        id=failed["id"],
        to=address,
    )
    server.settle()

    assert (again["to"], again["id"] == failed["id"]) == (address, False)
    (arrived,) = server.mails(to=address, template="CHECK_OUT_PROTOCOL")
    assert arrived["subject"] == failed["subject"]


def test_the_same_protocol_again_is_the_first_another_content_is_not(
    dealership: Dealership, booked: dict[str, Any], start: datetime
) -> None:
    protocol_id = new_id()

    first = dealership.check_out(booked, start, id=protocol_id)
    again = dealership.check_out(booked, start, id=protocol_id)
    other = dealership.check_out(booked, start, id=protocol_id, remarks="etwas anderes")

    assert again["id"] == first["id"] == protocol_id
    assert other["problemCode"] == "IDEMPOTENCY_CONFLICT"
    assert len(dealership.contract(booked["id"])["protocols"]) == 1


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"licences": []}, "LICENCE_NOT_CHECKED", ["input", "licenceCheckedDriverIds"]),
        ({"signature": {}}, "INVALID_INPUT", ["input", "signature"]),
        ({"km": 9_999}, "ODOMETER_IMPLAUSIBLE", ["input", "condition", "odometerKm"]),
        ({"photos": [{"sha256": "0" * 64, "slot": "FRONT"}]}, "PHOTO_MISSING", ["input", "photos", "0", "sha256"]),
        ({"staffSignatureSha256": "0" * 64}, "PHOTO_MISSING", ["input", "staffSignatureSha256"]),
        ({"condition": {"fuelEighths": 9}}, "INVALID_INPUT", ["input", "condition", "fuelEighths"]),
        ({"condition": {"fuelEighths": None}}, "INVALID_INPUT", ["input", "condition", "fuelEighths"]),
        (
            {"damages": [{"id": "0f8fad5b-d9cb-469f-a165-70867728950e", "position": {"view": "TOP", "x": 2, "y": 0}, "kind": "DENT"}]},
            "INVALID_INPUT",
            ["input", "damages", "0", "position"],
        ),
    ],
)  # fmt: skip
def test_what_is_missing_is_named_and_nothing_is_written(
    dealership: Dealership, booked: dict[str, Any], start: datetime, change: dict[str, Any], code: str, field: list[str]
) -> None:
    before = dealership.contract(booked["id"])

    refused = dealership.check_out(booked, start, **change)

    assert (refused["problemCode"], refused["field"]) == (code, field)
    after = dealership.contract(booked["id"])
    for part in ("state", "version", "protocols", "drivers", "vehicle", "payments", "damages"):
        assert after[part] == before[part]


def test_a_contract_that_is_out_cannot_go_out_again(
    dealership: Dealership, booked: dict[str, Any], start: datetime
) -> None:
    dealership.check_out(booked, start)

    again = dealership.check_out(booked, dealership.server.now())

    assert (again["__typename"], again["state"], again["allowed"]) == (
        "InvalidTransition",
        "CHECKED_OUT",
        ["RETURNED", "RESERVED"],
    )


def test_what_happened_before_the_contract_changed_is_kept_and_flagged(
    dealership: Dealership, booked: dict[str, Any], start: datetime
) -> None:
    # The second tablet was offline when it recorded its check-out, before the first one's arrived.
    dealership.server.advance(minutes=30)
    dealership.check_out(booked, dealership.server.now())

    late = dealership.check_out(booked, start + timedelta(minutes=5))

    assert late["__typename"] == "Protocol", late
    contract = dealership.contract(booked["id"])
    assert contract["state"] == "CHECKED_OUT"
    assert "PROTOCOL_CONFLICT" in contract["flags"]
    assert len(contract["protocols"]) == 2


def test_another_car_than_planned(dealership: Dealership, booked: dict[str, Any], start: datetime) -> None:
    spare = next(car for car in dealership.vehicles if car["id"] != booked["vehicle"]["id"])

    out = dealership.check_out(booked, start, vehicleId=spare["id"])

    assert out["__typename"] == "Protocol", out
    contract = dealership.contract(booked["id"])
    assert contract["vehicle"]["id"] == spare["id"]
    taken = dealership.check_out(
        dealership.booked(start + timedelta(minutes=5), start + DAY), start, vehicleId=spare["id"]
    )
    assert taken["problemCode"] == "VEHICLE_NOT_READY"


def test_the_deposit_must_be_held_unless_a_manager_decides(dealership: Dealership, start: datetime) -> None:
    far = start + timedelta(days=14)
    booked = dealership.booked(far, far + DAY)
    dealership.server.script("preAuth", "decline:51", f"{booked['number']}-H1")
    dealership.server.move_to(far)
    number = dealership.station["code"].lower()
    add_user(dealership.admin, f"manager-{number}@example.com", "MANAGER", [dealership.station["id"]])
    manager = dealership.server.sign_in(f"manager-{number}@example.com")

    refused = dealership.check_out(booked, far, overrideReason="regular customer")
    allowed = dealership.check_out(booked, far, overrideReason="regular customer", caller=manager)

    assert dealership.contract(booked["id"])["deposit"]["state"] == "FAILED"
    assert refused["problemCode"] == "DEPOSIT_MISSING"
    assert allowed["__typename"] == "Protocol"


def test_a_driver_too_young_is_refused(server: SandboxServer) -> None:
    dealership = open_dealership(server, cars=1)
    start = soon(server)
    customer = {
        "firstName": "Jung",
        "lastName": "Jünger",
        "email": "jung@example.com",
        "birthDate": f"{start.year - 11}-01-01",
    }

    refused = dealership.book(start, start + DAY, customer=customer)

    assert refused["problemCode"] == "DRIVER_NOT_ELIGIBLE"


def test_a_tablets_day(dealership: Dealership, booked: dict[str, Any], start: datetime) -> None:
    query = """query($s:ID!,$d:Date!){handoverDay(stationId:$s,date:$d){date generatedAt
      checkOuts{id vehicle{plate damages{id}} drivers{id} customer{lastName}} checkIns{id} overdue{id} spareVehicles{id}}}"""
    today = start.date().isoformat()

    def day(date: str = today) -> dict[str, Any]:
        found: dict[str, Any] = dealership.yard(query, s=dealership.station["id"], d=date)
        return found

    assert [contract["id"] for contract in day()["checkOuts"]] == [booked["id"]]
    assert len(day()["spareVehicles"]) == 1
    dealership.check_out(booked, start)
    assert day()["checkOuts"] == []
    tomorrow = (start + DAY).date().isoformat()
    assert [contract["id"] for contract in day(tomorrow)["checkIns"]] == [booked["id"]]
    dealership.server.move_to(start + DAY + timedelta(hours=2))
    assert [contract["id"] for contract in day(tomorrow)["overdue"]] == [booked["id"]]
    assert day(tomorrow)["checkIns"] == []


def test_a_reported_damage_is_known_and_counted_once(dealership: Dealership) -> None:
    car = add_car(dealership)
    damage = scratch()
    report = "mutation($v:ID!,$d:DamageInput!){reportDamage(vehicleId:$v,damage:$d){__typename ...on Damage{id liability} ...on Problem{problemCode}}}"

    first = dealership.yard(report, v=car["id"], d=damage)
    again = dealership.yard(report, v=car["id"], d=damage)
    other = dealership.yard(report, v=car["id"], d={**damage, "sizeMm": 5})

    assert first == again == {"__typename": "Damage", "id": damage["id"], "liability": "KNOWN"}
    assert other["problemCode"] == "IDEMPOTENCY_CONFLICT"
    found = dealership.clerk("query($f:DamageFilter){damages(filter:$f){totalCount}}", f={"vehicleId": car["id"]})
    assert found["totalCount"] == 1


def test_one_way_brings_the_car_to_the_other_station(server: SandboxServer) -> None:
    here = open_dealership(server, cars=1)
    there = open_dealership(server, cars=0, admin=here.admin)
    both = [here.station["id"], there.station["id"]]
    add_user(here.admin, f"both-{here.station['code'].lower()}@example.com", "MANAGER", both)
    manager = server.sign_in(f"both-{here.station['code'].lower()}@example.com")
    start = soon(server)
    contract = here.booked(start, start + DAY, caller=manager, returnStationId=there.station["id"])
    assert contract["price"]["total"]["amount"] == "108.00"
    lookup = "query($id:ID){contract(id:$id){id station{id code name} returnStation{code}}}"
    assert there.yard(lookup, id=contract["id"]) is None
    server.move_to(start)
    here.check_out(contract, start)
    seen = there.yard(lookup, id=contract["id"])
    assert (seen["station"]["code"], seen["returnStation"]["code"]) == (here.station["code"], there.station["code"])

    back = start + DAY
    server.move_to(back)
    result = there.check_in(contract, back, km=10_100)
    server.settle()

    assert result["__typename"] == "Protocol", result
    billed = here.contract(contract["id"])
    assert (billed["state"], billed["price"]["total"]["amount"]) == ("BILLED", "108.00")
    assert there.clerk("{vehicles{nodes{id}}}")["nodes"] == [{"id": contract["vehicle"]["id"]}]


def test_the_photos_of_a_damage_are_on_the_paper_with_its_number(dealership: Dealership) -> None:
    # given a car with a damage that is known, and a return with a new one and its photo
    start = soon(dealership.server)
    out = dealership.booked(start, start + timedelta(days=1))
    dealership.server.move_to(start)
    known, close_up = dealership.yard.upload(picture(81)), dealership.yard.upload(picture(82))
    assert dealership.check_out(out, start, damages=[scratch(known)])["__typename"] == "Protocol"
    back = start + timedelta(hours=20)
    dealership.server.move_to(back)
    around = dealership.yard.upload(picture(83))

    # when the car comes back
    protocol = dealership.check_in(
        out,
        back,
        km=out["vehicle"]["odometerKm"] + 10,
        damages=[{**scratch(close_up), "position": {"view": "REAR", "x": 0.6, "y": 0.4}}],
        photos=[{"sha256": around, "slot": "FRONT"}],
        remarks="Kein Foto Hinten: Starker Regen",
    )
    dealership.server.settle()

    # then both photos are on the paper, the damage's under the number that it has on the drawing, and what was skipped
    (printed,) = [each for each in dealership.contract(out["id"])["protocols"] if each["id"] == protocol["id"]]
    pages = PdfReader(io.BytesIO(dealership.server.http.get(printed["pdfUrl"]).content)).pages
    text = "\n".join(page.extract_text() for page in pages).replace("\xa0", " ")
    assert "Schaden 2" in text
    assert "Schaden 1" not in text, "the known one was photographed at the hand-over"
    assert "Kein Foto Hinten: Starker Regen" in text
    assert sum(len(page.images) for page in pages) == 2
