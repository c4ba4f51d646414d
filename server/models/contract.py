"""The contract: one record from the car hold to the final invoice, with its drivers, legs, notes and history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, Index, Integer, UniqueConstraint, cast, literal_column, text
from sqlmodel import Field, SQLModel, col

from server.models.columns import Json, cents_column, enum_column, json_column, new_id, search_index
from server.models.contract_attention import BillingBlock
from server.models.customer import CustomerDetails, Language
from server.models.price import PriceBreakdown
from server.models.recipient import Recipient
from server.models.tariff import TariffTerms, snapshot_of, terms_of, terms_sha256
from server.models.tariff_edit import TariffEdit


class ContractKind(StrEnum):
    """What a contract is for."""

    RENTAL = "RENTAL"
    """An ordinary rental that is paid."""
    COURTESY = "COURTESY"
    """A replacement car during a repair: the rental itself is free, kilometres and fuel are billed."""
    TEST_DRIVE = "TEST_DRIVE"
    """A test drive: the rental itself is free, kilometres and fuel are billed."""
    INTERNAL = "INTERNAL"
    """A trip of the dealership itself: the rental is free, kilometres and fuel are billed."""


class ContractState(StrEnum):
    """Where a contract stands between the first hold of a car and the final invoice."""

    QUOTE = "QUOTE"
    """A price was asked for; nothing is reserved."""
    HELD = "HELD"
    """A car is held for fifteen minutes while the payment is made."""
    RESERVED = "RESERVED"
    """Booked and confirmed; a car is kept for the period."""
    CHECKED_OUT = "CHECKED_OUT"
    """The customer has the car."""
    RETURNED = "RETURNED"
    """The car is back; billing follows by itself."""
    BILLED = "BILLED"
    """The final invoice is issued. `settlementState` says whether it is paid."""
    CANCELLED = "CANCELLED"
    """Cancelled, or the payment was not made in time."""
    NO_SHOW = "NO_SHOW"
    """The customer never picked the car up."""


ALLOWED: dict[ContractState, tuple[ContractState, ...]] = {
    ContractState.QUOTE: (ContractState.HELD,),
    ContractState.HELD: (ContractState.RESERVED, ContractState.CANCELLED),
    ContractState.RESERVED: (ContractState.CHECKED_OUT, ContractState.CANCELLED, ContractState.NO_SHOW),
    ContractState.CHECKED_OUT: (ContractState.RETURNED, ContractState.RESERVED),
    ContractState.RETURNED: (ContractState.BILLED, ContractState.CHECKED_OUT),
    ContractState.BILLED: (),
    ContractState.CANCELLED: (),
    ContractState.NO_SHOW: (ContractState.RESERVED,),
}
"""Which state may follow which (domain 4.3)."""
BACK = frozenset(
    {(ContractState.CHECKED_OUT, ContractState.RESERVED), (ContractState.RETURNED, ContractState.CHECKED_OUT)}
)
"""Those that only taking a protocol back leads to; another hand-over or return does not."""


class SettlementState(StrEnum):
    """Whether the final invoice is paid."""

    NONE = "NONE"
    """Nothing is billed yet, or nothing has to be."""
    OPEN = "OPEN"
    """Billed, and nothing of what is due has been paid."""
    PAID = "PAID"
    """Settled in full, or what was paid too much went back."""
    PARTLY_PAID = "PARTLY_PAID"
    """A part is paid; the rest is an open item."""
    REFUND_PENDING = "REFUND_PENDING"
    """The customer gets money back and has not got it yet; `billingBlock` says if a person has to act."""
    WRITTEN_OFF = "WRITTEN_OFF"
    """The company has given up what is still open."""


class ContractSource(StrEnum):
    """Through whom a contract came about."""

    WEBSITE = "WEBSITE"
    """The dealership's website, with an API key."""
    STAFF = "STAFF"
    """A member of staff in the back office."""
    TABLET = "TABLET"
    """Yard staff at the tablet."""


class DriverRole(StrEnum):
    """What a person is to the contract."""

    RENTER = "RENTER"
    """The renter, who is liable and drives."""
    CO_RENTER = "CO_RENTER"
    """A further renter, liable like the first."""
    DRIVER = "DRIVER"
    """A further driver, who is no renter."""


class ChosenExtra(NamedTuple):
    """An extra of the tariff by its code, and how often."""

    code: str
    quantity: int


class Contract(SQLModel, table=True):
    """One rental. Times are UTC instants, money is gross cents.

    What is stored as JSON (`…_json`) is read through the typed property beside it. `paid_cents` is what has been taken
    for the rent so far, refunds deducted. `checked_out_at` not null is what makes it visible to the return station;
    `state_since` is when it came into its state, by the server; `confirmed_at` when the booking came about, if it did;
    `agreed_after_hours` says that check-out or check-in is planned outside opening hours;
    `planned_return_station_id` is where the car was to come back, if it came back elsewhere. `…_erased_at` is when the
    customer's data, the letters (mails, protocols, history) and the vouchers (documents, payments) were erased.
    """

    __tablename__ = "contract"
    id: UUID = new_id()
    number: str = Field(unique=True)
    kind: ContractKind = Field(sa_column=enum_column(ContractKind))
    state: ContractState = Field(sa_column=enum_column(ContractState))
    settlement_state: SettlementState = Field(default=SettlementState.NONE, sa_column=enum_column(SettlementState))
    version: int = 1
    language: Language = Field(sa_column=enum_column(Language))
    station_id: UUID = Field(foreign_key="station.id")
    station_code: str
    station_name: str
    return_station_id: UUID = Field(foreign_key="station.id")
    return_station_code: str
    return_station_name: str
    planned_return_station_id: UUID | None = Field(default=None, foreign_key="station.id")
    group_id: UUID = Field(foreign_key="vehicle_group.id")
    vehicle_id: UUID | None = Field(default=None, foreign_key="vehicle.id")
    vehicle_fixed: bool = False
    starts_at: datetime
    ends_at: datetime
    agreed_after_hours: bool = False
    customer_id: UUID = Field(foreign_key="customer.id", index=True)
    customer_json: Json = Field(sa_column=json_column(name="customer_copy"))
    customer_review: bool = False
    payer_json: Json | None = Field(default=None, sa_column=json_column(nullable=True, name="payer"))
    workshop_order_number: str | None = None
    workshop_appointment_at: datetime | None = None
    workshop_plate: str | None = None
    workshop_vin: str | None = None
    extras_json: list[Json] = Field(default_factory=list, sa_column=json_column("'[]'", name="extras"))
    tariff_id: UUID = Field(foreign_key="tariff.id")
    terms_json: Json = Field(sa_column=json_column(name="tariff_snapshot"))
    tariff_hash: str
    edits_json: list[Json] = Field(default_factory=list, sa_column=json_column("'[]'", name="tariff_edits"))
    price_json: Json = Field(sa_column=json_column(name="price"))
    total_cents: int = Field(sa_column=cents_column())
    prepay_cents: int = Field(sa_column=cents_column())
    paid_cents: int = Field(default=0, sa_column=cents_column())
    deductible_cents: int = Field(sa_column=cents_column())
    payment_method: str
    waiver_reason: str | None = None
    source: ContractSource = Field(sa_column=enum_column(ContractSource))
    client_id: UUID | None = Field(default=None, foreign_key="api_client.id")
    created_by: str
    created_at: datetime
    state_since: datetime
    held_until: datetime | None = None
    confirmed_at: datetime | None = None
    checked_out_at: datetime | None = None
    returned_at: datetime | None = None
    billed_at: datetime | None = None
    billing_block: BillingBlock | None = Field(default=None, sa_column=enum_column(BillingBlock, nullable=True))
    billing_block_detail: str | None = None
    protocol_conflict: bool = False
    payment_overdue: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    effects_failed: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    search_text: str = ""
    person_erased_at: datetime | None = None
    letters_erased_at: datetime | None = None
    vouchers_erased_at: datetime | None = None
    __table_args__ = (
        UniqueConstraint("station_id", "id", name="uq_contract_station"),
        CheckConstraint("ends_at > starts_at", name="period"),
        CheckConstraint("paid_cents >= 0", name="paid"),
        search_index("contract", "number, search_text, workshop_order_number, workshop_plate, customer_copy, payer"),
        Index("ix_contract_station_start", "station_id", "starts_at", "id"),
        Index("ix_contract_station_created", "station_id", "created_at", "id"),
        Index(
            "ix_contract_return",
            "return_station_id",
            "starts_at",
            "id",
            postgresql_where=text("checked_out_at is not null and return_station_id <> station_id"),
        ),
        Index("ix_contract_back", "return_station_id", "ends_at", postgresql_where=text("state = 'CHECKED_OUT'")),
        Index(
            "ix_contract_one_way",
            "return_station_id",
            postgresql_where=text("return_station_id <> station_id and state <> 'CHECKED_OUT'"),
        ),
        Index("ix_contract_reserved", "vehicle_id", "ends_at", postgresql_where=text("state = 'RESERVED'")),
        Index("ix_contract_vehicle", "vehicle_id", "starts_at"),
        Index("ix_contract_client", "client_id", "starts_at", "id", postgresql_where=text("client_id is not null")),
        Index("ix_contract_held", "client_id", postgresql_where=text("state = 'HELD'")),
        Index("ix_contract_start", "starts_at", "id"),
        Index("ix_contract_created", "created_at", "id"),
        Index(
            "ix_contract_open",
            "station_id",
            "state",
            "starts_at",
            postgresql_where=text("state in ('HELD','RESERVED','CHECKED_OUT','RETURNED')"),
        ),
    )

    @property
    def customer(self) -> CustomerDetails:
        """The customer as the booking named it."""
        return CustomerDetails.of_json(self.customer_json)

    def correct_customer(self, customer: CustomerDetails) -> None:
        """Keeps what was corrected or completed since."""
        self.customer_json = customer.as_json()

    @property
    def payer(self) -> Recipient | None:
        """Who pays, if that is somebody else."""
        return Recipient.of_json(self.payer_json) if self.payer_json else None

    def pay_by(self, payer: Recipient | None) -> None:
        """Has somebody else pay from now on, or the customer again (None)."""
        self.payer_json = payer.as_json() if payer else None

    @property
    def extras(self) -> tuple[ChosenExtra, ...]:
        """What was added."""
        return tuple(ChosenExtra(**stored) for stored in self.extras_json)

    @property
    def terms(self) -> TariffTerms:
        """The tariff as it was booked, with what was changed since."""
        return terms_of(self.terms_json)

    @property
    def tariff_code(self) -> str:
        """The code of the tariff, as at booking: `terms.code`, without reading all of them."""
        return str(self.terms_json["code"])

    @property
    def grace_minutes(self) -> int:
        """Minutes after the planned end in which a return is in time: `terms.grace_minutes`."""
        return int(self.terms_json["grace_minutes"])

    @property
    def edits(self) -> tuple[TariffEdit, ...]:
        """What was changed of it since, the oldest first."""
        return tuple(TariffEdit.of_json(stored) for stored in self.edits_json)

    @classmethod
    def is_in(cls, state: ContractState) -> ColumnElement[bool]:
        """The condition of a state, written out and not as a parameter: where it is the condition of an index, the
        planner has to see it.
        """
        return col(cls.state) == literal_column(f"'{state.value}'")

    @classmethod
    def grace(cls) -> ColumnElement[int]:
        """The minutes after the planned end in which a return is in time, for a condition over many contracts."""
        return cast(col(cls.terms_json)["grace_minutes"].astext, Integer)

    def edit_terms(self, terms: TariffTerms, edits: Sequence[TariffEdit]) -> None:
        """Other terms from now on, with what was changed to come to them."""
        self.terms_json, self.tariff_hash = snapshot_of(terms), terms_sha256(snapshot_of(terms))
        self.edits_json = [*self.edits_json, *(edit.as_json() for edit in edits)]

    @property
    def price(self) -> PriceBreakdown:
        """What was agreed, and after billing what was billed."""
        return PriceBreakdown.of_json(self.price_json)

    @property
    def is_settled(self) -> bool:
        """Whether everything is paid, or went back."""
        return self.settlement_state is SettlementState.PAID

    def forget_person(self) -> None:
        """Takes everything out that says who rents, and for which repair."""
        named = self.customer
        self.correct_customer(CustomerDetails(kind=named.kind, email="", language=named.language))
        self.pay_by(None)
        self.workshop_order_number = self.workshop_appointment_at = self.workshop_plate = self.workshop_vin = None
        self.search_text = self.number.casefold()

    def forget_edits(self) -> None:
        """Takes out who has changed the terms, and why; what came of it stays."""
        self.edits_json = []

    def agree_on(self, price: PriceBreakdown) -> None:
        """Sets the price that counts from now on."""
        self.price_json, self.total_cents = price.as_json(), price.total_cents
