"""Reads what the gateway answers and says what it means for the money.

The gateway adds elements over time, shuffles them and changes prefixes: nothing here depends on order, prefix or on
knowing every element. What is not plainly an answer is `UNKNOWN`, because a wrong guess would charge somebody twice.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from server.gateways.payment import GatewayMisconfigured, Outcome, PaymentResult
from server.gateways.telecash.messages import IPGAPI, SOAP

UNDECIDED_CODES = frozenset(
    {"-5003", "-30095", "-100", "100", "000100", "-7777", "-7778", "68", "tmout"}
    | {str(code) for code in range(-30059, -30049)}
)
"""Refusals that do not tell whether money moved: the order exists already, or the way to the bank broke."""

CONTRACT_CODES = frozenset({"-5002", "-12000", "-50653"})
"""Refusals that no retry cures: service or brand missing, security code mandatory, currency not set up."""

_CARD_UNKNOWN = "-2304"

# Answers of the HTTP layer in front of the gateway, which never come after processing.
_REFUSING_STATUSES = frozenset({301, 302, 303, 307, 308, 401, 403, 404, 405, 415})


@dataclass(frozen=True)
class Fault:
    """A SOAP fault: `side` is Client or Server, `text` the reason, `detail` the element with the payload if any."""

    side: str
    text: str
    detail: etree._Element | None


def parse(body: bytes) -> etree._Element | None:
    """The content of the SOAP body; None if this is no SOAP answer."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    if root.tag != f"{{{SOAP}}}Envelope" or root.getroottree().docinfo.internalDTD is not None:
        return None
    return root.find(f"{{{SOAP}}}Body")


def read_order_answer(status: int, body: bytes, order_ref: str | None = None) -> PaymentResult:
    """What an answer to a money request means; raises `GatewayMisconfigured` where people must repair something."""
    refuse_if_misconfigured(status)
    content = parse(body)
    if status not in (200, 500) or content is None:
        return _unknown(f"HTTP {status} without a readable answer")
    fault = find_fault(content)
    if fault and fault.side == "Server":
        return _unknown(f"server fault: {fault.text}")
    if fault and fault.text.startswith("MerchantException"):
        message = "the gateway refused the message: " + _plain(fault.detail)
        raise GatewayMisconfigured(message)
    response = find_element(content, IPGAPI, "IPGApiOrderResponse")
    if response is None:
        return _unknown(f"fault without an answer: {fault.text}" if fault else "no answer in the body")
    fields = read_fields(response)
    if order_ref and fields.get("OrderId", order_ref) != order_ref:
        return _unknown("the answer names another order")
    return _judge(fields, is_fault=fault is not None)


def refuse_if_misconfigured(status: int) -> None:
    """Raises for HTTP statuses that mean a wrong address, certificate or password."""
    if status in _REFUSING_STATUSES:
        message = f"the gateway refused the request with HTTP {status}: check address, user, password and certificate"
        raise GatewayMisconfigured(message)


def find_fault(content: etree._Element) -> Fault | None:
    """The SOAP fault, if the answer is one."""
    fault = content.find(f"{{{SOAP}}}Fault")
    if fault is None:
        return None
    side = (fault.findtext("faultcode") or "").strip().rpartition(":")[2]
    return Fault(side, (fault.findtext("faultstring") or "").strip(), fault.find("detail"))


def find_element(parent: etree._Element, namespace: str, name: str) -> etree._Element | None:
    """The first element of that exact name below `parent`; failing that, of that local name.

    The vendor prints faults whose payload lies in a misspelt namespace.
    """
    exact = next(parent.iter(f"{{{namespace}}}{name}"), None)
    return exact if exact is not None else next(parent.iter(f"{{*}}{name}"), None)


def read_fields(response: etree._Element) -> dict[str, str]:
    """Texts of the children in the response's own namespace, by local name; empty ones are left out."""
    own = etree.QName(response).namespace
    fields: dict[str, str] = {}
    for child in response.iterchildren("{*}*"):
        name = etree.QName(child)
        text = (child.text or "").strip()
        if name.namespace == own and text:
            fields.setdefault(name.localname, text)
    return fields


def refusal_code(approval: str, error: str = "") -> str | None:
    """The code of a refusal, from `N:<code>:<text>` or else from `SGS-nnnnnn: text`."""
    if approval.startswith("N:"):
        code = approval[2:].partition(":")[0].strip()
        if code:
            return code
    match = re.match(r"SGS-(\d+)", error)
    if not match:
        return None
    number = int(match[1])
    # Issuer codes NN are written 0500NN there; everything else is the negative number of the approval code.
    return f"{number - 50000:02d}" if 50000 <= number < 50100 else f"-{number}"


def _judge(fields: Mapping[str, str], *, is_fault: bool) -> PaymentResult:
    approval, result = fields.get("ApprovalCode", ""), fields.get("TransactionResult", "")
    error = fields.get("ErrorMessage", "")
    code = refusal_code(approval, error) if not approval.startswith(("Y", "?")) else None
    outcome = _outcome(result, approval, code, is_fault=is_fault, error=error)
    if code in CONTRACT_CODES and outcome is Outcome.REJECTED:
        message = f"the store's contract or set-up forbids this ({code}): {error or approval}"
        raise GatewayMisconfigured(message)
    auth_code = fields.get("ProcessorApprovalCode") or (approval.split(":")[1] if approval.startswith("Y:") else None)
    return PaymentResult(
        outcome=outcome,
        gateway_ref=fields.get("IpgTransactionId"),
        gateway_time=fields.get("TDate"),
        network_ref=fields.get("SchemeTransactionId"),
        auth_code=auth_code if outcome is Outcome.APPROVED else None,
        code=code,
        message=error or fields.get("ProcessorResponseMessage") or approval or None,
        retry_advice=fields.get("MerchantAdviceMessage") or fields.get("TransactionDeclineReason"),
        card_unknown=code == _CARD_UNKNOWN and outcome is Outcome.REJECTED,
    )


def _outcome(result: str, approval: str, code: str | None, *, is_fault: bool, error: str) -> Outcome:
    if is_fault or result in ("DECLINED", "FRAUD", "FAILED"):
        if not approval.startswith("N") and approval:
            return Outcome.UNKNOWN  # a refusal that carries an approval contradicts itself
        if code in UNDECIDED_CODES:
            return Outcome.UNKNOWN
        refusals = {"DECLINED": Outcome.DECLINED, "FRAUD": Outcome.DECLINED, "FAILED": Outcome.REJECTED}
        return refusals.get(result, Outcome.UNKNOWN)
    if result == "APPROVED":
        return Outcome.APPROVED if approval[:1] in ("", "Y") and not error else Outcome.UNKNOWN
    if result in ("WAITING", "") and approval[:1] in ("?", "") and (result or approval):
        return Outcome.PENDING
    return Outcome.UNKNOWN


def _unknown(message: str) -> PaymentResult:
    return PaymentResult(outcome=Outcome.UNKNOWN, message=message)


def _plain(detail: etree._Element | None) -> str:
    """The detail's text, without anything that looks like a card number."""
    text = " ".join("".join(str(part) for part in detail.itertext()).split()) if detail is not None else ""
    return re.sub(r"\d{12,19}", "…", text)[:500]
