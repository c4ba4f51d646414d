"""A small schema with one field for each way in which a resolver can behave."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Annotated, Any, NewType

import strawberry
from starlette.datastructures import UploadFile
from strawberry.file_uploads import Upload
from strawberry.schema.config import StrawberryConfig

from server.edge.uploads import UPLOAD_SCALAR
from server.errors import CallerError, CallerErrorCode, DomainError, InvalidInput, ProblemCode, Refused, Sentence
from server.security import Principal

SECRET = "canary-4929-secret"


@dataclass
class Happened:
    """What the resolvers did."""

    mutations: list[str] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    started: list[str] = field(default_factory=list)
    contexts: int = 0
    loop: asyncio.AbstractEventLoop = field(init=False)
    ticks: asyncio.Queue[int] = field(default_factory=asyncio.Queue)


@dataclass
class Context:
    """What `info.context` is here."""

    principal: Principal | None
    happened: Happened

    async def session(self) -> Principal | None:
        """In place of a snapshot: who sees it."""
        return self.principal


Info = strawberry.Info[Context, None]
Card = NewType("Card", str)
Fragile = NewType("Fragile", str)


def parse_card(value: Any) -> str:
    if not isinstance(value, str) or not value.isdigit():
        raise ValueError("A card number has digits only.")
    return value


def parse_fragile(value: Any) -> str:
    if value == "break":
        raise KeyError(SECRET)
    return str(value)


class Fuel(enum.Enum):
    PETROL = "petrol"
    ELECTRIC = "electric"


@strawberry.type
class Rejection:
    message: str


class TurnedIntoRejection(strawberry.ExceptionHandler[DomainError, Rejection]):
    def handle(self, exception: DomainError, *, field: Any, info: Any) -> Rejection:
        return Rejection(message=str(exception))


@strawberry.type
class Station:
    id: strawberry.ID
    name: str

    @strawberry.field
    def cars(self) -> list[Car]:
        return [Car(id=strawberry.ID(str(number)), fuel=Fuel.PETROL) for number in range(3)]


@strawberry.type
class Car:
    id: strawberry.ID
    fuel: Fuel

    @strawberry.field
    def station(self) -> Station:
        return Station(id=strawberry.ID("1"), name="North")

    @strawberry.field
    def fails(self) -> str | None:
        raise RuntimeError(SECRET)


@strawberry.type
class CarConnection:
    nodes: list[Car]
    total_count: int


@strawberry.type
class Query:
    @strawberry.field
    def viewer(self, info: Info) -> str:
        return info.context.principal.name if info.context.principal else "nobody"

    @strawberry.field
    def cars(self, first: int = 50) -> CarConnection:
        if not 1 <= first <= 100:
            raise CallerError(CallerErrorCode.BAD_USER_INPUT, "`first` must be between 1 and 100.")
        cars = [Car(id=strawberry.ID(str(number)), fuel=Fuel.ELECTRIC) for number in range(first)]
        return CarConnection(nodes=cars, total_count=first)

    @strawberry.field
    def stations(self) -> list[Station]:
        return [Station(id=strawberry.ID("1"), name="North")]

    @strawberry.field
    def echo(self, text: str = "", number: float = 0, numbers: list[int] | None = None) -> str:
        return f"{text}{number}{numbers or ''}"

    @strawberry.field
    async def fail(self) -> str | None:
        await asyncio.sleep(0.01)
        raise RuntimeError(f"{SECRET} in a message") from KeyError(SECRET)

    @strawberry.field
    def wrong_result(self) -> Fuel | None:
        return SECRET  # type: ignore[return-value]

    @strawberry.field
    def missing(self) -> str:
        return None  # type: ignore[return-value]

    @strawberry.field
    def refused(self) -> str | None:
        raise InvalidInput(
            Sentence("The end must be after the start.", "Das Ende muss nach dem Beginn liegen."),
            field=["period", "end"],
        )

    @strawberry.field
    def forbidden(self) -> str | None:
        raise CallerError(CallerErrorCode.FORBIDDEN, "Managers only.")

    @strawberry.field
    def fragile(self, value: Fragile) -> str:
        return value

    @strawberry.field
    async def slow(self, info: Info, seconds: float, name: str = "") -> str:
        info.context.happened.started.append(name)
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            info.context.happened.cancelled.append(name)
            raise
        return "done"


@strawberry.type
class Session:
    access_token: str

    @strawberry.field
    def viewer(self) -> Station:
        return Station(id=strawberry.ID("1"), name="North")


@strawberry.input
class Payment:
    card: Card
    cvv: int


SignInResult = Annotated[Session | Rejection, strawberry.union("SignInResult")]


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def sign_in(self, info: Info, email: str, password: str) -> SignInResult:
        if password == "slow":
            await asyncio.sleep(60)
        if password == "right":
            return Session(access_token="ea_new")
        raise Refused(ProblemCode.NOT_ALLOWED, Sentence("E-mail or password is wrong.", "E-Mail oder Passwort falsch."))

    @strawberry.mutation
    def refresh_session(self, refresh_token: str) -> SignInResult:
        return Rejection(message="That token is not known.")

    @strawberry.mutation
    def note(self, info: Info, text: str) -> str:
        info.context.happened.mutations.append(text)
        return text

    @strawberry.mutation
    def pay(self, info: Info, payment: Payment, fail: bool = False) -> str | None:
        if fail:
            raise RuntimeError(f"gateway said no to {payment.card}")
        info.context.happened.mutations.append("pay")
        return "paid"

    @strawberry.mutation
    async def slow_note(self, info: Info, text: str, seconds: float) -> str:
        info.context.happened.started.append(text)
        await asyncio.sleep(seconds)
        info.context.happened.mutations.append(text)
        return text

    @strawberry.mutation
    async def upload(self, info: Info, file: Upload) -> int:
        assert isinstance(file, UploadFile)
        info.context.happened.mutations.append("upload")
        return len(await file.read())


@dataclass
class Tick:
    """An event: what it stands for is found when it is told, by whoever may see it."""

    number: int

    async def read(self, session: Principal | None) -> int | None:
        if self.number == 99:
            raise RuntimeError(SECRET)
        return None if session is None or self.number == 13 else self.number


@strawberry.type
class Subscription:
    @strawberry.subscription(graphql_type=int)  # type: ignore[untyped-decorator]  # with a type of the graph
    async def ticks(self, info: Info) -> AsyncGenerator[Tick, None]:
        """Whatever is put into the queue, from 0 on."""
        info.context.happened.loop = asyncio.get_running_loop()
        info.context.happened.started.append("ticks")
        try:
            while True:
                yield Tick(await info.context.happened.ticks.get())
        finally:
            info.context.happened.cancelled.append("ticks")

    @strawberry.subscription(graphql_type=int)  # type: ignore[untyped-decorator]  # with a type of the graph
    async def three(self) -> AsyncGenerator[Tick, None]:
        for number in range(3):
            yield Tick(number)

    @strawberry.subscription(graphql_type=int)  # type: ignore[untyped-decorator]  # with a type of the graph
    async def refused_stream(self) -> AsyncGenerator[Tick, None]:
        """Refused before there is a stream."""
        raise CallerError(CallerErrorCode.FORBIDDEN, "Managers only.")


def create_schema(**more: Any) -> strawberry.Schema:
    scalars: dict[object, Any] = {
        Card: strawberry.scalar(name="Card", parse_value=parse_card),
        Fragile: strawberry.scalar(name="Fragile", parse_value=parse_fragile),
        Upload: UPLOAD_SCALAR,
    }
    return strawberry.Schema(
        Query,
        Mutation,
        Subscription,
        config=StrawberryConfig(scalar_map=scalars),
        exception_handlers=[TurnedIntoRejection()],
        **more,
    )
