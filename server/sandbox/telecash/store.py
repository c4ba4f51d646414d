"""The simulated store at work: its memory, clock, set-up and the switches of the moment."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from server.clock import Clock
from server.sandbox.telecash import vault
from server.sandbox.telecash.config import SimulatorConfig
from server.sandbox.telecash.database import Database
from server.sandbox.telecash.ledger import Ledger
from server.sandbox.telecash.records import open_records
from server.sandbox.telecash.sessions import give_up_challenges

_LEDGER_STATES = {
    "AUTHORIZED": "approved",
    "CAPTURED": "approved",
    "SETTLED": "approved",
    "VOID": "approved",
    "VOIDED": "voided",
    "EXPIRED": "expired",
    "FAILED": "failed",
}


class Store:
    """Everything that the routes share."""

    def __init__(self, clock: Clock, directory: Path, config: SimulatorConfig) -> None:
        self.clock = clock
        self.config = config
        self.switches = config.switches
        self.database = Database(directory)
        with self.database.transaction() as connection:
            vault.seed(connection, config.store_id, clock.now().year)

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        """The books, brought up to now; what happens inside is committed as a whole."""
        with self.database.transaction() as connection:
            ledger = Ledger(open_records(connection, self.clock, self.config), self.config, self.switches)
            give_up_challenges(ledger)
            yield ledger

    def ledger_lines(self) -> list[dict[str, str]]:
        """What really happened to the money, in the order of processing; payments still waiting are left out."""
        with self.ledger() as ledger:
            transactions = ledger.records.all()
        return [
            {
                "order_id": one.order_id,
                "transaction_id": one.ipg_id,
                "type": one.type,
                "amount": f"{one.amount_cents // 100}.{one.amount_cents % 100:02d}",
                "currency": "EUR" if one.currency == "978" else one.currency,
                "state": _state(one.state, one.result),
                "card": one.masked,
                "at": datetime.fromtimestamp(one.at, UTC).isoformat(),
            }
            for one in transactions
            if one.state != "WAITING"
        ]

    def reset(self) -> None:
        """Forgets everything and puts the first tokens back."""
        with self.database.transaction() as connection:
            for table in ("transactions", "vault", "scripts", "requests", "sessions", "notifications"):
                connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names from the line above
            vault.seed(connection, self.config.store_id, self.clock.now().year)
        self.switches = self.config.switches

    def close(self) -> None:
        """Closes the database file."""
        self.database.close()


def _state(state: str, result: str) -> str:
    return "failed" if result == "FAILED" else _LEDGER_STATES.get(state, "declined")
