"""What is stored of customers: a copy for them, and its erasure."""

from __future__ import annotations

import strawberry

from server.customer_files import path_of
from server.models import Customer
from server.schema.building import Info
from server.schema.customer_export import CustomerCopy, CustomerExport
from server.schema.results import CustomerResult
from server.schema.root_fields import MANAGERS, mutation, query
from server.services.retention import export, requests
from server.services.validation import as_uuid


@strawberry.type
class RetentionQuery:
    """Copies of what is stored."""

    @query(allow=MANAGERS, graphql_type=CustomerExport)
    async def customer_export(self, info: Info, id: strawberry.ID) -> CustomerCopy:  # noqa: A002
        """Everything stored about a customer, as JSON and a signed link to the files (Art. 15 GDPR). It reads the whole
        of it: a customer of hundreds of contracts takes seconds, and above 1,000 there is no copy.
        """
        context, asking = info.context, info.context.principal
        found = await export.of_customer(context.outside, asking.scope, as_uuid(id))
        link, expires_at = context.link_until(path_of(found.customer_id, asking.id))
        return CustomerCopy(found.json.decode(), link, expires_at)


@strawberry.type
class RetentionMutation:
    """Erasing what no law keeps."""

    @mutation(allow=MANAGERS, graphql_type=CustomerResult)
    async def erase_customer(self, info: Info, id: strawberry.ID, version: int, reason: str) -> Customer:  # noqa: A002
        """Hides a customer everywhere and erases what no law keeps (Art. 17 GDPR): the record at once, the customer's
        data on contracts, stored cards and licences within a minute, or a day where mails still wait. Mails and
        protocols are kept six years, documents and payments eight, from the end of their year on; then they go by
        themselves. There is no way back.

        Refused while a rental, money, a damage or a doubt about the customer is open (NOT_ALLOWED names the contracts).
        """
        context = info.context
        return await requests.erase(context.outside, context.acting, as_uuid(id), version, reason)
