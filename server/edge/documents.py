"""Documents: parsed, measured and validated once per text, then kept.

How a kept document is executed: by our own engine (`server/engine`), level by level; what that leaves to it, or with
the engine off, by graphql-core. Either way on Strawberry's schema and with Strawberry's execution context class (see
`Documents.execute`). Everything that Strawberry attaches to a field lives in the resolvers of that
schema: its Info, field extensions, permission classes, exception handlers. What it adds around them in
`Schema.execute` is a second life cycle (parse, validate, extensions, `process_errors`) which would parse and validate
again, or need an extension that smuggles our document in, and which logs query text and variables on errors. Schema
extensions are the one thing that does not run this way; so a schema that has any is refused at start.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import AsyncIterable, Hashable, Mapping
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, cast

import strawberry
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    parse,
    specified_rules,
    validate,
)
from graphql.execution import Executor, create_source_event_stream
from graphql.pyutils import AwaitableOrValue
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from server.edge.coercion import reworded
from server.edge.costs import core_schema
from server.edge.guard import Limits, Operation, analyse, too_expensive
from server.edge.shares import Queues, Share
from server.engine.engine import Plans, run
from server.engine.plan import conditions_in
from server.errors import CallerError, CallerErrorCode, Sentence

_RULES = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)
SIGN_IN = Sentence("Sign in first.", "Bitte erst anmelden.")
_MOST_ERRORS = 20
SHORT = 500
"""Characters that are parsed and validated at once: some 5 ms. What is longer is done in a thread."""
MOST_REFUSED = 100
PATIENCE_SECONDS = 5.0
"""How long a long document waits for others to be prepared."""
_MANY_LONG_ONES = Sentence(
    "Many long documents are being prepared: try again in a moment.",
    "Gerade werden viele lange Dokumente vorbereitet: bitte gleich noch einmal versuchen.",
)
_Checked = tuple[DocumentNode, Mapping[str | None, Operation]]

ANONYMOUS_LIMITS = Limits(
    characters=4000,
    tokens=250,
    comments=20,
    depth=6,
    fields=60,
    aliases=5,
    fragments=5,
    directives=2,
    operations=1,
    query_roots=0,
    mutation_roots=1,
    cost=2000,
    introspection_fields=0,
)
"""Signing in needs no more. One root field: a request is one attempt."""


class InvalidDocument(CallerError):
    """The text is not GraphQL, or does not fit the schema. `errors` say where."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__(CallerErrorCode.BAD_USER_INPUT, "The document is not valid.")
        self.errors = errors


@dataclass(frozen=True)
class Prepared:
    """A document that may be executed as soon as its cost is known to be small enough."""

    hash: str
    document: DocumentNode
    operations: Mapping[str | None, Operation]
    conditions: frozenset[str] | None
    characters: int = 0
    """How long its text was; parsed, each takes some 200 bytes."""

    def choose(self, name: str | None) -> Operation:
        """The operation to execute: the one of that name, or the only one."""
        if name is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        operation = self.operations.get(name) if name is not None else None
        if operation is None:
            raise CallerError(CallerErrorCode.BAD_USER_INPUT, "`operationName` must name an operation of the document.")
        return operation


class Documents:
    """The documents of one kind of caller. Valid ones are kept, up to a number and a length; so are refusals."""

    def __init__(
        self,
        schema: strawberry.Schema,
        limits: Limits | None = None,
        *,
        keep: int = 500,
        keep_characters: int = 250_000,
        only_fields: frozenset[str] | None = None,
        level_by_level: bool = True,
    ) -> None:
        """`level_by_level`: false leaves everything to graphql-core."""
        if schema.extensions or schema.directives:
            raise ValueError("schema extensions and directives would not run here: use field extensions")
        self.limits = limits or Limits()
        self._schema = schema
        self._core: GraphQLSchema = core_schema(schema)
        self._level_by_level = level_by_level
        self.plans = Plans()
        self._keep, self._keep_characters = keep, keep_characters
        self._only_fields = only_fields
        self._kept: OrderedDict[str, Prepared] = OrderedDict()
        self._refused: OrderedDict[str, CallerError] = OrderedDict()
        self._characters = 0
        self._one_long_at_a_time, self._queues = Share("all", 1), Queues()

    def __len__(self) -> int:
        return len(self._kept)

    async def prepared(self, text: str, caller: Hashable = None) -> Prepared:
        """`prepare`, beside the event loop where the document is so long that everybody else would have to wait. Of one
        caller's long documents one is in the queue; whoever sends many waits for their own.
        """
        if len(text) <= SHORT or len(text) > self.limits.characters:
            return self.prepare(text)
        key = document_hash(text)
        if not self._knows(key):
            await self._prepare_long(key, text, (Share(("caller", caller), 1), self._one_long_at_a_time))
        return self._found(key)

    async def _prepare_long(self, key: str, text: str, shares: tuple[Share, ...]) -> None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._queues.take(shares)
        except TimeoutError:
            raise CallerError(CallerErrorCode.RATE_LIMITED, _MANY_LONG_ONES) from None
        try:
            if not self._knows(key):
                self._note(key, text, await asyncio.to_thread(self._outcome, text))
        finally:
            self._queues.give_back(shares)

    def _knows(self, key: str) -> bool:
        return key in self._kept or key in self._refused

    def prepare(self, text: str) -> Prepared:
        """The document, from the shelf or prepared now. Raises CallerError; a refusal is remembered, too."""
        if len(text) > self.limits.characters:
            raise too_expensive(f"The document is longer than {self.limits.characters} characters.")
        key = document_hash(text)
        if not self._knows(key):
            self._note(key, text, self._outcome(text))
        return self._found(key)

    def _outcome(self, text: str) -> _Checked | CallerError:
        try:
            return self._checked(text)
        except InvalidDocument as refusal:
            # Without the nodes, which would keep the whole document.
            return InvalidDocument([_without_nodes(error) for error in refusal.errors])
        except CallerError as refusal:
            return _anew(refusal)

    def _note(self, key: str, text: str, outcome: _Checked | CallerError) -> None:
        if isinstance(outcome, CallerError):
            self._refused[key] = outcome
            if len(self._refused) > MOST_REFUSED:
                self._refused.popitem(last=False)
            return
        document, operations = outcome
        self._kept[key] = Prepared(key, document, operations, conditions_in(document), len(text))
        self._characters += len(text)
        while len(self._kept) > self._keep or (self._characters > self._keep_characters and len(self._kept) > 1):
            _key, dropped = self._kept.popitem(last=False)
            self._characters -= dropped.characters

    def _found(self, key: str) -> Prepared:
        refusal = self._refused.get(key)
        if refusal is not None:
            self._refused.move_to_end(key)
            raise _anew(refusal)
        self._kept.move_to_end(key)
        return self._kept[key]

    async def subscribe(
        self, prepared: Prepared, operation: Operation, variables: dict[str, Any] | None, context: Any
    ) -> AsyncIterable[Any] | ExecutionResult:
        """The events of a subscription; a result with errors if there are none. What an event shows is `execute`d, with
        what it stands for as `root`.
        """
        executor = self._executor(prepared, operation, variables, context)
        if not isinstance(executor, Executor):
            return ExecutionResult(None, reworded(self._core, executor))
        events = create_source_event_stream(executor)
        return await events if isawaitable(events) else events

    def execute(
        self,
        prepared: Prepared,
        operation: Operation,
        variables: dict[str, Any] | None,
        context: Any,
        root: object = None,
    ) -> AwaitableOrValue[ExecutionResult]:
        """Executes an operation; parses and validates nothing. The reasons are at the top of this file."""
        executor = self._executor(prepared, operation, variables, context, root)
        if not isinstance(executor, Executor):
            # Variables that do not fit end it before anything is executed.
            return ExecutionResult(None, reworded(self._core, executor))
        plan = self.plans.of(prepared.hash, prepared.conditions, executor) if self._level_by_level else None
        if plan is None:
            return cast(AwaitableOrValue[ExecutionResult], executor.execute_operation())
        return run(self._schema, executor, plan)

    def _executor(
        self,
        prepared: Prepared,
        operation: Operation,
        variables: dict[str, Any] | None,
        context: Any,
        root: object = None,
    ) -> Executor[Any] | list[GraphQLError]:
        return self._schema.execution_context_class.build(
            self._core,
            prepared.document,
            root_value=root,
            context_value=context,
            raw_variable_values=variables,
            operation_name=operation.name,
            is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]  # says bool, and means the guard
            hide_suggestions=True,
            max_coercion_errors=_MOST_ERRORS,
            operation_extensions=None,
        )

    def _checked(self, text: str) -> _Checked:
        document = self._parsed(text)
        operations = analyse(self._core, document, self.limits)
        if not operations:
            raise CallerError(CallerErrorCode.BAD_USER_INPUT, "The document has no operation.")
        if self._only_fields is not None:
            # Before validation: a stranger learns nothing about the rest of the schema, not even by its errors.
            for operation in operations.values():
                if operation.kind != "mutation" or not operation.root_names <= self._only_fields:
                    raise CallerError(CallerErrorCode.UNAUTHENTICATED, SIGN_IN)
        errors = validate(self._core, document, _RULES, max_errors=_MOST_ERRORS, hide_suggestions=True)
        if errors:
            raise InvalidDocument(reworded(self._core, errors))
        return document, operations

    def _parsed(self, text: str) -> DocumentNode:
        try:
            return parse(text, max_lexical_tokens=self.limits.tokens, max_comments=self.limits.comments)
        except GraphQLError as error:
            if "Parsing aborted" in error.message:
                raise too_expensive(f"The document has more than {self.limits.tokens} tokens.") from None
            raise InvalidDocument([error]) from None


def _anew(refusal: CallerError) -> CallerError:
    """The same once more: what is raised holds on to the request that it was raised for, and is never kept."""
    if isinstance(refusal, InvalidDocument):
        return InvalidDocument(refusal.errors)
    return CallerError(refusal.code, refusal.message)


def _without_nodes(error: GraphQLError) -> GraphQLError:
    return GraphQLError(
        error.message,
        source=error.source,
        positions=error.positions,
        original_error=error.original_error,  # by it a fault of ours is told from the caller's
        extensions=error.extensions,
    )


def document_hash(text: str) -> str:
    """What logs call a document, which they never quote."""
    return hashlib.sha256(text.encode()).hexdigest()
