"""Bookings, in every way in which they are made and paid."""

from __future__ import annotations

import random
from datetime import date
from typing import Any
from uuid import UUID

from server.models import HostedPayment, Payment
from server.models.contract import ChosenExtra, ContractKind
from server.models.customer import CustomerDetails, CustomerKind
from server.models.payment import PaymentMethod, PaymentState
from server.models.recipient import PostalAddress, Recipient
from server.models.staff import Role
from server.security import Principal
from server.services.booking import saga
from server.services.booking.plan import WorkshopReference
from server.services.payments import hosted_page, new_card
from tests.builders.rentals import customer, request
from tests.builders.till import Till
from tests.services.life.world import NothingToDo, World, one_of

PAGE: dict[str, Any] = {
    "method": PaymentMethod.HOSTED_PAGE,
    "card_token": None,
    "success_url": "https://shop.example/ok",
    "failure_url": "https://shop.example/no",
}
CARDS = ("tok-approved", "tok-approved", "tok-approved", "tok-approved", "tok-declined-later", "tok-hold-declined")
LEITWEG = (None, None, "991-03730-19")
"""Most companies are no authorities."""
PAYER = Recipient(
    name="Versicherung AG",
    address=PostalAddress(street="Allee 1", postcode="20095", city="Hamburg"),
    email="schaden@versicherung.example",
)


async def book(world: World, dice: random.Random) -> None:
    """By staff or a website, with a card that works, mostly."""
    await _book(world, dice, card_token=dice.choice(CARDS))


async def book_unpaid(world: World, dice: random.Random) -> None:
    """By staff, without a payment."""
    more: dict[str, Any] = {"method": PaymentMethod.WAIVED, "card_token": None, "waiver_reason": "Stammkunde"}
    await _book(world, dice, roles=(Role.CLERK, Role.YARD), **more)


async def book_on_the_page(world: World, dice: random.Random) -> None:
    """Waits for the payment page."""
    await _book(world, dice, **PAGE)


async def book_a_courtesy_car(world: World, dice: random.Random) -> None:
    """Free during a repair."""
    workshop = WorkshopReference(order_number="W-4711")
    await _book(world, dice, roles=(Role.CLERK,), kind=ContractKind.COURTESY, workshop=workshop)


async def book_for_a_payer(world: World, dice: random.Random) -> None:
    """Somebody else pays what comes after the advance."""
    await _book(world, dice, roles=(Role.CLERK, Role.MANAGER), payer=PAYER)


async def pay_on_the_page(world: World, dice: random.Random) -> None:
    """The customer pays on a page that is open, or was; the browser may not come back."""
    books = world.bench.books
    if not isinstance(books, Till):
        raise NothingToDo
    pages = {one.payment_id: one for one in await world.bench.all(HostedPayment)}
    paid = {entry.attempt.order_ref for entry in books.book}
    made = [one for one in await world.bench.all(Payment) if one.id in pages and one.order_reference not in paid]
    waiting = [one for one in made if one.state is PaymentState.PENDING]
    payment = one_of(dice, waiting)
    form = books.pay_on_page(hosted_page._checkout(world.bench.outside, pages[payment.id], payment))
    if dice.random() < 0.7:
        answer = await hosted_page.accept(world.bench.outside, form, dice.choice(["browser", "gateway"]))
        await saga.drive(world.bench.outside, answer.contract_id)
        await new_card.follow(world.bench.outside, answer.contract_id)


async def _book(
    world: World, dice: random.Random, roles: tuple[Role, ...] = (Role.CLERK, Role.CLERK, Role.WEB), **more: Any
) -> None:
    shop = dice.choices(world.shops, (3, 1))[0]
    start, end = world.period(dice)
    elsewhere = world.shops[shop is world.here].station.id if dice.random() < 0.2 else None
    who = _booker(world, dice, roles, {shop.station.id, elsewhere or shop.station.id})
    values: dict[str, Any] = {
        "return_station_id": elsewhere,
        "customer": _customer(dice),
        "extras": (ChosenExtra("CHILD_SEAT", 1),) if dice.random() < 0.2 else (),
        **more,
    }
    if dice.random() < 0.2 and shop.vehicles:
        values |= {"vehicle_id": dice.choice(shop.vehicles).id, "fixed_vehicle": True}
    await saga.book(world.bench.outside, who, request(shop, start, end, **values))


def _booker(world: World, dice: random.Random, roles: tuple[Role, ...], stations: set[UUID]) -> Principal:
    """Somebody who sees the stations, nearly always."""
    able = [one for role in roles for one in world.people[role] if stations <= set(one.stations)]
    return dice.choice(able) if able and dice.random() < 0.97 else world.somebody(dice, *roles)


def _customer(dice: random.Random) -> CustomerDetails:
    more: dict[str, Any] = {"birth_date": date(1990, 5, 5)}
    if dice.random() < 0.2:
        return customer(**more, kind=CustomerKind.COMPANY, company="Malerei GmbH", buyer_reference=dice.choice(LEITWEG))
    return customer(**more, **({"address": None} if dice.random() < 0.1 else {}))
