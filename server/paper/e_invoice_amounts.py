"""What an e-invoice says in figures. Prices are gross, the standard knows net ones only: the sums are the document's,
to the cent, and lines share the net sum (domain 3.7). An advance that is deducted is a line of its own with the other
sign, so that what is left of net and VAT are the sums of the e-invoice, and no VAT is stated twice (domain 3.4).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from server.models.money import spread_net
from server.models.price import LineUnit
from server.paper.invoice_sheet import MOVED, advance_text, shown_lines
from server.paper.notation import plain
from server.paper.views import InvoiceView
from server.paper.words import words

# Terms by their names in the standard (BT-1, BG-25), as factur-x takes them.
Terms = dict[str, Any]

_CENT = Decimal("0.01")
_MOST_DECIMALS = 12
_UNITS = {
    LineUnit.PIECE: "C62",
    LineUnit.KILOMETRE: "KMT",
    LineUnit.LITRE: "LTR",
    LineUnit.KILOWATT_HOUR: "KWH",
}
"""UN/ECE recommendation 20."""
_STANDARD_RATE, _ZERO_RATE, _OUTSIDE = "S", "Z", "O"
_OUTSIDE_CODE = "VATEX-EU-O"


@dataclass(frozen=True)
class _Line:
    """A line in net cents; amounts that are taken off are negative quantities, never negative prices (BR-27)."""

    text: str
    explanation: str
    quantity: Decimal
    unit: LineUnit
    net_cents: int


def amounts(view: InvoiceView) -> Terms:
    """Lines, VAT and sums. ValueError where taxed and untaxed amounts stand together (BR-O-11)."""
    if view.untaxed_cents and not view.is_outside_vat:
        raise ValueError(f"{view.number}: taxed and untaxed amounts cannot stand in one e-invoice (BR-O-11)")
    left, category, rate = view.remaining, _category(view), _rate(view)
    vat = {"BT-116": euros(left.net), "BT-117": euros(left.vat), "BT-118": category, "BT-119": rate or "0.00"}
    if category == _OUTSIDE:
        vat |= {"BT-120": plain(words(view.language)["no_vat"]), "BT-121": _OUTSIDE_CODE}
    lines = [*_charged(view), *_deducted(view)]
    paid = paid_cents(view)
    return {
        "BG-23": [vat],
        "BG-25": [_line(place, line, category, rate) for place, line in enumerate(lines, 1)],
        "BT-106": euros(left.net),
        "BT-109": euros(left.net),
        "BT-110": euros(left.vat),
        "BT-112": euros(left.gross),
        "BT-113": euros(paid) if paid else None,
        "BT-115": euros(left.gross - paid),
    }


def paid_cents(view: InvoiceView) -> int:
    """What of the payable amount had moved when the document was issued, also above it; negative: paid back, or no
    more paid for this document but for the one in its place.
    """
    return sum(part.signed_cents for part in view.payments if part.way in MOVED) - view.kept_cents


def euros(cents: int) -> str:
    """5900 → "59.00"."""
    return str(Decimal(cents).scaleb(-2))


def net_price(quantity: Decimal, net_cents: int) -> Decimal:
    """The net price of one, never negative, with as few decimals as it takes (two at least) for quantity times price,
    rounded half up to a cent, to be the net amount of the line.
    """
    many, amount = abs(quantity), Decimal(abs(net_cents)).scaleb(-2)
    if not many:
        return _CENT * 0
    for decimals in range(2, _MOST_DECIMALS):
        price = (amount / many).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
        if (price * many).quantize(_CENT, ROUND_HALF_UP) == amount:
            return price
    raise ValueError(f"no price of one multiplies out to {amount} for {quantity}")


def _charged(view: InvoiceView) -> list[_Line]:
    lines = shown_lines(view)
    gross = [line.total_cents for line in lines]
    nets = gross if view.is_outside_vat else spread_net(gross, view.net_cents, view.vat_rate_bp)
    return [
        _Line(plain(line.text) or line.kind, plain(line.explanation or ""), line.quantity, line.unit, net)
        for line, net in zip(lines, nets, strict=True)
    ]


def _deducted(view: InvoiceView) -> list[_Line]:
    return [
        _Line(
            plain(advance_text(view, advance)),
            "",
            Decimal(-1 if advance.net_cents >= 0 else 1),
            LineUnit.PIECE,
            -advance.net_cents,
        )
        for advance in view.advances
    ]


def _line(place: int, line: _Line, category: str, rate: str | None) -> Terms:
    terms = {
        "BT-126": str(place),
        "BT-129": format(line.quantity.normalize(), "f"),
        "BT-130": _UNITS[line.unit],
        "BT-131": euros(line.net_cents),
        "BT-146": format(net_price(line.quantity, line.net_cents), "f"),
        "BT-151": category,
        "BT-152": rate,
        "BT-153": line.text,
        "BT-154": line.explanation or None,
    }
    return {name: value for name, value in terms.items() if value is not None}


def _category(view: InvoiceView) -> str:
    if view.is_outside_vat:
        return _OUTSIDE
    return _STANDARD_RATE if view.vat_rate_bp else _ZERO_RATE


def _rate(view: InvoiceView) -> str | None:
    """Per cent; lines outside VAT have none (BR-O-05)."""
    return None if view.is_outside_vat else str(Decimal(view.vat_rate_bp).scaleb(-2))
