"""The catalogue: whatever a form asks for and a page shows has words in both languages."""

from __future__ import annotations

import re
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from graphql import GraphQLEnumType

from server.edge.costs import core_schema
from server.edge.endpoint import GraphQLEndpoint
from server.models.contract_parts import HistoryAction
from server.office.actions import contract, customer, damage, fleet, mail, money, prices, protocol, settings
from server.office.actions.action import Action
from server.office.actions.steps import Steps
from server.office.forms import Wanted, form_for
from server.office.operations import DOCUMENTS, Operations
from server.office.routes import STEPS
from server.office.words.catalogue import _tables, value_words
from server.resolvers.schema import create_schema
from server.schema.root_fields import allowed_roles

SCHEMA = create_schema()
CORE = core_schema(SCHEMA)


async def _nobody(*_: object) -> None:
    return None


OPERATIONS = Operations(GraphQLEndpoint(SCHEMA, authenticate=_nobody, open_context=lambda *_: None))  # type: ignore[arg-type]  # nothing is executed


class _Anything(dict[str, Any]):
    """A row in which everything is."""

    def __missing__(self, _name: str) -> _Anything:
        return _Anything()


ACTIONS = [action for steps in STEPS.values() for action in steps.actions.values()]
TEMPLATES = DOCUMENTS.parent / "templates"


def test_every_room_of_operations_is_reached() -> None:
    rooms = (contract, customer, damage, fleet, mail, money, prices, protocol, settings)
    made = {id(one) for room in rooms for one in vars(room).values() if isinstance(one, Steps)}
    assert made == {id(steps) for steps in STEPS.values()}


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.document)
def test_every_field_of_a_form_has_words(action: Action) -> None:
    assert action.title.en
    assert action.title.de
    for language in ("de", "en"):
        fixed = action.fixed(_Anything())
        wanted = Wanted(OPERATIONS.definition(action.document), action.document, fixed=fixed, without=action.without)
        form = form_for(CORE, wanted, ZoneInfo("Europe/Berlin"), language)
        assert all(one.label for one in form.fields() if one.widget != "hidden")


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.document)
def test_an_operation_is_the_root_field_whose_roles_are_asked(action: Action) -> None:
    (field,) = OPERATIONS.definition(action.document).selection_set.selections
    assert field.name.value == action.mutation  # type: ignore[attr-defined]  # a field, as documents are written
    assert field.alias.value == "result"  # type: ignore[attr-defined]
    assert action.mutation in allowed_roles(SCHEMA)


def test_every_enum_that_a_template_shows_has_all_its_words() -> None:
    shown = set()
    for template in TEMPLATES.rglob("*.html"):
        text = template.read_text(encoding="utf-8")
        shown |= set(re.findall(r"""word\(["'](\w+)["']\)""", text)) | set(
            re.findall(r"""badge\([^,]+, "(\w+)"\)""", text)
        )
    assert len(shown) > 20
    for name in shown - {"HistoryAction"}:
        kind = CORE.type_map[name]
        assert isinstance(kind, GraphQLEnumType)
        assert set(value_words(name)) >= set(kind.values), name


def test_every_entry_of_a_history_has_words() -> None:
    assert set(value_words("HistoryAction")) == {action.value for action in HistoryAction}


def test_no_word_is_left_over() -> None:
    """A table for an enum or an operation that is no more would be kept for ever."""
    enums = {name for name, kind in CORE.type_map.items() if isinstance(kind, GraphQLEnumType)} | {"HistoryAction"}
    assert set(_tables("values.toml")) <= enums
    assert set(_tables("actions.toml")) == {action.document for action in ACTIONS}
    documents = {document.stem for document in DOCUMENTS.rglob("*.graphql")}
    assert set(_tables("fields.toml")) - {"names", "hints"} <= documents
    for table, words in _tables("values.toml").items():
        if table != "HistoryAction":
            assert set(words) == set(CORE.type_map[table].values), table  # type: ignore[attr-defined]  # an enum


def test_every_document_is_asked_by_a_page() -> None:
    code = "".join(file.read_text(encoding="utf-8") for file in DOCUMENTS.parent.rglob("*.py"))
    for document in DOCUMENTS.rglob("*.graphql"):
        assert f'"{document.stem}"' in code, f"nobody asks {document.name}"
