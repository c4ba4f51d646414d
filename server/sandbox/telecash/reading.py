"""Reads SOAP requests as strictly as the gateway does: any deviation from the schema is a MerchantException."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lxml import etree

from server.sandbox.telecash.orders import OPERATIONS, CardEntry, Operation, Order

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
IPGAPI = "http://ipg-online.com/ipgapi/schemas/ipgapi"
V1 = "http://ipg-online.com/ipgapi/schemas/v1"
A1 = "http://ipg-online.com/ipgapi/schemas/a1"

_SCHEMA = etree.XMLSchema(file=str(Path(__file__).parent / "schema" / "ipgapi.xsd"))
_REQUESTS = (f"{{{IPGAPI}}}IPGApiOrderRequest", f"{{{IPGAPI}}}IPGApiActionRequest")
_OPERATIONS: dict[str, Operation] = {name.lower(): name for name in OPERATIONS}


class Malformed(Exception):
    """The request is refused before anything is processed; the text says what is wrong with it."""


@dataclass(frozen=True)
class Storage:
    """One record to be stored, shown or deleted in the vault."""

    function: Literal["store", "display", "delete"]
    token: str | None
    entry: CardEntry | None
    order_id: str | None
    decline_duplicates: bool


@dataclass(frozen=True)
class Action:
    """A request that moves no money."""

    kind: str
    """InquiryOrder, InquiryTransaction, StoreHostedData, Validate, RecurringPayment or GetLastTransactions."""
    store_id: str | None
    order_id: str | None
    attempt: str | None
    ipg_id: str | None
    tdate: str | None
    count: int
    storage: tuple[Storage, ...]
    token: str | None


def read_request(body: bytes) -> Order | Action:
    """Understands a request or raises `Malformed`."""
    request = _open_envelope(body)
    if not _SCHEMA.validate(request):
        reasons = str(_SCHEMA.error_log).splitlines()
        message = f"cvc-complex-type: {reasons[-1] if reasons else 'not valid'}"
        raise Malformed(message)
    content = request[0]
    if etree.QName(request).localname == "IPGApiActionRequest":
        return _read_action(content)
    if etree.QName(content).localname == "SubsequentTransaction":
        return _read_subsequent(content)
    return _read_transaction(content)


def _open_envelope(body: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        message = f"not well-formed: {error}"
        raise Malformed(message) from error
    if b"<!DOCTYPE" in body or root.getroottree().docinfo.internalDTD is not None:
        message = "a DOCTYPE is not allowed"
        raise Malformed(message)
    content = root.find(f"{{{SOAP}}}Body") if root.tag == f"{{{SOAP}}}Envelope" else None
    if content is None or len(content) != 1 or content[0].tag not in _REQUESTS:
        message = "expected a SOAP envelope with one IPGApiOrderRequest or IPGApiActionRequest"
        raise Malformed(message)
    return content[0]


def _read_transaction(transaction: etree._Element) -> Order:
    kind = _text(transaction, "CreditCardTxType/Type") or ""
    operation = _OPERATIONS.get(kind.lower())
    if operation is None:
        message = f"the sandbox does not know the transaction type {kind}"
        raise Malformed(message)
    final = _text(transaction, "TransactionDetails/SplitShipment/FinalShipment")
    split = transaction.find(f"{{{V1}}}TransactionDetails/{{{V1}}}SplitShipment") is not None
    count = _text(transaction, "TransactionDetails/SplitShipment/SequenceCount")
    order = Order(
        operation=operation,
        store_id=_text(transaction, "CreditCardTxType/StoreId"),
        order_id=_text(transaction, "TransactionDetails/OrderId"),
        attempt=_text(transaction, "TransactionDetails/MerchantTransactionId"),
        amount_cents=_cents(_text(transaction, "Payment/ChargeTotal")),
        currency=_text(transaction, "Payment/Currency"),
        tokens=tuple(one.text or "" for one in transaction.findall(f"{{{V1}}}Payment/{{{V1}}}HostedDataID")),
        vault_store=_text(transaction, "Payment/HostedDataStoreID"),
        assign_token=_text(transaction, "Payment/AssignToken") in ("true", "1"),
        entry=_card_entry(transaction.find(f"{{{V1}}}CreditCardData")),
        initiator=_text(transaction, "unscheduledCredentialOnFileType"),
        scheme_reference=_text(transaction, "TransactionDetails/ReferencedSchemeTransactionId"),
        ipg_id=_text(transaction, "TransactionDetails/IpgTransactionId"),
        tdate=_text(transaction, "TransactionDetails/TDate"),
        referenced_attempt=_text(transaction, "TransactionDetails/ReferencedMerchantTransactionId"),
        split_count=(int(count) if count else 99) if split else None,
        final=final in ("true", "1") if split else True,
    )
    _check_fields(order)
    return order


def _check_fields(order: Order) -> None:
    """What the schema cannot say: which fields each kind of transaction needs."""
    if order.operation == "void":
        if not (order.ipg_id or order.referenced_attempt or order.order_id):
            message = "a void needs IpgTransactionId, ReferencedMerchantTransactionId or OrderId"
            raise Malformed(message)
        return
    if not order.amount_cents or not order.currency:
        message = f"{order.operation} needs ChargeTotal above zero and Currency"
        raise Malformed(message)
    has_card = bool(order.entry and order.entry.number) or bool(order.tokens)
    if (order.operation in ("sale", "preAuth", "credit")) != has_card:
        message = f"{order.operation} with the wrong card data: sale, preAuth and credit need some, others none"
        raise Malformed(message)


def _read_subsequent(content: etree._Element) -> Order:
    operation: Operation = "void" if _text(content, "TransactionType") == "VOID" else "return"
    return Order(
        operation=operation,
        store_id=_text(content, "Options/StoreId"),
        amount_cents=_cents(_text(content, "Payment/ChargeTotal")),
        currency=_text(content, "Payment/Currency"),
        ipg_id=_text(content, "IpgTransactionId"),
        referenced_attempt=_text(content, "ReferencedMerchantTransactionId"),
    )


def _read_action(action: etree._Element) -> Action:
    content = action[0]
    return Action(
        kind=etree.QName(content).localname,
        store_id=_text(content, "StoreId", A1),
        order_id=_text(content, "OrderId", A1),
        attempt=_text(content, "MerchantTransactionId", A1),
        ipg_id=_text(content, "IpgTransactionId", A1),
        tdate=_text(content, "TDate", A1),
        count=int(_text(content, "count", A1) or 100),
        storage=tuple(_read_storage(item) for item in content.findall(f"{{{A1}}}DataStorageItem")),
        token=content.findtext(f"{{{V1}}}Payment/{{{V1}}}HostedDataID"),
    )


def _read_storage(item: etree._Element) -> Storage:
    function = _text(item, "Function", A1)
    return Storage(
        function="display" if function == "display" else "delete" if function == "delete" else "store",
        token=_text(item, "HostedDataID", A1),
        entry=_card_entry(item.find(f"{{{A1}}}CreditCardData")),
        order_id=_text(item, "OrderId", A1),
        decline_duplicates=_text(item, "DeclineHostedDataDuplicates", A1) in ("true", "1"),
    )


def _card_entry(card: etree._Element | None) -> CardEntry | None:
    number = _text(card, "CardNumber") if card is not None else None
    if card is None or not number:
        return None  # a security code alone may accompany a token
    return CardEntry(
        number=number,
        month=int(_text(card, "ExpMonth") or 0),
        year=2000 + int(_text(card, "ExpYear") or 0),
        security_code=_text(card, "CardCodeValue"),
    )


def _text(parent: etree._Element, path: str, namespace: str = V1) -> str | None:
    return parent.findtext("/".join(f"{{{namespace}}}{name}" for name in path.split("/")))


def _cents(text: str | None) -> int | None:
    if text is None:
        return None
    whole, _, part = text.partition(".")
    return int(whole) * 100 + int(part.ljust(2, "0") or 0)
