"""Websites and other programs that may call the API: their key, their stations, and what they may do."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from sqlmodel import Field, SQLModel

from server.models.columns import Json, json_column, new_id
from server.models.contract import ContractKind


@dataclass(frozen=True, kw_only=True)
class ClientPolicy:
    """What an API client may book. The defaults are what a website gets that nothing was said of."""

    kinds: tuple[ContractKind, ...] = (ContractKind.RENTAL,)
    may_name_payer: bool = False
    may_change_period: bool = False
    open_holds: int = 20
    open_holds_per_customer: int = 5
    drivers: int = 10

    def as_json(self) -> Json:
        """As the API client keeps it."""
        return {**asdict(self), "kinds": [kind.value for kind in self.kinds]}

    @classmethod
    def of_json(cls, stored: Json) -> Self:
        """Reads it back. What is not stored is as for a new client."""
        kinds = stored.get("kinds", [ContractKind.RENTAL.value])
        return cls(**{**stored, "kinds": tuple(ContractKind(kind) for kind in kinds)})


class ApiClient(SQLModel, table=True):
    """A program that calls with a key. `key_prefix` is that of the newest; `last_used_at` when any of them was used."""

    __tablename__ = "api_client"
    id: UUID = new_id()
    name: str
    key_prefix: str
    active: bool = True
    policy_json: Json = Field(default_factory=lambda: ClientPolicy().as_json(), sa_column=json_column(name="policy"))
    created_at: datetime
    last_used_at: datetime | None = None

    @property
    def policy(self) -> ClientPolicy:
        """What it may do."""
        return ClientPolicy.of_json(self.policy_json)

    def bind_to(self, policy: ClientPolicy) -> None:
        """Sets what it may do from now on."""
        self.policy_json = policy.as_json()


class ApiKey(SQLModel, table=True):
    """One key of an API client: only its hash is stored. It lives by the machine's clock; without an end it is good
    until it is replaced or its client ends.
    """

    __tablename__ = "api_key"
    id: UUID = new_id()
    client_id: UUID = Field(foreign_key="api_client.id", index=True, ondelete="CASCADE")
    prefix: str
    key_hash: str = Field(unique=True)
    created_at: datetime
    last_used_at: datetime | None = None
    expires_at: datetime | None = None


class ClientStation(SQLModel, table=True):
    """The stations that a website may book at."""

    __tablename__ = "client_station"
    client_id: UUID = Field(foreign_key="api_client.id", primary_key=True, ondelete="CASCADE")
    station_id: UUID = Field(foreign_key="station.id", primary_key=True, index=True)
