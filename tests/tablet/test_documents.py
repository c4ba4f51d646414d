"""What the tablet knows of the API by heart, its documents and the values of enums, is what the schema says."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pytest
from graphql import GraphQLEnumType, GraphQLSchema, build_schema, parse, validate

from mobile_kivy.api.session import CONFLICT_FLAG
from mobile_kivy.car_pictures import BODIES
from mobile_kivy.forms.contract import ELECTRIC, WENT_OUT
from mobile_kivy.forms.day import CHECK_IN, CHECK_OUT
from mobile_kivy.forms.form import CLEANLINESS, DAMAGE_KINDS, DAMAGE_SLOT, GUIDED_SLOTS, MORE_SLOTS
from mobile_kivy.i18n import LANGUAGES, WORDS
from mobile_kivy.shift import REFUSALS
from mobile_kivy.store import OWN_CODES
from mobile_kivy.widgets.car_drawing import SIDES
from server.edge.documents import ANONYMOUS_LIMITS
from server.edge.guard import Limits, analyse
from tests.driving import ROOT

DOCUMENTS = sorted((ROOT / "mobile_kivy" / "api" / "documents").glob("*.graphql"))
BEFORE_SIGN_IN = {"sign_in", "refresh_session"}


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema((ROOT / "server" / "schema" / "schema.graphql").read_text(encoding="utf-8"))


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: file.stem)
def test_every_document_fits_the_schema_and_passes_the_guard(file: Path, schema: GraphQLSchema) -> None:
    document = parse(file.read_text(encoding="utf-8"))
    assert validate(schema, document) == []
    limits = ANONYMOUS_LIMITS if file.stem in BEFORE_SIGN_IN else Limits()
    (operation,) = analyse(schema, document, limits).values()
    operation.check_cost({}, limits)


def test_all_documents_are_there() -> None:
    assert len(DOCUMENTS) == 8


def values(schema: GraphQLSchema, name: str) -> set[str]:
    found = schema.type_map[name]
    assert isinstance(found, GraphQLEnumType)
    return set(found.values)


@pytest.mark.parametrize(
    ("name", "copied"),
    [
        ("DamageKind", DAMAGE_KINDS),
        ("VehicleView", SIDES),
        ("VehicleBody", BODIES),
        ("Cleanliness", CLEANLINESS),
        ("PhotoSlot", (*GUIDED_SLOTS, *MORE_SLOTS, DAMAGE_SLOT)),
        ("Language", [language.upper() for language in LANGUAGES]),
    ],
)
def test_a_copied_enum_has_all_values_and_no_other(name: str, copied: Collection[str], schema: GraphQLSchema) -> None:
    assert sorted(copied) == sorted(values(schema, name))


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("ProtocolType", {CHECK_OUT, CHECK_IN, *WENT_OUT}),
        ("Energy", {ELECTRIC}),
        ("ContractFlag", {CONFLICT_FLAG}),
        ("ProblemCode", set(REFUSALS)),
    ],
)
def test_single_values_that_the_tablet_looks_for_exist(name: str, known: set[str], schema: GraphQLSchema) -> None:
    assert known <= values(schema, name)


def test_every_refusal_with_words_of_its_own_is_one_of_the_apis_or_the_tablets(schema: GraphQLSchema) -> None:
    codes = values(schema, "ProblemCode") | OWN_CODES | {"OTHER"}
    for words in WORDS.values():
        assert {key.removeprefix("refused_") for key in words if key.startswith("refused_")} <= codes
