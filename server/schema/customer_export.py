"""A copy of everything that is stored of a customer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from server.schema.building import row_type


@dataclass(frozen=True)
class CustomerCopy:
    """A copy as it is given to whoever asked for it."""

    json: str
    files_url: str
    expires_at: datetime


@row_type(CustomerCopy)
class CustomerExport:
    """Everything that is stored of a customer, as far as you may see it: an administrator's copy is whole, a manager's
    has the contracts of the manager's stations. Doubtful bookings (CUSTOMER_REVIEW) may be somebody else's, and are not
    in it.
    """

    json: str
    """The data as JSON: the record with its changes and the stations that may see it, and each contract with drivers,
    protocols, damages, documents, payments, mails, notes, history, and since when a card is stored for it (the card
    itself is the gateway's). Amounts are in cents, times in UTC.
    """
    files_url: str
    """Link to a ZIP file with the same data and with all documents, protocols, photos, signatures and estimates."""
    expires_at: datetime
    """Until when `filesUrl` works: a quarter of an hour."""
