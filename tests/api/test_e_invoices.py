"""E-invoices through the API: their numbers are refused by their field, their XML is behind a link like a PDF's."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from facturx import get_xml_from_pdf

from tests.calendar import DAY, soon
from tests.dealership import Dealership
from tests.driving import new_id
from tests.rendering.rules import Figures, broken, found

PAPERS = """query($id:ID){contract(id:$id){customer{buyerReference} payer{buyerReference}
  documents{type number payable{amount} pdfUrl xmlUrl recipient{name buyerReference}}}}"""
ADDRESS = {"street": "Markt 1", "postcode": "10115", "city": "Berlin"}
LEITWEG = "04011000-12345-03"


@pytest.fixture
def start(dealership: Dealership) -> datetime:
    return soon(dealership.server)


def firm(**more: Any) -> dict[str, Any]:
    """A company, always another one."""
    name = f"Malerei {new_id()[:8]} GmbH"
    who = {
        "kind": "COMPANY",
        "company": name,
        "firstName": "Ines",
        "lastName": "Haberland",
        "email": f"{new_id()}@example.com",
        "address": ADDRESS,
    }
    return {**who, "vatId": "DE136695976", "language": "DE", **more}


def fetched(dealership: Dealership, url: str) -> bytes:
    answer = dealership.server.http.get(url)
    assert answer.status_code == 200
    return answer.content


def test_a_companys_documents_have_xml_inside_and_beside(dealership: Dealership, start: datetime) -> None:
    contract = dealership.rent(start, start + DAY, km=210, customer=firm())

    found_papers = dealership.clerk(PAPERS, id=contract["id"])["documents"]

    assert [one["type"] for one in found_papers] == ["ADVANCE_INVOICE", "FINAL_INVOICE"]
    for document in found_papers:
        answer = dealership.server.http.get(document["xmlUrl"])
        assert answer.headers["content-type"].startswith("application/xml")
        xml = answer.content
        assert broken(xml) == []
        assert found(xml, "ExchangedDocument", "ID") == [document["number"]]
        assert Figures.of(xml).total == int(Decimal(document["payable"]["amount"]) * 100)
        assert get_xml_from_pdf(fetched(dealership, document["pdfUrl"])) == ("factur-x.xml", xml)


def test_an_authoritys_invoice_is_an_xrechnung(dealership: Dealership, start: datetime) -> None:
    mailbox = f"{new_id()}@stadt.example"
    payer = {"name": "Stadt Musterhausen", "address": ADDRESS, "buyerReference": LEITWEG, "email": mailbox}
    contract = dealership.rent(start, start + DAY, km=210, caller=dealership.clerk, payer=payer)

    shown = dealership.clerk(PAPERS, id=contract["id"])

    (document,) = [one for one in shown["documents"] if one["type"] == "FINAL_INVOICE"]
    assert (shown["payer"]["buyerReference"], document["recipient"]["buyerReference"]) == (LEITWEG, LEITWEG)
    assert found(fetched(dealership, document["xmlUrl"]), "BuyerReference") == [LEITWEG]
    (mail,) = dealership.server.mails(to=mailbox, template="FINAL_INVOICE")
    raw = dealership.server.http.get(f"/sandbox/mails/{mail['id']}").content
    parts: Any = list(message_from_bytes(raw, policy=default).iter_attachments())
    number = document["number"]
    assert [part.get_filename() for part in parts] == [f"{number}.xml", f"Rechnung {number}.pdf"]
    assert [part.get_content_type() for part in parts] == ["application/xml", "application/pdf"]
    assert parts[0].get_payload(decode=True) == fetched(dealership, document["xmlUrl"])


def test_a_consumers_documents_have_none(dealership: Dealership, start: datetime) -> None:
    contract = dealership.booked(start, start + DAY)
    dealership.server.settle()

    (advance,) = dealership.clerk(PAPERS, id=contract["id"])["documents"]

    assert advance["xmlUrl"] is None
    unsigned = f"/media/documents/{new_id()}/xml"
    headers = {"authorization": f"Bearer {dealership.clerk.token}"}
    assert dealership.server.http.get(unsigned, headers=headers).status_code == 404


def test_a_link_is_good_for_one_file(dealership: Dealership, start: datetime) -> None:
    contract = dealership.booked(start, start + DAY, customer=firm())
    dealership.server.settle()
    (advance,) = dealership.clerk(PAPERS, id=contract["id"])["documents"]
    pdf, signature = advance["pdfUrl"].split("?")

    assert dealership.server.http.get(advance["xmlUrl"]).status_code == 200
    assert dealership.server.http.get(f"{pdf}/xml?{signature}").status_code == 404
    assert dealership.server.http.get(advance["xmlUrl"].replace("/xml?", "?")).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ({"customer": {"vatId": "DE136695977"}}, ["input", "customer", "vatId"], "Die Prüfziffern dieser USt-IdNr."),
        ({"customer": {"vatId": "FR12"}}, ["input", "customer", "vatId"], "sieht aus wie FR40303265045"),
        ({"customer": {"buyerReference": "04011000-12345-04"}}, ["input", "customer", "buyerReference"], "Prüfziffern"),
        ({"payer": {"buyerReference": "Amt"}}, ["input", "payer", "buyerReference"], "991-03730-19"),
    ],
)
def test_a_wrong_number_is_refused_by_its_field(
    dealership: Dealership, start: datetime, wrong: dict[str, Any], field: list[str], said: str
) -> None:
    customer = firm(**wrong.get("customer", {}))
    payer = {"payer": {"name": "Amt", "address": ADDRESS, **wrong["payer"]}} if "payer" in wrong else {}
    before = dealership.clerk("{contracts{totalCount}}")["totalCount"]

    caller = replace(dealership.clerk, language="de")
    result = dealership.book(start, start + DAY, caller=caller, customer=customer, **payer)

    assert (result["problemCode"], result["field"]) == ("INVALID_INPUT", field)
    assert said in result["message"]
    assert dealership.clerk("{contracts{totalCount}}")["totalCount"] == before
