"""One search over everything."""

from __future__ import annotations

import strawberry

from server.schema.building import Info
from server.schema.paging import check_first
from server.schema.root_fields import OFFICE, query
from server.schema.search import SearchHit
from server.services.lists import hits
from server.services.lists.hits import Hit
from server.services.lists.search import only


@strawberry.type
class SearchQuery:
    """Finding whatever a clerk looks for."""

    @query(allow=OFFICE, graphql_type=list[SearchHit])
    async def search(
        self, info: Info, text: str, station_id: strawberry.ID | None = None, first: int = 20
    ) -> list[Hit]:
        """Finds contracts, your cars, customers and documents, the best first: exact numbers, plates and names before
        beginnings and parts of them, open contracts before old ones; last what is only written much like it.

        Spelling makes no difference: plates with or without blanks and hyphens, names in any order, umlauts and ß in
        every form, phone numbers with or without +49. Who was erased is found by no name.
        """
        session = await info.context.session()
        return await hits.of_everything(session, text, only(station_id), check_first(first))
