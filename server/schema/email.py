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
from server.services.lists.search import only

for _kind in (EmailState, EmailTemplate):
    api_enum(_kind)


@row_type(EmailRow)
class Email:
    """A mail to the customer."""

    id: strawberry.ID
    """The mail's id."""
    template: EmailTemplate
    """What it is about."""
    state: EmailState
    """Where it stands."""
    to: str
    """Who it goes to."""
    subject: str
    """Its subject."""
    language: Language
    """Its language."""
    queued_at: datetime
    """When it was written."""
    sent_at: datetime | None
    """When the mail server took it."""
    tries: int
    """How often it was tried to send it."""
    last_error: str | None
    """Why the last try failed."""

    @strawberry.field
    def attachments(self) -> list[str]:
        """Names of the files that go with it."""
        return [file.name for file in row_of(self).attachments]


EmailConnection = connection_type(Email)


@api_input
class EmailFilter:
    """Narrows a list of mails."""

    contract_id: strawberry.ID | None = None
    """Only of this contract."""
    states: list[EmailState] | None = None
    """Only in one of these states."""
    template: EmailTemplate | None = None
    """Only of this kind."""

    def listing(self) -> Listing[EmailRow]:
        """The list that it asks for."""
        return search.emails(contract_id=only(self.contract_id), states=self.states, template=self.template)
