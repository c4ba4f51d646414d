"""Builds the SOAP requests. The gateway insists on this order of elements, so the order here is no accident."""

from typing import Literal

from lxml import etree

from server.gateways.payment import Attempt, Initiator, StoredCard

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
IPGAPI = "http://ipg-online.com/ipgapi/schemas/ipgapi"
V1 = "http://ipg-online.com/ipgapi/schemas/v1"
A1 = "http://ipg-online.com/ipgapi/schemas/a1"

CURRENCY_NUMBERS = {"EUR": "978"}
"""ISO 4217 numbers of the currencies that the store may use."""

_NAMES = {"ipgapi": IPGAPI, "v1": V1, "a1": A1}


def format_amount(cents: int) -> str:
    """Euro and cents with a dot and two digits, from whole cents; no float is ever involved."""
    if type(cents) is not int or cents <= 0:  # a float or a bool that slipped past the types must not pass for money
        message = f"not a payable number of cents: {cents!r}"
        raise ValueError(message)
    return f"{cents // 100}.{cents % 100:02d}"


def currency_number(currency: str) -> str:
    """The ISO 4217 number of a currency that the store may use."""
    try:
        return CURRENCY_NUMBERS[currency]
    except KeyError:
        message = f"the store has no terminal for {currency}"
        raise ValueError(message) from None


def card_transaction(
    store_id: str,
    kind: Literal["sale", "preAuth", "credit"],
    attempt: Attempt,
    card: StoredCard,
    *,
    amount_cents: int,
    currency: str,
    initiator: Initiator | None,
) -> bytes:
    """A new order on a stored card; `initiator` None leaves the credential-on-file mark out (credits have none)."""
    transaction = _transaction(store_id, kind)
    if initiator:
        _add(transaction, V1, "unscheduledCredentialOnFileType", initiator)
    _payment(transaction, amount_cents, currency, card.token)
    details = _details(transaction, attempt)
    if initiator == "MERCHANT_INITIATED" and card.network_ref:
        _add(details, V1, "ReferencedSchemeTransactionId", card.network_ref)
    return _envelope(_request("IPGApiOrderRequest", transaction))


def follow_up(
    store_id: str, kind: Literal["postAuth", "return"], attempt: Attempt, amount_cents: int, currency: str
) -> bytes:
    """Captures or pays back money of an earlier order."""
    transaction = _transaction(store_id, kind)
    _payment(transaction, amount_cents, currency)
    _details(transaction, attempt)
    return _envelope(_request("IPGApiOrderRequest", transaction))


def void(store_id: str, attempt: Attempt, gateway_ref: str) -> bytes:
    """Undoes one transaction, named by the gateway's own id because an order may hold several."""
    transaction = _transaction(store_id, "void")
    details = _add(transaction, V1, "TransactionDetails")
    _add(details, V1, "MerchantTransactionId", attempt.attempt_ref)
    _add(details, V1, "IpgTransactionId", gateway_ref)
    return _envelope(_request("IPGApiOrderRequest", transaction))


def inquire_order(store_id: str, order_ref: str) -> bytes:
    """Asks for all transactions of an order."""
    return _inquiry(store_id, "InquiryOrder", "OrderId", order_ref)


def inquire_attempt(store_id: str, attempt_ref: str) -> bytes:
    """Asks for the transaction made under our own transaction id."""
    return _inquiry(store_id, "InquiryTransaction", "MerchantTransactionId", attempt_ref)


def delete_card(token: str) -> bytes:
    """Takes a card out of the vault."""
    action = etree.Element(f"{{{A1}}}Action", nsmap=_NAMES)
    item = _add(_add(action, A1, "StoreHostedData"), A1, "DataStorageItem")
    _add(item, A1, "Function", "delete")
    _add(item, A1, "HostedDataID", token)
    return _envelope(_request("IPGApiActionRequest", action))


def _inquiry(store_id: str, inquiry: str, by: str, value: str) -> bytes:
    action = etree.Element(f"{{{A1}}}Action", nsmap=_NAMES)
    question = _add(action, A1, inquiry)
    _add(question, A1, "StoreId", store_id)
    _add(question, A1, by, value)
    return _envelope(_request("IPGApiActionRequest", action))


def _transaction(store_id: str, kind: str) -> etree._Element:
    transaction = etree.Element(f"{{{V1}}}Transaction", nsmap=_NAMES)
    type_ = _add(transaction, V1, "CreditCardTxType")
    _add(type_, V1, "StoreId", store_id)
    _add(type_, V1, "Type", kind)
    return transaction


def _payment(transaction: etree._Element, amount_cents: int, currency: str, token: str | None = None) -> None:
    payment = _add(transaction, V1, "Payment")
    if token:
        _add(payment, V1, "HostedDataID", token)
    _add(payment, V1, "ChargeTotal", format_amount(amount_cents))
    _add(payment, V1, "Currency", currency_number(currency))


def _details(transaction: etree._Element, attempt: Attempt) -> etree._Element:
    details = _add(transaction, V1, "TransactionDetails")
    _add(details, V1, "OrderId", attempt.order_ref)
    _add(details, V1, "MerchantTransactionId", attempt.attempt_ref)
    return details


def _request(name: str, content: etree._Element) -> etree._Element:
    request = etree.Element(f"{{{IPGAPI}}}{name}", nsmap=_NAMES)
    request.append(content)
    return request


def _envelope(request: etree._Element) -> bytes:
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"SOAP-ENV": SOAP})
    _add(envelope, SOAP, "Header")
    _add(envelope, SOAP, "Body").append(request)
    return etree.tostring(envelope, xml_declaration=True, encoding="UTF-8")


def _add(parent: etree._Element, namespace: str, name: str, text: str | None = None) -> etree._Element:
    child = etree.SubElement(parent, f"{{{namespace}}}{name}")
    child.text = text
    return child
