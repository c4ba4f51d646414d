"""The probe: walks everything that a viewer can reach, and calls everything with foreign ids."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson
from graphql import GraphQLField, GraphQLNonNull, GraphQLObjectType, GraphQLSchema, get_named_type

from server.edge.costs import core_schema
from server.resolvers.schema import create_schema
from tests.driving import Api

from .calls import Call, call_of, opening, values_of
from .database import Hidden
from .inputs import Place, Values, arguments, id_places, right_kind, string_places
from .selections import DEPTH, Path, Reach, documents, together

LABEL = {"id", "code", "name", "__typename"}
LABELLED = {("Contract", "returnStation"), ("Protocol", "station")}


@functools.cache
def served_schema() -> GraphQLSchema:
    """The schema that the server runs."""
    return core_schema(create_schema())


@dataclass
class Report:
    """What was called, selected and met, and everything that should not have been answered."""

    leaks: list[str] = field(default_factory=list)
    called: set[str] = field(default_factory=set)
    selected: set[tuple[str, str]] = field(default_factory=set)
    met: set[str] = field(default_factory=set)
    codes: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    requests: int = 0


@dataclass
class Probe:
    """One viewer's eyes."""

    schema: GraphQLSchema
    viewer: Api
    hidden: Hidden
    values: Values
    report: Report = field(default_factory=Report)
    depth: int = DEPTH
    kinds: tuple[str, ...] = ("station", "contract", "vehicle", "customer", "document")
    """Of which kinds an id is tried where it does not belong."""

    def __post_init__(self) -> None:
        self._reach = Reach(self.schema)
        self.last_codes: set[str] = set()
        self.torn: set[tuple[str, ...]] = set()
        """Where errors were, below the root field: they may have taken more than themselves out of the answer."""

    def everything(self, skip: frozenset[str] = frozenset()) -> Iterator[str]:
        """All of it."""
        yield from self.reading()
        yield from self.act_on_foreign(skip)

    def reading(self) -> Iterator[str]:
        """All that changes nothing."""
        yield from self.fetch_foreign()
        yield from self.ask_for_foreign()
        yield from self.walk()

    # What the viewer reaches by itself.

    def walk(self, only: frozenset[str] | None = None) -> Iterator[str]:
        """Reads every path below every query that needs no foreign id; gives the leaks of each answer."""
        for name, definition in self._queries():
            if only is None or name in only:
                yield from self._walk(name, definition, self._own_arguments(name, definition))

    def _walk(self, name: str, definition: GraphQLField, calls: list[Call]) -> Iterator[str]:
        paths = self._reach.paths(get_named_type(definition.type), self.depth)
        self.report.called.add(name)
        for place, call in enumerate(calls):
            # A list leads to all of a kind at once; what leads to one of them has the same paths below it.
            deep = place == 0 and not self._is_walked_elsewhere(definition)
            self.report.selected.add(("Query", name))
            chosen = paths if deep else _near(paths)
            # A foreign station is refused with an error; such paths go together, so that they tear nothing else.
            yield from self._read(call, [path for path in chosen if "tation" not in "".join(path.keys[-1:])])
            yield from self._read(call, [path for path in chosen if "tation" in "".join(path.keys[-1:])])

    def _read(self, call: Call, paths: list[Path]) -> Iterator[str]:
        """Asks for all paths; where an error has taken more than itself out of the answer, for fewer at a time."""
        for text, part in documents(self.schema, "query", call, paths):
            yield from self.ask(text, call.given)
            self.report.selected |= {seen for path in part for seen in path.seen}
            if self.torn and len(part) > 1:
                through = [path for path in part if any(_goes_through(path, chain) for chain in self.torn)]
                rest = [path for path in part if path not in through]
                if not rest or not through:
                    through, rest = part[: len(part) // 2], part[len(part) // 2 :]
                yield from self._read(call, rest)
                yield from self._read(call, through)

    def _is_walked_elsewhere(self, definition: GraphQLField) -> bool:
        one = get_named_type(definition.type).name
        return any(get_named_type(other.type).name == f"{one}Connection" for _, other in self._queries())

    def _own_arguments(self, name: str, definition: GraphQLField) -> list[Call]:
        own = self.values.own.get(name, [])
        everything = [*own, arguments(definition, self.values, {})]
        return [call_of(name, definition, given) for given in _without_repeats(everything)]

    # What the viewer asks for by foreign ids.

    def ask_for_foreign(self) -> Iterator[str]:
        """Every query with foreign ids and texts in every place; many in one document, as they find nothing."""
        for name, definition in self._queries():
            paths = [path for path in self._reach.paths(get_named_type(definition.type), 1) if len(path.keys) < 3]
            foreign = self.foreign(name, definition)
            alone = isinstance(definition.type, GraphQLNonNull) and not definition.args.keys() & {"first"}
            size = 1 if alone else 6
            for start in range(0, len(foreign), size):
                few = enumerate(foreign[start : start + size])
                part = [call_of(name, definition, given, page=2, alias=f"f{place}") for place, given in few]
                torn = False
                for text, asked in together(self.schema, part, paths):
                    yield from self.ask(text, values_of(asked))
                    torn = torn or bool(self.torn)
                for call in part if torn else []:
                    yield from self._read(call, paths)

    def act_on_foreign(self, skip: frozenset[str]) -> Iterator[str]:
        """Every mutation with foreign ids in every place, or once if the viewer's role may not call it at all."""
        mutation = self.schema.mutation_type
        assert mutation
        for name in mutation.fields:
            if name in skip:
                self.report.called.add(name)
                self.report.selected.add(("Mutation", name))
            else:
                yield from self.change_foreign(name)

    def change_foreign(self, name: str) -> Iterator[str]:
        """One mutation with foreign ids in every place."""
        mutation = self.schema.mutation_type
        assert mutation
        definition = mutation.fields[name]
        self.report.called.add(name)
        self.report.selected.add(("Mutation", name))
        paths = [path for path in self._reach.paths(get_named_type(definition.type), 3) if len(path.keys) < 4]
        for given in self.foreign(name, definition, texts=False) or [arguments(definition, self.values, {})]:
            call = call_of(name, definition, given)
            nothing: list[Path] = []
            plain = f"{opening('mutation', [call])} {{ {call.text} }}"
            for text, part in [*documents(self.schema, "mutation", call, paths)] or [(plain, nothing)]:
                self.report.selected |= {seen for path in part for seen in path.seen}
                yield from self.ask(text, call.given)
            if "FORBIDDEN" in self.last_codes:
                break

    def fetch_foreign(self) -> Iterator[str]:
        """Pictures and papers over HTTP, with the viewer's own token."""
        headers = {"authorization": f"Bearer {self.viewer.token}"}
        for kind, table in [("photos", "photo"), ("documents", "document"), ("protocols", "protocol")]:
            ends = ("", "/xml") if table == "document" else ("",)
            for path in [f"/media/{kind}/{one}{end}" for one in self.hidden.ids[table] for end in ends]:
                response = self.viewer.http.get(path, headers=headers)
                if (response.status_code, response.content) != (404, b""):
                    self.report.leaks.append(path)
                    yield path

    def foreign(self, name: str, definition: GraphQLField, *, texts: bool = True) -> list[dict[str, Any]]:
        """Arguments with foreign ids: each place alone and all together, of the right kind and of every other."""
        places = [place for place in id_places(definition) if place[0] != "idempotencyKey"]
        own = {place: self.values.ids[place[-1]] for place in places if place[-1] in self.values.ids}
        found: list[dict[str, Any]] = []
        for kind, ids in self.hidden.ids.items():
            right = [place for place in places if right_kind(place, name) == kind]
            chosen: list[dict[Place, str]] = [{**own, place: ids[0]} for place in right] + [
                {place: ids[0]} for place in right
            ]
            chosen += [dict.fromkeys(places, wrong_or_right) for wrong_or_right in ids[:1]]
            found += [arguments(definition, self.values, placed) for placed in chosen if placed]
            if len(places) == 1 and right:
                found += [arguments(definition, self.values, {places[0]: one}) for one in ids[1:6]]
        rights = {place: self.hidden.ids[right_kind(place, name)][0] for place in places}
        if len(places) > 1:
            found.append(arguments(definition, self.values, rights))
        for place_of_text in string_places(definition) if texts else []:
            plain = arguments(definition, self.values, {})
            found += [plain | {place_of_text: text} for text in self.values.foreign_texts]
        return _without_repeats(found)

    def ask(self, text: str, given: dict[str, Any] | None = None) -> Iterator[str]:
        """Sends a document; gives what its answer should not contain."""
        answer = self.viewer.post(text, given)
        self.report.requests += 1
        errors = answer.get("errors") or []
        self.last_codes = {error["extensions"]["code"] for error in errors}
        self.report.codes |= self.last_codes
        chains = [tuple(key for key in error.get("path", ()) if isinstance(key, str)) for error in errors]
        self.torn = {chain[1:] for chain in chains if len(chain) > 1}
        self.report.faults += [f"{error} in {text[:300]} with {given}" for error in errors if _is_our_fault(error)]
        cleaned = self._without_labels(answer.get("data"), "", "")
        said = orjson.dumps([cleaned, [error["message"] for error in errors]]).decode()
        for leak in self.hidden.found_in(said):
            self.report.leaks.append(f"{leak} in {text[:200]} with {given}")
            yield self.report.leaks[-1]

    def _without_labels(self, value: Any, parent: str, name: str) -> Any:
        """An answer without what may be seen of a foreign station: id, code and name of the return station."""
        if isinstance(value, list):
            return [self._without_labels(item, parent, name) for item in value]
        if not isinstance(value, dict):
            return value
        kind = value.get("__typename", "")
        self.report.met.add(kind)
        labelled = (parent, name) in LABELLED
        return {
            key: self._without_labels(inner, kind, key)
            for key, inner in value.items()
            if not (labelled and key in LABEL)
        }

    def _queries(self) -> list[tuple[str, GraphQLField]]:
        query = self.schema.query_type
        assert isinstance(query, GraphQLObjectType)
        return list(query.fields.items())


def _is_our_fault(error: dict[str, Any]) -> bool:
    code = error["extensions"]["code"]
    return code in {"INTERNAL", "TOO_EXPENSIVE"} or error["message"].startswith(("Cannot query", "Syntax", "Fields"))


def _goes_through(path: Path, chain: tuple[str, ...]) -> bool:
    names = tuple(key.split("(")[0] for key in path.keys if not key.startswith("..."))
    return names[: len(chain)] == chain or (names == chain[:-1] and chain[-1] in path.plain)


def _near(paths: list[Path]) -> list[Path]:
    return [path for path in paths if len(path.keys) <= 3]


def _without_repeats(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({orjson.dumps(given, option=orjson.OPT_SORT_KEYS): given for given in found}.values())
