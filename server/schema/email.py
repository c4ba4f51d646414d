"""Mails to customers."""

from __future__ import annotations

from datetime import datetime

import strawberry

from server.models import Email as EmailRow
from server.models.customer import Language
from server.models.email import EmailState, EmailTemplate
from server.schema.building import api_enum, api_input, row_type
from server.schema.paging import connection_type
from server.schema.shared import row_of
from server.services.lists import search
from server.services.lists.listing import Listing
from server.services.lists.search import distinct, only

for _kind in (EmailState, EmailTemplate):
    api_enum(_kind)


@row_type(EmailRow)
class Email:
    """A mail to the customer."""

    id: strawberry.ID
    """The mail's id, for `resendEmail`."""
    template: EmailTemplate
    """What the mail is about."""
    state: EmailState
    """Whether it waits, is sent, or was given up."""
    to: str
    """The address that it goes to: the customer's as the booking named it, the payer's, the station's, or a corrected
    one.
    """
    subject: str
    """Subject line of the mail."""
    language: Language
    """Language in which it is written."""
    queued_at: datetime
    """When the mail was written; it is sent as soon as its PDF is made."""
    sent_at: datetime | None
    """When the mail server last took it; null until it has."""
    tries: int
    """How often sending was tried."""
    last_error: str | None
    """Why the last try failed; null if it did not fail."""

    @strawberry.field
    def attachments(self) -> list[str]:
        """Names of the files that go with it."""
        return [file.name for file in row_of(self).attachments]


EmailConnection = connection_type(Email)


@api_input
class EmailFilter:
    """Narrows a list of mails."""

    contract_id: strawberry.ID | None = None
    """Only mails of this contract."""
    states: list[EmailState] | None = None
    """Only mails in one of these states."""
    template: EmailTemplate | None = None
    """Only mails of this template, for example FINAL_INVOICE."""

    def listing(self) -> Listing[EmailRow]:
        """The list that it asks for."""
        return search.emails(contract_id=only(self.contract_id), states=distinct(self.states), template=self.template)
