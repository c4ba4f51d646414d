"""Where the payment page comes back to: the customer's browser, and the gateway's own notification."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit, urlunsplit

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from server.database import SYSTEM
from server.edge.limits import BodyLimit
from server.gateways.payment import GatewayError, NoticeRejected
from server.models import Contract
from server.models.contract import ContractState
from server.services.booking import saga
from server.services.outside import Outside
from server.services.payments import hosted_page

LARGEST_FORM = 64 * 1024


def routes(outside: Outside) -> list[Route]:
    """POST /payment/return and /payment/notification."""

    async def returned(request: Request) -> Response:
        try:
            answer = await hosted_page.accept(outside, await _form(request), "browser")
        except NoticeRejected:
            return PlainTextResponse("This answer of the payment page is not valid.", 400)
        await saga.drive(outside, answer.contract_id)
        async with outside.database.transaction(SYSTEM) as session:
            contract = await session.by_id(Contract, answer.contract_id)
        paid = contract is not None and contract.state is not ContractState.CANCELLED and answer.approved
        url = answer.success_url if paid else answer.failure_url
        return RedirectResponse(_with_number(url, contract), 303)

    async def notified(request: Request) -> Response:
        try:
            answer = await hosted_page.accept(outside, await _form(request), "gateway")
        except NoticeRejected:
            return PlainTextResponse("rejected", 400)
        except GatewayError:
            # Not answered with 200: whatever the gateway does then, the end of the hold looks once more.
            return PlainTextResponse("try again", 503)
        await saga.drive(outside, answer.contract_id)
        return PlainTextResponse("ok")

    # Anybody may post here: more than a form is not read, whatever its length says.
    limit = [Middleware(BodyLimit, most_bytes=LARGEST_FORM)]
    return [
        Route(hosted_page.RETURN_PATH, returned, methods=["POST"], middleware=limit),
        Route(hosted_page.NOTIFY_PATH, notified, methods=["POST"], middleware=limit),
    ]


def _with_number(url: str, contract: Contract | None) -> str:
    parts = urlsplit(url)
    query = "&".join(
        part for part in (parts.query, urlencode({"contract": contract.number if contract else ""})) if part
    )
    return urlunsplit(parts._replace(query=query))


async def _form(request: Request) -> dict[str, str]:
    form = await request.form(max_files=0, max_fields=200)
    return {name: value for name, value in form.items() if isinstance(value, str)}
