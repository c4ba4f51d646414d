"""Views to render: the same company, customer and car as a short and as a long story."""

import io
import random
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from PIL import Image, ImageDraw

from server.models.price import LineUnit
from server.models.vehicle_body import VehicleBody
from server.paper.views import (
    AccessoryLine,
    Advance,
    Changed,
    ConditionView,
    DamageMark,
    DepositNote,
    DocumentReference,
    DriverLine,
    InvoiceKind,
    InvoiceLine,
    InvoiceView,
    MailView,
    OpeningWindow,
    PaymentPart,
    PaymentWay,
    PhotoPrint,
    Place,
    PostalAddress,
    ProtocolKind,
    ProtocolView,
    Recipient,
    Supplier,
    VehicleLine,
    VehicleUse,
)

SUPPLIER = Supplier(
    name="Autohaus Lindner GmbH",
    address=PostalAddress(street="Brunsbütteler Damm 132", postcode="13581", city="Berlin"),
    tax_number="27/123/45678",
    vat_id="DE123456789",
    register="Amtsgericht Charlottenburg, HRB 12345",
    directors="Katharina Lindner",
    bank="Musterbank Berlin",
    iban="DE02 1203 0000 0000 2020 51",
    bic="BYLADEM1001",
    phone="030 555 0100",
    email="mietwagen@lindner.example",
    website="www.lindner.example",
)
STATION = Place(
    name="Berlin-Spandau",
    address=PostalAddress(street="Brunsbütteler Damm 132", postcode="13581", city="Berlin"),
    phone="030 555 0110",
    email="spandau@lindner.example",
)
CUSTOMER = Recipient(
    name="Jürgen Müßig",
    address=PostalAddress(street="Straße des 17. Juni 135", postcode="10623", city="Berlin"),
    email="juergen.muessig@example.com",
    phone="0171 5550199",
)
START = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
END = datetime(2026, 11, 26, 7, 0, tzinfo=UTC)
CAR = VehicleUse(plate="B-EW 4711", model="VW Golf 1.5 eTSI", km_out=23418, km_in=24030)
RENTAL = InvoiceLine(
    kind="RENTAL",
    text="Miete Gruppe Kompakt",
    explanation="3 Tage zu je 59,00 €, 450 km inklusive",
    quantity=Decimal(3),
    unit_price_cents=5900,
    total_cents=17700,
)
EXTRA_KM = InvoiceLine(
    kind="EXTRA_KM",
    text="Mehrkilometer",
    explanation="612 km gefahren, 450 km inklusive, 162 km zu je 0,25 €",
    quantity=Decimal(162),
    unit_price_cents=25,
    total_cents=4050,
    unit=LineUnit.KILOMETRE,
)
FUEL = InvoiceLine(
    kind="FUEL",
    text="Fehlender Kraftstoff",
    explanation="1/8 von 50 l: 6,25 l × 2,10 = 13,13",
    quantity=Decimal("6.25"),
    unit_price_cents=210,
    total_cents=1313,
    unit=LineUnit.LITRE,
)
FUEL_SERVICE = InvoiceLine(
    kind="FUEL",
    text="Tankservice",
    explanation="einmal je Fahrzeug, dem Kraftstoff fehlt",
    quantity=Decimal(1),
    unit_price_cents=1500,
    total_cents=1500,
)
ADVANCE = Advance(
    number="B01-2026-000122", issued_on=date(2026, 11, 20), net_cents=4958, vat_cents=942, total_cents=5900
)


def invoice(**changes: Any) -> InvoiceView:
    """Example E10a (domain 4.7): three days, 612 km, one advance."""
    facts: dict[str, Any] = {
        "kind": InvoiceKind.FINAL_INVOICE,
        "language": "de",
        "time_zone": "Europe/Berlin",
        "number": "B01-2026-000123",
        "issued_at": datetime(2026, 11, 26, 7, 30, tzinfo=UTC),
        "supplier": SUPPLIER,
        "recipient": CUSTOMER,
        "contract_number": "B01-M-2026-00042",
        "service_start": START,
        "service_end": END,
        "lines": (RENTAL, EXTRA_KM),
        "net_cents": 18277,
        "vat_cents": 3473,
        "total_cents": 21750,
        "payable_cents": 15850,
        "advances": (ADVANCE,),
        "payments": (PaymentPart(way=PaymentWay.TO_BE_CHARGED, amount_cents=15850),),
        "vehicles": (CAR,),
        "station": STATION,
        "workshop_order": "WA-88121",
        "deposit_cents": 30000,
        "deposit_note": DepositNote.RELEASED,
    }
    return InvoiceView(**(facts | changes))


def advance_invoice(**changes: Any) -> InvoiceView:
    """The document at booking: 59.00 for the first day."""
    facts: dict[str, Any] = {
        "kind": InvoiceKind.ADVANCE_INVOICE,
        "number": "B01-2026-000122",
        "lines": (
            InvoiceLine(
                kind="RENTAL", text="Anzahlung auf die Miete, Gruppe Kompakt", explanation="Ein Tag", total_cents=5900
            ),
        ),
        "net_cents": 4958,
        "vat_cents": 942,
        "total_cents": 5900,
        "payable_cents": 5900,
        "advances": (),
        "payments": (PaymentPart(way=PaymentWay.CHARGED, amount_cents=5900, reference="EW-7f3a"),),
        "vehicles": (),
        "deposit_note": DepositNote.BLOCKED,
    }
    return invoice(**(facts | changes))


def cancellation(**changes: Any) -> InvoiceView:
    """Example D4: the advance is cancelled and refunded."""
    facts: dict[str, Any] = {
        "kind": InvoiceKind.CANCELLATION_INVOICE,
        "number": "B01-2026-000124",
        "lines": (
            InvoiceLine(
                kind="RENTAL",
                text="Anzahlung auf die Miete, Gruppe Kompakt",
                quantity=Decimal(-1),
                unit_price_cents=5900,
                total_cents=-5900,
            ),
        ),
        "net_cents": -4958,
        "vat_cents": -942,
        "total_cents": -5900,
        "payable_cents": -5900,
        "refers_to": DocumentReference(
            kind=InvoiceKind.ADVANCE_INVOICE, number="B01-2026-000122", issued_on=date(2026, 11, 20)
        ),
        "reason": "Buchung vom Kunden storniert, kostenfrei bis 24 Stunden vor Beginn",
        "payments": (PaymentPart(way=PaymentWay.TO_BE_REFUNDED, amount_cents=5900),),
    }
    return advance_invoice(**(facts | changes))


def damage_claim(**changes: Any) -> InvoiceView:
    """Example D1: 620.00 without VAT, part from the deposit."""
    facts: dict[str, Any] = {
        "kind": InvoiceKind.DAMAGE_CLAIM,
        "number": "B01-S-2026-000007",
        "lines": (
            InvoiceLine(
                kind="DAMAGE",
                text="Kratzer Tür hinten rechts, 12 cm",
                explanation="Netto-Reparaturkosten nach Kostenvoranschlag KV-991",
                total_cents=62000,
                taxable=False,
            ),
        ),
        "net_cents": 0,
        "vat_cents": 0,
        "untaxed_cents": 62000,
        "total_cents": 62000,
        "payable_cents": 62000,
        "advances": (),
        "payments": (
            PaymentPart(way=PaymentWay.FROM_DEPOSIT, amount_cents=30000),
            PaymentPart(way=PaymentWay.TRANSFER, amount_cents=32000, due_on=date(2026, 12, 10)),
        ),
        "deposit_cents": None,
        "refers_to": DocumentReference(
            kind=InvoiceKind.FINAL_INVOICE, number="B01-2026-000123", issued_on=date(2026, 11, 26)
        ),
    }
    return invoice(**(facts | changes))


def photo(hue: int = 120, size: tuple[int, int] = (800, 600)) -> bytes:
    """A small JPEG with something in it."""
    picture = Image.new("RGB", size, (hue, 140, 160))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((size[0] // 5, size[1] // 3, size[0] * 4 // 5, size[1] * 3 // 4), fill=(230, 230, 235))
    draw.ellipse((size[0] // 4, size[1] // 2, size[0] // 2, size[1] - 20), fill=(50, 55, 60))
    out = io.BytesIO()
    picture.save(out, "JPEG")
    return out.getvalue()


def noise(seed: int) -> bytes:
    """A photo as cameras make them at night: hardly to be compressed."""
    grain = random.Random(seed).randbytes(300 * 400 * 3)
    out = io.BytesIO()
    Image.frombytes("RGB", (400, 300), grain).resize((1600, 1200)).save(out, "JPEG", quality=80)
    return out.getvalue()


def signature() -> bytes:
    """A scribble as PNG."""
    picture = Image.new("L", (600, 200), 255)
    ImageDraw.Draw(picture).line(
        [(20, 150), (90, 40), (130, 160), (200, 60), (260, 150), (330, 90), (420, 140), (580, 70)], fill=10, width=5
    )
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


ACCESSORIES = (
    AccessoryLine(name="Schlüssel", expected=2, present=2),
    AccessoryLine(name="Zulassungsbescheinigung Teil I", expected=1, present=1),
    AccessoryLine(name="Warndreieck", expected=1, present=1),
    AccessoryLine(name="Verbandkasten", expected=1, present=1),
    AccessoryLine(name="Warnweste", expected=2, present=2),
)
KNOWN = (
    DamageMark(view="LEFT", x=0.31, y=0.55, kind="SCRATCH", is_new=False, size_mm=40, note="Tür vorn links"),
    DamageMark(view="FRONT", x=0.7, y=0.65, kind="STONE_CHIP", is_new=False, size_mm=3),
)


def check_out(**changes: Any) -> ProtocolView:
    """A handover with two known damages, four photos and both signatures."""
    facts: dict[str, Any] = {
        "protocol_id": "0b6f7c1e-6f0a-4c62-9c0e-0f6a5f1d2a11",
        "kind": ProtocolKind.CHECK_OUT,
        "language": "de",
        "time_zone": "Europe/Berlin",
        "contract_number": "B01-M-2026-00042",
        "supplier": SUPPLIER,
        "station": STATION,
        "customer": CUSTOMER,
        "vehicle": VehicleLine(
            plate="B-EW 4711",
            make="Volkswagen",
            model="Golf 1.5 eTSI",
            body=VehicleBody.HATCHBACK,
            vin="WVWZZZCDZNW012345",
            colour="Reflexsilber",
            group="Kompakt",
        ),
        "condition": ConditionView(odometer_km=23418, fuel_eighths=8, cleanliness_inside="CLEAN"),
        "occurred_at": START,
        "received_at": datetime(2026, 11, 23, 7, 4, tzinfo=UTC),
        "planned_return_at": END,
        "staff_name": "Ayşe Yılmaz",
        "drivers": (
            DriverLine(name="Jürgen Müßig", licence_class="B, BE", checked_at=START),
            DriverLine(name="Eva Müßig", licence_class="B", checked_at=START),
        ),
        "accessories": ACCESSORIES,
        "damages": KNOWN,
        "photos": tuple(
            PhotoPrint(slot=slot, jpeg=photo(60 + 30 * at), taken_at=START)
            for at, slot in enumerate(("FRONT", "REAR", "LEFT", "RIGHT"))
        ),
        "customer_signature": signature(),
        "staff_signature": signature(),
        "content_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    }
    return ProtocolView(**(facts | changes))


def check_in(**changes: Any) -> ProtocolView:
    """The return of that car, without new damage, after 612 km and with an eighth less fuel."""
    facts: dict[str, Any] = {
        "kind": ProtocolKind.CHECK_IN,
        "protocol_id": "5d1f7f0e-3f0e-4f7b-8f27-4b6d0c8b7c22",
        "condition": ConditionView(odometer_km=24030, fuel_eighths=7, cleanliness_outside="NORMAL"),
        "occurred_at": END,
        "received_at": datetime(2026, 11, 26, 7, 3, tzinfo=UTC),
        "before": ConditionView(odometer_km=23418, fuel_eighths=8),
        "before_at": START,
    }
    return check_out(**(facts | changes))


def mail(**changes: Any) -> MailView:
    """Everything that any of the mails may show."""
    facts: dict[str, Any] = {
        "time_zone": "Europe/Berlin",
        "supplier": SUPPLIER,
        "station": STATION,
        "greeting_name": "Jürgen Müßig",
        "contract_number": "B01-M-2026-00042",
        "group_name": "Kompakt",
        "vehicle": "VW Golf 1.5 eTSI, B-EW 4711",
        "start": START,
        "end": END,
        "check_out_hours": (
            OpeningWindow(
                opens=datetime(2026, 11, 23, 6, 30, tzinfo=UTC), closes=datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
            ),
        ),
        "price_cents": 17700,
        "paid_cents": 5900,
        "booked_with_card": True,
        "rest_from_card": True,
        "included_km": 450,
        "extra_km_cents": 25,
        "deposit_cents": 30000,
        "deductible_cents": 100000,
        "grace_minutes": 60,
        "free_cancellation_until": datetime(2026, 11, 22, 7, 0, tzinfo=UTC),
        "cancellation_fee_cents": 5900,
        "changed": (
            Changed(label="Rückgabe", before="Do., 26.11.2026, 08:00 Uhr", after="Fr., 27.11.2026, 08:00 Uhr"),
            Changed(label="Fahrer", before=None, after="Eva Beispiel"),
        ),
        "occurred_at": START,
        "odometer_km": 24030,
        "driven_km": 612,
        "photo_count": 8,
        "damage": "Kratzer, linke Seite, 120 mm",
        "photos_url": "https://autohaus-lindner.example/media/protocols/1/photos?expires=1&signature=2",
        "document_number": "B01-2026-000123",
        "total_cents": 21750,
        "advance_cents": 5900,
        "payable_cents": 15850,
        "open_cents": 5850,
        "refund_cents": 5900,
        "due_on": date(2026, 12, 10),
        "payments": (PaymentPart(way=PaymentWay.TO_BE_CHARGED, amount_cents=15850),),
    }
    return MailView(**(facts | changes))
