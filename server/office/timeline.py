"""All that happened to a contract, in one line of time, with the operation that mends what failed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from server.errors import Sentence
from server.office.actions import mail
from server.office.operations import Answer
from server.office.words.catalogue import value_words


@dataclass(frozen=True)
class Mend:
    """What helps."""

    address: str
    title: Sentence
    needs: str
    """The root field without which it is no help."""


@dataclass(frozen=True)
class Event:
    """One thing that happened."""

    at: str
    kind: str
    """`change`, `mail`, `money`, `paper`, `protocol` or `note`: its colour and sign."""
    title: str
    details: tuple[str, ...] = ()
    by: str = ""
    failed: bool = False
    link: str | None = None
    mend: Mend | None = None


def events(contract: Answer, language: str, may: Callable[[str], bool]) -> list[Event]:
    """Everything of a contract, the latest first, with the help that this person `may` give."""
    words = _Words(language)
    page = f"/office/contracts/{contract['number']}"
    found = [
        *(_change(one, words, page) for one in contract["history"]),
        *(_mail(one, words, contract["number"]) for one in contract["emails"]),
        *(_money(one, words, page) for one in contract["payments"]),
        *(_paper(one, words) for one in contract["documents"]),
        *(_protocol(one, words) for one in contract["protocols"]),
        *(Event(one["createdAt"], "note", one["text"], by=one["author"]) for one in contract["notes"]),
    ]
    helped = [one if one.mend is None or may(one.mend.needs) else replace(one, mend=None) for one in found]
    return sorted(helped, key=lambda event: datetime.fromisoformat(event.at), reverse=True)


class _Words:
    def __init__(self, language: str) -> None:
        self.language = language

    def of(self, enum: str, value: str) -> str:
        return value_words(enum)[value].within(self.language)

    def say(self, en: str, de: str) -> str:
        return Sentence(en, de).within(self.language)


def _change(row: Answer, words: _Words, page: str) -> Event:
    details = [row["reason"]] if row["reason"] else []
    if not row["action"].startswith("STATE_") and (row["before"] or row["after"]):
        details.append(" → ".join(part for part in (row["before"], row["after"]) if part))
    approved = row["approvedBy"]
    by = row["actor"] + (words.say(f", approved by {approved}", f", freigegeben von {approved}") if approved else "")
    failed = row["action"] in {"EFFECT_FAILED", "PAYMENT_FAILED", "DEPOSIT_FAILED", "PROTOCOL_CONFLICT"}
    mend = None
    if row["action"] == "EFFECT_FAILED":
        mend = Mend(f"{page}/retry", Sentence("Try again", "Erneut versuchen"), "retryEffects")
    return Event(row["at"], "change", words.of("HistoryAction", row["action"]), tuple(details), by, failed, mend=mend)


def _mail(row: Answer, words: _Words, number: str) -> Event:
    failed = row["state"] == "FAILED"
    title = words.say(f"Mail: {row['subject']}", f"Mail: {row['subject']}")
    details = [f"{row['to']} · {words.of('EmailState', row['state'])}"]
    if row["lastError"] and failed:
        details.append(row["lastError"])
    mend = Mend(
        f"/office/emails/{mail.key_of(number, row['id'])}/resend",
        Sentence("Send again", "Erneut senden"),
        "resendEmail",
    )
    return Event(row["sentAt"] or row["queuedAt"], "mail", title, tuple(details), failed=failed, mend=mend)


def _money(row: Answer, words: _Words, page: str) -> Event:
    failed = row["state"] in {"DECLINED", "FAILED"}
    amount = {"amount": row["amount"]}
    title = f"{words.of('PaymentKind', row['kind'])} · {words.of('PaymentState', row['state'])}"
    details = tuple(part for part in (row["reason"], row["gatewayReference"] or row["orderReference"]) if part)
    mend = None
    if failed and row["kind"] == "HOLD":
        mend = Mend(f"{page}/deposit", Sentence("Place the deposit again", "Kaution erneut blockieren"), "placeDeposit")
    return _with_amount(Event(row["createdAt"], "money", title, details, failed=failed, mend=mend), amount, words)


def _with_amount(event: Event, row: dict[str, Any], words: _Words) -> Event:
    amount = row["amount"]["amount"]
    shown = amount.replace(".", ",") if words.language == "de" else amount
    return replace(event, title=f"{event.title}: {shown} {row['amount']['currency']}")


def _paper(row: Answer, words: _Words) -> Event:
    title = f"{words.of('DocumentType', row['type'])} {row['number']}"
    return _with_amount(Event(row["issuedAt"], "paper", title, link=row["pdfUrl"]), {"amount": row["total"]}, words)


def _protocol(row: Answer, words: _Words) -> Event:
    details = [row["vehicle"]["plate"]]
    if not row["signedByCustomer"]:
        details.append(words.say("not signed by the customer", "vom Kunden nicht unterschrieben"))
    if row["voided"]:
        details.append(words.say("undone", "zurückgenommen"))
    title = words.say("Protocol", "Protokoll") + f": {words.of('ProtocolType', row['type'])}"
    return Event(row["occurredAt"], "protocol", title, tuple(details), row["staff"], link=row["pdfUrl"])
