"""The SOAP service: who may ask, what is asked, and what the scripts make of the answer."""

import asyncio
import base64
import binascii
import hmac
import sqlite3
from collections.abc import Callable
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from server.sandbox.telecash.actions import perform
from server.sandbox.telecash.dropping import DroppedConnection
from server.sandbox.telecash.follow_ups import resolve_order_id
from server.sandbox.telecash.orders import Order, Transaction
from server.sandbox.telecash.reading import Action, Malformed, read_request
from server.sandbox.telecash.request_log import note_answer, note_request
from server.sandbox.telecash.script import NO_STEP, Step, take_step
from server.sandbox.telecash.store import Store
from server.sandbox.telecash.writing import Writer

_UNAUTHORISED = "<!DOCTYPE html><html><head><title>401</title></head><body><h1>401 Unauthorized</h1></body></html>"
_LARGEST_BODY = 200_000


class Service:
    """`POST /ipgapi/services`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def endpoint(self, request: Request) -> Response:
        """Answers one SOAP request; everything is committed before the answer leaves."""
        refusal = self._refuse(request)
        body = await request.body()
        if refusal is None and len(body) > _LARGEST_BODY:
            refusal = Response(status_code=413)
        if refusal:
            self._note_refused(request, body, refusal.status_code)
            return refusal
        writer = Writer(self._store.switches)
        try:
            content = read_request(body)
            self._check_store_id(content)
        except Malformed as error:
            self._note_refused(request, body, 500)
            return _xml(writer.fault("Client", "MerchantException", str(error)))
        number, step = await asyncio.to_thread(self._note_and_take_step, request, body, content)
        response = await self._answer(content, step, writer)
        answer = "dropped" if isinstance(response, DroppedConnection) else str(response.status_code)
        with self._store.database.transaction() as connection:
            note_answer(connection, number, answer)
        return response

    def _refuse(self, request: Request) -> Response | None:
        if not self._authorised(request.headers.get("authorization", "")):
            headers = {"WWW-Authenticate": 'Basic realm="ipgapi"'}
            return Response(_UNAUTHORISED, 401, headers, "text/html")
        if request.method != "POST":
            return Response(status_code=405, headers={"Allow": "POST"})
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "text/xml":
            return Response(status_code=415)
        return None

    def _authorised(self, header: str) -> bool:
        scheme, _, encoded = header.partition(" ")
        try:
            given = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            return False
        config = self._store.config
        expected = f"{config.user}:{config.password}".encode()
        return scheme.lower() == "basic" and hmac.compare_digest(given, expected)

    def _check_store_id(self, content: Order | Action) -> None:
        if content.store_id not in (None, self._store.config.store_id):
            message = f"Store {content.store_id} is unknown or closed"
            raise Malformed(message)

    def _note_refused(self, request: Request, body: bytes, status: int) -> None:
        with self._store.database.transaction() as connection:
            number = self._note(connection, request, body, (None, None, None))
            note_answer(connection, number, str(status))

    def _note_and_take_step(self, request: Request, body: bytes, content: Order | Action) -> tuple[int, Step]:
        with self._store.ledger() as ledger:
            records = ledger.records
            if isinstance(content, Order):
                operation, scripted = str(content.operation), str(content.operation)
                order_id = resolve_order_id(records, content)
            else:
                operation = content.kind
                scripted = "inquiry" if operation.startswith("Inquiry") else ""
                named = records.by_attempt(content.attempt) if content.attempt else []
                order_id = content.order_id or (named[0].order_id if named else None)
            names = (operation, order_id, content.attempt)
            number = self._note(records.connection, request, body, names)
            return number, take_step(records.connection, scripted, order_id) if scripted else NO_STEP

    def _note(
        self,
        connection: sqlite3.Connection,
        request: Request,
        body: bytes,
        names: tuple[str | None, str | None, str | None],
    ) -> int:
        at = self._store.clock.now().timestamp()
        return note_request(connection, at, request.method, request.url.path, body.decode("utf-8", "replace"), names)

    async def _answer(self, content: Order | Action, step: Step, writer: Writer) -> Response:
        before = await self._answer_unprocessed(step, writer)
        if before:
            return before
        if isinstance(content, Action):
            answer = await asyncio.to_thread(perform, self._store, content, writer)
        else:
            transaction = await asyncio.to_thread(self._process, content, step)
            answer = writer.order_answer(transaction, contradict=step.kind == "process-then-contradict")
            if _loses_answer(transaction):
                return DroppedConnection()
        return await self._answer_processed(step, writer, answer)

    def _process(self, order: Order, step: Step) -> Transaction:
        with self._store.ledger() as ledger:
            return ledger.process(order, step.refusal)

    async def _answer_unprocessed(self, step: Step, writer: Writer) -> Response | None:
        """What a scripted call gets that is not processed at all."""
        if step.kind == "delay-before":
            await asyncio.sleep(step.seconds)
        answers: dict[str, Callable[[], Response]] = {
            "drop-before": DroppedConnection,
            "503": partial(Response, "Service Unavailable", 503),
            "fault:server": lambda: _xml(writer.fault("Server", "unexpected error")),
            "fault:merchant": lambda: _xml(writer.fault("Client", "MerchantException", "scripted by the sandbox")),
        }
        make = answers.get(step.kind)
        return make() if make else None

    async def _answer_processed(self, step: Step, writer: Writer, answer: tuple[int, bytes]) -> Response:
        """What a call gets after it has been processed and committed."""
        if step.kind == "delay":
            await asyncio.sleep(step.seconds)
        if step.kind == "process-then-drop":
            return DroppedConnection()
        if step.kind == "process-then-fault":
            return _xml(writer.fault("Server", "unexpected error"))
        if step.kind == "process-then-503":
            return Response("Service Unavailable", 503)
        if step.kind == "garbage":
            return Response(b"\x00\x01<<< not what you expected >>>", 200, media_type="text/xml")
        return _xml(answer)


def _loses_answer(transaction: Transaction) -> bool:
    """Cards that lose the answer of each sale; a second try of the order is refused and that answer arrives."""
    return transaction.behaviour == "lost-answer" and transaction.type == "sale" and transaction.result == "APPROVED"


def _xml(answer: tuple[int, bytes]) -> Response:
    return Response(answer[1], answer[0], media_type="text/xml; charset=utf-8")
