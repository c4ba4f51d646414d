"""The documents that the tablet sends fit the schema, and the server lets them through."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_schema, parse, validate

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
