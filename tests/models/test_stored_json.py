"""JSON columns are read through their typed forms: no key of theirs is known outside the models."""

from __future__ import annotations

import ast
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from server.models.contract import ChosenExtra, Contract
from server.models.customer import CustomerDetails, CustomerKind, Language
from server.models.price import PriceBreakdown, PriceLine
from server.models.recipient import PostalAddress, Recipient
from server.models.tariff import PriceLineKind

ROOT = Path(__file__).resolve().parent.parent.parent
SUFFIX = "_json"
texts, cents = st.text(max_size=20), st.integers(-(10**7), 10**7)
addresses = st.builds(PostalAddress, street=st.text(min_size=1), postcode=texts, city=texts, country=texts)
lines = st.builds(
    PriceLine,
    kind=st.sampled_from(PriceLineKind),
    text=texts,
    quantity=st.decimals(allow_nan=False, allow_infinity=False, places=3),
    unit_cents=cents,
    total_cents=cents,
    explanation=texts,
    taxable=st.booleans(),
)


def contract(**columns: Any) -> Contract:
    """A row with these columns and nothing else."""
    return Contract(**columns)


def test_raw_columns_are_read_by_their_own_module_only() -> None:
    # Given
    columns = {
        target.id
        for file in (ROOT / "server" / "models").glob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.AnnAssign)
        and isinstance(target := node.target, ast.Name)
        and target.id.endswith(SUFFIX)
    }
    # When
    read = [
        f"{file.relative_to(ROOT)}:{node.lineno} {node.attr}"
        for folder in ("server", "benchmarks")
        for file in (ROOT / folder).rglob("*.py")
        if file.parent.name != "models"
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in columns
    ]
    # Then
    assert {"customer_json", "payer_json", "extras_json", "terms_json", "price_json", "opening_hours_json"} <= columns
    assert read == []


@given(st.lists(lines, max_size=4), cents, cents, st.integers(1, 400), st.none() | st.integers(0, 10**6))
def test_a_price_is_read_back_as_it_was(found: list[PriceLine], net: int, vat: int, days: int, km: int | None) -> None:
    price = PriceBreakdown(tuple(found), net + vat, net, vat, days, km)
    row = contract()
    row.agree_on(price)
    assert (row.price, row.total_cents) == (price, net + vat)


@given(
    st.builds(
        CustomerDetails,
        kind=st.sampled_from(CustomerKind),
        email=texts,
        language=st.sampled_from(Language),
        first_name=st.none() | texts,
        last_name=st.none() | texts,
        company=st.none() | texts,
        birth_date=st.none() | st.dates(),
        address=st.none() | addresses,
    )
)
def test_a_customer_is_read_back_as_named(customer: CustomerDetails) -> None:
    assert contract(customer_json=customer.as_json()).customer == customer


@given(
    st.builds(Recipient, name=texts, address=st.none() | addresses, extra=st.none() | texts, email=st.none() | texts)
)
def test_a_payer_is_read_back_as_named(payer: Recipient) -> None:
    assert contract(payer_json=payer.as_json()).payer == payer


def test_what_the_first_version_stored_is_still_read() -> None:
    # Given: rows of version 0.1
    row = contract(
        customer_json={
            "kind": "PERSON", "email": "anna@example.com", "language": "DE", "salutation": None, "first_name": "Anna",
            "last_name": "Beispiel", "company": None, "vat_id": None, "birth_date": "1990-05-17", "phone": None,
            "street": "Hauptstr. 1", "postcode": "10115", "city": "Berlin", "country": "DE",
        },
        payer_json={
            "name": "Versicherung AG", "vat_id": None, "reference": "S-1", "email": None,
            "address": {"street": "Allee 3", "postcode": "10115", "city": "Berlin", "country": "DE"},
        },
        extras_json=[{"code": "CHILD_SEAT", "quantity": 2}],
        price_json={
            "lines": [{
                "kind": "RENTAL", "text": "1 Tag", "quantity": "1", "unit_cents": 5900, "total_cents": 5900,
                "taxable": True, "explanation": "1 Tag 59,00",
            }],
            "total_cents": 5900, "net_cents": 4958, "vat_cents": 942, "days": 1, "included_km": 150,
        },
    )  # fmt: skip
    # Then
    assert (row.customer.display_name, row.customer.birth_date) == ("Anna Beispiel", date(1990, 5, 17))
    assert row.customer.address == PostalAddress(street="Hauptstr. 1", postcode="10115", city="Berlin")
    assert row.payer == Recipient(
        name="Versicherung AG",
        reference="S-1",
        address=PostalAddress(street="Allee 3", postcode="10115", city="Berlin"),
    )
    assert row.extras == (ChosenExtra("CHILD_SEAT", 2),)
    assert row.price.lines == (
        PriceLine(PriceLineKind.RENTAL, "1 Tag", Decimal(1), 5900, 5900, "1 Tag 59,00", taxable=True),
    )
    assert row.price.sums.net == 4958
