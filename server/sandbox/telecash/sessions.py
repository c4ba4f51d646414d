"""Visits to the hosted page: from the shop's form to the payment's end."""

import json
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any

from server.sandbox.telecash.cards import Card
from server.sandbox.telecash.checkout import amount_cents
from server.sandbox.telecash.ledger import NO_CARD, Ledger
from server.sandbox.telecash.orders import Order
from server.sandbox.telecash.refusals import Refused


@dataclass(frozen=True)
class Session:
    """One visit. `state` is card, challenge, done or lost; `answer` the gateway id of the transaction it ended in."""

    id: str
    form: Mapping[str, str]
    state: str
    card: Card | None = None
    answer: str | None = None

    @property
    def order_id(self) -> str:
        """The shop's order."""
        return self.form["oid"]

    @property
    def language(self) -> str:
        """Language of the pages: de or en."""
        return "en" if self.form.get("language", "de_DE").startswith("en") else "de"


def new_session(form: Mapping[str, str]) -> Session:
    """A visit that begins."""
    return Session(secrets.token_urlsafe(18), form, "card")


def load(connection: sqlite3.Connection, session_id: str) -> Session | None:
    """The visit of that id."""
    row = connection.execute("SELECT * FROM sessions WHERE id = ?", (session_id,)).fetchone()
    return _session(row) if row else None


def save(connection: sqlite3.Connection, session: Session, at: float) -> None:
    """Keeps a visit; `at` counts for new ones only."""
    connection.execute(
        "INSERT INTO sessions (id, order_id, fields, state, card, answer, created) VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET state = excluded.state, card = excluded.card, answer = excluded.answer",
        (
            session.id,
            session.order_id,
            json.dumps(dict(session.form)),
            session.state,
            json.dumps(asdict(session.card)) if session.card else None,
            session.answer,
            at,
        ),
    )


def hosted_order(session: Session, card: Card | None, *, three_d_secure: str | None, waiting_seconds: int) -> Order:
    """The payment that the visit is about."""
    form = session.form
    token = form.get("hosteddataid")
    return Order(
        operation="sale" if form["txntype"] == "sale" else "preAuth",
        order_id=session.order_id,
        attempt=form.get("merchantTransactionId"),
        amount_cents=amount_cents(form),
        currency=form["currency"],
        tokens=(token,) if token else (),
        vault_store=form.get("hosteddatastoreid"),
        assign_token=form.get("assignToken") == "true",
        card=card,
        initiator=form.get("unscheduledCredentialOnFileType"),
        source="CONNECT",
        three_d_secure=three_d_secure,
        waiting_seconds=waiting_seconds,
    )


def give_up_challenges(ledger: Ledger) -> None:
    """Ends visits whose customer walked away from the 3-D Secure page."""
    connection, now = ledger.records.connection, ledger.records.now
    earliest = (now - timedelta(minutes=ledger.config.challenge_minutes)).timestamp()
    rows = connection.execute(
        "SELECT * FROM sessions WHERE state = 'challenge' AND created <= ?", (earliest,)
    ).fetchall()
    for session in map(_session, rows):
        order = hosted_order(session, session.card, three_d_secure=None, waiting_seconds=0)
        refusal = Refused("FAILED", "-5103", listed=not _is_paid(ledger, session.order_id))
        transaction = ledger.write_refusal(order, refusal, session.card or NO_CARD)
        save(connection, replace(session, state="done", answer=transaction.ipg_id), now.timestamp())


def _is_paid(ledger: Ledger, order_id: str) -> bool:
    return any(one.listed for one in ledger.records.of_order(order_id))


def _session(row: sqlite3.Row) -> Session:
    card: dict[str, Any] | None = json.loads(row["card"]) if row["card"] else None
    return Session(row["id"], json.loads(row["fields"]), row["state"], Card(**card) if card else None, row["answer"])
