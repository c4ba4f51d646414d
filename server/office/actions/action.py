"""What an operation's form needs to know: what it is about, what is known already, and what it would cost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from server.errors import Sentence
from server.office.desk import Desk
from server.office.operations import Answer
from server.office.typed import Choice
from server.office.words.catalogue import action_words

Known = Mapping[str, Any]
Choices = Mapping[str, Sequence[Choice]]
Change = Callable[[Known], Known]


@dataclass(frozen=True)
class Subject:
    """What an operation is about: a contract, a car, a mail. Its page's address finds it."""

    read: Callable[[Desk, str], Awaitable[Answer]]
    """By the last part of the address; NotFound if there is none in this person's scope."""
    title: Callable[[Answer], str]
    page: Callable[[Answer], str]
    """Where a person goes when it is done."""
    zone: Callable[[Answer], str] = lambda _row: "Europe/Berlin"
    """The time zone in which its times are typed."""
    key: Callable[[Answer], str] = lambda row: str(row["id"])
    """By what its operations' addresses name it."""


def _always(_row: Answer) -> bool:
    return True


def _nothing(_row: Answer) -> Known:
    return {}


async def _none(_desk: Desk, _row: Answer) -> Choices:
    return {}


@dataclass(frozen=True)
class Action:
    """One operation as a form."""

    name: str
    """In the address, for example `change-period`."""
    document: str
    """The file of `documents/` whose variables are asked for; its root field has the alias `result`."""
    mutation: str
    """The root field: who may call it is asked of the API's own rule."""
    offered: Callable[[Answer], bool] = _always
    """Whether it makes sense as things stand. The API decides; this only keeps pages short."""
    values: Callable[[Answer], Known] = _nothing
    """What the form begins with, in the shape of the document's variables."""
    fixed: Callable[[Answer], Known] = _nothing
    """Variables that nobody is asked for."""
    choices: Callable[[Desk, Answer], Awaitable[Choices]] = _none
    change: Change | None = None
    """The `ContractChange` that a form's variables stand for: what it would cost is shown before it is saved."""
    preview: str | None = None
    """A query with the same variables but the version, for what has no `ContractChange`."""
    without: frozenset[str] = frozenset()
    only_changes: bool = False
    """Whether `input` is an update."""
    is_grave: bool = False
    """Whether it cannot simply be taken back."""
    only_managers: bool = False
    """Whether the API refuses it to clerks, though they may call its root field for less."""

    @property
    def is_previewed(self) -> bool:
        """Whether it is first shown what would come of it."""
        return self.change is not None or self.preview is not None

    @property
    def title(self) -> Sentence:
        """What it is called, on buttons and above its form."""
        return action_words(self.document).title

    @property
    def about(self) -> Sentence | None:
        """What it does, where the title does not say it."""
        return action_words(self.document).about

    def is_for(self, desk: Desk) -> bool:
        """Whether this person's role may do it."""
        return desk.may(self.mutation) and (not self.only_managers or desk.is_manager)
