"""Every message that the client builds, against the schema and against messages composed by hand."""

from pathlib import Path

import pytest
from lxml import etree

from server.gateways.payment import Attempt, Initiator, StoredCard
from server.gateways.telecash import messages

SCHEMA = etree.XMLSchema(
    file=str(Path(__file__).parents[2] / "server" / "sandbox" / "telecash" / "schema" / "ipgapi.xsd")
)
STORE = "10010012345"
CARD = StoredCard(token="b1f6c0de-5b0a-4a5e-9c07-2f6f0a1c9e11", network_ref="0223MCC599836")

SALE = """<v1:Transaction xmlns:v1="http://ipg-online.com/ipgapi/schemas/v1">
<v1:CreditCardTxType><v1:StoreId>10010012345</v1:StoreId><v1:Type>sale</v1:Type></v1:CreditCardTxType>
<v1:unscheduledCredentialOnFileType>MERCHANT_INITIATED</v1:unscheduledCredentialOnFileType>
<v1:Payment><v1:HostedDataID>b1f6c0de-5b0a-4a5e-9c07-2f6f0a1c9e11</v1:HostedDataID>
<v1:ChargeTotal>36.50</v1:ChargeTotal><v1:Currency>978</v1:Currency></v1:Payment>
<v1:TransactionDetails><v1:OrderId>RB-7F3K-KM1</v1:OrderId>
<v1:MerchantTransactionId>01J9ZKM1SALE</v1:MerchantTransactionId>
<v1:ReferencedSchemeTransactionId>0223MCC599836</v1:ReferencedSchemeTransactionId></v1:TransactionDetails>
</v1:Transaction>"""
CAPTURE = """<v1:Transaction xmlns:v1="http://ipg-online.com/ipgapi/schemas/v1">
<v1:CreditCardTxType><v1:StoreId>10010012345</v1:StoreId><v1:Type>postAuth</v1:Type></v1:CreditCardTxType>
<v1:Payment><v1:ChargeTotal>120.00</v1:ChargeTotal><v1:Currency>978</v1:Currency></v1:Payment>
<v1:TransactionDetails><v1:OrderId>RB-7F3K-DEP1</v1:OrderId>
<v1:MerchantTransactionId>01J9ZKCAPT1</v1:MerchantTransactionId></v1:TransactionDetails>
</v1:Transaction>"""
INQUIRY = """<a1:Action xmlns:a1="http://ipg-online.com/ipgapi/schemas/a1"><a1:InquiryTransaction>
<a1:StoreId>10010012345</a1:StoreId><a1:MerchantTransactionId>01J9ZKCAPT1</a1:MerchantTransactionId>
</a1:InquiryTransaction></a1:Action>"""


def built() -> dict[str, bytes]:
    attempt = Attempt(order_ref="RB-7F3K-D1", attempt_ref="01J9ZKREF1")
    money = {"amount_cents": 4900, "currency": "EUR"}
    messages_: dict[str, bytes] = {
        "return": messages.follow_up(STORE, "return", attempt, 2000, "EUR"),
        "postAuth": messages.follow_up(STORE, "postAuth", attempt, 2000, "EUR"),
        "void": messages.void(STORE, attempt, "84515720673"),
        "inquiry": messages.inquire_order(STORE, "RB-7F3K-D1"),
        "inquiry by attempt": messages.inquire_attempt(STORE, "01J9ZKREF1"),
        "delete": messages.delete_card(CARD.token),
        "credit": messages.card_transaction(STORE, "credit", attempt, CARD, initiator=None, **money),  # type: ignore[arg-type]
    }
    initiators: tuple[Initiator, ...] = ("FIRST", "MERCHANT_INITIATED", "CARDHOLDER_INITIATED")
    for initiator in initiators:
        for card in (CARD, StoredCard(token="t")):
            messages_[f"sale {initiator} {card.network_ref}"] = messages.card_transaction(
                STORE, "sale", attempt, card, amount_cents=5, currency="EUR", initiator=initiator
            )
            messages_[f"preAuth {initiator} {card.network_ref}"] = messages.card_transaction(
                STORE, "preAuth", attempt, card, amount_cents=99_999_999, currency="EUR", initiator=initiator
            )
    return messages_


def content_of(message: bytes) -> etree._Element:
    return etree.fromstring(message)[1][0]


@pytest.mark.parametrize("name", built())
def test_valid_against_the_schema(name: str) -> None:
    content = content_of(built()[name])
    assert SCHEMA.validate(content), str(SCHEMA.error_log)
    assert b"<?xml" in built()[name][:5]


@pytest.mark.parametrize(
    ("message", "composed"),
    [
        (
            messages.card_transaction(
                STORE,
                "sale",
                Attempt(order_ref="RB-7F3K-KM1", attempt_ref="01J9ZKM1SALE"),
                CARD,
                amount_cents=3650,
                currency="EUR",
                initiator="MERCHANT_INITIATED",
            ),
            SALE,
        ),
        (
            messages.follow_up(
                STORE, "postAuth", Attempt(order_ref="RB-7F3K-DEP1", attempt_ref="01J9ZKCAPT1"), 12000, "EUR"
            ),
            CAPTURE,
        ),
        (messages.inquire_attempt(STORE, "01J9ZKCAPT1"), INQUIRY),
    ],
)
def test_same_as_composed_by_hand(message: bytes, composed: str) -> None:
    def flat(element: etree._Element) -> list[tuple[str, str]]:
        return [(str(one.tag), (one.text or "").strip()) for one in element.iter()]

    assert flat(content_of(message)[0]) == flat(etree.fromstring(composed))


@pytest.mark.parametrize(
    ("cents", "text"), [(1, "0.01"), (10, "0.10"), (100, "1.00"), (5900, "59.00"), (123456789, "1234567.89")]
)
def test_amounts(cents: int, text: str) -> None:
    assert messages.format_amount(cents) == text


@pytest.mark.parametrize("cents", [0, -1, 1.5, True, "100"])
def test_what_is_no_amount(cents: object) -> None:
    with pytest.raises(ValueError, match="cents"):
        messages.format_amount(cents)  # type: ignore[arg-type]


def test_unknown_currency() -> None:
    with pytest.raises(ValueError, match="CHF"):
        messages.currency_number("CHF")


def test_text_is_escaped() -> None:
    nasty = Attempt(order_ref="RB-<&>-1", attempt_ref='"]]>')
    content = content_of(messages.follow_up(STORE, "return", nasty, 1, "EUR"))
    assert content.findtext(".//{*}OrderId") == "RB-<&>-1"
