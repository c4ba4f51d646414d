"""An invoice as its template shows it: every amount, date and sentence written out, nothing left to calculate."""

from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal

from server.paper.notation import address_lines, day, kilometres, local_day, moment, money, number, printable, rate
from server.paper.views import Advance, InvoiceKind, InvoiceLine, InvoiceView, PaymentPart, PaymentWay, Recipient
from server.paper.words import Sheet, fact, letterhead, words

MOVED = frozenset(
    {
        PaymentWay.CHARGED,
        PaymentWay.FROM_DEPOSIT,
        PaymentWay.PAID_ELSEWHERE,
        PaymentWay.REFUNDED,
        PaymentWay.PAID_BACK,
    }
)
"""Ways on which money has moved when the document is issued; on the others it will."""


def invoice_sheet(view: InvoiceView) -> Sheet:
    """The data of invoice.typ."""
    return {
        "language": view.language,
        "words": words(view.language),
        "letterhead": letterhead(view.supplier, view.language),
        "recipient": _recipient(view.recipient, view),
        "title": invoice_title(view),
        "number": printable(view.number),
        "facts": _facts(view),
        "introduction": introduction(view),
        "claim": view.is_outside_vat,
        "lines": [_line(line, view) for line in shown_lines(view)],
        "vat_label": f"{words(view.language)['vat']} {rate(view.vat_rate_bp, view.language)}",
        "sums": _sums(view),
        "payable": _payable(view),
        "paragraphs": _paragraphs(view),
        "vehicles": _vehicles(view),
        "damage_at": {**asdict(view.damage_at), "nr": "", "new": True} if view.damage_at else None,
    }


def invoice_title(view: InvoiceView) -> str:
    """The heading. The German word for self-billing never stands here (§ 14 Abs. 4 Nr. 10 UStG)."""
    if _withdraws_claim(view):
        return str(words(view.language)["titles"]["WITHDRAWN_CLAIM"])
    after_advance = view.kind is InvoiceKind.FINAL_INVOICE and view.advances
    return str(words(view.language)["titles"]["FINAL_INVOICE_AFTER_ADVANCE" if after_advance else view.kind])


def _withdraws_claim(view: InvoiceView) -> bool:
    return view.refers_to is not None and view.refers_to.kind is InvoiceKind.DAMAGE_CLAIM


def _recipient(recipient: Recipient, view: InvoiceView) -> list[str]:
    names = [printable(name) for name in (recipient.name, recipient.extra) if name]
    return names + (address_lines(recipient.address, view.language) if recipient.address else [])


def _facts(view: InvoiceView) -> list[tuple[str, str]]:
    w, zone, language = words(view.language), view.time_zone, view.language
    claim, compensation = view.kind is InvoiceKind.DAMAGE_CLAIM, view.is_outside_vat
    advance = view.kind is InvoiceKind.ADVANCE_INVOICE
    period = f"{moment(view.service_start, zone, language)}\n{w['until']} {moment(view.service_end, zone, language)}"
    return [
        (w["claim_number"] if claim else w["number"], printable(view.number)),
        (w["dated"] if compensation else w["issued_on"], local_day(view.issued_at, zone, language)),
        (w["rental_period"] if compensation else w["expected_period"] if advance else w["service_period"], period),
        (w["contract"], printable(view.contract_number)),
        *fact(w["plate"], ", ".join(vehicle.plate for vehicle in view.vehicles)),
        *fact(w["station"], view.station.name if view.station else None),
        *fact(w["workshop_order"], view.workshop_order),
        *fact(w["your_reference"], view.recipient.reference),
        *fact(w["your_vat_id"], view.recipient.vat_id),
        *fact(w["buyer_reference"], view.recipient.buyer_reference),
    ]


def introduction(view: InvoiceView) -> list[str]:
    """What stands before the lines: what the document refers to, why, and what it is."""
    w, sentences = words(view.language), []
    if view.refers_to:
        pattern = w["refers"].get("WITHDRAWN_CLAIM" if _withdraws_claim(view) else view.kind, w["refers"]["other"])
        title, issued = w["titles"][view.refers_to.kind], day(view.refers_to.issued_on, view.language)
        sentences.append(pattern.format(kind=title, number=printable(view.refers_to.number), date=issued))
    if view.reason:
        sentences.append(w["reason"].format(reason=printable(view.reason)))
    if view.kind is InvoiceKind.ADVANCE_INVOICE:
        sentences.append(w["advance_note"])
    if view.kind is InvoiceKind.DAMAGE_CLAIM:
        sentences.append(w["claim_note"])
    return sentences


def shown_lines(view: InvoiceView) -> Sequence[InvoiceLine]:
    """The lines; of an invoice over nothing one that says so, for an e-invoice needs one (BR-16)."""
    return view.lines or [InvoiceLine(kind="NOTHING", text=words(view.language)["no_lines"], total_cents=0)]


def _line(line: InvoiceLine, view: InvoiceView) -> Sheet:
    unit = line.unit_price_cents
    if unit is None and line.quantity == Decimal(1):
        unit = line.total_cents
    return {
        "text": printable(line.text),
        "explanation": printable(line.explanation or ""),
        "quantity": number(line.quantity, view.language),
        "unit_price": "" if unit is None else money(unit, view.language),
        "total": money(line.total_cents, view.language),
    }


def _sums(view: InvoiceView) -> list[Sheet]:
    """Rows of net, VAT and gross: the taxed and untaxed parts, the total, the advances."""
    w, rows = words(view.language), []
    if view.untaxed_cents and not view.is_outside_vat:
        vat_rate = rate(view.vat_rate_bp, view.language)
        taxed = view.net_cents + view.vat_cents
        rows.append(_row(view, w["taxed_services"].format(rate=vat_rate), view.net_cents, view.vat_cents, taxed))
        rows.append(_row(view, w["untaxed_services"], view.untaxed_cents, None, view.untaxed_cents))
    net = view.net_cents + view.untaxed_cents
    rows.append(_row(view, w["total"], net, view.vat_cents, view.total_cents, strong=True))
    return rows + [_advance(view, advance) for advance in view.advances]


def advance_text(view: InvoiceView, advance: Advance) -> str:
    """What is deducted: the advance by its number and date."""
    issued = day(advance.issued_on, view.language)
    return str(words(view.language)["less_advance"].format(number=printable(advance.number), date=issued))


def _advance(view: InvoiceView, advance: Advance) -> Sheet:
    return _row(view, advance_text(view, advance), -advance.net_cents, -advance.vat_cents, -advance.total_cents)


def _payable(view: InvoiceView) -> Sheet:
    """The remaining net and VAT are subtracted, not calculated anew (domain 3.4, example E17)."""
    left = view.remaining
    return _row(view, payable_label(view), left.net, left.vat, left.gross, strong=True)


def payable_label(view: InvoiceView) -> str:
    """ "To pay" over an amount that was already taken from the card would frighten the customer."""
    labels: dict[str, str] = words(view.language)["payable"]
    if not view.payable_cents:
        return labels["nothing"]
    if view.kind is InvoiceKind.CANCELLATION_INVOICE and not view.payments:
        # How much goes back, and where, is not said here: not all of it was paid, or not by card.
        return labels["withdrawn" if _withdraws_claim(view) else "cancelled"]
    to_come = [part.signed_cents for part in view.payments if part.way not in MOVED]
    if view.payable_cents > 0:
        return labels["paid" if view.payments and all(cents < 0 for cents in to_come) else "due"]
    return labels["paid_back" if view.payments and not to_come else "back"]


def _row(view: InvoiceView, label: str, net: int, vat: int | None, gross: int, *, strong: bool = False) -> Sheet:
    return {
        "label": label,
        "net": money(net, view.language),
        "vat": "–" if vat is None else money(vat, view.language),
        "gross": money(gross, view.language),
        "strong": strong,
    }


def _paragraphs(view: InvoiceView) -> list[tuple[str, list[str]]]:
    """Headings with their sentences: payment, deposit, notes."""
    w, language, deposit = words(view.language), view.language, []
    if view.deposit_cents:
        deposit = [w["deposits"][view.deposit_note].format(amount=money(view.deposit_cents, language))]
    notes = [w["no_vat"]] if view.is_outside_vat else [w["prices_gross"]]
    if view.untaxed_cents and not view.is_outside_vat:
        notes.append(w["untaxed_note"])
    if any(line.kind in ("FUEL", "ENERGY") for line in view.lines):
        notes.append(w["lower_cost"])
    notes.append(w["times"].format(zone=view.time_zone))
    if view.remarks:
        notes.append(printable(view.remarks))
    objections = [w["objections"].format(to=printable(view.objections_to))] if view.objections_to else []
    headed = (
        (w["payment_heading"], payment_sentences(view)),
        (w["deposit_heading"], deposit),
        (w["objections_heading"], objections),
        (w["notes_heading"], notes),
    )
    return [(heading, sentences) for heading, sentences in headed if sentences]


def payment_sentences(view: InvoiceView) -> list[str]:
    """How what is payable moves."""
    w = words(view.language)
    if not view.payable_cents and not view.payments:
        return [w["nothing_due"]]
    payment = [_payment(part, view) for part in view.payments]
    if view.kept_cents:
        kept = w["kept" if view.kept_cents > 0 else "lacking"]
        payment.append(kept.format(amount=money(abs(view.kept_cents), view.language)))
    if any(part.way is PaymentWay.TO_BE_TAKEN_FROM_DEPOSIT for part in view.payments):
        payment.append(w["deposit_fails"])
    return payment


def _payment(part: PaymentPart, view: InvoiceView) -> str:
    w = words(view.language)
    due = w["due_by"].format(date=day(part.due_on, view.language)) if part.due_on else ""
    amount = money(part.amount_cents, view.language)
    is_unnamed = part.way is PaymentWay.TRANSFER and not view.supplier.iban
    pattern = w["transfer_to_unnamed"] if is_unnamed else w["payments"][part.way]
    sentence = str(pattern.format(amount=amount, due=due, number=printable(view.number)))
    if part.reference and part.way is not PaymentWay.TRANSFER:
        sentence += " " + w["payment_reference"].format(reference=printable(part.reference)) + "."
    return sentence


def _vehicles(view: InvoiceView) -> list[Sheet]:
    return [
        {
            "name": printable(f"{vehicle.plate} · {vehicle.model}"),
            "out": "–" if vehicle.km_out is None else kilometres(vehicle.km_out, view.language),
            "in": "–" if vehicle.km_in is None else kilometres(vehicle.km_in, view.language),
            "driven": "–"
            if vehicle.km_in is None or vehicle.km_out is None
            else kilometres(vehicle.km_in - vehicle.km_out, view.language),
        }
        for vehicle in view.vehicles
    ]
