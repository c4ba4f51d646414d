"""The hosted page: opens for a sealed form, takes a card, asks for 3-D Secure, sends the customer back."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from starlette.background import BackgroundTask
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.sandbox.telecash import sessions
from server.sandbox.telecash.cards import TEST_CARDS, THREE_D_SECURE_CODES, Card, check_security_code, recognise
from server.sandbox.telecash.checkout import CheckoutRefused, amount_cents, check_checkout
from server.sandbox.telecash.ledger import NO_CARD, Ledger
from server.sandbox.telecash.notices import Notice, make_notice, send_notification
from server.sandbox.telecash.pages import TEXTS, page, show_amount
from server.sandbox.telecash.refusals import Refused, failed
from server.sandbox.telecash.request_log import note_request
from server.sandbox.telecash.script import take_step
from server.sandbox.telecash.sessions import Session
from server.sandbox.telecash.store import Store

PATH = "/connect/gateway/processing"


def hosted_routes(store: Store) -> list[Route]:
    """The hosted page's routes."""
    hosted = HostedPage(store)
    return [
        Route(PATH, hosted.open, methods=["POST"]),
        Route(PATH + "/{session}", hosted.show, methods=["GET"]),
        Route(PATH + "/{session}", hosted.pay, methods=["POST"]),
        Route(PATH + "/{session}/secure", hosted.answer_challenge, methods=["POST"]),
    ]


class HostedPage:
    """`/connect/gateway/processing` and the pages below it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def open(self, request: Request) -> Response:
        """Takes the shop's form and shows the card page, or says why not."""
        form = _plain(await request.form())
        now = self._store.clock.now()
        language = "en" if form.get("language", "").startswith("en") else "de"
        try:
            check_checkout(form, self._store.config, now)
        except CheckoutRefused as refusal:
            self._note(request, form, None)
            return page("message", language, 400, title=TEXTS[language]["refused"], text=str(refusal))
        session = sessions.new_session(form)
        with self._store.ledger() as ledger:
            if any(one.listed for one in ledger.records.of_order(session.order_id)):
                order = sessions.hosted_order(session, None, three_d_secure=None, waiting_seconds=0)
                transaction = ledger.write_refusal(order, failed("-5003"), NO_CARD)
                session = replace(session, state="done", answer=transaction.ipg_id)
            sessions.save(ledger.records.connection, session, now.timestamp())
        self._note(request, form, session)
        return RedirectResponse(f"{_base(request)}/{session.id}", 303)

    async def show(self, request: Request) -> Response:
        """The page that the visit has reached."""
        session = self._load(request)
        if session is None:
            return page("message", "de", 404, title=TEXTS["de"]["refused"], text=TEXTS["de"]["gone"])
        return self._show(request, session)

    async def pay(self, request: Request) -> Response:
        """Takes the card; a visit that is over merely shows its end again."""
        entered = _plain(await request.form())
        session = self._load(request)
        if session is None or session.state != "card":
            return await self.show(request)
        self._note(request, entered, session)
        if entered.get("action") == "cancel":
            return await self._finish(request, session, None, Refused("FAILED", "-5993", listed=True))
        try:
            card = self._read_card(entered)
        except Refused as refusal:
            error = {"-5002": "bad_brand", "54": "bad_expiry", "-2305": "bad_code"}.get(refusal.code, "bad_number")
            return self._show(request, session, error, entered)
        if card.behaviour == "challenge" and session.form.get("authenticateTransaction") == "true":
            session = replace(session, state="challenge", card=card)
            with self._store.database.transaction() as connection:
                sessions.save(connection, session, 0)
            return RedirectResponse(f"{_base(request)}/{session.id}", 303)
        refusal_3ds = Refused("FAILED", "-5101", listed=True) if card.behaviour == "refuse-3ds" else None
        return await self._finish(request, session, card, refusal_3ds)

    async def answer_challenge(self, request: Request) -> Response:
        """Takes the customer's answer to the bank: confirm, fail or cancel."""
        entered = _plain(await request.form())
        session = self._load(request)
        if session is None or session.state != "challenge":
            return await self.show(request)
        self._note(request, entered, session)
        codes = {"confirm": None, "cancel": "-5993"}
        code = codes.get(entered.get("action", ""), "-5101")
        return await self._finish(
            request, session, session.card, Refused("FAILED", code, listed=True) if code else None
        )

    def _read_card(self, entered: Mapping[str, str]) -> Card:
        month, year = entered.get("expmonth", ""), entered.get("expyear", "")
        if not (month.isdigit() and year.isdigit() and 1 <= int(month) <= 12):
            raise Refused("DECLINED", "54")
        card = recognise(entered.get("cardnumber", ""), int(month), int(year))
        if card.brand not in self._store.config.brands:
            raise failed("-5002")
        now = self._store.clock.now()
        if card.expired(now.year, now.month):
            raise Refused("DECLINED", "54")
        check_security_code(card.brand, entered.get("cvm", ""))
        return card

    async def _finish(self, request: Request, session: Session, card: Card | None, refusal: Refused | None) -> Response:
        """Processes the payment, tells the shop's server as the switches want it, sends the customer back."""
        ended, first = await asyncio.to_thread(self._process, session, card, refusal)
        mode = self._store.switches.notification
        notice = self._notice(ended)
        if notice is None or not first:
            return self._show(request, ended)
        if mode in ("before", "twice"):
            await send_notification(self._store, ended.order_id, notice)
        response = self._show(request, ended)
        if mode in ("after", "twice"):
            response.background = BackgroundTask(send_notification, self._store, ended.order_id, notice)
        return response

    def _process(self, session: Session, card: Card | None, refusal: Refused | None) -> tuple[Session, bool]:
        """The visit after its end, and whether this call has ended it: a double click must not pay twice."""
        with self._store.ledger() as ledger:
            connection = ledger.records.connection
            current = sessions.load(connection, session.id) or session
            if current.state in ("done", "lost"):
                return current, False
            ended = self._settle(ledger, replace(current, card=card), refusal)
            sessions.save(connection, ended, ledger.records.now.timestamp())
            return ended, True

    def _settle(self, ledger: Ledger, session: Session, refusal: Refused | None) -> Session:
        card = session.card
        waiting = self._store.switches.waiting_seconds if self._store.switches.waiting else 0
        code = THREE_D_SECURE_CODES.get(card.behaviour, "2") if card else None
        order = sessions.hosted_order(session, card, three_d_secure=code, waiting_seconds=waiting)
        if refusal or card is None:
            taken = any(one.listed for one in ledger.records.of_order(session.order_id))
            refused = failed("-5003") if taken else refusal or failed("-5993")
            transaction = ledger.write_refusal(order, refused, card or NO_CARD)
            return replace(session, state="done", answer=transaction.ipg_id)
        step = take_step(ledger.records.connection, order.operation, order.order_id)
        if step.kind == "drop-before":
            return replace(session, state="lost")
        transaction = ledger.process(order, step.refusal)
        lost = step.kind == "process-then-drop" or (card.behaviour == "lost-answer" and order.operation == "sale")
        return replace(session, state="lost" if lost else "done", answer=transaction.ipg_id)

    def _notice(self, session: Session) -> Notice | None:
        if session.state != "done" or session.answer is None:
            return None
        with self._store.ledger() as ledger:
            transaction = ledger.records.by_ipg_id(session.answer)
        return make_notice(session.form, transaction, self._store.config, self._store.switches) if transaction else None

    def _show(
        self, request: Request, session: Session, error: str | None = None, entered: Mapping[str, str] | None = None
    ) -> Response:
        language, cents = session.language, amount_cents(session.form)
        values: dict[str, Any] = {
            "amount": show_amount(cents, language),
            "order_id": session.order_id,
            "address": f"{_base(request)}/{session.id}",
            "is_hold": session.form["txntype"] != "sale",
        }
        notice = self._notice(session)
        if notice:
            return page("forward", language, url=notice.url, fields=notice.browser, **values)
        if session.state == "lost":
            return page("message", language, title=TEXTS[language]["lost"], text=TEXTS[language]["lost_text"])
        if session.state == "challenge" and session.card:
            minutes = self._store.config.challenge_minutes
            return page("challenge", language, card=session.card, minutes=minutes, **values)
        return self._card_page(session, error, entered or {}, values)

    def _card_page(
        self, session: Session, error: str | None, entered: Mapping[str, str], values: Mapping[str, Any]
    ) -> Response:
        """The card page; after a mistake with everything that was entered but the security code, which nobody keeps."""
        year = self._store.clock.now().year
        kept = {"bname": "", "cardnumber": "", "expmonth": "12", "expyear": str(year + 3)}
        kept |= {name: value for name, value in entered.items() if name in kept}
        stores = bool(session.form.get("hosteddataid") or session.form.get("assignToken"))
        cards = [(one.number, one.told(session.language)) for one in TEST_CARDS]
        shown = {"error": error, "years": range(year, year + 12), "stores": stores, "cards": cards, "entered": kept}
        return page("card", session.language, 422 if error else 200, **shown, **values)

    def _load(self, request: Request) -> Session | None:
        with self._store.ledger() as ledger:
            return sessions.load(ledger.records.connection, request.path_params["session"])

    def _note(self, request: Request, form: Mapping[str, str], session: Session | None) -> None:
        body = "&".join(f"{name}={value}" for name, value in form.items())
        names = ("connect", form.get("oid") or (session.order_id if session else None), None)
        with self._store.database.transaction() as connection:
            at = self._store.clock.now().timestamp()
            note_request(connection, at, request.method, request.url.path, body, names)


def _base(request: Request) -> str:
    """Path of the hosted page as the browser sees it, wherever the simulator is mounted."""
    return str(request.scope.get("root_path", "")) + PATH


def _plain(form: FormData) -> dict[str, str]:
    return {name: value for name, value in form.items() if isinstance(value, str)}
