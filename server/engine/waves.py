"""Runs a plan: an answer grows wave by wave, and what lies equally deep in it is one wave."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import partial
from typing import Any

import strawberry
from graphql import GraphQLError, GraphQLResolveInfo
from graphql.execution import Executor
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path as CorePath
from strawberry.types.arguments import convert_arguments

from server.engine.columns import Column, Wanted, Wave, fill, give_up, hear, note_awaitables, read, show, take_texts
from server.engine.completion import Completion
from server.engine.failures import Failures, Level, Path, Raised
from server.engine.plan import PlannedField, Selection
from server.engine.taking import Attribute, Function, Made, Related, Resolved, TypeName


class Run:
    """One operation being executed."""

    def __init__(self, schema: strawberry.Schema, executor: Executor[Any]) -> None:
        self._schema = schema
        self._executor = executor
        self._context = executor.context_value
        self._infos: dict[PlannedField, GraphQLResolveInfo[Any]] = {}
        self._arguments: dict[PlannedField, dict[str, Any]] = {}
        self.failures = Failures()

    async def together(self, selection: Selection) -> dict[str, Any]:
        """The answer of fields that may be taken at the same time: those of a query."""
        data: dict[str, Any] = {}
        await self._grow(Level(selection, [self._executor.root_value], [data], _at_the_root))
        return data

    async def one_by_one(self, selection: Selection) -> dict[str, Any]:
        """The answer of fields of which each begins when the one before it is answered: those of a mutation."""
        data: dict[str, Any] = {}
        for planned in selection.fields:
            alone = Selection(selection.of, [planned], [planned.key], selection.size)
            await self._grow(Level(alone, [self._executor.root_value], [data], _at_the_root))
            if self.failures.leave_nothing:
                break
        return data

    async def _grow(self, root: Level) -> None:
        levels = [root]
        while levels and not self.failures.leave_nothing:
            wave = self._begun(levels)
            await self._arrived(wave)
            levels = self._completed(levels, wave)

    def _begun(self, levels: Iterable[Level]) -> Wave:
        wave = Wave()
        for level in levels:
            for planned in level.selection.fields:
                column = Column(level, planned)
                wave.columns.append(column)
                try:
                    self._take(column, wave)
                except Exception as error:  # such as an argument that does not fit: it fails for all of them
                    column.fail(error)
        return wave

    def _take(self, column: Column, wave: Wave) -> None:
        taking, sources = column.field.taking, column.level.sources
        if isinstance(taking, Attribute):
            read(column, taking, sources)
            note_awaitables(column, wave)
        elif isinstance(taking, TypeName):
            column.values = [taking.name] * len(sources)
        elif isinstance(taking, Function):
            self._call(column, taking)
            note_awaitables(column, wave)
        elif isinstance(taking, Made):
            take_texts(column, taking, self._context, wave)
        elif isinstance(taking, Related):
            self._call(column, taking.key)
            wave.wanted.setdefault(taking.relation.batch, Wanted()).columns.append((column, column.values))
        else:
            self._resolve(column, taking)
            note_awaitables(column, wave)

    def _call(self, column: Column, taking: Function) -> None:
        given = self._arguments_of(column.field, taking)
        call = partial(taking.call, **given) if given else taking.call
        values = column.values
        for source in column.level.sources:
            try:
                values.append(call(source))
            except Exception as error:
                values.append(Raised(error))

    def _resolve(self, column: Column, taking: Resolved) -> None:
        executor, planned = self._executor, column.field
        given = self._graphql_arguments(planned)
        for position, source in enumerate(column.level.sources):
            path = _core_path([*column.level.where(position), planned.key], planned.parent.name)
            info = executor.build_resolve_info(planned.definition, planned.nodes, planned.parent, path)
            try:
                column.values.append(taking.resolve(source, info, **given))
            except Exception as error:
                column.values.append(Raised(error))

    async def _arrived(self, wave: Wave) -> None:
        """Relations first: functions that load the same by themselves find it there already. Then texts, for the same
        reason, and one after the other: they come by the same connection.
        """
        try:
            await self._find(wave)
            for text in wave.texts:
                await hear(*text)
            if len(wave.awaited) == 1:
                await hear(*wave.awaited[0])
            elif wave.awaited:
                async with asyncio.TaskGroup() as group:
                    tasks = [group.create_task(hear(*place)) for place in wave.awaited]
                if any(task.cancelled() for task in tasks):
                    raise asyncio.CancelledError
        except BaseException:
            for column, position in (*wave.texts, *wave.awaited):
                give_up(column.values[position])
            raise

    async def _find(self, wave: Wave) -> None:
        for batch, wanted in wave.wanted.items():
            try:
                keys = wanted.keys()
                found = await self._context.load_all(batch, keys) if keys else {}
            except Exception as error:
                for column, _ in wanted.columns:
                    column.fail(error)
                continue
            for column, of_each in wanted.columns:
                show(column, of_each, found, self._context)
                note_awaitables(column, wave)

    def _completed(self, levels: Iterable[Level], wave: Wave) -> list[Level]:
        below: list[Level] = []
        done = iter([self._completion(column, below).column(column.values) for column in wave.columns])
        for level in levels:
            columns = [next(done) for _ in level.selection.fields]
            if columns:  # nothing may be left of a selection by its @skip and @include
                fill(level, columns)
        return below

    def _completion(self, column: Column, below: list[Level]) -> Completion:
        info = partial(self._info, column.field)
        return Completion(self._executor, self.failures, column.level, column.field, info, below)

    def _info(self, planned: PlannedField) -> GraphQLResolveInfo[Any]:
        """What a function of a field may know of the operation; its path is the field's, whatever the parent."""
        info = self._infos.get(planned)
        if info is None:
            path = CorePath(None, planned.key, planned.parent.name)
            info = self._executor.build_resolve_info(planned.definition, planned.nodes, planned.parent, path)
            self._infos[planned] = info
        return info

    def _graphql_arguments(self, planned: PlannedField) -> dict[str, Any]:
        if not planned.definition.args:
            return {}
        executor = self._executor
        node = planned.details[0].node
        return get_argument_values(planned.definition, node, executor.variable_values, None, executor.hide_suggestions)

    def _arguments_of(self, planned: PlannedField, taking: Function) -> dict[str, Any]:
        found = self._arguments.get(planned)
        if found is not None:
            return found
        info = None
        if taking.info_as is not None:
            info = self._schema.config.info_class(_raw_info=self._info(planned), _field=taking.field)
        given = convert_arguments(
            self._graphql_arguments(planned),
            taking.field.arguments,
            scalar_registry=self._schema.schema_converter.scalar_registry,
            config=self._schema.config,
            info=info,
        )
        if taking.info_as is not None:
            given[taking.info_as] = info
        self._arguments[planned] = given
        return given


def _at_the_root(_position: int) -> Path:
    return []


def _core_path(path: Path, type_name: str) -> CorePath:
    made: CorePath | None = None
    for step in path:
        made = CorePath(made, step, type_name if isinstance(step, str) else None)
    if made is None:
        raise GraphQLError("a field has a place")
    return made
