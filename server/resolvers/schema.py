"""The schema, composed of one Query and one Mutation class for each noun."""

from __future__ import annotations

import strawberry
from strawberry.file_uploads import Upload
from strawberry.schema.config import StrawberryConfig

from server.edge.costs import core_schema
from server.edge.uploads import UPLOAD_SCALAR
from server.resolvers.billing import BillingMutation, BillingQuery
from server.resolvers.changes import ChangeMutation, ChangeQuery
from server.resolvers.claims import ClaimMutation
from server.resolvers.contracts import ContractMutation, ContractQuery
from server.resolvers.ends import EndMutation
from server.resolvers.fleet import FleetMutation, FleetQuery
from server.resolvers.handover import HandoverMutation, HandoverQuery
from server.resolvers.live import Subscription
from server.resolvers.receivables import ReceivablesMutation
from server.resolvers.reports import ReportQuery
from server.resolvers.retention import RetentionMutation, RetentionQuery
from server.resolvers.search import SearchQuery
from server.resolvers.staff import StaffMutation, StaffQuery
from server.resolvers.stations import StationMutation, StationQuery
from server.resolvers.tariffs import TariffMutation, TariffQuery
from server.schema.arguments import describe_arguments, forget_null_defaults
from server.schema.customer import Customer
from server.schema.scalars import SCALARS
from server.schema.shared import read_attribute


@strawberry.type(description="What can be read. Every operation sees one instant: its parts fit together.")
class Query(
    StaffQuery,
    StationQuery,
    FleetQuery,
    TariffQuery,
    ContractQuery,
    SearchQuery,
    ChangeQuery,
    HandoverQuery,
    BillingQuery,
    RetentionQuery,
    ReportQuery,
):
    """All queries."""


@strawberry.type(description="What can be done. What the business refuses is one of a mutation's results, no error.")
class Mutation(
    StaffMutation,
    StationMutation,
    FleetMutation,
    TariffMutation,
    ContractMutation,
    ChangeMutation,
    EndMutation,
    ClaimMutation,
    HandoverMutation,
    BillingMutation,
    ReceivablesMutation,
    RetentionMutation,
):
    """All mutations."""


def create_schema() -> strawberry.Schema:
    """The schema that is served and exported."""
    describe_arguments(Query, Mutation, Subscription, Customer)
    schema = strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        config=StrawberryConfig(
            disable_field_suggestions=True,
            default_resolver=read_attribute,
            scalar_map={**SCALARS, Upload: UPLOAD_SCALAR},
            relay_max_results=100,
        ),
    )
    forget_null_defaults(core_schema(schema))
    return schema
