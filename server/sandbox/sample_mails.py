"""Every mail as it would go out, with invented facts: what `ersatzwagen mails` writes into a folder to be looked at.

The facts of one mail go together: what is shown could be one contract's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from server.models.recipient import PostalAddress
from server.paper import notation
from server.paper.views import (
    Changed,
    DepositNote,
    FuelRule,
    Language,
    MailView,
    NoticedContract,
    OpeningWindow,
    PaymentPart,
    PaymentWay,
    Place,
    PricedLine,
    Supplier,
)
from server.sandbox import demo_company

LANGUAGES: tuple[Language, ...] = ("de", "en")
_PHOTOS = f"https://{demo_company.MAIL_DOMAIN}/media/protocols/1/photos?expires=1&signature=2"
_STARTS, _ENDS = datetime(2026, 9, 14, 6, 0, tzinfo=UTC), datetime(2026, 9, 17, 6, 0, tzinfo=UTC)
_BACK = _ENDS + timedelta(minutes=61)
_NAMES = {"de": ("Tank 8/8", "Miete 3 Tage", "Miete 4 Tage"), "en": ("Fuel 8/8", "Rental 3 days", "Rental 4 days")}
_DAYS = {"de": "{count} × 59,00", "en": "{count} × 59.00"}
_LATE = {
    "de": "; 1 Tag mehr als vereinbart: zurück am 17.09.2026, 09:01 Uhr statt am 17.09.2026, 08:00 Uhr (bis 60 Minuten"
    " später ist frei)",
    "en": "; 1 day more than agreed: back on 17 Sept 2026, 09:01 instead of 17 Sept 2026, 08:00 (up to 60 minutes are"
    " free)",
}
_CHANGED = {
    "de": (
        ("Rückgabe", "Do., 17.09.2026, 08:00 Uhr", "Fr., 18.09.2026, 08:00 Uhr"),
        ("Gesamtpreis", "177,00 €", "236,00 €"),
    ),
    "en": (
        ("Return", "Thu, 17 Sept 2026, 08:00", "Fri, 18 Sept 2026, 08:00"),
        ("Total price", "€177.00", "€236.00"),
    ),
}
_OPEN = OpeningWindow(opens=datetime(2026, 9, 14, 5, 0, tzinfo=UTC), closes=datetime(2026, 9, 14, 16, 30, tzinfo=UTC))


@dataclass(frozen=True)
class Sample:
    """One mail: its template, what is special about it (empty: nothing), its facts."""

    template: str
    special: str
    view: MailView

    @property
    def name(self) -> str:
        """As a file is named, without its language."""
        return "-".join(part for part in (self.template.lower(), self.special) if part)


def samples(language: Language) -> Iterator[Sample]:
    """All templates, those with several faces once for each."""
    base = _base(language)
    yield from _before(base, language)
    yield from _protocols(base, language)
    yield from _money(base, language)
    yield from _damages(base, language)
    yield from _notices(base, language)


def _base(language: Language) -> MailView:
    company, (station, *_) = demo_company.company(), demo_company.stations()
    supplier = Supplier(
        name=company.name,
        address=company.address,
        tax_number=company.tax_number,
        vat_id=company.vat_id,
        bank=company.bank,
        iban=company.iban and notation.in_fours(company.iban),
        phone=company.phone,
        register=company.register_entry,
        seat=company.seat,
        directors=company.managing_directors,
        email=company.email,
        terms_url=company.terms_url,
        privacy_url=company.privacy_url,
        breakdown_phone=company.breakdown_phone,
        accident_phone=company.accident_phone,
    )
    place = Place(name=station.name, address=station.address, phone=station.phone, email=station.email)
    return MailView(
        time_zone=demo_company.TIME_ZONE,
        supplier=supplier,
        station=place,
        greeting_name="Jürgen Müßig",
        contract_number="BER-CCNKTY",
        group_name="Kompakt" if language == "de" else "Compact",
        vehicle="Volkswagen Golf 1.5 TSI",
        or_comparable=True,
        drivers=("Jürgen Müßig", "Annegret Müßig"),
        workshop_order="WA-2026-4711",
        workshop_plate="B-JM 1964",
        lines=(PricedLine(text=_NAMES[language][1], total_cents=177_00, explanation=_DAYS[language].format(count=3)),),
        start=_STARTS,
        end=_ENDS,
        check_out_hours=(_OPEN,),
        check_in_hours=(_OPEN,),
        price_cents=177_00,
        paid_cents=59_00,
        booked_with_card=True,
        rest_from_card=True,
        included_km=450,
        extra_km_cents=25,
        deposit_cents=300_00,
        deposit_note=DepositNote.WILL_BE_BLOCKED,
        deductible_cents=1_000_00,
        grace_minutes=60,
        free_cancellation_until=datetime(2026, 9, 13, 6, 0, tzinfo=UTC),
        cancellation_fee_cents=59_00,
        no_show_fee_cents=59_00,
        document_number="BER-2026-000030",
        can_be_answered=True,
    )


def _before(base: MailView, language: Language) -> Iterator[Sample]:
    payer = "Nordlicht Versicherung AG"
    yield Sample("BOOKING_CONFIRMATION", "", base)
    nothing_now = replace(base, rest_from_card=False, paid_cents=0, document_number=None)
    yield Sample("BOOKING_CONFIRMATION", "payer", replace(nothing_now, payer_name=payer))
    free = replace(base, booked_with_card=False, rest_from_card=False, paid_cents=0, deposit_cents=None)
    late = replace(free, document_number=None, free_cancellation_over=True, fuel_rule=FuelRule.SAME_CHARGE)
    yield Sample("BOOKING_CONFIRMATION", "waived-electric-late", replace(late, vehicle="Volkswagen ID.3"))
    elsewhere = Place(
        name="Autohaus Sonnenfeld Potsdam",
        address=PostalAddress(street="Großbeerenstraße 240", postcode="14480", city="Potsdam"),
    )
    yield Sample("REMINDER", "", replace(base, deposit_note=DepositNote.BLOCKED, return_station=elsewhere))
    longer = replace(base, end=_ENDS + timedelta(days=1), price_cents=236_00)
    changed = tuple(Changed(label=label, before=was, after=now) for label, was, now in _CHANGED[language])
    yield Sample("CHANGE", "", replace(longer, changed=changed))
    off = replace(base, document_number="BER-2026-000031", document_cancels=True, deposit_note=DepositNote.RELEASED)
    yield Sample("CANCELLATION", "", replace(off, cancellation_fee_cents=None, refund_cents=59_00))
    missed = replace(off, document_cancels=False, no_show=True, paid_cents=59_00, deposit_cents=None)
    yield Sample("CANCELLATION", "no-show", missed)


def _protocols(base: MailView, language: Language) -> Iterator[Sample]:
    out = replace(
        base,
        vehicle="Volkswagen Golf 1.5 TSI, B-AS 1190",
        occurred_at=_STARTS,
        odometer_km=41_200,
        level=_NAMES[language][0],
        photo_count=8,
        photos_url=_PHOTOS,
        deposit_note=DepositNote.BLOCKED,
    )
    yield Sample("CHECK_OUT_PROTOCOL", "", out)
    back = replace(out, occurred_at=_BACK, odometer_km=41_872, driven_km=672, deposit_cents=None)
    yield Sample("CHECK_IN_PROTOCOL", "", back)
    damaged = replace(back, new_damages=1, deposit_cents=base.deposit_cents, deposit_note=DepositNote.KEPT)
    yield Sample("CHECK_IN_PROTOCOL", "damage", damaged)
    yield Sample("OVERDUE", "", replace(out, return_station=base.station))


def _money(base: MailView, language: Language) -> Iterator[Sample]:
    days, km = {"de": ("Miete 4 Tage", "Mehrkilometer"), "en": ("Rental 4 days", "Extra kilometres")}[language]
    why = {"de": "672 km gefahren, 600 km frei: 72 × 0,25", "en": "672 km driven, 600 km included: 72 × 0.25"}[language]
    lines = (
        PricedLine(text=days, total_cents=236_00, explanation=_DAYS[language].format(count=4) + _LATE[language]),
        PricedLine(text=km, total_cents=18_00, explanation=why),
    )
    billed = replace(
        base,
        lines=lines,
        document_number="BER-2026-000035",
        agreed_cents=177_00,
        total_cents=254_00,
        advance_cents=59_00,
        payable_cents=195_00,
        payments=(PaymentPart(way=PaymentWay.TO_BE_CHARGED, amount_cents=195_00),),
        deposit_note=DepositNote.RELEASED_WHEN_PAID,
        due_on=date(2026, 10, 1),
    )
    yield Sample("FINAL_INVOICE", "", billed)
    transfer = PaymentPart(way=PaymentWay.TRANSFER, amount_cents=254_00, due_on=date(2026, 10, 1))
    whole = replace(billed, advance_cents=0, payable_cents=254_00, payments=(transfer,), deposit_cents=None)
    payer = replace(whole, greeting_name="Nordlicht Versicherung AG")
    yield Sample("FINAL_INVOICE", "to-payer", replace(payer, renter_name="Jürgen Müßig", payer_reference="S-2026/77"))
    yield Sample("REFUND", "", replace(billed, refund_cents=59_00))
    failed = replace(billed, open_cents=95_00, deposit_cents=None)
    yield Sample("PAYMENT_FAILED", "", failed)
    yield Sample("PAYMENT_REMINDER", "", failed)
    cancelled = replace(billed, cancelled=("BER-2026-000035",), documents=("BER-2026-000036",), refund_cents=195_00)
    why = {"de": "Falscher Name", "en": "Wrong name"}[language]
    yield Sample("CORRECTION", "", replace(cancelled, to_card_cents=195_00, reason=why))


def _damages(base: MailView, language: Language) -> Iterator[Sample]:
    damage = {"de": "Kratzer, linke Seite, 120 mm", "en": "Scratch, left side, 120 mm"}[language]
    car = replace(base, vehicle="Volkswagen Golf 1.5 TSI, B-AS 1190", damage=damage, occurred_at=_BACK)
    yield Sample("DAMAGE_NOTICE", "", replace(car, deposit_note=DepositNote.KEPT))
    cleared = replace(car, damage_cleared=True, deposit_note=DepositNote.RELEASED)
    yield Sample("DAMAGE_NOTICE", "cleared", cleared)
    ways = (
        PaymentPart(way=PaymentWay.TO_BE_TAKEN_FROM_DEPOSIT, amount_cents=300_00),
        PaymentPart(way=PaymentWay.TO_BE_CHARGED, amount_cents=320_00),
    )
    claim = replace(car, is_claim=True, document_number="BER-2026-000041", total_cents=620_00, payments=ways)
    yield Sample("DAMAGE_CLAIM", "", replace(claim, protocols_attached=True, attached_photos=2, evidence=1))
    failed = replace(claim, payable_cents=620_00, open_cents=320_00, due_on=date(2026, 10, 1), deposit_cents=None)
    yield Sample("PAYMENT_FAILED", "claim", failed)


def _notices(base: MailView, language: Language) -> Iterator[Sample]:
    why = {
        "de": "Das Fahrzeug B-AS 1190 sollte seit 09:00 Uhr zurück sein.",
        "en": "The car B-AS 1190 should have been back since 09:00.",
    }[language]
    next_one = NoticedContract(number="BER-7QF2KD", starts_at=datetime(2026, 9, 17, 8, 0, tzinfo=UTC), is_fixed=True)
    notice = replace(base, greeting_name=base.station.name, reason=why, noticed=(next_one,))
    yield Sample("STATION_NOTICE", "", notice)
