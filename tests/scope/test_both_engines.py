"""Our engine and graphql-core answer the whole sweep in the same way, also when fields fail that never do otherwise."""

from __future__ import annotations

import asyncio
import functools
import gc
import inspect
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zlib import crc32

import httpx2
import pytest
from graphql import GraphQLObjectType
from pydantic import SecretStr
from strawberry.types.field import StrawberryField

from server.app import create_app
from server.config import Settings
from server.context import Context
from server.database.embedded import Cluster
from server.edge.costs import core_schema
from server.engine.ready import Ready
from server.errors import CallerError, CallerErrorCode
from server.resolvers import schema as schema_module
from server.runtime import create_runtime
from server.schema.shared import read_attribute
from tests.driving import Api, SandboxServer
from tests.engine.answers import same

from .database import Hidden
from .inputs import Values
from .probe import Probe, served_schema
from .world import World

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""What graphql-core leaves lying about is its own; that our engine leaves nothing is tested in `tests/engine`."""
ROOTS = {"Query", "Mutation"}
SOME = 12
"""Of a thousand fields of a thousand objects so many fail."""


@dataclass
class Both:
    """Asks both engines, in this process and on the same database, and compares what they say."""

    token: str
    apps: tuple[httpx2.AsyncClient, httpx2.AsyncClient]
    loop: asyncio.AbstractEventLoop
    alike: list[bool] = field(default_factory=list)
    failed: int = 0

    def post(self, query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        """What our engine says, which is what graphql-core says."""
        try:
            return self._compared(query, variables)
        except AssertionError:  # the dealership's own work goes on: something may have happened between the two
            return self._compared(query, variables)

    def _compared(self, query: str, variables: dict[str, Any] | None) -> dict[str, Any]:
        ours, core = (self._said(app, query, variables) for app in self.apps)
        self.alike.append(same(ours, core) if "data" in core else ours == core)
        self.failed += bool(core.get("errors"))
        if len(self.alike) % 20 == 0:
            gc.collect()
        return ours

    def _said(self, app: httpx2.AsyncClient, query: str, variables: dict[str, Any] | None) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {self.token}"}
        response = self.loop.run_until_complete(
            app.post("/graphql", json={"query": query, "variables": variables}, headers=headers)
        )
        answer: dict[str, Any] = response.json()
        for error in answer.get("errors", []):
            error["extensions"].pop("reference", None)
        return answer


def _chance(name: str, source: object) -> bool:
    """Whether a field of an object is one that fails: always the same, and by what names the object."""
    who = next((str(one) for key in ("id", "number", "code", "amount") if (one := getattr(source, key, None))), "")
    return crc32(f"{name}/{type(source).__name__}/{who}".encode()) % 1000 < SOME


def _refused(name: str) -> CallerError:
    return CallerError(CallerErrorCode.BAD_USER_INPUT, f"{name} is not answered today")


def _read_or_fail(source: Any, name: str) -> Any:
    if _chance(name, source):
        raise _refused(name)
    return read_attribute(source, name)


def _or_fail(name: str, resolver: Callable[..., Any]) -> Callable[..., Any]:
    def check(args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if _chance(name, args[0] if args else kwargs.get("root")):
            raise _refused(name)

    @functools.wraps(resolver)
    def resolve(*args: Any, **kwargs: Any) -> Any:
        check(args, kwargs)
        return resolver(*args, **kwargs)

    @functools.wraps(resolver)
    async def resolve_later(*args: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(0)
        check(args, kwargs)
        return await resolver(*args, **kwargs)

    return resolve_later if inspect.iscoroutinefunction(resolver) else resolve


def _let_some_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema_module, "read_attribute", _read_or_fail)
    # What PostgreSQL writes knows nothing of fields that fail here: it is compared in tests/services/fleet.
    monkeypatch.setattr(Ready, "of", staticmethod(lambda _field: None))
    for kind in core_schema(schema_module.create_schema()).type_map.values():
        if not isinstance(kind, GraphQLObjectType) or kind.name in ROOTS:
            continue
        for name, definition in kind.fields.items():
            declared = definition.extensions.get("strawberry-definition")
            if isinstance(declared, StrawberryField) and declared.base_resolver is not None:
                resolver: Any = declared.base_resolver.wrapped_func
                wrapped = _or_fail(name, resolver)
                monkeypatch.setattr(declared.base_resolver, "wrapped_func", wrapped)


@pytest.fixture
def same_links(monkeypatch: pytest.MonkeyPatch) -> None:
    """Links carry the second in which they were made."""
    until = datetime(2030, 1, 1, tzinfo=UTC)
    monkeypatch.setattr(Context, "link_until", lambda _self, path: (f"https://links.example{path}", until))


@pytest.fixture(params=["as it is", "some fail"])
def both(
    request: pytest.FixtureRequest,
    server: SandboxServer,
    world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    same_links: None,
) -> Iterator[Both]:
    if request.param == "some fail":
        _let_some_fail(monkeypatch)
    loop, url = asyncio.new_event_loop(), Cluster(Path(server.data_dir)).url()
    runtimes = [
        create_runtime(
            Settings(
                data_dir=tmp_path / str(ours),
                sandbox=True,
                sandbox_begins=server.now(),
                level_by_level=ours,
                secret_key=SecretStr("the same key for both of them, here"),
            ),
            url,
        )
        for ours in (True, False)
    ]
    now = server.now()
    for runtime in runtimes:
        monkeypatch.setattr(runtime.outside.clock, "now", lambda: now)
    ours, core = (
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app=create_app(runtime)), base_url="http://both")
        for runtime in runtimes
    )
    manager: Api = world.viewers["MANAGER"]
    assert manager.token
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # graphql-core does not await all that it has begun
        gc.disable()  # it is collected between two documents: elsewhere Python may not even be able to warn
        yield Both(manager.token, (ours, core), loop)
        loop.run_until_complete(_all_has_ended())
        for runtime in runtimes:
            loop.run_until_complete(runtime.outside.database.close())
        loop.close()
        gc.collect()
        gc.enable()


async def _all_has_ended() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def test_the_whole_sweep_is_answered_in_the_same_way(both: Both, world: World, hidden: Hidden, values: Values) -> None:
    # Given a manager who asks for everything
    viewer: Any = both
    probe = Probe(served_schema(), viewer, hidden, values)
    # When, Then: each answer is compared
    for _ in probe.walk():
        pass
    # And that says something: most types were met, and fields failed alone and together
    assert len(both.alike) > 100
    assert len(probe.report.met) > 60
    assert both.failed > 50
    assert sum(both.alike) > len(both.alike) * 0.9
