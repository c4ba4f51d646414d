"""Forms made from documents: an operation's variables say what is asked for, the catalogue what it is called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    OperationDefinitionNode,
    Undefined,
    get_named_type,
    type_from_ast,
    value_from_ast_untyped,
)

from server.office import typed
from server.office.typed import Choice
from server.office.words.catalogue import field_word, hint, value_words

HIDDEN = frozenset({"version", "idempotencyKey"})
"""What a form carries and nobody types: which state of the row it was made from, and that it is sent once."""
LONG = frozenset({"note", "reason", "text", "overrideReason", "waiverReason"})
SPARE_ROWS = 2
"""Empty rows below a list, for what is added; whoever needs more saves and opens the form again."""


@dataclass
class Field:
    """One thing to fill in."""

    name: str
    """Its path in the variables: `input.period.start`."""
    widget: str
    scalar: str
    label: str
    hint: str | None
    required: bool
    """Whether the browser insists on it: it cannot be left out, and nor can what it stands in."""
    must: bool = False
    """Whether it cannot be left out once something else of what it stands in is filled in."""
    default: str = ""
    value: str = ""
    initial: str = ""
    """What the form began with."""
    given: Any = None
    """The API's value of that: an instant has seconds, and an hour that is there twice, which no field shows."""
    chosen: tuple[str, ...] = ()
    """Of a list: what is ticked."""
    choices: Sequence[Choice] = ()
    error: str | None = None


@dataclass
class Group:
    """Fields that belong together: an input type, or the rows of a list of them."""

    name: str
    label: str
    nodes: list[Node]
    must: bool
    """As a field's."""
    is_list: bool = False
    only_changes: bool = False
    """Whether only what is not as it was is sent: of an update, what is not mentioned stays."""


Node = Field | Group


@dataclass(frozen=True)
class Wanted:
    """What a form is to be: for which operation, with what in it, and what is left out."""

    operation: OperationDefinitionNode
    place: str
    """Its name in the catalogue, for fields that are called something else here."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """What is known, in the shape of the variables; what is in `fixed` need not be."""
    fixed: Mapping[str, Any] = field(default_factory=dict)
    """Variables that are not asked for: the page knows them."""
    without: frozenset[str] = frozenset()
    """Names of fields that this form does not offer."""
    only_changes: bool = False
    """Whether `input` is an update: only what somebody has changed is sent."""
    choices: Mapping[str, Sequence[Choice]] = field(default_factory=dict)
    """By the field's name: what can be picked."""


@dataclass
class Form:
    """What a template shows, and what a sent form is read by."""

    nodes: list[Node]
    fixed: Mapping[str, Any]
    zone: ZoneInfo
    language: str
    error: str | None = None

    def fields(self) -> list[Field]:
        """All fields, in the order of the page."""
        return _fields_of(self.nodes)

    def origin(self) -> str:
        """What it was made from, in short: another one once somebody else has changed any of it."""
        # What the API gave, and not how it is written: another language is no change.
        shown = [one for one in self.fields() if one.widget != "hidden"]
        begun = [(one.name, one.initial if one.widget == "ticks" else str(one.given)) for one in shown]
        return sha256(repr(begun).encode()).hexdigest()[:16]

    def blame(self, message: str, path: Sequence[str] = ()) -> None:
        """Puts a refusal beside the field that it names, else above the form."""
        for start in range(len(path)):
            wanted = ".".join(path[start:])
            for one in self.fields():
                if one.widget != "hidden" and (one.name == wanted or one.name.endswith(f".{wanted}")):
                    one.error = message
                    return
        self.error = message

    def has_errors(self) -> bool:
        """Whether anything is amiss with what was typed."""
        return bool(self.error) or any(one.error for one in self.fields())


def form_for(schema: GraphQLSchema, wanted: Wanted, zone: ZoneInfo, language: str) -> Form:
    """The form of an operation. `zone`: the station's, in which its times are typed and shown."""
    maker = _Maker(wanted, zone, language)
    nodes: list[Node] = []
    for variable in wanted.operation.variable_definitions or ():
        name = variable.variable.name.value
        if name in wanted.fixed or name in wanted.without:
            continue
        kind = type_from_ast(schema, variable.type)
        default = value_from_ast_untyped(variable.default_value) if variable.default_value else Undefined
        value = wanted.values.get(name, default)
        nodes.append(maker.node(name, kind, value, default, needed=True))
    return Form(nodes, wanted.fixed, zone, language)


class _Maker:
    def __init__(self, wanted: Wanted, zone: ZoneInfo, language: str) -> None:
        self._wanted, self._zone, self._language = wanted, zone, language

    def node(self, path: str, kind: Any, value: Any, default: Any, *, needed: bool) -> Node:
        """`needed`: whether what it stands in has to be filled in."""
        name, named = path.rpartition(".")[2], get_named_type(kind)
        required = isinstance(kind, GraphQLNonNull) and default is Undefined
        inner: GraphQLInputType = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
        if isinstance(inner, GraphQLList):
            if isinstance(named, GraphQLInputObjectType):
                return self._rows(path, named, value)
            return self._ticks(path, named, value)
        if isinstance(named, GraphQLInputObjectType):
            group = self._group(path, named, value, needed=needed and required, must=required)
            group.label = self._word(name)
            return group
        one = self._field(path, name, named, value, default)
        one.required, one.must = needed and required, required
        return one

    def _group(
        self, path: str, kind: GraphQLInputObjectType, value: Any, *, needed: bool = False, must: bool = False
    ) -> Group:
        known = value if isinstance(value, Mapping) else {}
        nodes: list[Node] = []
        for name, spec in kind.fields.items():
            if name in self._wanted.without:
                continue
            given = known.get(name, spec.default_value)
            nodes.append(self.node(f"{path}.{name}", spec.type, given, spec.default_value, needed=needed))
        only_changes = self._wanted.only_changes and path == "input"
        return Group(path, "", nodes, must, only_changes=only_changes)

    def _rows(self, path: str, kind: GraphQLInputObjectType, value: Any) -> Group:
        known = list(value) if value and value is not Undefined else []
        filled = [*known, *({} for _ in range(SPARE_ROWS))]
        rows: list[Node] = [self._group(f"{path}.{index}", kind, row) for index, row in enumerate(filled)]
        return Group(path, self._word(path.rpartition(".")[2]), rows, must=False, is_list=True)

    def _ticks(self, path: str, named: Any, value: Any) -> Field:
        name = path.rpartition(".")[2]
        chosen = tuple(map(str, value)) if value and value is not Undefined else ()
        choices = self._choices(name, named, optional=False)
        initial = ",".join(sorted(chosen))
        return Field(
            path, "ticks", named.name, self._word(name), None, False, chosen=chosen, initial=initial, choices=choices
        )

    def _field(self, path: str, name: str, named: Any, value: Any, default: Any) -> Field:
        choices = self._choices(name, named, optional=default is Undefined)
        widget = typed.widget_of(named.name, name, bool(choices), hidden=name in HIDDEN, long=name in LONG)
        if name == "idempotencyKey" and value is Undefined:
            value = uuid4()
        said = hint(name)
        shown = typed.shown(value, named.name, self._zone, self._language)
        usual = typed.shown(default, named.name, self._zone, self._language)
        word = "" if widget == "hidden" else self._word(name)
        text = said.within(self._language) if said else None
        one = Field(path, widget, named.name, word, text, False, default=usual, value=shown, choices=choices)
        one.initial, one.given = shown, typed.plain(value)
        return one

    def _choices(self, name: str, named: Any, *, optional: bool) -> Sequence[Choice]:
        nothing = [Choice("", "–")] if optional else []
        if name in self._wanted.choices:
            return [*nothing, *self._wanted.choices[name]]
        if not isinstance(named, GraphQLEnumType):
            return ()
        words = value_words(named.name)
        return [*nothing, *(Choice(key, words[key].within(self._language)) for key in named.values)]

    def _word(self, name: str) -> str:
        return field_word(self._wanted.place, name).within(self._language)


def _fields_of(nodes: Sequence[Node]) -> list[Field]:
    found: list[Field] = []
    for node in nodes:
        found.extend([node] if isinstance(node, Field) else _fields_of(node.nodes))
    return found
