"""How often may be tried to sign in. Limits that attackers cannot turn against the dealer: a stranger who guesses
must be slowed down, and must not be able to keep out those who work there.

Failures are counted for an account at an address (`pair`), for an account wherever it was tried (`account`) and for an
address whatever was tried there (`address`). Keys are sealed hashes: who reads the table learns no address.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from server.addresses import place_of
from server.database import Session
from server.security import Sealer


class Bound(NamedTuple):
    """So many failures within so long a time, which begins with the first of them."""

    failures: int
    within: timedelta


PAIR = Bound(10, timedelta(minutes=15))
ACCOUNT = Bound(100, timedelta(hours=1))
OWN_TRIES = 2
"""What an address may still try at an account whose own bound is reached: attackers at many addresses are slowed down,
and the owner at his own signs in."""
ADDRESS = Bound(60, timedelta(minutes=15))
_WINDOWS = {"account": ACCOUNT.within, "address": ADDRESS.within, "pair": PAIR.within, "beyond": ADDRESS.within}
_SWEPT = 40
"""Rows that are looked at beside a write; it adds three at most, so old ones cannot gather."""
_PURPOSE = "sign-in"


class Tried(NamedTuple):
    """The keys of an attempt's buckets."""

    account: str
    address: str
    pair: str
    beyond: str
    """Where an address beyond its bound notes the accounts that it has tried since. A bucket of its own: such a note is
    made for accounts that exist only, so it may count for nothing that could be told apart once the bound is over."""


@dataclass(frozen=True)
class Attempt:
    """An attempt, counted as failed until it is forgiven. `refused_by` names the bound that refuses it, if one does."""

    tried: Tried
    refused_by: str | None
    is_beyond: bool
    """The address is beyond its bound: whatever fails is answered alike, after the same time."""


class _Failures(NamedTuple):
    account: int
    address: int
    pair: int
    beyond: int


def keys_of(sealer: Sealer, account: str, address: str) -> Tried:
    """The buckets of an account (its e-mail in the form in which addresses are compared) at a network address."""
    place = place_of(address)
    of = {"account": account, "address": place, "pair": f"{account}\n{place}", "beyond": f"{account}\n{place}"}
    return Tried(**{kind: f"{kind}:{sealer.of(f'{_PURPOSE} {kind}', text)}" for kind, text in of.items()})


async def count(session: Session, tried: Tried, *, is_known: bool, now: datetime) -> Attempt:
    """Counts an attempt before its password is looked at, so that parallel and aliased ones count too.

    What is refused writes nothing; nor does an unknown account while the address is beyond its bound, or a stranger
    could fill the table at will.
    """
    await _one_at_a_time(session, tried)
    failures = await _failures(session, tried, now)
    is_beyond = failures.address >= ADDRESS.failures
    refused_by = _refused_by(failures)
    if refused_by is None and (is_known or not is_beyond):
        # Beyond the bound one try a window is all that an address gets of an account, known or not: counted as the
        # account's own it would tell from elsewhere which accounts exist.
        await _write(session, (tried.beyond,) if is_beyond else (tried.account, tried.address, tried.pair), now)
        await _sweep(session, now)
    return Attempt(tried, refused_by, is_beyond)


def _refused_by(failures: _Failures) -> str | None:
    """An address's failures never refuse an account that has none of its own there: a whole dealership sits behind one
    address, and one who guesses would lock out everybody.
    """
    if failures.pair >= PAIR.failures:
        return "pair"
    if failures.address >= ADDRESS.failures:
        return "address" if failures.pair or failures.beyond else None
    if failures.account >= ACCOUNT.failures and failures.pair >= OWN_TRIES:
        return "account"
    return None


async def forgive(session: Session, attempt: Attempt) -> None:
    """The right password takes back what the account had counted at this address: there, and in the other buckets."""
    tried = attempt.tried
    await _one_at_a_time(session, tried)
    if not attempt.is_beyond:
        # What the pair counted before another bucket's window began is not in there any more; this attempt is.
        await session.write(
            "update sign_in_bucket b set failures = greatest(0, b.failures - case"
            " when pair.window_started_at >= b.window_started_at then pair.failures else 1 end)"
            " from sign_in_bucket pair where pair.key = :pair and b.key in (:account, :address)",
            {"pair": tried.pair, "account": tried.account, "address": tried.address},
        )
    await session.write(
        "delete from sign_in_bucket where key in (:pair, :beyond)", {"pair": tried.pair, "beyond": tried.beyond}
    )


async def _one_at_a_time(session: Session, tried: Tried) -> None:
    """Attempts at an account, and those from an address, wait for each other while they are counted. One order for
    everybody: the account, then the address.

    What is written need not have reached the disk: a crash may forget half a second of failures, and an attempt that
    writes a row must not take longer than one that writes none.
    """
    await session.rows(
        "select set_config('synchronous_commit', 'off', true), pg_advisory_xact_lock(hashtextextended(:account, 0))",
        {"account": tried.account},
    )
    await session.rows("select pg_advisory_xact_lock(hashtextextended(:address, 0))", {"address": tried.address})


async def _failures(session: Session, tried: Tried, now: datetime) -> _Failures:
    found = await session.rows(
        "select key, failures, window_started_at from sign_in_bucket where key = any(:keys)", {"keys": list(tried)}
    )
    counted = {row.key: row.failures for row in found if row.window_started_at > now - _window_of(row.key)}
    return _Failures(**{kind: counted.get(key, 0) for kind, key in tried._asdict().items()})


def _window_of(key: str) -> timedelta:
    return _WINDOWS[key.partition(":")[0]]


async def _write(session: Session, keys: tuple[str, ...], now: datetime) -> None:
    await session.write(
        "insert into sign_in_bucket as b (key, window_started_at, failures) values (:key, :now, 1)"
        " on conflict (key) do update set"
        " failures = case when b.window_started_at <= :window then 1 else b.failures + 1 end,"
        " window_started_at = case when b.window_started_at <= :window then :now else b.window_started_at end",
        [{"key": key, "now": now, "window": now - _window_of(key)} for key in keys],
    )


async def _sweep(session: Session, now: datetime) -> None:
    """Deletes what is over among a few rows, from a random place on and from the beginning again after the end: a
    bounded look by the primary key, where a search for what is old would read the whole table at each attempt.
    """
    place = f"{secrets.choice(tuple(_WINDOWS))}:{secrets.token_hex(16)}"
    await session.write(
        "delete from sign_in_bucket where key in (select key from sign_in_bucket where key = any(array("
        " (select key from sign_in_bucket where key > :place order by key limit :swept) union all"
        " (select key from sign_in_bucket where key <= :place order by key limit :swept) limit :swept))"
        " and window_started_at <= :over for update skip locked)",
        {"place": place, "swept": _SWEPT, "over": now - max(_WINDOWS.values())},
    )


async def forget_over(session: Session, *, now: datetime, most: int) -> int:
    """Deletes what no bound counts any more, so many rows at most; returns how many. Attempts sweep, too, but only
    while there are some.
    """
    return await session.write(
        "delete from sign_in_bucket where key in (select key from sign_in_bucket where window_started_at <= :over"
        " limit :most for update skip locked)",
        {"over": now - max(_WINDOWS.values()), "most": most},
    )
