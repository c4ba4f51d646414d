"""What is done again because PostgreSQL has ended it in favour of somebody else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from sqlalchemy.exc import DBAPIError

from server.database.errors import sql_state

P = ParamSpec("P")
T = TypeVar("T")
TRIES = 3
_DEADLOCK, _SERIALISATION_FAILURE = "40P01", "40001"


def tried_again(work: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Work of one transaction that is done again, a few times, if it ends in a deadlock or a serialisation failure:
    then nothing of it was written, and who was in the way has gone on. It looks anew, and may find that another version
    is stored by now. What follows the transaction in it must not end in either.
    """

    @wraps(work)
    async def again(*args: P.args, **kwargs: P.kwargs) -> T:
        for _ in range(TRIES - 1):
            try:
                return await work(*args, **kwargs)
            except DBAPIError as error:
                if sql_state(error) not in {_DEADLOCK, _SERIALISATION_FAILURE}:
                    raise
        return await work(*args, **kwargs)

    return again
