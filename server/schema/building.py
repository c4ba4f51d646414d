"""How types are declared: descriptions come from docstrings.

A docstring under an attribute describes the field, input field or enum value of that name, as the docstring of a class
or method does. The exported schema is documentation, so a missing description fails a test.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar, cast, dataclass_transform

import strawberry
from strawberry.types.base import get_object_definition
from strawberry.types.enum import has_enum_definition
from strawberry.types.field import StrawberryField

from server.context import Context
from server.schema.instants import instant_of

Class = TypeVar("Class", bound=type)
Resolver = TypeVar("Resolver", bound=Callable[..., Any])
EnumClass = TypeVar("EnumClass", bound=type[Enum])
Info = strawberry.Info[Context, None]


def attribute_docstrings(owner: type) -> dict[str, str]:
    """The docstrings under the attributes of a class, those of its bases included."""
    found: dict[str, str] = {}
    for cls in reversed(owner.__mro__):
        if cls.__module__.startswith("server."):
            found |= _docstrings_in(cls.__module__).get(cls.__name__, {})
    return found


@cache
def _docstrings_in(module: str) -> dict[str, dict[str, str]]:
    """Class, attribute, docstring: of a whole module at once, because `inspect.getsource` parses it for each class."""
    source = inspect.getsource(sys.modules[module])
    classes = [node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]
    return {node.name: dict(_attributes_of(node)) for node in classes}


def _attributes_of(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for statement, following in itertools.pairwise(node.body):
        if not (isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)):
            continue
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        if isinstance(targets[0], ast.Name):
            yield targets[0].id, inspect.cleandoc(str(following.value.value))


def _describe(cls: type) -> None:
    docs = attribute_docstrings(cls)
    for field in get_object_definition(cls, strict=True).fields:
        if field.description is None:
            field.description = docs.get(field.python_name) or _method_doc(field)


def _method_doc(field: StrawberryField) -> str | None:
    doc = field.base_resolver.wrapped_func.__doc__ if field.base_resolver else None
    return inspect.cleandoc(doc) if doc else None


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field,))
def api_type(cls: Class) -> Class:
    """An object type that resolvers construct."""
    made = strawberry.type(cls, description=inspect.getdoc(cls))
    _describe(made)
    return made


def row_type(*sources: type, name: str | None = None) -> Callable[[Class], Class]:
    """An object type whose source is a row or a class of a service: attributes of the same name are its fields."""

    def decorate(cls: Class) -> Class:
        def is_type_of(value: object, _info: object) -> bool:
            return isinstance(value, (*sources, cls))

        cls.is_type_of = staticmethod(is_type_of)  # type: ignore[attr-defined]  # where strawberry looks for it
        _show_instants(cls)
        made: Class = strawberry.type(cls, name=name, description=inspect.getdoc(cls))
        _describe(made)
        return made

    return decorate


def _show_instants(cls: type) -> None:
    """Gives attributes that are instants the resolver that shows them in their row's time zone."""
    for name, annotation in inspect.get_annotations(cls, eval_str=False).items():
        if annotation in {"datetime", "datetime | None"} and not hasattr(cls, name):
            kind: Any = datetime if annotation == "datetime" else datetime | None
            setattr(cls, name, strawberry.field(resolver=instant_of(name), graphql_type=kind))


def shown_as(graphql_type: Any, *, name: str | None = None) -> Callable[[Resolver], Resolver]:
    """A field whose resolver returns rows: `graphql_type` is what the API shows them as; `name` the field's name there,
    if Python has another use for it.
    """

    def decorate(resolver: Resolver) -> Resolver:
        field: Any = strawberry.field(resolver=resolver, graphql_type=graphql_type, name=name)
        return cast(Resolver, field)  # as mypy sees `strawberry.field` itself: the function below the decorator

    return decorate


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field,))
def api_input(cls: Class) -> Class:
    """An input type."""
    made = strawberry.input(cls, description=inspect.getdoc(cls))
    _describe(made)
    return made


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field,))
def api_input_one_of(cls: Class) -> Class:
    """An input type of which exactly one field is given (`@oneOf`)."""
    made = strawberry.input(cls, description=inspect.getdoc(cls), one_of=True)
    _describe(made)
    return made


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field,))
def api_interface(cls: Class) -> Class:
    """An interface."""
    made = strawberry.interface(cls, description=inspect.getdoc(cls))
    _describe(made)
    return made


def api_enum(cls: EnumClass) -> EnumClass:
    """An enum of the models, with its values described."""
    made = strawberry.enum(cls, description=inspect.getdoc(cls))
    docs = attribute_docstrings(cls)
    if has_enum_definition(made):  # it always has: this is how its type is told
        for value in made.__strawberry_definition__.values:
            value.description = docs.get(value.name)
    return made
