"""The pages' operations: one document a file, checked at start, executed in process as the person who is signed in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from graphql import OperationDefinitionNode
from starlette.requests import Request

from server.edge.answers import About
from server.edge.bodies import Asked, parse_json
from server.edge.documents import ANONYMOUS_LIMITS, Prepared
from server.edge.endpoint import GraphQLEndpoint
from server.errors import CallerErrorCode
from server.security import Principal

DOCUMENTS = Path(__file__).parent / "documents"
Answer = dict[str, Any]
"""The `data` of an answer, as every other client of the API reads it."""


@dataclass
class Fault(Exception):
    """An operation that was not answered: the caller may not ask it, or something is amiss on our side."""

    code: str
    message: str
    reference: str | None = None
    """By which the log is searched, if it is our fault."""


@dataclass
class Refusal(Exception):
    """What the business refuses in a query; in a mutation it is one of the results."""

    message: str
    field: tuple[str, ...]
    code: str


class Operations:
    """Runs documents by their file's name: `await operations.run(request, principal, "Today", {...})`."""

    def __init__(self, endpoint: GraphQLEndpoint) -> None:
        """Reads and checks all documents; one that does not fit the schema or its limits stops the start."""
        self._endpoint = endpoint
        self._texts = {file.stem: file.read_text() for file in sorted(DOCUMENTS.rglob("*.graphql"))}
        for name, text in self._texts.items():
            if name not in _OF_STRANGERS:
                endpoint.documents.prepare(text)
            elif len(text) > ANONYMOUS_LIMITS.characters:
                raise ValueError(f"{name}.graphql is longer than strangers' documents may be")

    def prepared(self, name: str) -> Prepared:
        """A document as it is kept for execution."""
        return self._endpoint.documents.prepare(self._texts[name])

    def definition(self, name: str) -> OperationDefinitionNode:
        """The operation of a document: its variables are what a form asks for."""
        nodes = self.prepared(name).document.definitions
        return next(node for node in nodes if isinstance(node, OperationDefinitionNode))

    async def run(self, request: Request, principal: Principal | None, name: str, variables: Answer) -> Answer:
        """The data of an answer. Raises Refusal or Fault if it has errors."""
        about = About("de" if request.state.language == "de" else "en")
        # Through the same strict JSON as everybody's: an address or a form may say what no text can hold.
        asked = Asked(self._texts[name], parse_json(orjson.dumps(variables)))
        # Read as JSON again: what the engine hands on ready-made is only known to be JSON.
        payload = orjson.loads(orjson.dumps(await self._endpoint.answer(request, principal, asked, about)))
        for error in payload.get("errors", ()):
            raise _raised(error)
        data: Answer = payload["data"]
        return data


_OF_STRANGERS = frozenset({"SignIn", "RefreshSession"})


def _raised(error: dict[str, Any]) -> Exception:
    extensions = error.get("extensions", {})
    if "problemCode" in extensions:
        return Refusal(error["message"], tuple(extensions.get("field") or ()), extensions["problemCode"])
    code = extensions.get("code", CallerErrorCode.INTERNAL.value)
    return Fault(code, error["message"], extensions.get("reference"))
