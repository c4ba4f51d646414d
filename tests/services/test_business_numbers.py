"""IBAN and VAT ids of company, customer and payer: what cannot be right does not get onto an invoice."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from server.database import ADMINISTRATION, SYSTEM
from server.errors import DomainError, InvalidInput
from server.models import Company, Contract, Customer
from server.models.customer import CustomerKind
from server.models.recipient import PostalAddress, Recipient
from server.paper.words import letterhead
from server.services import business_numbers
from server.services.booking import saga
from server.services.fleet import company_data
from server.services.fleet.company_data import CompanyData
from server.services.mail import parts
from tests.builders.bench import Bench
from tests.builders.rentals import book, customer, request
from tests.builders.rows import open_shop
from tests.services.samples import at

FIELD = ("input", "iban")
START, END = at("2026-09-08 09:00"), at("2026-09-09 09:00")
BERLIN = PostalAddress(street="Ringstr. 1", postcode="10115", city="Berlin")


class TestIban:
    @pytest.mark.parametrize(
        ("typed", "stored"),
        [
            ("DE02120300000000202051", "DE02120300000000202051"),
            ("de02 1203 0000 0000 2020 51", "DE02120300000000202051"),
            ("IBAN: DE02 1203 0000 0000 2020 51", "DE02120300000000202051"),
            ("DE02-1203-0000-0000-2020-51", "DE02120300000000202051"),
            ("AT611904300234573201", "AT611904300234573201"),
            ("CH93 0076 2011 6238 5295 7", "CH9300762011623852957"),
            ("GB82 WEST 1234 5698 7654 32", "GB82WEST12345698765432"),
            ("MT84MALT011000012345MTLCAST001S", "MT84MALT011000012345MTLCAST001S"),
            ("NO9386011117947", "NO9386011117947"),
            ("", None),
            ("\u200b", None),
            (None, None),
        ],
    )
    def test_accepted(self, typed: str | None, stored: str | None) -> None:
        assert business_numbers.iban(typed, FIELD) == stored

    @pytest.mark.parametrize(
        "typed",
        [
            "DE00 1234 5678",
            "DE03120300000000202051",  # check digits
            "DE02120300000000202015",  # two digits changed places
            "DE0212030000000020205",  # too short
            "DE021203000000002020511",
            "AT02120300000000202051",  # of another country's length
            "US02120300000000202051",  # no IBANs there
            "02120300000000202051",
            "DE٠2120300000000202051",
            "nicht vorhanden",
            "D" * 60,
        ],
    )
    def test_refused(self, typed: str) -> None:
        with pytest.raises(InvalidInput) as said:
            business_numbers.iban(typed, FIELD)
        assert said.value.field == list(FIELD)


class TestVatId:
    @pytest.mark.parametrize(
        ("typed", "stored"),
        [
            *((example, example) for example in business_numbers.VAT_IDS.values()),
            (" de 136 695 976 ", "DE136695976"),
            ("BE 0123.456.749", "BE0123456749"),
            ("GR094259216", "EL094259216"),
            ("ESX1234567L", "ESX1234567L"),
            ("FRK7399859412", "FRK7399859412"),
            ("IE1234567FA", "IE1234567FA"),
            ("LT100001919017", "LT100001919017"),
            ("NL002455799B11", "NL002455799B11"),  # since 2020: check digits over letters, too
            ("GBGD001", "GBGD001"),
            ("CHE-116.281.710 MWST", "CHE116281710MWST"),
            ("CHE-116.281.710", "CHE116281710"),
            ("NO 995 525 828 MVA", "NO995525828MVA"),
            ("NO 974760673", "NO974760673"),
            ("TR1234567890", "TR1234567890"),
            ("", None),
            (None, None),
        ],
    )
    def test_accepted(self, typed: str | None, stored: str | None) -> None:
        assert business_numbers.vat_id(typed, FIELD) == stored

    @pytest.mark.parametrize(
        "typed",
        [
            "DE12345",
            "DE1366959760",
            "DE012345678",
            "136695976",
            "27/123/45678",  # a German tax number
            "nicht vorhanden",
            "keine",
            "AT12345678",
            "NL123456789",
            "XX123456789",
            "USA",
            "DE13669597٦",
            "DEU136695976",
            "EL",
            "CY12345678X",
            "CHE-116.281.711 MWST",  # check digits
            "CHE-116.281.710 USt",
            "NO 123 456 789 MVA",
        ],
    )
    def test_refused(self, typed: str) -> None:
        with pytest.raises(InvalidInput) as said:
            business_numbers.vat_id(typed, FIELD)
        assert said.value.field == list(FIELD)

    @pytest.mark.parametrize("place", business_numbers.VAT_IDS)
    def test_a_digit_that_is_another_one_is_refused_in_every_country(self, place: str) -> None:
        example = business_numbers.VAT_IDS[place]
        (at, digit), *_ = [(at, char) for at, char in enumerate(example) if at > 4 and char.isdigit()]
        others = [f"{example[:at]}{other}{example[at + 1 :]}" for other in "0123456789" if other != digit]

        refused = []
        for other in others:
            with contextlib.suppress(InvalidInput):
                business_numbers.vat_id(other, FIELD)
                continue
            refused.append(other)

        # In some countries two digits share a check digit (modulo 7 or 8).
        assert len(refused) >= 7

    def test_says_what_would_be_right(self) -> None:
        with pytest.raises(InvalidInput) as mistyped:
            business_numbers.vat_id("DE136695977", FIELD)
        with pytest.raises(InvalidInput) as short:
            business_numbers.vat_id("FR123", FIELD)

        assert str(mistyped.value) == "The check digits of this VAT id do not fit: there is a typing mistake in it."
        assert str(short.value) == "This is not a VAT id of FR; one from there looks like FR40303265045."


class TestLeitwegId:
    @pytest.mark.parametrize(
        ("typed", "stored"),
        [
            ("04011000-1234512345-06", "04011000-1234512345-06"),
            (" 991-03730-19 ", "991-03730-19"),
            ("05711-06001-79", "05711-06001-79"),
            ("04011000–12345–03", "04011000-12345-03"),
            ("", None),
            (None, None),
        ],
    )
    def test_accepted(self, typed: str | None, stored: str | None) -> None:
        assert business_numbers.buyer_reference(typed, FIELD) == stored

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ("04011000-12345-04", "check digits"),
            ("04011000-12354-03", "check digits"),  # two digits changed places
            ("0401100012345-03", "looks like"),
            ("17011000-12345-03", "looks like"),  # no such Land
            ("Kreditorenbuchhaltung", "looks like"),
            ("04011000-1234٥-03", "looks like"),
            ("1-03730-19", "looks like"),
        ],
    )
    def test_refused(self, typed: str, said: str) -> None:
        with pytest.raises(InvalidInput) as refusal:
            business_numbers.buyer_reference(typed, FIELD)
        assert refusal.value.field == list(FIELD)
        assert said in str(refusal.value)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"iban": "DE00 1234 5678"}, "iban"),
        ({"vat_id": "DE12345"}, "vat_id"),
        ({"vat_id": "12345", "tax_number": "27/123/45678"}, "vat_id"),
    ],
)
async def test_the_company_keeps_what_it_had(bench: Bench, wrong: dict[str, Any], field: str) -> None:
    # Given
    (before,) = await bench.all(Company)

    # When
    async with bench.outside.database.transaction(SYSTEM) as session:
        with pytest.raises(InvalidInput) as said:
            await company_data.update(
                session, CompanyData(name="Other", address=BERLIN, **{"vat_id": "DE136695976"} | wrong)
            )
        await session.rollback()

    # Then
    assert said.value.field == ["input", field]
    assert [row.model_dump() for row in await bench.all(Company)] == [before.model_dump()]


async def test_the_company_is_stored_compact_and_printed_in_groups(bench: Bench) -> None:
    data = CompanyData(name="Autohaus", address=BERLIN, vat_id="de 136 695 976", iban="DE02 1203 0000 0000 2020 51")
    async with bench.outside.database.transaction(ADMINISTRATION) as session:
        row = await company_data.update(session, data)

    assert (row.vat_id, row.iban) == ("DE136695976", "DE02120300000000202051")
    assert parts.supplier_of(row).iban == "DE02 1203 0000 0000 2020 51"


async def test_seat_and_managing_directors_stand_on_the_letterhead(bench: Bench) -> None:
    data = CompanyData(
        name="Autohaus GmbH",
        address=BERLIN,
        tax_number="27/123/45678",
        register_entry="Amtsgericht Charlottenburg, HRB 12345",
        seat=" Berlin ",
        managing_directors="Petra Sommer, Jens Feldmann",
    )
    async with bench.outside.database.transaction(ADMINISTRATION) as session:
        row = await company_data.update(session, data)

    foot = letterhead(parts.supplier_of(row), "de")["footer"]
    assert [line.replace("\u00a0", " ") for line in foot[1]] == [
        "Steuernummer 27/123/45678",
        "Sitz Berlin",
        "Amtsgericht Charlottenburg, HRB 12345",
        "Geschäftsführung Petra Sommer, Jens Feldmann",
    ]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"customer": customer(vat_id="nicht vorhanden")}, ["input", "customer", "vat_id"]),
        ({"payer": Recipient(name="Leasing AG", address=BERLIN, vat_id="DE12345")}, ["input", "payer", "vat_id"]),
        (
            {"payer": Recipient(name="Amt", address=BERLIN, buyer_reference="04011000-12345-04")},
            ["input", "payer", "buyer_reference"],
        ),
        (
            {"customer": customer(kind=CustomerKind.COMPANY, company="Amt", buyer_reference="04011000")},
            ["input", "customer", "buyer_reference"],
        ),
        ({"customer": customer(buyer_reference="991-03730-19")}, ["input", "customer", "buyer_reference"]),  # a person
    ],
)
async def test_a_booking_with_a_wrong_number_writes_nothing(
    bench: Bench, wrong: dict[str, Any], field: list[str]
) -> None:
    shop = await open_shop(bench)

    with pytest.raises(DomainError) as said:
        await saga.book(bench.outside, shop.somebody(), request(shop, START, END, **wrong))

    assert (said.value.code.value, said.value.field) == ("INVALID_INPUT", field)
    assert await bench.counts(Contract, Customer) == [0, 0]


async def test_a_booking_keeps_vat_ids_in_their_form(bench: Bench) -> None:
    shop = await open_shop(bench)
    payer = Recipient(name="Leasing AG", address=BERLIN, vat_id="gr 094 259 216", buyer_reference=" 991-03730-19 ")
    office = customer(
        kind=CustomerKind.COMPANY, company="Amt", vat_id="atu 12345675", buyer_reference="04011000–12345–03"
    )

    contract = await book(shop, START, END, customer=office, payer=payer)

    assert (contract.customer.vat_id, contract.customer.buyer_reference) == ("ATU12345675", "04011000-12345-03")
    assert contract.payer is not None
    assert (contract.payer.vat_id, contract.payer.buyer_reference) == ("EL094259216", "991-03730-19")
    (stored,) = await bench.all(Customer)
    assert stored.buyer_reference == "04011000-12345-03"


async def test_a_booking_keeps_who_is_a_business(bench: Bench) -> None:
    shop = await open_shop(bench, cars=3)
    firm = customer(kind=CustomerKind.COMPANY, company="Malerei GmbH")
    payer = Recipient(name="Leasing AG", address=BERLIN)

    person = await book(shop, START, END)
    company = await book(shop, START, END, customer=firm)
    paid_for = await book(shop, START, END, payer=payer)

    booked = [person, company, paid_for]
    assert [parts.recipient_of(one).is_business for one in booked] == [False, True, True]
    assert [parts.customer_of(one).is_business for one in booked] == [False, True, False]
