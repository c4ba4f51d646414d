"""Writes SOAP answers, deliberately untidy: shuffled, with unknown elements and other prefixes, as the vendor warns."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from lxml import etree

from server.sandbox.telecash.cards import Card
from server.sandbox.telecash.config import Switches
from server.sandbox.telecash.orders import Transaction
from server.sandbox.telecash.reading import A1, IPGAPI, SOAP, V1
from server.sandbox.telecash.refusals import failed

MISSPELT = "https://ipg-online.com/ipgapi/schemes/ipgapi"
_DECOY = "urn:sandbox:elements-nobody-has-heard-of"
_USUAL_PREFIXES = {"ipgapi": IPGAPI, "v1": V1, "a1": A1}
_PREFIXES = (_USUAL_PREFIXES, {"ns4": IPGAPI, "ns2": V1, "ns3": A1}, {"gateway": IPGAPI, "money": V1, "deeds": A1})
_INQUIRY_STATES = {"EXPIRED": "AUTHORIZED", "VOID": "VOIDED"}


@dataclass(frozen=True)
class Writer:
    """Makes answers in the shape that the switches ask for."""

    switches: Switches
    # One choice per answer: lxml confuses elements that bind one prefix to several namespaces.
    _prefixes: Mapping[str, str] = field(default_factory=lambda: random.choice(_PREFIXES))

    def order_answer(self, transaction: Transaction, *, contradict: bool = False) -> tuple[int, bytes]:
        """Status and body of the answer to a money request; a refusal travels inside a fault."""
        refused = transaction.result != "APPROVED"
        if not refused and not contradict:
            return 200, self._envelope([self._order_response(transaction, IPGAPI)])
        namespace = MISSPELT if self.switches.misspelt_faults else IPGAPI
        error = "SGS-030052: Communication Error" if contradict else None
        payload = self._order_response(transaction, namespace, error)
        return self.fault("Client", "ProcessingException", payload)

    def fault(self, side: str, text: str, detail: etree._Element | str | None = None) -> tuple[int, bytes]:
        """A SOAP fault; `detail` is a payload or plain text."""
        fault = etree.Element(f"{{{SOAP}}}Fault", nsmap={"SOAP-ENV": SOAP})
        etree.SubElement(fault, "faultcode").text = f"SOAP-ENV:{side}"
        etree.SubElement(fault, "faultstring").text = text
        if detail is not None:
            holder = etree.SubElement(fault, "detail")
            if isinstance(detail, str):
                holder.text = detail
            else:
                holder.append(detail)
        return 500, self._envelope([fault])

    def action_answer(
        self,
        *,
        successfully: bool = True,
        order_id: str | None = None,
        errors: Iterable[tuple[str, str]] = (),
        transactions: Sequence[Transaction] = (),
        cards: Iterable[tuple[str, Card]] = (),
    ) -> tuple[int, bytes]:
        """Status and body of the answer to an action. `errors` are codes and texts, `cards` tokens and cards."""
        response = self._element(IPGAPI, "IPGApiActionResponse")
        _add(response, IPGAPI, "successfully", "true" if successfully else "false")
        if order_id:
            _add(response, IPGAPI, "OrderId", order_id)
        for code, text in errors:
            error = etree.SubElement(response, f"{{{A1}}}Error", Code=code)
            _add(error, A1, "ErrorMessage", text)
        _add(response, V1, "Billing")
        _add(response, V1, "Shipping")
        for transaction in transactions:
            response.append(self._values(transaction))
        for token, card in cards:
            item = _add(response, IPGAPI, "DataStorageItem")
            _card(_add(item, A1, "CreditCardData"), card)
            _add(item, A1, "HostedDataID", token)
        # Transactions keep their order among themselves, as an inquiry lists them by time.
        return 200, self._envelope([self._untidy(response, shuffle=len(transactions) < 2)])

    def _order_response(self, transaction: Transaction, namespace: str, error: str | None = None) -> etree._Element:
        response = self._element(namespace, "IPGApiOrderResponse")
        for name, text in _answer_fields(transaction, error).items():
            _add(response, namespace, name, text)
        if transaction.token:
            _add(_add(response, namespace, "HostedData"), namespace, "HostedDataID", transaction.token)
        return self._untidy(response)

    def _values(self, transaction: Transaction) -> etree._Element:
        values = self._element(A1, "TransactionValues")
        type_ = _add(values, V1, "CreditCardTxType")
        _add(type_, V1, "Type", transaction.type.lower())
        _card(_add(values, V1, "CreditCardData"), transaction.card)
        payment = _add(values, V1, "Payment")
        _add(payment, V1, "ChargeTotal", short_amount(transaction.amount_cents))
        _add(payment, V1, "Currency", transaction.currency)
        details = _add(values, V1, "TransactionDetails")
        _add(details, V1, "OrderId", transaction.order_id)
        if transaction.attempt:
            _add(details, V1, "MerchantTransactionId", transaction.attempt)
        _add(details, V1, "TDate", transaction.tdate)
        _add(details, V1, "TransactionOrigin", "ECI")
        answer = _add(values, IPGAPI, "IPGApiOrderResponse")
        for name, text in _answer_fields(transaction, None).items():
            if name != "TransactionResult":  # the printed examples of inquiries have none
                _add(answer, IPGAPI, name, text)
        _add(values, A1, "Brand", transaction.brand)
        _add(values, A1, "TransactionType", transaction.type.upper())
        _add(values, A1, "TransactionState", _INQUIRY_STATES.get(transaction.state, transaction.state))
        _add(values, A1, "UserID", "1")
        _add(values, A1, "SubmissionComponent", transaction.source)
        return self._untidy(values)

    def _element(self, namespace: str, name: str) -> etree._Element:
        prefixes = self._prefixes if self.switches.shuffle_answers else _USUAL_PREFIXES
        own = {"ns9": namespace} if namespace == MISSPELT else {}
        return etree.Element(f"{{{namespace}}}{name}", nsmap={**prefixes, **own})

    def _untidy(self, parent: etree._Element, *, shuffle: bool = True) -> etree._Element:
        if not self.switches.shuffle_answers:
            return parent
        etree.SubElement(parent, f"{{{_DECOY}}}TransactionResult").text = "SOMETHING NEW"
        _add(parent, etree.QName(parent).namespace or "", "NewerElement", "a later version knows this")
        children = list(parent)
        if shuffle:
            random.shuffle(children)
        parent[:] = children
        return parent

    def _envelope(self, content: Sequence[etree._Element]) -> bytes:
        prefix = random.choice(("SOAP-ENV", "soapenv", "S")) if self.switches.shuffle_answers else "SOAP-ENV"
        envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={prefix: SOAP})
        _add(envelope, SOAP, "Header")
        _add(envelope, SOAP, "Body").extend(content)
        return etree.tostring(envelope, xml_declaration=True, encoding="UTF-8")


def short_amount(cents: int) -> str:
    """An amount as inquiries write it, without trailing zeros: 300, 3.5, 27.25."""
    text = f"{cents // 100}.{cents % 100:02d}"
    return text.rstrip("0").rstrip(".")


def unknown_order(writer: Writer) -> tuple[int, bytes]:
    """One of the three ways in which the gateway may say that it knows nothing; the vendor does not document it."""
    if writer.switches.unknown_order == "false":
        return writer.action_answer(successfully=False)
    if writer.switches.unknown_order == "error":
        return writer.action_answer(errors=[("SGS-005008", failed("-5008").text)])
    return writer.action_answer()


def _answer_fields(transaction: Transaction, error: str | None) -> Mapping[str, str]:
    waiting = transaction.state == "WAITING"
    parts = transaction.approval.split(":")
    approved = transaction.result == "APPROVED" and not waiting
    fields = {
        "ApprovalCode": "?:waiting" if waiting else transaction.approval,
        "AVSResponse": "PPX",
        "Brand": transaction.brand,
        "Country": "DEU",
        "CommercialServiceProvider": "TELECASH",
        "ErrorMessage": error or transaction.error,
        "OrderId": transaction.order_id,
        "PaymentType": "CREDITCARD",
        "ProcessorApprovalCode": parts[1] if approved else "",
        "ProcessorCCVResponse": "",
        "ProcessorReceiptNumber": parts[-1][-4:] if approved else "",
        "ProcessorReferenceNumber": parts[1] if approved else "",
        "ProcessorTraceNumber": parts[-1] if approved else "",
        "TDate": transaction.tdate,
        "TDateFormatted": datetime.fromtimestamp(int(transaction.tdate), UTC).strftime("%Y.%m.%d %H:%M:%S (UTC)"),
        "TerminalID": "54000015",
        "TransactionResult": "WAITING" if waiting else transaction.result,
        "TransactionTime": transaction.tdate,
    }
    if transaction.listed:
        fields["IpgTransactionId"] = transaction.ipg_id
        fields["ProcessorResponseCode"] = "00" if approved else parts[1]
        fields["ProcessorResponseMessage"] = "Function performed error-free" if approved else parts[-1]
    if transaction.result == "DECLINED":
        fields["MerchantAdviceMessage"] = "Retry Later" if parts[1] in ("51", "61", "91") else "Do not retry"
    if transaction.scheme_id:
        fields["SchemeTransactionId"] = transaction.scheme_id
    return fields


def _card(parent: etree._Element, card: Card) -> None:
    _add(parent, V1, "CardNumber", card.masked)
    _add(parent, V1, "ExpMonth", f"{card.month:02d}")
    _add(parent, V1, "ExpYear", f"{card.year % 100:02d}")
    _add(parent, V1, "Brand", card.brand)


def _add(parent: etree._Element, namespace: str, name: str, text: str | None = None) -> etree._Element:
    child = etree.SubElement(parent, f"{{{namespace}}}{name}")
    child.text = text
    return child
