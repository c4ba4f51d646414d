"""What a list may be narrowed by is no dearer for being said a thousand times."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from graphql import get_named_type, get_nullable_type, is_enum_type, is_input_object_type, is_list_type

from server.edge.costs import core_schema
from server.models.contract import ContractState, SettlementState
from server.models.contract_attention import ContractFlag
from server.models.damage import DamageLiability, RepairState
from server.models.document import DocumentType
from server.models.email import EmailState
from server.models.staff import Role
from server.resolvers.schema import create_schema
from server.schema.contract_list import ContractFilter, ContractOrder
from server.schema.damage import DamageFilter
from server.schema.document import DocumentFilter
from server.schema.email import EmailFilter
from server.security import Principal
from server.services.lists.listing import Listing
from tests.builders.bench import NOW

CLERK = Principal(UUID(int=1), "Clerk", Role.CLERK, (UUID(int=2),))


def of_contracts(**given: Any) -> Listing[Any]:
    return ContractFilter(**given).listing(ContractOrder.START_ASC, CLERK, NOW)


CASES = [
    (of_contracts, "states", ContractState),
    (of_contracts, "settlement", SettlementState),
    (of_contracts, "flags", ContractFlag),
    (lambda **given: DamageFilter(**given).listing(), "liability", DamageLiability),
    (lambda **given: DamageFilter(**given).listing(), "repair", RepairState),
    (lambda **given: DocumentFilter(**given).listing(), "types", DocumentType),
    (lambda **given: EmailFilter(**given).listing(), "states", EmailState),
]


def test_every_filter_by_values_of_an_enum_is_tried() -> None:
    schema = core_schema(create_schema())
    filters = [kind for name, kind in schema.type_map.items() if name.endswith("Filter")]
    listed = [
        name
        for kind in filters
        if is_input_object_type(kind)
        for name, field in kind.fields.items()
        if is_list_type(get_nullable_type(field.type)) and is_enum_type(get_named_type(field.type))
    ]
    assert sorted(listed) == sorted(name for _listing, name, _kind in CASES)


@pytest.mark.parametrize(
    ("listing", "name", "kind"),
    CASES,
    ids=lambda value: value if isinstance(value, str) else getattr(value, "__name__", ""),
)
def test_a_value_counts_once(listing: Callable[..., Listing[Any]], name: str, kind: Any) -> None:
    once, often = (_sql(listing(**{name: list(kind) * times})) for times in (1, 200))
    assert once == often


def _sql(listing: Listing[Any]) -> list[tuple[str, int]]:
    compiled = [condition.compile() for condition in listing.where]
    return [(str(one), sum(len(v) if isinstance(v, list) else 1 for v in one.params.values())) for one in compiled]
