"""Speaks to Telecash's SOAP service. It never retries: only a lookup may decide what a lost answer meant."""

import asyncio
import logging
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Literal, Self

import httpx2

from server import metrics
from server.gateways.payment import (
    Attempt,
    Checkout,
    GatewayMisconfigured,
    GatewayUnreachable,
    HostedForm,
    Initiator,
    LedgerLine,
    Outcome,
    PaymentResult,
    ReturnNotice,
    StoredCard,
)
from server.gateways.telecash import connect, messages
from server.gateways.telecash.answers import read_order_answer
from server.gateways.telecash.lookups import read_ledger, refuse_unless_forgotten
from server.gateways.telecash.settings import TelecashSettings

log = logging.getLogger(__name__)

_HEADERS = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""', "Accept": "text/xml"}

# Raised before the first byte of a request leaves this machine.
_NOT_SENT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
    httpx2.LocalProtocolError,
)

_FAILURES: dict[type[BaseException], str] = {
    GatewayMisconfigured: "misconfigured",
    GatewayUnreachable: "unreachable",
}


class TelecashGateway:
    """`PaymentGateway` on Telecash: SOAP for everything between servers, Connect for the hosted page."""

    def __init__(self, settings: TelecashSettings, *, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self._settings = settings
        self._http = httpx2.AsyncClient(
            transport=transport,
            verify=tls_context(settings) if settings.service_url.startswith("https:") else False,
            auth=httpx2.BasicAuth(settings.user, settings.password),
            headers=_HEADERS,
            timeout=httpx2.Timeout(settings.read_timeout, connect=settings.connect_timeout),
            # A kept connection that the gateway closes meanwhile would look like a lost answer, and would pin an
            # address that the vendor balances by DNS.
            limits=httpx2.Limits(max_keepalive_connections=0),
            follow_redirects=False,
            trust_env=False,
        )

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def checkout_form(self, checkout: Checkout) -> HostedForm:
        """See `PaymentGateway`."""
        return connect.checkout_form(self._settings, checkout)

    def order_of(self, form: Mapping[str, str]) -> str:
        """See `PaymentGateway`."""
        return connect.order_of(form)

    def read_return(self, form: Mapping[str, str], checkout: Checkout) -> ReturnNotice:
        """See `PaymentGateway`."""
        return connect.read_return(self._settings, form, checkout)

    def read_notification(self, form: Mapping[str, str], checkout: Checkout) -> ReturnNotice:
        """See `PaymentGateway`."""
        return connect.read_notification(self._settings, form, checkout)

    async def charge(
        self,
        attempt: Attempt,
        card: StoredCard,
        amount_cents: int,
        currency: str = "EUR",
        *,
        initiator: Initiator = "MERCHANT_INITIATED",
    ) -> PaymentResult:
        """See `PaymentGateway`: a sale on the stored card."""
        return await self._use_card(
            "sale", attempt, card, amount_cents=amount_cents, currency=currency, initiator=initiator
        )

    async def hold(
        self,
        attempt: Attempt,
        card: StoredCard,
        amount_cents: int,
        currency: str = "EUR",
        *,
        initiator: Initiator = "MERCHANT_INITIATED",
    ) -> PaymentResult:
        """See `PaymentGateway`: a preAuth on the stored card."""
        return await self._use_card(
            "preAuth", attempt, card, amount_cents=amount_cents, currency=currency, initiator=initiator
        )

    async def capture(self, attempt: Attempt, amount_cents: int, currency: str = "EUR") -> PaymentResult:
        """See `PaymentGateway`: a postAuth on the hold's order."""
        message = messages.follow_up(self._settings.store_id, "postAuth", attempt, amount_cents, currency)
        return await self._move_money("postAuth", attempt, message)

    async def refund(self, attempt: Attempt, amount_cents: int, currency: str = "EUR") -> PaymentResult:
        """See `PaymentGateway`: a return on the order."""
        message = messages.follow_up(self._settings.store_id, "return", attempt, amount_cents, currency)
        return await self._move_money("return", attempt, message)

    async def cancel(self, attempt: Attempt, gateway_ref: str) -> PaymentResult:
        """See `PaymentGateway`: a void, possible until the daily clearing; for a hold it is the release."""
        return await self._move_money("void", attempt, messages.void(self._settings.store_id, attempt, gateway_ref))

    async def forget_card(self, token: str) -> None:
        """See `PaymentGateway`."""
        with _counted("forget"):
            refuse_unless_forgotten(*await self._ask(messages.delete_card(token)))
        log.info("telecash card forgotten")

    async def lookup_order(self, order_ref: str) -> Sequence[LedgerLine]:
        """See `PaymentGateway`."""
        with _counted("inquiry"):
            return read_ledger(*await self._ask(messages.inquire_order(self._settings.store_id, order_ref)))

    async def lookup_attempt(self, attempt_ref: str) -> LedgerLine | None:
        """See `PaymentGateway`. If the gateway knows several, the one that moved money tells the truth."""
        with _counted("inquiry"):
            lines = read_ledger(*await self._ask(messages.inquire_attempt(self._settings.store_id, attempt_ref)))
        ours = [line for line in lines if line.attempt_ref in (attempt_ref, None)]
        return next((line for line in ours if line.outcome is Outcome.APPROVED), ours[0] if ours else None)

    async def _use_card(
        self,
        kind: Literal["sale", "preAuth"],
        attempt: Attempt,
        card: StoredCard,
        *,
        amount_cents: int,
        currency: str,
        initiator: Initiator | None,
    ) -> PaymentResult:
        message = messages.card_transaction(
            self._settings.store_id,
            kind,
            attempt,
            card,
            amount_cents=amount_cents,
            currency=currency,
            initiator=initiator,
        )
        return await self._move_money(kind, attempt, message)

    async def _move_money(self, operation: str, attempt: Attempt, message: bytes) -> PaymentResult:
        with _counted(operation) as ended:
            try:
                status, body = await self._post(message)
            except httpx2.TransportError as error:
                result = PaymentResult(outcome=Outcome.UNKNOWN, message=f"the answer was lost: {type(error).__name__}")
            else:
                result = read_order_answer(status, body, attempt.order_ref if operation != "void" else None)
            ended.append(result.outcome.value)
        log.info(
            "telecash %s order=%s attempt=%s outcome=%s code=%s gateway_ref=%s",
            operation,
            attempt.order_ref,
            attempt.attempt_ref,
            result.outcome.value,
            result.code,
            result.gateway_ref,
        )
        return result

    async def _ask(self, message: bytes) -> tuple[int, bytes]:
        try:
            return await self._post(message)
        except httpx2.TransportError as error:
            reason = f"the lookup got no answer: {type(error).__name__}"
            raise GatewayUnreachable(reason) from error

    async def _post(self, message: bytes) -> tuple[int, bytes]:
        """Status and body of the answer; a `TransportError` leaves open whether the request arrived."""
        try:
            response = await self._answered(message)
        except httpx2.TransportError as error:
            if _is_certificate_trouble(error):
                reason = "the TLS handshake failed: check the certificates"
                raise GatewayMisconfigured(reason) from error
            if isinstance(error, _NOT_SENT):
                reason = f"no connection to the gateway: {type(error).__name__}"
                raise GatewayUnreachable(reason) from error
            raise
        return response.status_code, response.content

    async def _answered(self, message: bytes) -> httpx2.Response:
        """Within one deadline: the client's own is for each part of an answer, however many there are."""
        try:
            async with asyncio.timeout(self._settings.connect_timeout + self._settings.read_timeout):
                return await self._http.post(self._settings.service_url, content=message)
        except TimeoutError as late:
            reason = "no whole answer in time"
            raise httpx2.ReadTimeout(reason) from late


@contextmanager
def _counted(operation: str) -> Iterator[list[str]]:
    """Counts a call by what the block appends, or by why there is no answer; a question is `answered`."""
    ended: list[str] = []
    try:
        yield ended
        ended = ended or ["answered"]
    except BaseException as error:
        # Also what was cut off by a deadline of ours: what came of it is not known.
        ended = [_FAILURES.get(type(error), "unknown")]
        raise
    finally:
        metrics.gateway_calls.labels(operation, ended[0]).inc()


def tls_context(settings: TelecashSettings) -> ssl.SSLContext:
    """What a connection to the gateway is encrypted with. GatewayMisconfigured: certificate or key cannot be used."""
    context = ssl.create_default_context(cafile=str(settings.trust) if settings.trust else None)
    if settings.certificate:
        try:
            # Without any password the library would ask for one at the terminal, and wait.
            context.load_cert_chain(settings.certificate, settings.key, settings.key_password or "")
        except (OSError, ssl.SSLError) as error:
            message = (
                f"the client certificate or its key cannot be read: {_why(error)}: correct"
                " ERSATZWAGEN_TELECASH_CERTIFICATE and ERSATZWAGEN_TELECASH_KEY"
            )
            raise GatewayMisconfigured(message) from error
    return context


def _why(error: OSError) -> str:
    """In words: the library's are names of its own."""
    if not isinstance(error, ssl.SSLError):
        return error.strerror or type(error).__name__
    if error.reason == "KEY_VALUES_MISMATCH":
        return "the key is not the certificate's"
    return "one of them is no PEM file, or the key has a password"


def _is_certificate_trouble(error: BaseException) -> bool:
    """Whether the handshake visibly failed.

    With TLS 1.3 the refusal of a client certificate comes only after the request was written, and the alert is often
    lost: such a call ends as a lost answer, which is safe.
    """
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return True
        if isinstance(cause, ssl.SSLError):
            reason = cause.reason or ""
            return "ALERT" in reason and any(word in reason for word in ("CERT", "HANDSHAKE", "UNKNOWN_CA", "ACCESS"))
    return False


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error:
        yield error
        error = error.__cause__ or error.__context__
