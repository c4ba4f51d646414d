"""What a mail may say for its contract, and what it must: sentences by what makes them true."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from server.models import Email
from server.models.customer import Language
from server.models.email import EmailTemplate
from tests.services.mail.cases import Facts, Payment
from tests.services.mail.lives import PAYER, STATION


@dataclass(frozen=True)
class Sentence:
    """A piece of text in both languages, and of which contracts it is true; where it is, one of the mails of each
    template in `must` says it. `of` is where it is looked for: everywhere, unless something else is named.
    """

    de: str
    en: str
    holds: Callable[[Facts], bool]
    must: frozenset[EmailTemplate] = frozenset()
    of: frozenset[EmailTemplate] = frozenset(EmailTemplate)


_BOOKED, _OUT = EmailTemplate.BOOKING_CONFIRMATION, EmailTemplate.CHECK_OUT_PROTOCOL
_REMINDED, _BILLED, _BACK = EmailTemplate.REMINDER, EmailTemplate.FINAL_INVOICE, EmailTemplate.CHECK_IN_PROTOCOL
_CHANGED, _OFF, _OVERDUE = EmailTemplate.CHANGE, EmailTemplate.CANCELLATION, EmailTemplate.OVERDUE
_NOTICE, _CLAIM, _CORRECTED = EmailTemplate.DAMAGE_NOTICE, EmailTemplate.DAMAGE_CLAIM, EmailTemplate.CORRECTION
_FAILED, _DUNNED, _REFUND = EmailTemplate.PAYMENT_FAILED, EmailTemplate.PAYMENT_REMINDER, EmailTemplate.REFUND
_STATION = EmailTemplate.STATION_NOTICE


def only(template: EmailTemplate, de: str, en: str, holds: Callable[[Facts], bool]) -> Sentence:
    """Looked for in the mails of one template, and said there if it is so."""
    return Sentence(de, en, holds, frozenset({template}), frozenset({template}))


SENTENCES = [
    # Who pays, and how.
    Sentence(
        "Ihre[rn]? hinterlegten? Karte", "your stored card", lambda of: of.charged,
        of=frozenset(EmailTemplate) - {_CLAIM},
    ),
    Sentence(
        "die Karte, mit der Sie gebucht haben", "the card that you booked with", lambda of: of.has_card,
        frozenset({_BOOKED, _REMINDED}),
    ),
    Sentence("blockiert", "blocked", lambda of: of.has_card, frozenset({_BOOKED, _OUT, _BACK})),
    Sentence("Kaution", "[Dd]eposit", lambda of: of.has_card, frozenset({_BOOKED, _OUT, _BACK})),
    Sentence("[Kk]arte", "(?<!identity )\\b[Cc]ard\\b", lambda of: of.has_card, frozenset({_BOOKED})),
    Sentence("über Ihre Anzahlung", "for your advance payment", lambda of: of.prepaid, frozenset({_BOOKED})),
    Sentence("Jetzt bezahlt: 59,00", "Paid now: 59\\.00", lambda of: of.prepaid, frozenset({_BOOKED})),
    Sentence("zahlbar von Nordlicht", "payable by Nordlicht", lambda of: of.has_payer, frozenset({_CHANGED})),
    Sentence("Nordlicht", "Nordlicht", lambda of: of.has_payer, frozenset({_BILLED, _CORRECTED})),
    Sentence("zahlbar auf Rechnung", "payable on invoice", lambda of: of.payment is Payment.WAIVED),
    Sentence(
        "(Bitte überweisen|überweisen Sie)", "[Pp]lease transfer",
        lambda of: of.payment in {Payment.WAIVED, Payment.DECLINED},
    ),
    # What it is driven with.
    Sentence("Tank \\d/8", "Fuel \\d/8", lambda of: of.has_tank, frozenset({_OUT, _BACK})),
    Sentence("Ladestand \\d+ %", "[Cc]harge \\d+ ?%", lambda of: of.has_battery, frozenset({_OUT, _BACK})),
    Sentence("Tank(-|stand)", "fuel level", lambda of: of.has_tank, frozenset({_BOOKED, _OUT})),
    Sentence(
        "(Ladestand zurück|fehlende Ladung)", "(battery level|missing charge)", lambda of: of.has_battery,
        frozenset({_BOOKED, _OUT}),
    ),
    Sentence("fehlenden Kraftstoff", "missing fuel", lambda of: of.has_tank, frozenset({_BOOKED, _OUT})),
    # Until when it can be called off, and what that costs.
    Sentence(
        "kostenfrei bis \\d", "free of charge until \\d", lambda of: of.is_rental and not of.late, frozenset({_BOOKED})
    ),
    only(_BOOKED, "bereits abgelaufen", "has already passed", lambda of: of.fee),
    Sentence(
        "nicht abgeholt, berechnen wir", "not picked up and the booking was not cancelled, we charge",
        lambda of: of.is_rental, frozenset({_BOOKED}),
    ),
    Sentence(
        "bis zur Abholung kostenfrei", "free of charge until pick-up", lambda of: not of.is_rental,
        frozenset({_BOOKED}),
    ),
    only(_OFF, "Stornogebühr: 59,00 €", "Cancellation fee: 59.00 EUR", lambda of: of.fee),
    only(
        _OFF, "Erstattung: 59,00 € auf Ihre Karte", "Refund: 59.00 EUR to your card",
        lambda of: of.prepaid and not of.late,
    ),
    only(
        _OFF, "Bitte überweisen Sie den offenen Betrag bis zum", "Please transfer the open amount by",
        lambda of: of.is_rental and of.payment is Payment.WAIVED,  # never picked up, if not called off
    ),
    only(
        _OFF, "Den offenen Betrag zahlt Nordlicht", "The open amount is payable by Nordlicht",
        lambda of: of.is_rental and of.has_payer,
    ),
    # A car that is free costs nothing by the day, and is no rental.
    only(_OVERDUE, "Zeit wird nach dem vereinbarten Tarif", "time is charged at the agreed", lambda of: of.is_rental),
    Sentence("weiterer Miettag", "another rental day", lambda of: of.is_rental, frozenset({_BOOKED, _OUT})),
    Sentence("(Mietwagen|Ihre[rn]? Miete)", "(rental car|your rental)", lambda of: of.is_rental),
    # What a damage comes to.
    only(_BACK, "Kaution 300,00 € bleiben bis zur Klärung", "300.00 EUR stays blocked", lambda of: of.has_card),
    only(_BACK, "2 neue Schäden", "2 new items of damage", lambda of: True),
    only(_NOTICE, "blockiert, nicht abgebucht", "on your card, not debited", lambda of: of.has_card),
    only(_NOTICE, "Sie müssen dafür nichts zahlen", "You do not have to pay anything for it", lambda of: True),
    only(_NOTICE, "Wer dafür aufkommt, ist noch nicht entschieden", "has not been decided yet", lambda of: True),
    only(_CLAIM, "300,00 € werden der Kaution entnommen", "300.00 EUR will be taken from", lambda of: of.has_card),
    only(_CLAIM, "100,00 € werden Ihrer hinterlegten Karte", "100.00 EUR will be charged", lambda of: of.has_card),
    only(_CLAIM, "Bitte überweisen Sie 400,00 €", "Please transfer 400.00 EUR", lambda of: not of.has_card),
    # What is billed, and what goes back.
    only(_BILLED, "Es ist nichts mehr zu zahlen", "Nothing remains to be paid", lambda of: False),
    only(_CORRECTED, "Betrag buchen wir von Ihrer", "to your stored card", lambda of: of.charged),
    only(_CORRECTED, "zahlt Nordlicht", "payable by Nordlicht", lambda of: of.has_payer),
    only(_CORRECTED, "steht auf der Rechnung", "invoice says how", lambda of: of.payment is Payment.WAIVED),
    only(_CORRECTED, "Erstattung: [\\d,.]+ € auf Ihre Karte", "Refund: [\\d,.]+ EUR to your card", lambda of: of.works),
    only(
        _CORRECTED, "Erstattung: [\\d,.]+ € per Überweisung", "Refund: [\\d,.]+ EUR by transfer",
        lambda of: of.payment is Payment.WAIVED or (of.payment is Payment.DECLINED and not of.is_rental),
    ),
    only(
        _REFUND, "auf die Karte zurückgebucht, mit der Sie bezahlt haben", "to the card that you paid with",
        lambda of: of.works or of.prepaid,
    ),
    only(
        _REFUND, "überwiesen", "transferred", lambda of: of.payment in {Payment.WAIVED, Payment.DECLINED}
    ),
    only(_FAILED, "IBAN: DE02 1203", "IBAN: DE02 1203", lambda of: True),
    # A reading that is put right has the card tried again: with a mail of its own.
    only(_FAILED, "nicht noch einmal, die Karte zu", "will not try to charge", lambda of: False),
    only(_DUNNED, "IBAN: DE02 1203", "IBAN: DE02 1203", lambda of: True),
]  # fmt: skip
TO_PAYER = [
    only(_BILLED, "Bitte überweisen Sie", "Please transfer", lambda of: True),
    only(_DUNNED, "IBAN: DE02 1203", "IBAN: DE02 1203", lambda of: True),
    only(_REFUND, "überwiesen", "transferred", lambda of: True),
    Sentence("[Kk]arte", "(?<!identity )\\b[Cc]ard\\b", lambda of: False),
    Sentence("Kaution", "[Dd]eposit", lambda of: False),
    Sentence("(Schadenersatz|Schaden)", "(Claim|[Dd]amage)", lambda of: False),
    Sentence("Ihre[rn]? Miete", "your rental", lambda of: False),
]
TO_STATION = [
    only(_STATION, "ist überfällig, und auf das Fahrzeug warten", "is overdue, and the next contracts", lambda of: True),
    only(_STATION, "Betroffen: S\\d+-", "Affected: S\\d+-", lambda of: True),
    Sentence("(Karte|Kaution|€)", "(\\bcard|[Dd]eposit|EUR)", lambda of: False),
]  # fmt: skip
_ATTACHED = {Language.DE: "(anbei|Anbei|lieg(t|en) (noch einmal )?bei)", Language.EN: "([Aa]ttached|enclosed)"}
_LEFTOVER = ("None", "{{", "{%", "00:00 – 00:00", "00:00 Uhr – 00:00 Uhr", "  ", " ,", " .")


def text_of(mail: Email) -> str:
    """What is read: the words of a mail and of its calendar file."""
    files = [file.text.replace("\r\n ", "") for file in mail.attachments if file.text]
    return " ".join(" ".join([mail.text, *files]).replace("\u00a0", " ").split())


def untrue(mails: Sequence[Email], of: Facts) -> Iterator[str]:
    """Everything in the mails of a contract that is not so, or is missing."""
    for mail in mails:
        yield from _careless(mail, of)
    to_payer = [mail for mail in mails if mail.to == PAYER.email]
    to_station = [mail for mail in mails if mail.to == STATION]
    to_customer = [mail for mail in mails if mail.to not in {PAYER.email, STATION}]
    for sentences, theirs in ((SENTENCES, to_customer), (TO_PAYER, to_payer), (TO_STATION, to_station)):
        for sentence in sentences:
            yield from _unfitting(sentence, theirs, of)


def _unfitting(sentence: Sentence, mails: Sequence[Email], of: Facts) -> Iterator[str]:
    pattern = sentence.de if of.language is Language.DE else sentence.en
    holds, said = sentence.holds(of), set()
    for mail in mails:
        if mail.template in sentence.of and re.search(pattern, text_of(mail)):
            said.add(mail.template)
            if not holds:
                yield f"{mail.template}: says {pattern!r}\n"
    if holds:
        written = {mail.template for mail in mails}
        yield from (f"{one}: does not say {pattern!r}\n" for one in (sentence.must & written) - said)


def _careless(mail: Email, of: Facts) -> Iterator[str]:
    said = text_of(mail)
    if mail.language is not of.language:
        yield f"{mail.template}: in {mail.language}"
    if re.search(_ATTACHED[mail.language], said) and not any(one.name.endswith(".pdf") for one in mail.attachments):
        yield f"{mail.template}: names a file that is not there"
    for leftover in _LEFTOVER:
        if leftover in said:
            yield f"{mail.template}: {leftover!r} in {said!r}"
