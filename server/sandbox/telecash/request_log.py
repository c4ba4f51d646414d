"""Every request received, fit to be shown: no card numbers, security codes, names or passwords."""

import re
import sqlite3
from datetime import UTC, datetime

_LONGEST_BODY = 20_000
_NUMBERS = re.compile(r"(?<![0-9A-Za-z-])((?:\d[ +]?|%20){13,19})(?![0-9A-Za-z-])")
_SECRET_ELEMENTS = re.compile(r"(<(?:[\w.-]+:)?CardCodeValue\b[^>]*>)[^<]*", re.IGNORECASE)
_SECRET_FIELDS = re.compile(r"(?<![^&])((?:cvm|cvv|bname|password)=)[^&]*", re.IGNORECASE)


def scrub(body: str) -> str:
    """Masks what must not be kept of a request's body."""
    text = _SECRET_FIELDS.sub(r"\1***", _SECRET_ELEMENTS.sub(r"\1***", body))
    return _NUMBERS.sub(_mask, text)[:_LONGEST_BODY]


def note_request(
    connection: sqlite3.Connection,
    at: float,
    method: str,
    path: str,
    body: str,
    names: tuple[str | None, str | None, str | None] = (None, None, None),
) -> int:
    """Keeps a request; `names` are operation, order and attempt. Answers its number."""
    cursor = connection.execute(
        "INSERT INTO requests (at, method, path, operation, order_id, attempt, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (at, method, path, *names, scrub(body)),
    )
    return int(cursor.lastrowid or 0)


def note_answer(connection: sqlite3.Connection, number: int, answer: str) -> None:
    """Keeps how a request was answered: the HTTP status, or `dropped`."""
    connection.execute("UPDATE requests SET answer = ? WHERE number = ?", (answer, number))


def list_requests(connection: sqlite3.Connection) -> list[dict[str, object]]:
    """All requests, oldest first."""
    rows = connection.execute("SELECT * FROM requests ORDER BY number")
    return [
        {
            "at": datetime.fromtimestamp(row["at"], UTC).isoformat(),
            "method": row["method"],
            "path": row["path"],
            "operation": row["operation"],
            "order_id": row["order_id"],
            "merchant_transaction_id": row["attempt"],
            "body": row["body"],
            "answer": row["answer"],
        }
        for row in rows
    ]


def _mask(match: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", match[1].replace("%20", ""))
    return f"{digits[:6]}...{digits[-4:]}"
