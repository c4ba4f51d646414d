"""How the values of one field are found for many parents at once."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLField, GraphQLObjectType, get_named_type, is_abstract_type
from strawberry.types.field import StrawberryField

from server.engine.ready import Make, Ready
from server.engine.relation import Relation


@dataclass(frozen=True, slots=True)
class TypeName:
    """`__typename`."""

    name: str


@dataclass(frozen=True, slots=True)
class Attribute:
    """The source's attribute of this name; `read` takes it from one source and makes of it what the API shows.
    `read_all`, the method `of_all` of the schema's default resolver if it has one, does so for many, at once.
    """

    name: str
    read: Callable[[Any, str], Any]
    read_all: Callable[[Sequence[Any], str], list[Any]] | None


@dataclass(frozen=True, slots=True)
class Function:
    """A function of one source, with the field's arguments; what it returns may have to be awaited."""

    call: Callable[..., Any]
    field: StrawberryField
    info_as: str | None
    """Its parameter that takes Strawberry's Info, if it has one."""


@dataclass(frozen=True, slots=True)
class Related:
    """Found by a batch function, by a key that is taken from each source."""

    key: Function
    relation: Relation


@dataclass(frozen=True, slots=True)
class Made:
    """JSON text, made for each source."""

    make: Make


@dataclass(frozen=True, slots=True)
class Either:
    """JSON text if what is selected can be made so, found in the general way otherwise. A plan decides it."""

    ready: Ready
    otherwise: Function


@dataclass(frozen=True, slots=True)
class Resolved:
    """Anything else, such as a root field with its extensions: graphql-core's resolver, called for one source."""

    resolve: Callable[..., Any]


Taking = TypeName | Attribute | Function | Related | Made | Resolved


def taking_of(parent: GraphQLObjectType, name: str, definition: GraphQLField) -> Taking | Either:
    """How the values of this field are found."""
    if name == "__typename":
        return TypeName(parent.name)
    field = definition.extensions.get("strawberry-definition")
    # Strawberry's exception handlers make a member of a union of what is raised; only its own resolver knows them.
    # A subscription's own resolver gives events, not what stands in the answer to one.
    if (
        isinstance(field, StrawberryField)
        and not field.is_subscription
        and not is_abstract_type(get_named_type(definition.type))
    ):
        if field.base_resolver is None and not field.extensions:
            read = field.default_resolver
            return Attribute(field.python_name, read, getattr(read, "of_all", None))
        function = _function(field)
        relation = Relation.of(field)
        if function is not None and relation is not None:
            return Related(function, relation)
        ready = Ready.of(field)
        if function is not None and ready is not None:
            return Either(ready, function)
        if function is not None and not field.extensions:
            return function
    if definition.resolve is None:
        raise TypeError(f"{parent.name}.{name} has no resolver: the schema was not built by Strawberry")
    return Resolved(definition.resolve)


def _function(field: StrawberryField) -> Function | None:
    resolver = field.base_resolver
    if resolver is None or isinstance(resolver.wrapped_func, (staticmethod, classmethod)):
        return None
    source = resolver.self_parameter or resolver.root_parameter or resolver.parent_parameter
    first = next(iter(inspect.signature(resolver.wrapped_func).parameters.values()), None)
    if source is None or first is None or first.name != source.name:
        return None  # it does not begin with its source: rare, and graphql-core's resolver can do it
    info = resolver.info_parameter
    return Function(resolver.wrapped_func, field, info.name if info else None)
