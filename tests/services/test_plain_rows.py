"""Rows without the ORM say what the ORM's say, and cannot be stored by mistake."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import inspect
from sqlalchemy.orm.exc import UnmappedInstanceError
from sqlmodel import SQLModel, select

import server.models
from server.database import SYSTEM
from server.database.plain import PlainRows
from server.models import Contract, Station
from tests.builders.bench import Bench
from tests.builders.rentals import book
from tests.builders.rows import open_shop

MODELS = sorted(
    {
        one
        for one in vars(server.models).values()
        if isinstance(one, type) and issubclass(one, SQLModel) and hasattr(one, "__table__")
    },
    key=lambda one: one.__name__,
)


def attributes(row: SQLModel) -> dict[str, Any]:
    return {one.key: getattr(row, one.key) for one in inspect(type(row)).column_attrs}


async def test_every_attribute_of_every_model_is_the_same(bench: Bench) -> None:
    # Given a booked car, with all that comes of it
    shop = await open_shop(bench)
    await book(shop, bench.now + timedelta(days=30), bench.now + timedelta(days=31))
    compared: set[str] = set()
    async with bench.owned() as session:
        for model in MODELS:
            # When both read everything
            statement = select(model).order_by(*inspect(model).primary_key)
            plain = PlainRows(model)
            ours, theirs = plain.of(await session.rows(plain.select(statement))), await session.all(statement)
            prepared = await plain.query(statement).all(session)
            # Then
            assert [attributes(row) for row in ours] == [attributes(row) for row in theirs], model
            assert [attributes(row) for row in prepared] == [attributes(row) for row in theirs], model
            assert all(type(row) is model for row in ours)
            times = [at for row in (*ours, *prepared) for at in attributes(row).values() if isinstance(at, datetime)]
            assert all(at.tzinfo is UTC for at in times)
            compared |= {model.__name__} if ours else set()
    assert compared >= {
        "Contract",
        "Customer",
        "Deposit",
        "Document",
        "Email",
        "Payment",
        "Station",
        "Tariff",
        "Vehicle",
    }


async def test_properties_and_methods_of_the_model_are_there(bench: Bench) -> None:
    shop = await open_shop(bench)
    await book(shop, bench.now + timedelta(days=30), bench.now + timedelta(days=31))
    plain = PlainRows(Contract)
    async with bench.outside.database.snapshot(SYSTEM) as session:
        (theirs,) = await session.all(select(Contract))
        (ours,) = await plain.by("id").all(session, keys=[theirs.id])
        assert (ours.terms, ours.price, ours.extras) == (theirs.terms, theirs.price, theirs.extras)


async def test_one_cannot_be_changed_or_stored(bench: Bench) -> None:
    shop = await open_shop(bench)
    plain = PlainRows(Station)
    async with bench.outside.database.transaction(SYSTEM) as session:
        (row,) = await plain.by("id").all(session, keys=[shop.station.id])
        with pytest.raises(AttributeError):
            row.name = "Another"
        with pytest.raises(UnmappedInstanceError):
            await session.store(row)


async def test_what_may_not_be_read_is_not_asked_for(bench: Bench) -> None:
    shop = await open_shop(bench)
    plain = PlainRows(Station, without=("phone",))
    query = plain.by("id", "code")
    assert "phone" not in query.sql
    async with bench.outside.database.snapshot(SYSTEM) as session:
        (row,) = await query.all(session, keys=[shop.station.id])
        assert row.code == shop.station.code
        with pytest.raises(UnmappedInstanceError):
            _ = row.phone
