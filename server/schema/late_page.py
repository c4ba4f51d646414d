"""Pages that are read when something of them is wanted, so that PostgreSQL can write what is wanted of their rows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlmodel import SQLModel

from server.batches import Batch
from server.context import Context
from server.engine.ready import Ready
from server.engine.wanted import Wanted
from server.schema.building import Info
from server.schema.paging import Edge, Page, page, page_of, read_position, write_cursor
from server.schema.shared import PageInfo
from server.services.lists import page_text
from server.services.lists.json_text import Written
from server.services.lists.listing import Listing
from server.services.lists.page_text import RowsText, WrittenPage

Row = TypeVar("Row", bound=SQLModel)
Write = Callable[[Sequence[Written]], Awaitable[WrittenPage]]


class LatePage(Generic[Row]):
    """A page of a listing: either as text, as far as the engine can have it so, or as the rows of a `Page`. Where it
    stands is told by what was read of it anyhow.
    """

    def __init__(
        self,
        rows: Callable[[], Awaitable[Page[Row]]],
        write: Write,
        count: Callable[[], Awaitable[int]],
        first: int,
        after: str | None,
    ) -> None:
        self.count = count
        self._read_rows, self._write = rows, write
        self._first, self._has_previous = first, after is not None
        self._wanted: list[Written] = []
        self._page: Page[Row] | None = None
        self._written: WrittenPage | None = None
        self._one_at_a_time = asyncio.Lock()

    @property
    async def nodes(self) -> list[Row]:
        """The rows."""
        return (await self._rows()).nodes

    @property
    async def edges(self) -> list[Edge[Row]]:
        """The rows with their cursors."""
        return (await self._rows()).edges

    @property
    async def page_info(self) -> PageInfo:
        """Where it stands."""
        if not self._wanted:
            return (await self._rows()).page_info
        written = await self._texts()
        return PageInfo(
            has_next_page=written.found > self._first,
            has_previous_page=self._has_previous,
            start_cursor=None if written.begins is None else write_cursor(written.begins),
            end_cursor=None if written.ends is None else write_cursor(written.ends),
        )

    def text(self, wanted: Written) -> Awaitable[str]:
        """What is wanted of its rows, as a list in JSON. All that is said to be wanted before the first is waited for
        comes by one statement.
        """
        self._wanted.append(wanted)
        return self._text(len(self._wanted) - 1)

    async def _text(self, place: int) -> str:
        return (await self._texts()).texts[place]

    async def _texts(self) -> WrittenPage:
        async with self._one_at_a_time:
            if self._written is None or len(self._written.texts) < len(self._wanted):
                self._written = await self._write(self._wanted)
            return self._written

    async def _rows(self) -> Page[Row]:
        async with self._one_at_a_time:
            if self._page is None:
                self._page = await self._read_rows()
            return self._page


async def late_page(
    info: Info,
    listing: Listing[Any],
    first: int,
    after: str | None,
    text: RowsText,
    *,
    of: Batch[UUID, Row | None] | None,
) -> LatePage[Row]:
    """What `page` shows of a listing, or `page_of` with the batch function `of`. What is wrong with the arguments is
    said at once.
    """
    session, position = await info.context.session(), read_position(listing, first, after)

    async def rows() -> Page[Row]:
        return await (page(info, listing, first, after) if of is None else page_of(info, listing, first, after, of))

    async def write(wanted: Sequence[Written]) -> WrittenPage:
        return await page_text.read(session, listing, text, wanted, first, position)

    return LatePage(rows, write, lambda: listing.count(session), first, after)


def ready(text: RowsText, *, below: str) -> dict[str, Ready]:
    """How a connection's fields come as text, below a field that gives late pages."""
    return {name: Ready(_compile(text, write), below=below) for name, write in page_text.FIELDS.items()}


def _compile(text: RowsText, write: page_text.Write) -> Callable[[Sequence[Wanted]], Any]:
    def compiled(wanted: Sequence[Wanted]) -> Callable[[LatePage[Any], Context], Awaitable[str]] | None:
        for_staff, for_websites = write(text.for_staff, wanted), write(text.for_websites, wanted)
        if for_staff is None or for_websites is None:
            return None

        def made(page: LatePage[Any], context: Context) -> Awaitable[str]:
            return page.text(for_websites if context.is_website else for_staff)

        return made

    return compiled
