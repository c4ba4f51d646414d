"""The tariff of one contract: as frozen at booking, its edits, and what an edit is asked for with."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import strawberry

from server import batches
from server.edge.paths import wire_path
from server.models import Contract as ContractRow
from server.models.tariff import PriceLineKind
from server.schema.building import Info, api_input, api_type, row_type
from server.schema.instants import local
from server.schema.related import related
from server.schema.shared import row_of
from server.schema.tariff import Tariff
from server.services.changes.tariff import EditRequest


@api_type
class TariffEdit:
    """A change of the contract's own copy of its tariff."""

    field: str
    """Name of the term that was changed."""
    before: str
    """Value of the term before the change, as text."""
    after: str
    """Value of the term after the change, as text."""
    reason: str
    """Why the term was changed, in the words of whoever did it."""
    by: str
    """Name of the user who changed it."""
    at: datetime
    """When the term was changed."""


@row_type(ContractRow)
class TariffSnapshot:
    """The tariff as frozen at booking, edits included."""

    @strawberry.field
    def code(self) -> str:
        """Code of the tariff, as at booking."""
        row: ContractRow = row_of(self)
        return row.tariff_code

    tariff = related(Tariff, batches.tariff, by="tariff_id")
    """The price list that it was taken from; that may have changed since."""

    @strawberry.field
    async def edits(self, info: Info) -> list[TariffEdit]:
        """Changes of this contract's copy of the tariff, the oldest first; empty if it is as booked. Not shown to
        websites.
        """
        row: ContractRow = row_of(self)
        edits = () if info.context.is_website else row.edits
        return [
            TariffEdit(
                field="".join(wire_path([edit.field]) or []),
                before=edit.before,
                after=edit.after,
                reason=edit.reason,
                by=edit.by,
                at=await local(row, edit.at, info.context),
            )
            for edit in edits
        ]


@api_input
class TariffEditInput:
    """Give what changes; what is not given stays. Amounts are gross, in euros."""

    reason: str
    """Why it is changed, 1 to 500 characters; the customer reads it beside a discount or a waiver."""
    day_price: Decimal | None = None
    """Price of the DAY bundle instead of the tariff's; the other bundles keep theirs."""
    extra_km: Decimal | None = None
    """Price of each kilometre beyond those included."""
    discount_percent: Decimal | None = None
    """Lowers the rental line by so many per cent, 0 to 100 with two decimals; 0 ends such a discount."""
    discount_amount: Decimal | None = None
    """Lowers the rental line by so many euros, never below zero; 0.00 ends such a discount."""
    included_km_per_day: int | None = None
    """Replaces the kilometres of every bundle by this figure times its days: 0 to 100,000."""
    fuel_per_litre: Decimal | None = None
    """Price of each litre of missing fuel."""
    energy_per_kwh: Decimal | None = None
    """Price of each kilowatt-hour of missing charge."""
    waive_line: PriceLineKind | None = None
    """A kind of line that is not charged whenever it arises, also one that only billing brings. Not DISCOUNT, WAIVER or
    DAMAGE."""
    charge_line: PriceLineKind | None = None
    """A kind of line that was waived and is charged again."""

    def given(self) -> EditRequest:
        """As the services take it."""
        return EditRequest(
            reason=self.reason,
            day_price=self.day_price,
            extra_km=self.extra_km,
            discount_percent=self.discount_percent,
            discount_amount=self.discount_amount,
            included_km_per_day=self.included_km_per_day,
            fuel_per_litre=self.fuel_per_litre,
            energy_per_kwh=self.energy_per_kwh,
            waive_line=self.waive_line,
            charge_line=self.charge_line,
        )
