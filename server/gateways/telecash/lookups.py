"""Reads the answers to inquiries."""

import logging
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from lxml import etree

from server.gateways.payment import (
    GatewayMisconfigured,
    GatewayUnreachable,
    LedgerLine,
    LineKind,
    Outcome,
)
from server.gateways.telecash.answers import (
    UNDECIDED_CODES,
    find_element,
    find_fault,
    parse,
    read_fields,
    refusal_code,
    refuse_if_misconfigured,
)
from server.gateways.telecash.messages import A1, CURRENCY_NUMBERS, IPGAPI, V1

log = logging.getLogger(__name__)

_KINDS: dict[str, LineKind] = {
    "SALE": "sale",
    "PREAUTH": "hold",
    "POSTAUTH": "capture",
    "RETURN": "refund",
    "VOID": "void",
    "CREDIT": "credit",
}
_DONE_STATES = frozenset({"AUTHORIZED", "CAPTURED", "SETTLED", "VOIDED"})
_OPEN_STATES = frozenset({"WAITING", "INITIALIZED", "PENDING", "READY"})
_NO_SUCH_ORDER = "-5008"
_NO_SUCH_CARD = "SGSDAS-020301"


def parse_amount(text: str) -> Decimal:
    """An amount as the gateway writes it: dot or comma, trailing zeros or none, no thousands separators."""
    try:
        amount = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        message = f"not an amount: {text!r}"
        raise ValueError(message) from None
    if not amount.is_finite():
        message = f"not an amount: {text!r}"
        raise ValueError(message)
    return amount


def read_action(status: int, body: bytes) -> etree._Element | None:
    """The answer to an action; None if the gateway says that it knows no such order.

    Raises when no readable answer came: taking that for "not found" would hide money that moved.
    """
    refuse_if_misconfigured(status)
    content = parse(body)
    if status not in (200, 500) or content is None:
        message = f"no readable answer to the lookup (HTTP {status})"
        raise GatewayUnreachable(message)
    fault = find_fault(content)
    if fault and fault.text.startswith("MerchantException"):
        message = "the gateway refused the lookup"
        raise GatewayMisconfigured(message)
    response = find_element(content, IPGAPI, "IPGApiActionResponse")
    if response is not None and not fault:
        return response
    refusal = find_element(content, IPGAPI, "IPGApiOrderResponse")
    fields = read_fields(refusal) if refusal is not None else {}
    if refusal_code(fields.get("ApprovalCode", ""), fields.get("ErrorMessage", "")) == _NO_SUCH_ORDER:
        return None
    message = f"the lookup failed: {fault.text if fault else 'no answer in the body'}"
    raise GatewayUnreachable(message)


def read_ledger(status: int, body: bytes) -> Sequence[LedgerLine]:
    """The lines of an inquiry's answer; a refusal, an error or an empty list all mean that nothing is known."""
    response = read_action(status, body)
    if response is None or not _succeeded(response):
        return ()
    values = response.iterchildren(f"{{{A1}}}TransactionValues")
    return tuple(line for line in map(_read_line, values) if line is not None)


def refuse_unless_forgotten(status: int, body: bytes) -> None:
    """Raises unless the answer says that the vault has the card no more."""
    response = read_action(status, body)
    if response is None or _succeeded(response):
        return
    codes = {error.get("Code", "") for error in response.iterchildren(f"{{{A1}}}Error")}
    if codes != {_NO_SUCH_CARD}:
        message = f"the gateway did not delete a card: {', '.join(sorted(codes)) or 'no reason given'}"
        raise GatewayMisconfigured(message)


def _succeeded(response: etree._Element) -> bool:
    """True only without any error beside it: the gateway says `successfully` and means the opposite now and then."""
    answered = (response.findtext(f"{{{IPGAPI}}}successfully") or "").strip()
    return answered in ("true", "1") and response.find(f"{{{A1}}}Error") is None


def _read_line(values: etree._Element) -> LedgerLine | None:
    kind_word = values.findtext(f"{{{A1}}}TransactionType") or values.findtext(f"{{{V1}}}CreditCardTxType/{{{V1}}}Type")
    kind = _KINDS.get((kind_word or "").strip().upper())
    answer = find_element(values, IPGAPI, "IPGApiOrderResponse")
    fields = read_fields(answer) if answer is not None else {}
    amount_text = values.findtext(f"{{{V1}}}Payment/{{{V1}}}ChargeTotal") or "0"
    if kind is None:
        log.warning("unknown kind of transaction in an inquiry: %s", kind_word)
        return None
    try:
        cents = int(parse_amount(amount_text) * 100)
    except ValueError as error:
        message = "an inquiry's answer has an unreadable amount"
        raise GatewayUnreachable(message) from error
    state = (values.findtext(f"{{{A1}}}TransactionState") or "").strip()
    approval = fields.get("ApprovalCode", "")
    code = refusal_code(approval, fields.get("ErrorMessage", "")) if approval.startswith("N") else None
    return LedgerLine(
        kind=kind,
        outcome=_line_outcome(state, approval, code),
        state=state,
        amount_cents=cents,
        currency=_currency(values),
        gateway_ref=fields.get("IpgTransactionId", ""),
        attempt_ref=values.findtext(f"{{{V1}}}TransactionDetails/{{{V1}}}MerchantTransactionId"),
        network_ref=fields.get("SchemeTransactionId"),
        code=code,
    )


def _line_outcome(state: str, approval: str, code: str | None) -> Outcome:
    if state in _OPEN_STATES:
        return Outcome.PENDING
    if state in _DONE_STATES:
        return Outcome.APPROVED if approval[:1] in ("Y", "") else Outcome.UNKNOWN
    if state in ("DECLINED", "FAILED") and approval[:1] in ("N", ""):
        if code in UNDECIDED_CODES:
            return Outcome.UNKNOWN
        by_rule = state == "FAILED" or (code or "").startswith("-")
        return Outcome.REJECTED if by_rule else Outcome.DECLINED
    return Outcome.UNKNOWN


def _currency(values: etree._Element) -> str:
    number = (values.findtext(f"{{{V1}}}Payment/{{{V1}}}Currency") or "978").strip()
    return next((letters for letters, digits in CURRENCY_NUMBERS.items() if digits == number), number)
