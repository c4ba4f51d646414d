"""What the mail templates may show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from server.paper.views.parts import DepositNote, PaymentPart, Place, Supplier


class FuelRule(StrEnum):
    """In which state the car has to come back: as much fuel, or as much charge, or both, as at the handover."""

    SAME_LEVEL = "SAME_LEVEL"
    SAME_CHARGE = "SAME_CHARGE"
    SAME_LEVEL_AND_CHARGE = "SAME_LEVEL_AND_CHARGE"


@dataclass(frozen=True, kw_only=True)
class OpeningWindow:
    """When the station is open, as instants of one day."""

    opens: datetime
    closes: datetime


@dataclass(frozen=True, kw_only=True)
class NoticedContract:
    """A contract that a notice to a station names: its number, when it begins, whether its car was chosen by name."""

    number: str
    starts_at: datetime
    is_fixed: bool = False


@dataclass(frozen=True, kw_only=True)
class PricedLine:
    """One line of a price, in words of the mail's language, with how it comes about; cents."""

    text: str
    total_cents: int
    explanation: str = ""


@dataclass(frozen=True, kw_only=True)
class Changed:
    """A fact that has changed, in words of the mail's language. None: there was nothing before, or is nothing now."""

    label: str
    before: str | None
    after: str | None


@dataclass(frozen=True, kw_only=True)
class MailView:
    """What the mail templates may show. Fields that a template needs and that are None make rendering fail.

    `is_free`: a car that costs nothing by the day, such as a courtesy car. `price_cents` is the quoted total of
    `lines`, `paid_cents` what was charged now; `agreed_cents` is what was agreed before an invoice of `lines`.
    `or_comparable`: the car may be another one of its group. `level` says in words how full tank and battery are.
    `free_cancellation_until`: until when a cancellation is free (None: always); `free_cancellation_over`: it has
    passed; `cancellation_fee_cents` is what it costs then, `no_show_fee_cents` what it costs never to come (None:
    nothing). `booked_with_card`: a card is stored;
    `rest_from_card`: it will be debited with what is open after the return. `payer_name`: somebody else pays; in a
    mail to that payer `renter_name` is whose rental it is, `payer_reference` the payer's own.
    `is_swap`: the rental goes on with another car. `changed`: what an edit has changed; `picked_up`, `returned`: the
    car is with the customer, or back. `total/advance/payable_cents` are those of the document `document_number`, which
    may take another back (`document_cancels`); `open_cents` what of it is still to be paid. `refund_by_hand`: the card
    has refused what goes back, or cannot take it; `to_card_cents` is how much of it goes there; with
    `refund_to_payer` it goes to whoever else pays. `cancelled`: documents that hold no more; `counts_for_next`: what
    was paid for them is kept for the next invoice. Of a notice to a station `reason` says what has happened, and
    `noticed` which contracts are hit. `damage` says what is damaged and where; `damage_cleared`: it costs the customer
    nothing. From the deposit `deposit_share_cents` are taken, too, for what is open of the document
    `deposit_share_for`. `is_claim`: the document, or what holds no more, is a claim for a damage; when it is made,
    `protocols_attached`, `attached_photos` and `evidence` (how many PDFs) say what goes with the mail.
    `xrechnung_attached`: an e-invoice is beside its PDF. `can_be_answered`: what is answered to the mail is read by
    somebody.
    """

    time_zone: str
    supplier: Supplier
    station: Place
    greeting_name: str
    contract_number: str
    is_free: bool = False
    group_name: str | None = None
    vehicle: str | None = None
    or_comparable: bool = False
    drivers: Sequence[str] = ()
    workshop_order: str | None = None
    workshop_plate: str | None = None
    lines: Sequence[PricedLine] = ()
    start: datetime | None = None
    end: datetime | None = None
    return_station: Place | None = None
    check_out_hours: Sequence[OpeningWindow] = ()
    check_in_hours: Sequence[OpeningWindow] = ()
    after_hours_return: bool = False
    price_cents: int | None = None
    paid_cents: int | None = None
    booked_with_card: bool = False
    rest_from_card: bool = False
    payer_name: str | None = None
    renter_name: str | None = None
    payer_reference: str | None = None
    included_km: int | None = None
    extra_km_cents: int | None = None
    deposit_cents: int | None = None
    deposit_note: DepositNote = DepositNote.BLOCKED
    deductible_cents: int | None = None
    grace_minutes: int | None = None
    fuel_rule: FuelRule = FuelRule.SAME_LEVEL
    free_cancellation_until: datetime | None = None
    free_cancellation_over: bool = False
    cancellation_fee_cents: int | None = None
    no_show_fee_cents: int | None = None
    occurred_at: datetime | None = None
    odometer_km: int | None = None
    level: str | None = None
    driven_km: int | None = None
    is_swap: bool = False
    changed: Sequence[Changed] = ()
    picked_up: bool = False
    returned: bool = False
    no_show: bool = False
    is_return: bool = False
    billed_anew: bool = False
    documents: Sequence[str] = ()
    new_damages: int = 0
    photo_count: int | None = None
    photos_url: str | None = None
    document_number: str | None = None
    document_cancels: bool = False
    total_cents: int | None = None
    agreed_cents: int | None = None
    advance_cents: int | None = None
    payable_cents: int | None = None
    open_cents: int | None = None
    refund_cents: int | None = None
    refund_by_hand: bool = False
    refund_to_payer: bool = False
    to_card_cents: int | None = None
    cancelled: Sequence[str] = ()
    counts_for_next: bool = False
    due_on: date | None = None
    payments: Sequence[PaymentPart] = ()
    reason: str | None = None
    noticed: Sequence[NoticedContract] = ()
    damage: str | None = None
    damage_cleared: bool = False
    deposit_share_cents: int | None = None
    deposit_share_for: str | None = None
    is_claim: bool = False
    protocols_attached: bool = False
    protocol_links: Sequence[str] = ()
    attached_photos: int = 0
    evidence: int = 0
    xrechnung_attached: bool = False
    can_be_answered: bool = False
