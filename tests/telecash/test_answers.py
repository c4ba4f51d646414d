"""What each answer means, by the mapping of faults, results and codes."""

import pytest

from server.gateways.payment import GatewayMisconfigured, GatewayUnreachable, Outcome
from server.gateways.telecash.answers import read_order_answer, refusal_code
from server.gateways.telecash.lookups import read_action, read_ledger

ENVELOPE = (
    '<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:i="http://ipg-online.com/ipgapi/schemas/ipgapi" xmlns:a="http://ipg-online.com/ipgapi/schemas/a1"'
    ' xmlns:v="http://ipg-online.com/ipgapi/schemas/v1"><S:Body>{}</S:Body></S:Envelope>'
)


def order_answer(result: str | None, approval: str | None, error: str = "") -> str:
    parts = [("TransactionResult", result), ("ApprovalCode", approval), ("ErrorMessage", error)]
    inner = "".join(f"<i:{name}>{text}</i:{name}>" for name, text in parts if text)
    return f"<i:IPGApiOrderResponse>{inner}</i:IPGApiOrderResponse>"


def fault(text: str, detail: str = "", side: str = "Client") -> str:
    return (
        f"<S:Fault><faultcode>S:{side}</faultcode><faultstring>{text}</faultstring><detail>{detail}</detail></S:Fault>"
    )


def outcome(status: int, content: str) -> Outcome:
    return read_order_answer(status, ENVELOPE.format(content).encode()).outcome


@pytest.mark.parametrize(
    ("result", "approval", "error", "expected"),
    [
        ("APPROVED", "Y:1:2:3:4", "", Outcome.APPROVED),
        ("APPROVED", "N:05:no", "", Outcome.UNKNOWN),
        ("APPROVED", "?:waiting", "", Outcome.UNKNOWN),
        ("APPROVED", "Y:1:2:3:4", "SGS-030052: Communication Error", Outcome.UNKNOWN),
        ("WAITING", "?:waiting 3dsecure", "", Outcome.PENDING),
        (None, "?:waiting 3dsecure", "", Outcome.PENDING),
        ("WAITING", "Y:1", "", Outcome.UNKNOWN),
        (None, "Y:1", "", Outcome.UNKNOWN),
        (None, None, "", Outcome.UNKNOWN),
        ("SOMETHING", "Y:1", "", Outcome.UNKNOWN),
    ],
)
def test_plain_answers(result: str | None, approval: str | None, error: str, expected: Outcome) -> None:
    assert outcome(200, order_answer(result, approval, error)) is expected


@pytest.mark.parametrize(
    ("result", "approval", "expected"),
    [
        ("DECLINED", "N:05:Do not honour", Outcome.DECLINED),
        ("FRAUD", "N:-5005:duplicate", Outcome.DECLINED),
        ("FAILED", "N:-10501:done", Outcome.REJECTED),
        ("FAILED", "N:-5019:not voidable", Outcome.REJECTED),
        ("FAILED", "N:-5003:exists", Outcome.UNKNOWN),
        ("FAILED", "N:-30050:com", Outcome.UNKNOWN),
        ("FAILED", "N:-30059:com", Outcome.UNKNOWN),
        ("FAILED", "N:-30060:other", Outcome.REJECTED),
        ("FAILED", "N:-30095:busy", Outcome.UNKNOWN),
        ("FAILED", "N:-100:internal", Outcome.UNKNOWN),
        ("FAILED", "N:000100:internal", Outcome.UNKNOWN),
        ("FAILED", "N:-7777:busy", Outcome.UNKNOWN),
        ("FAILED", "N:-7778:timeout", Outcome.UNKNOWN),
        ("DECLINED", "N:68:late", Outcome.UNKNOWN),
        ("FAILED", "N:tmout:late", Outcome.UNKNOWN),
        ("APPROVED", "Y:1:2:3:4", Outcome.UNKNOWN),
        ("DECLINED", "Y:1:2:3:4", Outcome.UNKNOWN),
        (None, "N:05:x", Outcome.UNKNOWN),
    ],
)
def test_processing_exceptions(result: str | None, approval: str, expected: Outcome) -> None:
    assert outcome(500, fault("ProcessingException: Processing failed", order_answer(result, approval))) is expected


@pytest.mark.parametrize("code", ["-5002", "-12000", "-50653"])
def test_what_people_must_repair(code: str) -> None:
    with pytest.raises(GatewayMisconfigured, match=code):
        outcome(500, fault("ProcessingException", order_answer("FAILED", f"N:{code}:x")))


def test_merchant_exception_hides_card_numbers() -> None:
    with pytest.raises(GatewayMisconfigured) as caught:
        outcome(500, fault("MerchantException", "cvc-pattern: value '4035874000424977' is not valid"))
    assert "4035874000424977" not in str(caught.value)


@pytest.mark.parametrize("status", [301, 302, 401, 403, 404, 405, 415])
def test_refusals_of_the_http_layer(status: int) -> None:
    with pytest.raises(GatewayMisconfigured):
        read_order_answer(status, b"<html></html>")
    with pytest.raises(GatewayMisconfigured):
        read_action(status, b"<html></html>")


@pytest.mark.parametrize("status", [408, 429, 502, 503, 504])
def test_other_statuses_leave_it_open(status: int) -> None:
    body = ENVELOPE.format(order_answer("APPROVED", "Y:1")).encode()
    assert read_order_answer(status, body).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"<html></html>",
        b"\xff\xfe",
        ENVELOPE.format("").encode(),
        b'<!DOCTYPE x [<!ENTITY e "APPROVED">]>' + ENVELOPE.format(order_answer("&e;", "Y:1")).encode(),
    ],
)
def test_unreadable_bodies(body: bytes) -> None:
    assert read_order_answer(200, body).outcome is Outcome.UNKNOWN
    with pytest.raises(GatewayUnreachable):
        read_action(200, body)


def test_server_fault_and_unknown_fault() -> None:
    assert outcome(500, fault("unexpected error", side="Server")) is Outcome.UNKNOWN
    assert outcome(500, fault("SomethingException")) is Outcome.UNKNOWN


def test_decoys_in_other_namespaces_do_not_count() -> None:
    decoy = '<d:TransactionResult xmlns:d="urn:d">DECLINED</d:TransactionResult>'
    content = order_answer("APPROVED", "Y:1").replace("<i:TransactionResult>", decoy + "<i:TransactionResult>")
    assert outcome(200, content) is Outcome.APPROVED


def test_misspelt_namespace() -> None:
    payload = order_answer("DECLINED", "N:51:no").replace("i:", "m:")
    payload = payload.replace("<m:IPG", "<m:IPG", 1).replace(
        "IPGApiOrderResponse>", 'IPGApiOrderResponse xmlns:m="https://ipg-online.com/ipgapi/schemes/ipgapi">', 1
    )
    result = read_order_answer(500, ENVELOPE.format(fault("ProcessingException", payload)).encode())
    assert (result.outcome, result.code) == (Outcome.DECLINED, "51")


def test_answer_about_another_order() -> None:
    content = order_answer("APPROVED", "Y:1").replace("</i:IPGApi", "<i:OrderId>RB-2</i:OrderId></i:IPGApi")
    assert read_order_answer(200, ENVELOPE.format(content).encode(), "RB-1").outcome is Outcome.UNKNOWN
    assert read_order_answer(200, ENVELOPE.format(content).encode(), "RB-2").outcome is Outcome.APPROVED


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("SGS-050005: no", "05"),
        ("SGS-050051: no", "51"),
        ("SGS-005003: exists", "-5003"),
        ("SGS-010501: done", "-10501"),
        ("SGS-050653: currency", "-50653"),
        ("nothing", None),
    ],
)
def test_codes_from_error_messages(error: str, code: str | None) -> None:
    assert refusal_code("", error) == code


def values(state: str, approval: str, amount: str, kind: str = "SALE") -> str:
    return (
        f"<a:TransactionValues><v:Payment><v:ChargeTotal>{amount}</v:ChargeTotal><v:Currency>978</v:Currency></v:Payment>"
        f"<i:IPGApiOrderResponse><i:ApprovalCode>{approval}</i:ApprovalCode></i:IPGApiOrderResponse>"
        f"<a:TransactionType>{kind}</a:TransactionType><a:TransactionState>{state}</a:TransactionState>"
        "</a:TransactionValues>"
    )


@pytest.mark.parametrize(
    ("state", "approval", "expected"),
    [
        ("AUTHORIZED", "Y:1", Outcome.APPROVED),
        ("SETTLED", "Y:1", Outcome.APPROVED),
        ("VOIDED", "Y:1", Outcome.APPROVED),
        ("CAPTURED", "N:05:x", Outcome.UNKNOWN),
        ("DECLINED", "N:05:x", Outcome.DECLINED),
        ("DECLINED", "N:-5101:x", Outcome.REJECTED),
        ("DECLINED", "N:-30053:x", Outcome.UNKNOWN),
        ("PENDING", "?:waiting", Outcome.PENDING),
        ("CHECKED", "Y:1", Outcome.UNKNOWN),
    ],
)
def test_states_in_inquiries(state: str, approval: str, expected: Outcome) -> None:
    content = values(state, approval, "1")
    body = f"<i:IPGApiActionResponse><i:successfully>true</i:successfully>{content}</i:IPGApiActionResponse>"
    [line] = read_ledger(200, ENVELOPE.format(body).encode())
    assert line.outcome is expected


@pytest.mark.parametrize(("text", "cents"), [("300", 30000), ("3.5", 350), ("27.25", 2725), ("59,00", 5900)])
def test_amounts_in_inquiries(text: str, cents: int) -> None:
    content = values("CAPTURED", "Y:1", text)
    body = f"<i:IPGApiActionResponse><i:successfully>true</i:successfully>{content}</i:IPGApiActionResponse>"
    assert read_ledger(200, ENVELOPE.format(body).encode())[0].amount_cents == cents


def test_success_beside_an_error_is_no_success() -> None:
    error = '<a:Error Code="SGSDAS-020301"><a:ErrorMessage>x</a:ErrorMessage></a:Error>'
    body = f"<i:successfully>true</i:successfully>{error}"
    answer = ENVELOPE.format(f"<i:IPGApiActionResponse>{body}</i:IPGApiActionResponse>").encode()
    assert read_ledger(200, answer) == ()
