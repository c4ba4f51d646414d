"""Requests that move no money: inquiries and the data vault."""

import sqlite3

from server.sandbox.telecash import vault
from server.sandbox.telecash.cards import FIRST_TOKENS, Card, recognise
from server.sandbox.telecash.ledger import Ledger
from server.sandbox.telecash.orders import Transaction
from server.sandbox.telecash.reading import Action, Storage
from server.sandbox.telecash.records import visible
from server.sandbox.telecash.refusals import Refused
from server.sandbox.telecash.store import Store
from server.sandbox.telecash.writing import Writer, unknown_order

_NOT_STORED = "SGSDAS-020300"
_NOT_FOUND = "SGSDAS-020301"


def perform(store: Store, action: Action, writer: Writer) -> tuple[int, bytes]:
    """Status and body of the answer to an action."""
    with store.ledger() as ledger:
        if action.kind in ("InquiryOrder", "InquiryTransaction"):
            return _inquire(ledger, action, writer)
        if action.kind == "StoreHostedData":
            return _use_vault(ledger, action, writer)
        if action.kind == "Validate":
            return _validate(ledger, action, writer)
        if action.kind == "GetLastTransactions":
            listed = visible(ledger.records.all(), ledger.records.now, 0)
            return writer.action_answer(transactions=listed[-action.count :])
    return writer.action_answer(successfully=False, errors=[("SGS-005002", "Not available in the sandbox.")])


def _inquire(ledger: Ledger, action: Action, writer: Writer) -> tuple[int, bytes]:
    records = ledger.records
    found: list[Transaction] = []
    if action.attempt:
        found = records.by_attempt(action.attempt)
    elif action.ipg_id:
        one = records.by_ipg_id(action.ipg_id)
        found = [one] if one else []
    elif action.order_id:
        found = records.of_order(action.order_id)
    if action.tdate:
        found = [one for one in found if one.tdate == action.tdate]
    shown = visible(found, records.now, ledger.switches.visibility_delay_seconds)
    if not shown:
        return unknown_order(writer)
    return writer.action_answer(order_id=shown[0].order_id, transactions=shown)


def _use_vault(ledger: Ledger, action: Action, writer: Writer) -> tuple[int, bytes]:
    if not ledger.switches.vault_contracted:
        return writer.action_answer(successfully=False, errors=[("SGS-005002", "Data storage is not contracted.")])
    errors: list[tuple[str, str]] = []
    cards: list[tuple[str, Card]] = []
    for item in action.storage:
        token = item.token or vault.new_token()
        if item.function == "store":
            trouble = _store(ledger, item, token)
            if trouble:
                errors.append((_NOT_STORED, trouble))
            elif item.token is None:
                cards.extend(_display(ledger.records.connection, ledger.config.store_id, token))
        elif item.function == "display":
            shown = _display(ledger.records.connection, ledger.config.store_id, token)
            cards.extend(shown)
            errors.extend([] if shown else [_missing(token)])
        # Cards for tests stay: who tries the sandbox for years goes on booking with them.
        elif token not in FIRST_TOKENS and not vault.forget(ledger.records.connection, ledger.config.store_id, token):
            errors.append(_missing(token))
    return writer.action_answer(errors=errors, cards=cards)


def _store(ledger: Ledger, item: Storage, token: str) -> str | None:
    """Stores one card; answers why not, if not."""
    records, store_id = ledger.records, ledger.config.store_id
    scheme_id = None
    if item.entry:
        try:
            card = recognise(item.entry.number, item.entry.month, item.entry.year)
        except Refused as refusal:
            return refusal.text
    else:
        history = records.of_order(item.order_id or "")
        paid = [one for one in history if one.result == "APPROVED" and one.type in ("sale", "preAuth")]
        if not paid:
            return "The order has no approved transaction."
        card, scheme_id = paid[0].card, paid[0].scheme_id
    if card.expired(records.now.year, records.now.month):
        return "The card is expired."
    if item.decline_duplicates and vault.duplicate(records.connection, store_id, token, card):
        return "The card is stored under another id."
    vault.keep(records.connection, store_id, token, card, scheme_id)
    return None


def _display(connection: sqlite3.Connection, store_id: str, token: str) -> list[tuple[str, Card]]:
    found = vault.find(connection, store_id, token)
    return [(token, found[0])] if found else []


def _validate(ledger: Ledger, action: Action, writer: Writer) -> tuple[int, bytes]:
    found = vault.find(ledger.records.connection, ledger.config.store_id, action.token or "")
    return writer.action_answer(errors=[] if found else [_missing(action.token or "")])


def _missing(token: str) -> tuple[str, str]:
    return _NOT_FOUND, f"Hosted data id: {token[:8]} not found."
