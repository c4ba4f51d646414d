"""Reads and writes the ledger's rows and lets time pass over them."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from server.clock import Clock
from server.sandbox.telecash.config import SimulatorConfig
from server.sandbox.telecash.orders import Transaction

_COLUMNS = tuple(one.name for one in fields(Transaction))
_INSERT = f"INSERT INTO transactions ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608
_FIRST_IPG_ID = 84_500_000_000


@dataclass(frozen=True)
class Records:
    """The ledger inside one database transaction, at one instant."""

    connection: sqlite3.Connection
    now: datetime

    def of_order(self, order_id: str) -> list[Transaction]:
        """All transactions of the order, oldest first."""
        return self._select("order_id = ?", order_id)

    def by_ipg_id(self, ipg_id: str) -> Transaction | None:
        """The transaction of that gateway id."""
        return next(iter(self._select("ipg_id = ?", ipg_id)), None)

    def by_attempt(self, attempt: str) -> list[Transaction]:
        """Transactions made under that MerchantTransactionId; the gateway does not keep it unique."""
        return self._select("attempt = ?", attempt)

    def of_card(self, fingerprint: str) -> list[Transaction]:
        """All transactions on one card."""
        return self._select("fingerprint = ?", fingerprint)

    def all(self) -> list[Transaction]:
        """Everything, in the order of processing."""
        return self._select("1 = 1")

    def next_ipg_id(self) -> str:
        """A gateway id never used before."""
        count = self.connection.execute("SELECT coalesce(max(number), 0) FROM transactions").fetchone()[0]
        return str(_FIRST_IPG_ID + int(count) + 1)

    def insert(self, transaction: Transaction) -> Transaction:
        """Writes a new row."""
        self.connection.execute(_INSERT, [getattr(transaction, column) for column in _COLUMNS])
        return transaction

    def set_state(self, ipg_id: str, state: str) -> None:
        """Moves a transaction on."""
        self.connection.execute("UPDATE transactions SET state = ? WHERE ipg_id = ?", (state, ipg_id))

    def _select(self, condition: str, *values: str) -> list[Transaction]:
        sql = f"SELECT * FROM transactions WHERE {condition} ORDER BY number"  # noqa: S608 - conditions are above
        return [_transaction(row) for row in self.connection.execute(sql, values)]


def open_records(connection: sqlite3.Connection, clock: Clock, config: SimulatorConfig) -> Records:
    """The ledger as of now: waiting payments gone through, lapsed holds expired, the day's clearing done."""
    now = clock.now()
    seconds = now.timestamp()
    connection.execute(
        "UPDATE transactions SET state = CASE type WHEN 'preAuth' THEN 'AUTHORIZED' ELSE 'CAPTURED' END"
        " WHERE state = 'WAITING' AND waiting_until <= ?",
        (seconds,),
    )
    connection.execute(
        "UPDATE transactions SET state = 'EXPIRED' WHERE type = 'preAuth' AND state = 'AUTHORIZED' AND expires_at <= ?"
        " AND NOT EXISTS (SELECT 1 FROM transactions AS capture WHERE capture.order_id = transactions.order_id"
        " AND capture.type = 'postAuth' AND capture.state IN ('CAPTURED', 'SETTLED'))",
        (seconds,),
    )
    connection.execute(
        "UPDATE transactions SET state = 'SETTLED' WHERE state = 'CAPTURED' AND at < ?",
        (last_clearing(now, config).timestamp(),),
    )
    return Records(connection, now)


def last_clearing(now: datetime, config: SimulatorConfig) -> datetime:
    """The latest daily clearing that is not in the future."""
    local = now.astimezone(config.time_zone)
    today = datetime.combine(local.date(), config.clearing_at, config.time_zone)
    return (
        today
        if today <= local
        else datetime.combine(local.date() - timedelta(days=1), config.clearing_at, config.time_zone)
    )


def hold_expiry(now: datetime, brand: str, source: str, config: SimulatorConfig) -> float:
    """When a hold made now lapses, in Unix seconds."""
    days = config.hosted_hold_days if source == "CONNECT" else config.hold_days
    return (now + timedelta(days=days.get(brand, 5))).timestamp()


def visible(transactions: Sequence[Transaction], now: datetime, delay_seconds: int) -> list[Transaction]:
    """What an inquiry shows: listed attempts, not younger than the visibility delay."""
    latest = now.timestamp() - delay_seconds
    return [one for one in transactions if one.listed and (delay_seconds == 0 or one.at <= latest)]


def _transaction(row: sqlite3.Row) -> Transaction:
    values: dict[str, Any] = {column: row[column] for column in _COLUMNS}
    values["final"], values["listed"] = bool(values["final"]), bool(values["listed"])
    return Transaction(**values)
