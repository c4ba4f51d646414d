"""The store's data vault: cards behind tokens."""

import sqlite3
import uuid

from server.sandbox.telecash.cards import FIRST_TOKENS, Card, recognise

FIRST_SCHEME_ID = "0223MCC599836"
"""Scheme transaction id of the first use of every card that is in the vault from the start."""


def seed(connection: sqlite3.Connection, store_id: str, year: int) -> None:
    """Puts the tokens for tests into the vault, valid for five more years; leaves changed ones alone."""
    for token, number in FIRST_TOKENS.items():
        if find(connection, store_id, token) is None:
            keep(connection, store_id, token, recognise(number, 12, year + 5), FIRST_SCHEME_ID)


def find(connection: sqlite3.Connection, store_id: str, token: str) -> tuple[Card, str | None] | None:
    """The card behind a token, and the scheme transaction id of its first use if there was one."""
    row = connection.execute("SELECT * FROM vault WHERE store_id = ? AND token = ?", (store_id, token)).fetchone()
    if row is None:
        return None
    card = Card(row["masked"], row["brand"], row["month"], row["year"], row["behaviour"], row["fingerprint"])
    return card, row["first_scheme_id"]


def keep(connection: sqlite3.Connection, store_id: str, token: str, card: Card, first_scheme_id: str | None) -> None:
    """Stores a card; a token in use is silently overwritten, as the gateway does it."""
    connection.execute(
        "INSERT OR REPLACE INTO vault VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            store_id,
            token,
            card.masked,
            card.brand,
            card.month,
            card.year,
            card.behaviour,
            card.fingerprint,
            first_scheme_id,
        ),
    )


def duplicate(connection: sqlite3.Connection, store_id: str, token: str, card: Card) -> bool:
    """Whether the card is known under another token."""
    row = connection.execute(
        "SELECT 1 FROM vault WHERE store_id = ? AND token <> ? AND fingerprint = ?", (store_id, token, card.fingerprint)
    ).fetchone()
    return row is not None


def forget(connection: sqlite3.Connection, store_id: str, token: str) -> bool:
    """Deletes a token; False if it was not there."""
    deleted = connection.execute("DELETE FROM vault WHERE store_id = ? AND token = ?", (store_id, token))
    return deleted.rowcount > 0


def new_token() -> str:
    """A token made by the gateway."""
    return str(uuid.uuid4()).upper()
