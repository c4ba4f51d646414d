"""How root fields are declared: every one must say who may call it, and a refusal is one of a mutation's results."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

import strawberry
from graphql import get_named_type
from strawberry.extensions import FieldExtension

from server import metrics
from server.errors import CallerError, CallerErrorCode, DomainError, Sentence
from server.models import staff
from server.models.staff import Role
from server.schema.problems import problem_of

Resolver = TypeVar("Resolver", bound=Callable[..., Any])
STAFF = frozenset({Role.YARD, Role.CLERK, Role.MANAGER, Role.ADMIN})
OFFICE = frozenset({Role.CLERK, Role.MANAGER, Role.ADMIN})
MANAGERS = staff.MANAGERS
ADMINS = frozenset({Role.ADMIN})
BOOKERS = OFFICE | {Role.WEB}
EVERYBODY = frozenset(Role)
ANYONE: frozenset[Role] | None = None
"""May be called without having signed in."""


class Allow(FieldExtension):
    """Refuses callers whose role is not allowed, before anything else happens."""

    def __init__(self, roles: frozenset[Role] | None) -> None:
        self.roles = roles

    async def resolve_async(
        self, next_: Callable[..., Awaitable[Any]], source: Any, info: strawberry.Info, **kwargs: Any
    ) -> Any:
        """Checks the role, then goes on."""
        if self.roles is not None and info.context.principal.role not in self.roles:
            raise CallerError(
                CallerErrorCode.FORBIDDEN, Sentence("Your role does not allow this.", "Ihre Rolle erlaubt das nicht.")
            )
        return await next_(source, info, **kwargs)


class Refusals(FieldExtension):
    """Turns what the business refuses into the member of the result union that says so.

    Before a mutation begins, the snapshot of what came before it is given up; after it, its answer is read anew.
    """

    async def resolve_async(
        self, next_: Callable[..., Awaitable[Any]], source: Any, info: strawberry.Info, **kwargs: Any
    ) -> Any:
        """Runs the mutation."""
        await info.context.start_anew()
        try:
            return await next_(source, info, **kwargs)
        except DomainError as error:
            metrics.problems.labels(info.field_name, error.code.value).inc()
            union = get_named_type(info._raw_info.return_type)  # strawberry has no other name for it
            possible = {member.name for member in getattr(union, "types", ())}
            return problem_of(error, possible, info.context.language)
        finally:
            await info.context.start_anew()


def allowed_roles(schema: strawberry.Schema) -> dict[str, frozenset[str]]:
    """By the name of a root field: the roles that may ask for it. A page offers only those."""
    found = {}
    for kind in ("Query", "Mutation"):
        fields: list[Any] = list(getattr(schema.get_type_by_name(kind), "fields", ()))
        for field in fields:
            roles = next((one.roles for one in field.extensions if isinstance(one, Allow)), None)
            found[schema.config.name_converter.from_field(field)] = frozenset(one.value for one in roles or EVERYBODY)
    return found


# The last extension of a list is the outermost: who may call is asked first.
def query(*, allow: frozenset[Role] | None, graphql_type: Any = None) -> Callable[[Resolver], Resolver]:
    """A root field of Query. `allow` is required: forgetting it fails at import."""
    return _root_field([Allow(allow)], graphql_type)


def mutation(*, allow: frozenset[Role] | None, graphql_type: Any = None) -> Callable[[Resolver], Resolver]:
    """A root field of Mutation."""
    return _root_field([Refusals(), Allow(allow)], graphql_type)


def subscription(*, allow: frozenset[Role], graphql_type: Any) -> Callable[[Resolver], Resolver]:
    """A root field of Subscription. Its resolver gives events, each of which reads its row when it is told."""
    return _root_field([Allow(allow)], graphql_type, strawberry.subscription)


def _root_field(
    extensions: list[FieldExtension], graphql_type: Any, kind: Callable[..., Any] = strawberry.field
) -> Callable[[Resolver], Resolver]:
    def decorate(resolver: Resolver) -> Resolver:
        field: Any = kind(
            resolver=resolver,
            extensions=extensions,
            graphql_type=graphql_type,
            description=inspect.getdoc(resolver),
        )
        return cast(Resolver, field)

    return decorate
