"""What the one search finds."""

from __future__ import annotations

from server.models import Contract as ContractRow
from server.models import Customer as CustomerRow
from server.models import Document as DocumentRow
from server.models import Vehicle as VehicleRow
from server.schema.building import api_enum, row_type, shown_as
from server.schema.contract import Contract
from server.schema.customer import Customer
from server.schema.document import Document
from server.schema.fleet import Vehicle
from server.schema.shared import row_of
from server.services.lists.hits import Hit, HitKind, HitMatch

api_enum(HitKind)
api_enum(HitMatch)


@row_type(Hit)
class SearchHit:
    """One thing that a search has found. What it is, is in the one of its four links that is not null."""

    kind: HitKind
    """Which of the four it is."""
    matched: HitMatch
    """By what it was found, the most telling if by several."""
    title: str
    """A line by which people know it: number and name, plate and model, name and city."""

    @shown_as(Contract | None)
    def contract(self) -> ContractRow | None:
        """The contract; null for another kind of hit."""
        row = row_of(self).row
        return row if isinstance(row, ContractRow) else None

    @shown_as(Vehicle | None)
    def vehicle(self) -> VehicleRow | None:
        """The car; null for another kind of hit."""
        row = row_of(self).row
        return row if isinstance(row, VehicleRow) else None

    @shown_as(Customer | None)
    def customer(self) -> CustomerRow | None:
        """The stored customer; null for another kind of hit."""
        row = row_of(self).row
        return row if isinstance(row, CustomerRow) else None

    @shown_as(Document | None)
    def document(self) -> DocumentRow | None:
        """The document; null for another kind of hit."""
        row = row_of(self).row
        return row if isinstance(row, DocumentRow) else None
