"""Where the payment page comes back to: the customer's browser, and the gateway's own notification."""

from __future__ import annotations

import unicodedata
from html import escape
from urllib.parse import unquote_plus, urlencode, urlsplit, urlunsplit
from uuid import UUID

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from server.database import SYSTEM
from server.edge.language import language_of
from server.edge.limits import BodyLimit
from server.errors import Sentence
from server.gateways.payment import GatewayError, NoticeRejected
from server.models import Contract, HostedPayment, Payment, payment_reasons
from server.models.contract import ContractState
from server.models.payment import PaymentState, Purpose
from server.security import page_policy
from server.services.booking import confirmation, expiry, saga
from server.services.outside import Outside
from server.services.payments import attempts, hosted_page, new_card

PURPOSE = "waiting"
NOT_VALID = Sentence(
    "This answer of the payment page is not valid.", "Diese Antwort der Zahlungsseite ist nicht gültig."
)
TITLE = Sentence("Your payment is being confirmed", "Ihre Zahlung wird bestätigt")
WAIT = Sentence(
    "This takes a few seconds. Please leave this page open; you need not pay again.",
    "Das dauert einige Sekunden. Bitte lassen Sie diese Seite offen; Sie müssen nicht noch einmal zahlen.",
)
REFRESH_SECONDS = 3
_TOLD = frozenset({"contract", "reason", "code"})
_STYLE = "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:20vh auto;padding:0 1rem;color:#1f2933}"
_POLICY = page_policy(_STYLE)


def routes(outside: Outside) -> list[Route]:
    """POST /payment/return and /payment/notification, and the page on which a customer waits for the gateway."""

    async def returned(request: Request) -> Response:
        try:
            answer = await hosted_page.accept(outside, await _form(request), "browser")
        except NoticeRejected:
            language = language_of(request.headers.get("accept-language"))
            return PlainTextResponse(NOT_VALID.within(language), 400)
        await _go_on(outside, answer.contract_id)
        return await _further(outside, answer.payment_id, answer.reason, waits=not answer.is_resolved)

    async def waiting(request: Request) -> Response:
        payment, seal = request.query_params.get("payment", ""), request.query_params.get("seal", "")
        if not outside.sealer.is_on(PURPOSE, payment, seal):
            return Response(status_code=404)
        return await _further(outside, UUID(payment), None, waits=True)

    async def notified(request: Request) -> Response:
        try:
            answer = await hosted_page.accept(outside, await _form(request), "gateway")
        except NoticeRejected:
            return PlainTextResponse("rejected", 400)
        except GatewayError:
            # Not answered with 200: whatever the gateway does then, the end of the hold looks once more.
            return PlainTextResponse("try again", 503)
        await _go_on(outside, answer.contract_id)
        return PlainTextResponse("ok")

    # Anybody may post here: more than a form is not read, whatever its length says.
    limit = [Middleware(BodyLimit)]
    return [
        Route(hosted_page.RETURN_PATH, returned, methods=["POST"], middleware=limit),
        Route(hosted_page.NOTIFY_PATH, notified, methods=["POST"], middleware=limit),
        Route(hosted_page.WAITING_PATH, waiting, methods=["GET"]),
    ]


async def _go_on(outside: Outside, contract_id: UUID) -> None:
    """What follows from what was entered: a booking comes about, or another card takes the old one's place."""
    await saga.drive(outside, contract_id)
    await new_card.follow(outside, contract_id)


async def _further(outside: Outside, payment_id: UUID, reason: str | None, *, waits: bool) -> Response:
    """Where the browser goes: a booking that has come about is a success, whichever window asks; a payment that is not
    confirmed yet waits; everything else is a failure with its reason in the customer's language.
    """
    async with outside.database.transaction(SYSTEM) as session:
        payment = await attempts.get(session, payment_id)
        page = await session.by_id(HostedPayment, payment_id)
        contract = await session.by_id(Contract, payment.contract_id)
        made = await attempts.of_contract(session, payment.contract_id)
    if page is None or contract is None:
        return Response(status_code=404)
    for_card = payment.purpose is Purpose.CARD
    if payment.state is PaymentState.SUCCEEDED if for_card else contract.confirmed_at is not None:
        return RedirectResponse(_with(page.success_url, contract=contract.number), 303)
    if waits and (for_card or contract.state is ContractState.HELD) and payment.state in attempts.UNRESOLVED:
        return _waiting_page(outside, payment, contract)
    # A payment that succeeded is undone by what was refused after it, never by another card before it.
    refused = expiry.last_refused([one for one in made if one.created_at > payment.created_at])
    why = payment.reason or reason or (refused.reason if refused else None)
    words = payment_reasons.said(why) or (confirmation.TOO_LATE if payment.state is PaymentState.SUCCEEDED else None)
    told = {"reason": words.within(contract.language.value.lower())} if words else {}
    code = payment_reasons.code_of(why)
    return RedirectResponse(
        _with(page.failure_url, contract=contract.number, **told, **({"code": code} if code else {})), 303
    )


def _waiting_page(outside: Outside, payment: Payment, contract: Contract) -> Response:
    language = contract.language.value.lower()
    text = str(payment.id)
    query = urlencode({"payment": text, "seal": outside.sealer.of(PURPOSE, text)})
    address = escape(f"{hosted_page.WAITING_PATH}?{query}")
    title = escape(TITLE.within(language))
    page = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{_STYLE}</style>'
        f'<meta http-equiv="refresh" content="{REFRESH_SECONDS};url={address}"></head>'
        f"<body><h1>{title}</h1><p>{escape(WAIT.within(language))}</p></body></html>"
    )
    return HTMLResponse(page, headers={"content-security-policy": _POLICY, "cache-control": "no-store"})


def _with(url: str, **told: str) -> str:
    """The address with what is told. What it says itself under these names is left out, so that nobody is misled."""
    parts = urlsplit(url)
    own = [pair for pair in parts.query.split("&") if pair and unquote_plus(pair.partition("=")[0]) not in _TOLD]
    return urlunsplit(parts._replace(query="&".join([*own, urlencode(told)])))


async def _form(request: Request) -> dict[str, str]:
    """What was posted. NoticeRejected for control characters: the gateway writes none, and NUL cannot be looked up."""
    form = await request.form(max_files=0, max_fields=200)
    values = {name: value for name, value in form.items() if isinstance(value, str)}
    if any(unicodedata.category(char) == "Cc" for value in values.values() for char in value):
        raise NoticeRejected("a control character")
    return values
