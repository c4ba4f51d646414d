"""What price lines say to a customer, in German and English."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.numbers import format_decimal

from server.models.contract import ContractKind
from server.models.fleet import Cleanliness
from server.models.tariff import BundleUnit, Discount, Extra
from server.paper import notation
from server.paper.views import Language
from server.services.pricing.bundle_choice import BundleChoice, Chosen

_UNITS = {
    "de": {
        BundleUnit.DAY: ("Tag", "Tage"),
        BundleUnit.WEEK: ("Woche", "Wochen"),
        BundleUnit.MONTH: ("Monat", "Monate"),
        BundleUnit.WEEKEND: ("Wochenende", "Wochenenden"),
    },
    "en": {
        BundleUnit.DAY: ("day", "days"),
        BundleUnit.WEEK: ("week", "weeks"),
        BundleUnit.MONTH: ("month", "months"),
        BundleUnit.WEEKEND: ("weekend", "weekends"),
    },
}
_FREE = {
    "de": {
        ContractKind.COURTESY: "Ersatzwagen: Miete frei",
        ContractKind.TEST_DRIVE: "Probefahrt: Miete frei",
        ContractKind.INTERNAL: "Interne Fahrt: Miete frei",
    },
    "en": {
        ContractKind.COURTESY: "Courtesy car: no rental charge",
        ContractKind.TEST_DRIVE: "Test drive: no rental charge",
        ContractKind.INTERNAL: "Internal trip: no rental charge",
    },
}
_CLEANLINESS = {
    "de": {
        Cleanliness.CLEAN: "sauber",
        Cleanliness.NORMAL: "normal",
        Cleanliness.HEAVY: "stark verschmutzt",
        Cleanliness.SPECIAL: "Sonderreinigung nötig",
    },
    "en": {
        Cleanliness.CLEAN: "clean",
        Cleanliness.NORMAL: "normal",
        Cleanliness.HEAVY: "heavily soiled",
        Cleanliness.SPECIAL: "special cleaning needed",
    },
}
_PARTS = {"de": {"inside": "innen", "outside": "außen"}, "en": {"inside": "inside", "outside": "outside"}}


@lru_cache(maxsize=5_000)
def _amount(cents: int, language: Language) -> str:
    # Price lists name the same amounts again and again, and to write one takes as long as to reckon it.
    return format_decimal(Decimal(cents).scaleb(-2), format="#,##0.00", locale=language)


class Words:
    """Texts and explanations of price lines in one language ("de" or "en")."""

    def __init__(self, language: str) -> None:
        self._german = language == "de"
        self._language: Language = "de" if self._german else "en"
        self.extra_km_text = self._say("Mehrkilometer", "Extra kilometres")
        self.fuel_text = self._say("Fehlender Kraftstoff", "Missing fuel")
        self.fuel_service_text = self._say("Tankservice", "Refuelling service")
        self.fuel_service = self._say("einmal je Fahrzeug, dem Kraftstoff fehlt", "once for each car that lacks fuel")
        self.energy_text = self._say("Fehlende Ladung", "Missing charge")
        self.charging_service_text = self._say("Ladeservice", "Charging service")
        self.charging_service = self._say("einmal je Fahrzeug, dem Ladung fehlt", "once for each car that lacks charge")
        self.discount_text = self._say("Nachlass", "Discount")
        self.cleaning_text = self._say("Reinigung", "Cleaning")

    def _say(self, german: str, english: str) -> str:
        return german if self._german else english

    def _money(self, cents: int) -> str:
        return _amount(cents, self._language)

    def _number(self, value: Decimal | int) -> str:
        return format_decimal(value, format="#,##0.#####", locale=self._language)

    def _count(self, number: int, unit: BundleUnit) -> str:
        one, many = _UNITS[self._language][unit]
        return f"{number} {one if number == 1 else many}"

    def _days(self, days: int) -> str:
        return self._count(days, BundleUnit.DAY)

    def rental(self, days: int) -> str:
        """The text of the rental line."""
        return self._say(f"Miete {self._days(days)}", f"Rental {self._days(days)}")

    def courtesy(self, kind: ContractKind, days: int) -> str:
        """Why the rental costs nothing."""
        return f"{self._days(days)}: {_FREE[self._language][kind]}"

    def bundles(self, days: int, chosen: Chosen, driven_km: int | None) -> str:
        """How the time price came about: "8 days: 1 week 319.00 + 1 day 59.00", and why if kilometres decided it."""
        time = f"{self._days(days)}: {self._prices(chosen.choice)}"
        if chosen.usual is None or driven_km is None:
            return time
        return f"{time}; {self._because_of_km(chosen.choice, chosen.usual, driven_km, cheaper=chosen.saved_cents > 0)}"

    def late(self, days: int, ended: datetime, planned: datetime, zone: ZoneInfo, grace_minutes: int) -> str:
        """Why further days are billed: "; 1 day more than agreed: back 10 Dec 2026, 09:01 instead of …"."""
        back, agreed = (notation.moment(instant, zone.key, self._language) for instant in (ended, planned))
        grace = self._say(f"bis {grace_minutes} Minuten später ist frei", f"up to {grace_minutes} minutes are free")
        because = self._say(
            f"; {self._days(days)} mehr als vereinbart: zurück am {back} statt am {agreed}",
            f"; {self._days(days)} more than agreed: back on {back} instead of {agreed}",
        )
        return f"{because} ({grace})" if grace_minutes else because

    def _prices(self, choice: BundleChoice) -> str:
        (first, count), *more = choice.bundles
        if first.unit is BundleUnit.DAY and not more:
            if count == 1:
                return self._money(first.price_cents)
            return f"{count} × {self._money(first.price_cents)} = {self._money(choice.price_cents)}"
        parts = (f"{self._count(n, bundle.unit)} {self._money(bundle.price_cents * n)}" for bundle, n in choice.bundles)
        return " + ".join(parts)

    def _because_of_km(self, choice: BundleChoice, usual: BundleChoice, driven_km: int, *, cheaper: bool) -> str:
        """ "1 week with 1,050 km is cheaper than 5 days and 600 extra km": true whatever else was driven."""
        extra = usual.extra_km(driven_km)
        if choice.included_km is None:
            km = self._say("allen Kilometern", "all kilometres")
        else:
            km = f"{self._number(choice.included_km)} km"
        one = choice.count == 1
        if cheaper:
            german, english = ("ist", "is") if one else ("sind", "are")
            verb = self._say(f"{german} günstiger als", f"{english} cheaper than")
        else:
            german, english = ("kostet", "costs") if one else ("kosten", "cost")
            verb = self._say(f"{german} so viel wie", f"{english} as much as")
        kilometres = self._say("Mehrkilometer", "extra km")
        return (
            f"{self._named(choice)} {self._say('mit', 'with')} {km} {verb}"
            f" {self._named(usual)} {self._say('und', 'and')} {self._number(extra)} {kilometres}"
        )

    def _named(self, choice: BundleChoice) -> str:
        return " + ".join(self._count(count, bundle.unit) for bundle, count in choice.bundles)

    def extra(self, extra: Extra, quantity: int, days: int, piece_cents: int) -> str:
        """How the price of an extra came about."""
        parts = []
        if extra.per_day_cents is not None:
            by_day = f"{self._days(days)} × {self._money(extra.per_day_cents)}"
            if extra.maximum_cents is not None and extra.per_day_cents * days > extra.maximum_cents:
                by_day += self._say(", höchstens ", ", at most ") + self._money(extra.maximum_cents)
            parts.append(by_day)
        if extra.per_rental_cents:
            parts.append(f"{self._money(extra.per_rental_cents)} {self._say('je Miete', 'per rental')}")
        text = " + ".join(parts) or self._money(0)
        return text if quantity == 1 else f"{quantity} × ({text}) = {self._money(piece_cents * quantity)}"

    def extra_km(self, driven: int, included: int, extra: int, each_cents: int) -> str:
        """Driven, included, and what the rest costs."""
        total = self._money(extra * each_cents)
        return self._say(
            f"{self._number(driven)} km gefahren, {self._number(included)} km frei:"
            f" {self._number(extra)} km × {self._money(each_cents)} = {total}",
            f"{self._number(driven)} km driven, {self._number(included)} km included:"
            f" {self._number(extra)} km × {self._money(each_cents)} = {total}",
        )

    def fuel(self, eighths: int, tank: int, litres: Decimal, each_cents: int, amount_cents: int) -> str:
        """Missing eighths of the tank in litres, and their price."""
        sum_of = f"{self._number(litres)} l × {self._money(each_cents)} = {self._money(amount_cents)}"
        return self._say(f"{eighths}/8 von {tank} l: {sum_of}", f"{eighths}/8 of {tank} l: {sum_of}")

    def energy(self, percent: int, wh: int, kwh: Decimal, each_cents: int, amount_cents: int) -> str:
        """Missing per cent of the battery in kWh, and their price."""
        battery = self._number(Decimal(wh) / 1000)
        sum_of = f"{self._number(kwh)} kWh × {self._money(each_cents)} = {self._money(amount_cents)}"
        return self._say(f"{percent} % von {battery} kWh: {sum_of}", f"{percent} % of {battery} kWh: {sum_of}")

    def cleaning(self, part: str, before: Cleanliness, after: Cleanliness) -> str:
        """Which part came back in which state."""
        states = _CLEANLINESS[self._language]
        where = _PARTS[self._language][part]
        return self._say(
            f"{where} {states[after]}, bei Übergabe {states[before]}",
            f"{where} {states[after]}, at hand-over {states[before]}",
        )

    def discount(self, discount: Discount, line_cents: int, cents: int) -> str:
        """Of what it is taken, and why; a discount of more than is left ends there."""
        share = self._number(Decimal(discount.basis_points).scaleb(-2))
        line = self._money(line_cents)
        if discount.basis_points:
            return self._say(f"{share} % von {line}: ", f"{share} % of {line}: ") + discount.reason
        if cents < discount.cents:
            return self._say(f"höchstens {line}: ", f"at most {line}: ") + discount.reason
        return discount.reason

    def waived(self, texts: list[str]) -> str:
        """The line that takes others away again."""
        return self._say("Erlassen: ", "Waived: ") + ", ".join(texts)

    def advance(self) -> str:
        """The line of an advance invoice."""
        return self._say("Anzahlung auf die Fahrzeugmiete", "Advance payment on the vehicle rental")

    def advance_reason(self, contract_number: str) -> str:
        """Why an advance is taken."""
        return self._say(f"Preis eines Tages zu Vertrag {contract_number}", f"price of one day for {contract_number}")
