"""What must stand nowhere: passwords, tokens, cards and people, in logs, errors, mails and answers."""

from __future__ import annotations

import base64
import email
import email.policy
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.calendar import local, next_weekday
from tests.dealership import Dealership, open_dealership
from tests.driving import PASSWORD, SandboxServer

from .conftest import execute

SIGN_IN = "mutation($e:String!,$p:String!){signIn(email:$e,password:$p){...on Session{accessToken refreshToken}}}"
REFRESH = "mutation($t:String!){refreshSession(refreshToken:$t){...on Session{accessToken refreshToken}}}"
CARD = "4035874000424977"
PERSON: dict[str, Any] = {
    "firstName": "Kanaria-Vera",
    "lastName": "Kanaria-Muster",
    "email": "kanaria-vera@example.com",
    "phone": "+49 30 98765432",
    "birthDate": "1971-03-29",
    "address": {"street": "Kanariengasse 71", "postcode": "10115", "city": "Kanarienstadt"},
}
DRIVER = {
    "firstName": "Kanaria-Driver",
    "lastName": "Kanaria-Fahrer",
    "licenceNumber": "B07KANARIA1",
    "birthDate": "1972-04-28",
}
EVERYTHING = """query($id:ID){contract(id:$id){number payments{orderReference gatewayReference reason}
  history{actor action reason before after} notes{text} emails{subject attachments lastError} documents{number lines{text}}
  customer{email} drivers{licenceNumber} payer{name}}}"""


@dataclass
class Flow:
    """A small business of its own, and every secret that went through it."""

    side: Dealership
    contract: dict[str, Any]
    tokens: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def flow(server: SandboxServer) -> Flow:
    side = open_dealership(server, cars=2)
    api, made = server.api(), Flow(side, {})
    session = api(SIGN_IN, e="admin@autohaus-sonnenfeld.example", p="sandbox-password")
    fresh = api(REFRESH, t=session["refreshToken"])
    made.tokens += [
        *session.values(),
        *fresh.values(),
        side.website.token or "",
        side.clerk.token or "",
        side.yard.token or "",
    ]
    api(SIGN_IN, e=PERSON["email"], p="kanaria-wrong-password")
    start = local(next_weekday(server, 1, weeks=2), 9)
    made.contract = side.booked(
        start, start + timedelta(days=1), customer=PERSON, drivers=[DRIVER], note="Kanaria-note"
    )
    side.book(
        start, start + timedelta(days=1), customer={**PERSON, "email": "kanaria-two@example.com"}, card="tok-declined"
    )
    _provoke(side)
    server.move_to(start)
    assert side.check_out(made.contract, start)["__typename"] == "Protocol"
    server.move_to(start + timedelta(days=1))
    km = made.contract["vehicle"]["odometerKm"] + 500
    assert side.check_in(made.contract, start + timedelta(days=1), km=km)["__typename"] == "Protocol"
    server.settle()
    return made


def _provoke(side: Dealership) -> None:
    """Everything that is wrong, with secrets in literals and in variables."""
    for query, variables in [
        ('{contract(number:"4035874000424977"){nonsense}}', None),
        ('mutation{signIn(email:"kanaria-vera@example.com",password:"kanaria-literal"){__typename}}', None),
        ("query($n:Int!){contracts(first:$n){totalCount}}", {"n": "kanaria-variable"}),
        ("mutation($i:BookVehicleInput!){bookVehicle(input:$i){__typename}}", {"i": {"customer": PERSON}}),
        ('{vehicles(filter:{search:"kanaria-search"}){nodes{id}}}', None),
        ("query($p:Nonsense){viewer{role}}", {"p": "kanaria-variable"}),
        ('{ "kanaria-syntax', None),
    ]:
        for caller in (side.clerk, side.website):
            caller.post(query, variables)


def secrets(flow: Flow) -> list[str]:
    return [
        *(PASSWORD, "sandbox-password", "kanaria-wrong-password", "kanaria-literal", "kanaria-variable"),
        *("kanaria", "98765432", "1971-03-29", "1972-04-28", CARD, "4704550000000005"),
        *("tok-approved", "tok-declined"),
        *(token for token in flow.tokens if token),
    ]


def test_nothing_secret_stands_in_the_log(server: SandboxServer, flow: Flow) -> None:
    # The sandbox prints its administrator's password at the start, on purpose.
    log = server.log.read_text().split("Ready: ", 1)[1].lower()

    assert [secret for secret in secrets(flow) if secret.lower() in log] == []


def test_the_databases_own_log_has_no_values_either(server: SandboxServer, flow: Flow) -> None:
    from server.database.embedded import Cluster

    log = (Cluster(Path(server.data_dir)).root / "data" / "server.log").read_text(errors="replace").lower()

    assert [secret for secret in secrets(flow) if secret.lower() in log] == []


@pytest.fixture
def broken(owner: str) -> Any:
    """A fault in the database whose message quotes a customer."""
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(
            "create or replace function kanaria() returns trigger language plpgsql as $$"
            " begin raise exception 'kanaria-fault %', to_jsonb(new); end $$"
        )
        connection.execute(
            "create trigger kanaria before insert on vehicle_block for each row execute function kanaria()"
        )
        yield
        connection.execute("drop trigger kanaria on vehicle_block")
        connection.execute("drop function kanaria")


def test_a_fault_of_ours_tells_a_reference_and_nothing_else(
    server: SandboxServer, owner: str, flow: Flow, broken: None
) -> None:
    # When something fails inside that knows what it failed with
    start = server.now() + timedelta(days=180)
    period = {"start": start.isoformat(), "end": (start + timedelta(days=1)).isoformat()}
    block = """mutation($v:ID!,$p:PeriodInput!,$n:String){
      blockVehicle(vehicleId:$v,period:$p,reason:OTHER,note:$n){__typename}}"""
    variables = {"v": flow.side.vehicles[0]["id"], "p": period, "n": "kanaria-block-note"}
    answer = flow.side.clerk.post(block, variables)

    # Then the caller gets a reference
    (error,) = answer["errors"]
    assert (answer["data"], error["message"]) == (None, "Unexpected error.")
    assert error["extensions"]["code"] == "INTERNAL"
    assert "kanaria" not in str(answer).lower()

    # And the log has the same reference, the types and the place, and no value
    log = server.log.read_text().split("Ready: ", 1)[1]
    (line,) = [line for line in log.splitlines() if error["extensions"]["reference"] in line]
    assert "psycopg.errors.RaiseException" in line
    assert "kanaria" not in line.lower()
    assert execute(owner, "select count(*) from vehicle_block where note = 'kanaria-block-note'") == [(0,)]


def test_no_card_token_leaves_the_server(server: SandboxServer, flow: Flow) -> None:
    shown = flow.side.clerk.post(EVERYTHING, {"id": flow.contract["id"]})

    assert shown["data"]["contract"]["number"] == flow.contract["number"]
    assert "tok-" not in str(shown)
    for mail in server.mails(PERSON["email"]):
        assert b"tok-" not in _whole_mail(server, mail["id"])
    for document in flow.side.contract(flow.contract["id"])["documents"]:
        assert b"tok-approved" not in server.http.get(document["pdfUrl"]).content


def _whole_mail(server: SandboxServer, mail_id: str) -> bytes:
    raw = server.http.get(f"/sandbox/mails/{mail_id}").content
    message = email.message_from_bytes(raw, policy=email.policy.default)
    parts = [part.get_payload(decode=True) or b"" for part in message.walk()]
    return raw + b"".join(part for part in parts if isinstance(part, bytes))


def test_subjects_name_nobody(server: SandboxServer, flow: Flow) -> None:
    mails = server.mails(PERSON["email"])

    assert {mail["template"] for mail in mails} >= {"BOOKING_CONFIRMATION", "CHECK_OUT_PROTOCOL", "FINAL_INVOICE"}
    for mail in mails:
        assert "kanaria" not in mail["subject"].lower(), mail["subject"]
        assert PERSON["birthDate"] not in mail["subject"]


def test_the_api_key_is_shown_once_and_the_password_never(server: SandboxServer, owner: str, flow: Flow) -> None:
    listed = str(
        flow.side.admin("{apiClients{id name keyPrefix stations{code} active lastUsedAt} users{id email name role}}")
    )
    dump = "".join(
        str(row)
        for table in ("api_client", "api_key", "app_user", "session")
        for row in execute(owner, f"select * from {table}")
    )

    for text in (listed, dump):
        assert [secret for secret in [PASSWORD, *flow.tokens] if secret in text] == []


def test_links_carry_no_token(server: SandboxServer, flow: Flow) -> None:
    (link, *_) = flow.side.contract(flow.contract["id"])["documents"]
    query = link["pdfUrl"].partition("?")[2]

    assert sorted(part.split("=")[0] for part in query.split("&")) == ["expires", "signature"]
    expires = int(dict(part.split("=") for part in query.split("&"))["expires"])
    assert 0 < expires - time.time() <= 901
    assert not any(token in link["pdfUrl"] for token in flow.tokens)
    assert base64.b64encode(PERSON["email"].encode()).decode() not in link["pdfUrl"]
