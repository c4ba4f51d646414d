"""Keyset paging: a cursor names the last row that was seen, so page 1000 costs what page 1 costs."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping, Sequence
from copy import copy
from types import GenericAlias
from typing import Any, Generic, TypeVar
from uuid import UUID

import orjson
import strawberry
from sqlmodel import SQLModel
from strawberry.extensions import FieldExtension

from server.batches import Batch
from server.engine.ready import Ready
from server.errors import CallerError, CallerErrorCode
from server.loaders import found_value
from server.schema.building import Info
from server.schema.shared import PageInfo
from server.services.lists.listing import Listing

Row = TypeVar("Row", bound=SQLModel)
Node = TypeVar("Node", bound=SQLModel)
LARGEST_PAGE = 100


def check_first(first: int) -> int:
    """Refuses a page that is empty or too large."""
    if not 1 <= first <= LARGEST_PAGE:
        raise CallerError(CallerErrorCode.BAD_USER_INPUT, f"`first` must lie between 1 and {LARGEST_PAGE}.")
    return first


def write_cursor(position: Sequence[Any]) -> str:
    """An opaque cursor for the position of a row in its list's order."""
    return base64.urlsafe_b64encode(orjson.dumps(list(position), default=str)).decode().rstrip("=")


def read_cursor(cursor: str | None, length: int) -> list[str] | None:
    """The position behind a cursor; BAD_USER_INPUT if it is not one of this list's."""
    if cursor is None:
        return None
    try:
        position = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error) as error:
        raise _bad_cursor() from error
    if not isinstance(position, list) or len(position) != length or not all(isinstance(p, str) for p in position):
        raise _bad_cursor()
    return position


def read_position(listing: Listing[Any], first: int, after: str | None) -> list[str] | None:
    """The position behind a cursor of a listing; BAD_USER_INPUT if it is not one, or the page is empty or too large."""
    position = read_cursor(after, listing.key_length)
    check_first(first)
    try:
        listing.require_position(position)
    except ValueError as error:
        raise _bad_cursor() from error
    return position


def _bad_cursor() -> CallerError:
    return CallerError(CallerErrorCode.BAD_USER_INPUT, "`after` is not a cursor of this list.")


class Page(Generic[Row]):
    """What a connection type shows: the rows of a listing with their cursors. The count is made only if asked for."""

    def __init__(
        self,
        listing: Listing[Row],
        rows: Sequence[Row],
        count: Callable[[], Awaitable[int]],
        *,
        has_next: bool,
        has_previous: bool,
    ) -> None:
        self.count = count
        self._listing, self._rows = listing, rows
        self.nodes: list[Any] = list(rows)
        self.page_info = PageInfo(
            has_next_page=has_next,
            has_previous_page=has_previous,
            start_cursor=self._cursor(rows[0]) if rows else None,
            end_cursor=self._cursor(rows[-1]) if rows else None,
        )

    @property
    def edges(self) -> list[Edge[Row]]:
        """The rows with their cursors."""
        return [Edge(self._cursor(row), node) for row, node in zip(self._rows, self.nodes, strict=True)]

    def showing(self, nodes: Sequence[Node]) -> Page[Node]:
        """The same page with other rows in the places of its own."""
        shown: Page[Any] = copy(self)
        shown.nodes = list(nodes)
        return shown

    def _cursor(self, row: Row) -> str:
        return write_cursor(self._listing.position_of(row))


class Edge(Generic[Row]):
    """A row with its cursor."""

    def __init__(self, cursor: str, node: Row) -> None:
        self.cursor = cursor
        self.node = node


async def page(info: Info, listing: Listing[Row], first: int, after: str | None) -> Page[Row]:
    """One page of a listing."""
    session = await info.context.session()
    return await page_from(
        listing,
        first,
        after,
        rows=lambda limit, position: listing.rows(session, limit, position),
        count=lambda: listing.count(session),
    )


async def page_of(
    info: Info, listing: Listing[Any], first: int, after: str | None, batch: Batch[UUID, Row | None]
) -> Page[Row]:
    """One page of a listing whose rows stand for others, which `batch` finds by the listing's `identity`. LookupError
    if one of those is not there for whoever may see the row that stands for it.
    """
    found = await page(info, listing, first, after)
    wanted = [getattr(row, listing.identity) for row in found.nodes]
    nodes = await info.context.load_all(batch, wanted)
    there = [node for one in wanted if (node := found_value(nodes[one])) is not None]
    if len(there) < len(wanted):
        raise LookupError(f"{len(wanted) - len(there)} rows of a page stand for nothing")
    return found.showing(there)


async def page_from(
    listing: Listing[Row],
    first: int,
    after: str | None,
    *,
    rows: Callable[[int, list[str] | None], Awaitable[Sequence[Row]]],
    count: Callable[[], Awaitable[int]],
) -> Page[Row]:
    """One page of a listing whose rows and count come from elsewhere: from a loader, for a list inside a list."""
    position = read_position(listing, first, after)
    found = await rows(first + 1, position)
    return Page(listing, found[:first], count, has_next=len(found) > first, has_previous=after is not None)


def connection_type(node: type, *, ready: Mapping[str, Ready] | None = None) -> Any:
    """The connection type of a node type, as GraphQL clients know them: edges, nodes, pageInfo, totalCount. `ready`
    says how nodes and edges come as text.
    """
    name = node.__name__
    edge = _made(
        f"{name}Edge",
        f"One item of a list of {name}, with its cursor.",
        {
            "cursor": (str, "Give it as `after` to continue behind this item."),
            "node": (node, "The item of the list itself."),
        },
    )

    async def total_count(self: Page[Any]) -> int:  # the page is the source
        return await self.count()

    fields = {
        "edges": (GenericAlias(list, (edge,)), "The items of this page, each with its cursor."),
        "nodes": (GenericAlias(list, (node,)), "The items of this page."),
        "page_info": (PageInfo, "Where this page stands in the list."),
    }
    more: dict[str, Any] = {}
    if ready is not None:
        for key, (kind, text) in fields.items():
            how: list[FieldExtension] = [ready[key]] if key in ready else []
            more[key] = strawberry.field(resolver=_attribute(key), graphql_type=kind, description=text, extensions=how)
        fields = {}
    more["total_count"] = strawberry.field(
        resolver=total_count,
        description="How many items the whole list has that you may see. Counted only if it is asked for.",
    )
    return _made(f"{name}Connection", f"One page of a list of {name}.", fields, **more)


def _attribute(name: str) -> Callable[[Any], Any]:
    def of_page(root: Any) -> Any:
        return getattr(root, name)

    return of_page


def _made(name: str, description: str, fields: dict[str, tuple[Any, str]], **more: Any) -> Any:
    namespace: dict[str, Any] = {key: strawberry.field(description=text) for key, (_, text) in fields.items()}
    annotations = {key: kind for key, (kind, _) in fields.items()}
    cls = type(name, (), {**namespace, **more, "__annotations__": annotations, "__module__": __name__})
    return strawberry.type(cls, description=description)
