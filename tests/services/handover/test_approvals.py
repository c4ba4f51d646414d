"""A manager approves with a token of his own what the yard may not decide: no deposit, a driver's age."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from server.database import ADMINISTRATION
from server.errors import Refused
from server.models import Contract, Driver, HistoryEntry, Protocol
from server.models.contract import ContractState
from server.models.contract_attention import BillingBlock
from server.models.contract_parts import HistoryAction
from server.models.staff import Role
from server.services.acting import Acting
from server.services.handover import approvals, exchange, photos
from server.services.people import devices, sessions, staff
from server.services.people.devices import DeviceReport
from server.services.people.staff import NewUser
from tests.builders import rentals
from tests.builders.bench import Bench
from tests.builders.rows import Shop, open_shop
from tests.driving import picture
from tests.services.samples import at

START, DAY, HOUR = at("2026-09-14 09:00"), timedelta(days=1), timedelta(hours=1)
PASSWORD, WHY = "correct-horse-battery", "regular customer"
DEPOSIT = {"deposit_cents": 300_00}


async def token_of(shop: Shop, role: Role = Role.MANAGER, *, here: bool = True, device: UUID | None = None) -> str:
    """The access token of somebody who has just signed in."""
    outside, email = shop.bench.outside, f"{uuid4()}@example.com"
    stations = (shop.station.id,) if here else ()
    async with outside.database.transaction(ADMINISTRATION) as session:
        new = NewUser(email=email, name="Chefin", role=role, station_ids=stations, password=PASSWORD)
        await staff.create_user(session, new, now=shop.bench.now)
    on = DeviceReport(device, "Tablet") if device else None
    signed_in = await sessions.sign_in(outside, email, PASSWORD, address="", now=shop.bench.now, device=on)
    return signed_in.access_token


@dataclass
class Counter:
    """A car that would go out, if only the deposit were held."""

    shop: Shop
    contract: Contract

    @classmethod
    async def opened(cls, bench: Bench, group: dict[str, Any] | None = None, **booking: Any) -> Counter:
        shop = await open_shop(bench, group_with=group or DEPOSIT)
        contract = await rentals.book(shop, START, START + DAY, **booking)
        bench.clock.move_to(START)
        return cls(shop, contract)

    async def check_out(
        self, token: str | None, *, why: str | None = WHY, protocol_id: UUID | None = None, **more: Any
    ) -> Any:
        """What the yard is answered: the protocol, or the code and the field of the refusal."""
        bench, yard = self.shop.bench, self.shop.somebody(Role.YARD)
        if more.pop("signed", False):
            picture_sha256 = hashlib.sha256(ink := picture(7)).hexdigest()
            await photos.upload(bench.outside, yard, picture_sha256, ink, now=bench.now)
            more |= {"signature_sha256": picture_sha256, "signature_missing_reason": None}
        drivers = tuple(str(driver.id) for driver in await bench.all(Driver, contract_id=self.contract.id))
        values = {"licence_checked_driver_ids": drivers, "override_reason": why, **more}
        report = rentals.report(self.contract, START, 10_000, values | {"protocol_id": protocol_id or uuid4()})
        approval = await approvals.shown(bench.outside.database, token, now=bench.now)
        async with bench.outside.database.transaction(yard.scope) as session:
            try:
                return await exchange.check_out(session, report, Acting(bench.now, yard), approval)
            except Refused as refusal:
                return refusal.code.value, refusal.field

    async def check_in(self, token: str) -> Protocol:
        bench, yard = self.shop.bench, self.shop.somebody(Role.YARD)
        approval = await approvals.shown(bench.outside.database, token, now=bench.now)
        report = rentals.report(self.contract, bench.now, 10_100, {})
        async with bench.outside.database.transaction(yard.scope) as session:
            return await exchange.check_in(session, report, Acting(bench.now, yard), approval)

    async def history(self) -> list[tuple[str, str, str | None, str | None]]:
        entries = await self.shop.bench.all(HistoryEntry, contract_id=self.contract.id)
        return [
            (one.action.value, one.actor, one.approved_by, one.reason)
            for one in entries
            if one.action in {HistoryAction.STATE_CHECKED_OUT, HistoryAction.STATE_RETURNED} or one.approved_by
        ]


@pytest.mark.parametrize("role", [Role.MANAGER, Role.ADMIN])
async def test_with_an_approval_the_car_goes_out_without_a_deposit(bench: Bench, role: Role) -> None:
    # Given
    counter = await Counter.opened(bench)
    token = await token_of(counter.shop, role, here=role is Role.MANAGER)
    assert await counter.check_out(None) == ("DEPOSIT_MISSING", ["input", "override_reason"])
    # When
    protocol = await counter.check_out(token)
    # Then protocol and history name both
    yard = f"Yard of {counter.shop.station.code}"
    assert (protocol.staff, protocol.approved_by, protocol.override_reason) == (yard, "Chefin", WHY)
    assert protocol.approved_by_id is not None
    assert await counter.history() == [("STATE_CHECKED_OUT", yard, "Chefin", WHY)]


async def test_a_driver_who_is_too_young_may_drive_with_an_approval(bench: Bench) -> None:
    # Given
    born = rentals.customer(birth_date=date(2007, 1, 1))
    counter = await Counter.opened(bench, {"deposit_cents": 0}, customer=born)
    async with bench.owned() as session:
        await session.write("update vehicle_group set minimum_age = 25")
    assert await counter.check_out(None) == ("DRIVER_NOT_ELIGIBLE", ["input", "licence_checked_driver_ids"])
    # When, Then
    protocol = await counter.check_out(await token_of(counter.shop))
    assert protocol.approved_by == "Chefin"


async def test_an_approval_needs_a_reason(bench: Bench) -> None:
    counter = await Counter.opened(bench)
    token = await token_of(counter.shop)
    assert await counter.check_out(token, why=" ") == ("DEPOSIT_MISSING", ["input", "override_reason"])


@pytest.mark.parametrize("kind", ["wrong", "refresh", "clerk", "elsewhere", "ended", "revoked"])
async def test_a_token_that_approves_nothing_is_refused_by_its_field(bench: Bench, kind: str) -> None:
    # Given
    counter = await Counter.opened(bench)
    device = uuid4() if kind == "revoked" else None
    role = Role.CLERK if kind == "clerk" else Role.MANAGER
    token = await token_of(counter.shop, role, here=kind != "elsewhere", device=device)
    if kind in {"wrong", "refresh"}:
        token = f"{'ea' if kind == 'wrong' else 'er'}_{'x' * 43}"
    if kind == "ended":
        bench.clock.move_to(START + 61 * timedelta(minutes=1))
    if device is not None:
        async with bench.outside.database.transaction(ADMINISTRATION) as session:
            await devices.revoke(session, device, by=uuid4(), now=bench.now)
    # When
    answer = await counter.check_out(token)
    # Then nothing was written
    assert answer == ("NOT_ALLOWED", ["input", "approved_by"])
    assert await bench.all(Protocol) == []


async def test_a_repeat_with_a_fresh_token_is_the_same_protocol(bench: Bench) -> None:
    # Given
    counter = await Counter.opened(bench)
    protocol_id = uuid4()
    first = await counter.check_out(await token_of(counter.shop), protocol_id=protocol_id)
    # When it comes again with a fresh token, without one, and with one that has ended
    tokens = [await token_of(counter.shop), None, f"ea_{'x' * 43}"]
    again = [await counter.check_out(token, protocol_id=protocol_id) for token in tokens]
    # Then
    assert [one.id for one in again] == [first.id] * 3
    assert len(await bench.all(Protocol)) == 1


async def test_what_is_over_and_signed_is_kept_without_the_approval(bench: Bench) -> None:
    # Given a signed hand-over that arrives two hours late, with a token that has ended meanwhile
    counter = await Counter.opened(bench)
    token = await token_of(counter.shop)
    bench.clock.move_to(START + 2 * HOUR)
    # When
    protocol = await counter.check_out(token, signed=True)
    # Then it is kept, and billing waits as for every late one without a deposit
    contract = await bench.contract(counter.contract.id)
    assert (protocol.approved_by, contract.state) == (None, ContractState.CHECKED_OUT)
    assert (contract.billing_block, contract.billing_block_detail) == (BillingBlock.LATE_HANDOVER, "DEPOSIT_MISSING")


async def test_a_return_names_who_approved_it(bench: Bench) -> None:
    # Given
    counter = await Counter.opened(bench)
    await counter.check_out(await token_of(counter.shop))
    bench.clock.move_to(START + DAY)
    # When
    protocol = await counter.check_in(await token_of(counter.shop))
    # Then
    assert protocol.approved_by == "Chefin"
    assert [(action, by) for action, _, by, _ in await counter.history()][1:] == [("STATE_RETURNED", "Chefin")]
