"""How many elements a list field is taken for when a document's cost is estimated before it runs.

A field with a `first` argument costs what `first` says; every other list needs an entry in `LIST_SIZES`. A test with
`uncosted_list_fields` fails when a list is added to the schema without one. Sizes are those of a busy station, not
averages: an estimate that is too low lets an expensive document through.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeGuard

import strawberry
from graphql import (
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
)

ANY = "*"
"""In place of a type: the field of that name of every type that has no entry of its own."""
UNKNOWN_SIZE = 50
"""For a list without an entry: dear enough to be noticed."""
LARGEST_PAGE = 100
PAGE_ARGUMENT = "first"

LIST_SIZES: Mapping[tuple[str, str], int] = {
    # who is asking
    ("Viewer", "stations"): 40,
    ("User", "stations"): 10,
    ("ApiClient", "stations"): 10,
    ("ApiClient", "keys"): 2,
    ("ClientPolicy", "kinds"): 2,
    ("Query", "stations"): 40,
    ("Query", "users"): 100,
    ("Query", "apiClients"): 20,
    ("Query", "devices"): 100,
    # stations and fleet
    ("Station", "openingHours"): 10,
    ("Station", "openingExceptions"): 20,
    ("Station", "openOn"): 2,
    ("OpeningException", "windows"): 2,
    ("Query", "vehicleGroups"): 20,
    # reports
    ("StationReport", "cars"): 60,
    ("StationReport", "reductions"): 30,
    ("StationReport", "handovers"): 10,
    ("StationReport", "openItems"): 5,
    ("StationReport", "inspectionsDue"): 10,
    ("Vehicle", "accessories"): 10,
    ("Vehicle", "damages"): 5,
    ("Vehicle", "blocks"): 3,
    ("Vehicle", "occupancy"): 10,
    # tariffs and prices
    ("Query", "tariffs"): 20,
    ("Tariff", "bundles"): 5,
    ("Tariff", "extras"): 10,
    ("Tariff", "changes"): 5,
    ("TariffChange", "terms"): 5,
    ("TariffPreview", "terms"): 5,
    ("TariffPreview", "rentals"): 10,
    ("PriceBreakdown", "lines"): 10,
    ("Availability", "groups"): 20,
    ("NoVehicleAvailable", "alternatives"): 5,
    # contracts and customers
    ("Contract", "legs"): 2,
    ("Contract", "drivers"): 3,
    ("Contract", "extras"): 3,
    ("Contract", "payments"): 5,
    ("Contract", "documents"): 3,
    ("Contract", "protocols"): 2,
    ("Contract", "damages"): 5,
    ("Contract", "emails"): 6,
    ("Contract", "notes"): 5,
    ("Contract", "flags"): 3,
    ("Contract", "history"): 20,
    ("TariffSnapshot", "edits"): 3,
    ("Reassignment", "moved"): 10,
    ("Reassignment", "unserved"): 10,
    ("Customer", "versions"): 5,
    ("CustomerVersion", "changed"): 5,
    # handover and damage
    ("Protocol", "accessories"): 10,
    ("Protocol", "corrections"): 2,
    ("Protocol", "damages"): 5,
    ("Protocol", "photos"): 12,
    ("Protocol", "emails"): 2,
    ("Damage", "photos"): 3,
    ("HandoverDay", "checkOuts"): 15,
    ("HandoverDay", "checkIns"): 15,
    ("HandoverDay", "overdue"): 5,
    ("HandoverDay", "spareVehicles"): 10,
    # money and mail
    ("HostedPaymentForm", "fields"): 20,
    ("Document", "lines"): 10,
    ("Document", "advances"): 3,
    ("DocumentAudit", "missing"): 100,
    ("Email", "attachments"): 2,
    # board
    ("PlanningBoard", "lanes"): 60,
    ("PlanningBoard", "unassigned"): 10,
    ("BoardLane", "occupancy"): 10,
    # refusals: the path of the input, and what the refusal names
    (ANY, "field"): 3,
    ("PeriodConflict", "conflicts"): 5,
    ("ChangePreview", "conflicts"): 5,
    ("ChangePreview", "problems"): 5,
    ("InvalidTransition", "allowed"): 5,
    # a page: its own field was already multiplied by `first`
    (ANY, "nodes"): 1,
    (ANY, "edges"): 1,
    # introspection, counted against a limit of its own
    ("__Schema", "types"): 150,
    ("__Schema", "directives"): 8,
    ("__Type", "fields"): 10,
    ("__Type", "interfaces"): 1,
    ("__Type", "possibleTypes"): 2,
    ("__Type", "enumValues"): 3,
    ("__Type", "inputFields"): 4,
    ("__Field", "args"): 1,
    ("__Directive", "args"): 1,
    ("__Directive", "locations"): 4,
}


def list_size(type_name: str, field_name: str) -> int:
    """How many elements the list is taken for."""
    return LIST_SIZES.get((type_name, field_name)) or LIST_SIZES.get((ANY, field_name)) or UNKNOWN_SIZE


def is_list(kind: GraphQLOutputType) -> bool:
    """Whether a field of that type gives a list."""
    return isinstance(kind.of_type if isinstance(kind, GraphQLNonNull) else kind, GraphQLList)


def has_fields(kind: object) -> TypeGuard[GraphQLObjectType | GraphQLInterfaceType]:
    """Whether fields can be selected on the type itself (not so on a union)."""
    return isinstance(kind, GraphQLObjectType | GraphQLInterfaceType)


def core_schema(schema: strawberry.Schema | GraphQLSchema) -> GraphQLSchema:
    """The graphql-core schema inside Strawberry's."""
    return schema if isinstance(schema, GraphQLSchema) else schema._schema


def uncosted_list_fields(schema: strawberry.Schema | GraphQLSchema) -> list[str]:
    """The list fields that have neither a `first` argument nor an entry in `LIST_SIZES`, as Type.field."""
    return [
        f"{kind.name}.{name}"
        for kind in core_schema(schema).type_map.values()
        if has_fields(kind)
        for name, field in kind.fields.items()
        if is_list(field.type)
        and PAGE_ARGUMENT not in field.args
        and not {(kind.name, name), (ANY, name)} & LIST_SIZES.keys()
    ]
