"""What is wrong with the values of a request, said without them: one may be a card's token, or somebody's name."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from graphql import GraphQLEnumType, GraphQLError, GraphQLInputObjectType, GraphQLSchema

_AT = re.compile(r"^Variable '\$(\w+)' has invalid value(?: at ([^:]*))?: (.*)$", re.DOTALL)
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_NEEDED = re.compile(r"^Expected value of type '\w+' to include required field '(\w+)'", re.DOTALL)
_UNKNOWN = re.compile(r"^Expected value of type '(\w+)' not to include unknown field '(.*?)'(?:,|\.) ", re.DOTALL)
_NO_OBJECT = re.compile(r"^Expected value of type '(\w+)!?' to be an object", re.DOTALL)
_NULL = re.compile(r"^Expected (?:a )?value of non-null type '([\w!\[\]]+)'", re.DOTALL)
_SCALAR = re.compile(r"^(\w+) cannot represent ", re.DOTALL)
_ENUM = re.compile(r"(?:does not exist in|^Enum) '(\w+)'", re.DOTALL)
_REFUSED = re.compile(r"^Expected value of type '(\w+)!?', but encountered error '(.*)'; found: ", re.DOTALL)
_ANY = re.compile(r"^Expected value of type '(\w+)!?', found: ", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_]\w{0,59}")
_MUST_BE = {
    "Int": "a whole number of at most 32 bits",
    "Float": "a number",
    "String": "a text",
    "Boolean": "true or false",
    "ID": "an id",
}


def reworded(schema: GraphQLSchema, errors: Sequence[GraphQLError]) -> list[GraphQLError]:
    """The same errors, naming the path of the input and what would be right there, never what was given."""
    return [_reworded(schema, error) for error in errors]


def _reworded(schema: GraphQLSchema, error: GraphQLError) -> GraphQLError:
    cause: BaseException = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    if not isinstance(cause, GraphQLError | ValueError):
        return error  # a fault of ours, which is masked further up
    found = _AT.match(error.message)
    path = [found[1], *(name or index for name, index in _STEP.findall(found[2] or ""))] if found else []
    problem = found[3] if found else error.message
    if needed := _NEEDED.match(problem):
        path.append(needed[1])
    if (unknown := _UNKNOWN.match(problem)) and _NAME.fullmatch(unknown[2]):
        path.append(unknown[2])
    message = next((say(schema, match) for rule, say in _RULES if (match := rule.search(problem))), problem)
    if not path and message == error.message:
        return error
    extensions = {"field": path} if found else {}
    return GraphQLError(f"{'.'.join(path)}: {message}" if path else message, error.nodes, extensions=extensions)


def _fields(schema: GraphQLSchema, unknown: re.Match[str]) -> str:
    kind = schema.type_map.get(unknown[1])
    names = ", ".join(kind.fields) if isinstance(kind, GraphQLInputObjectType) else ""
    return f"There is no such field; {unknown[1]} has {names}."


def _values(schema: GraphQLSchema, enum: re.Match[str]) -> str:
    kind = schema.type_map.get(enum[1])
    return f"This must be one of {', '.join(kind.values) if isinstance(kind, GraphQLEnumType) else ''}."


_RULES: tuple[tuple[re.Pattern[str], Callable[[GraphQLSchema, re.Match[str]], str]], ...] = (
    (_NEEDED, lambda _schema, _match: "This is needed."),
    (_UNKNOWN, _fields),
    (_NO_OBJECT, lambda _schema, match: f"This must be an object of type {match[1]}."),
    (_NULL, lambda _schema, match: f"This is needed and must not be null: {match[1]}."),
    (_ENUM, _values),
    (_SCALAR, lambda _schema, match: f"This must be {_MUST_BE.get(match[1], f'a {match[1]}')}."),
    (_REFUSED, lambda _schema, match: match[2]),
    (_ANY, lambda _schema, match: f"This is not a {match[1]}."),
)
