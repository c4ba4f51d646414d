"""What the arguments of root fields and lists mean. The same name means the same everywhere."""

from __future__ import annotations

from graphql import GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, Undefined
from strawberry.types.base import get_object_definition

MEANINGS = {
    "id": "The id.",
    "code": "The code.",
    "number": "The number, as people write it.",
    "plate": "The number plate, in any spelling.",
    "version": "The version that you have read: if somebody else saved since then, nothing is changed.",
    "input": "What to do, in detail.",
    "filter": "Narrows the list.",
    "order_by": "The order of the list.",
    "first": "How many items at most, 1 to 100.",
    "after": "Continues behind the item with this cursor.",
    "search": "Part of what people would look for.",
    "email": "The mail address to sign in with.",
    "password": "The password.",
    "refresh_token": "The refresh token of the last session.",
    "name": "What it is called, for people.",
    "station_id": "The station.",
    "station_ids": "The stations.",
    "group_id": "The vehicle group.",
    "vehicle_id": "The vehicle.",
    "block_id": "The block.",
    "contract_id": "The contract.",
    "email_id": "The mail.",
    "period": "The period.",
    "reason": "Why.",
    "note": "Anything else, for people.",
    "on": "The day on which a booking would be made.",
    "date": "The day, in the station's time zone.",
    "sha256": "SHA-256 of the file's bytes, as 64 hexadecimal digits.",
    "file": "The picture: JPEG, PNG or WebP, at most 12 MB and 20 megapixels.",
    "damage": "The damage.",
    "driver": "Who may drive, too.",
}


def describe_arguments(*types: type) -> None:
    """Gives every argument that has no description of its own the common one."""
    for cls in types:
        for field in get_object_definition(cls, strict=True).fields:
            for argument in field.arguments:
                if argument.description is None:
                    argument.description = MEANINGS.get(argument.python_name)


def forget_null_defaults(schema: GraphQLSchema) -> None:
    """Takes `= null` out of the schema: what may be left out is null anyway, and the contract does not say so."""
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLInputObjectType):
            for value in kind.fields.values():
                if value.default_value is None:
                    value.default_value = Undefined
        elif isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for argument in (argument for field in kind.fields.values() for argument in field.args.values()):
                if argument.default_value is None:
                    argument.default_value = Undefined
