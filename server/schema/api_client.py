"""API clients, and what each may book."""

from __future__ import annotations

from datetime import datetime

import strawberry

from server import batches
from server.models import ApiClient as ApiClientRow
from server.models import ApiKey as ApiKeyRow
from server.models.api_client import ClientPolicy as ClientPolicyValue
from server.models.contract import ContractKind
from server.models.staff import Role
from server.schema.building import api_enum, api_input, row_type
from server.schema.related import related
from server.schema.station import Station
from server.services.people.client_policies import PolicyRequest
from server.services.people.staff import NewClient

api_enum(Role)


@row_type(ClientPolicyValue)
class ClientPolicy:
    """What a website may do. What goes beyond it is refused, and nothing is written; staff are not bound by it."""

    kinds: list[ContractKind]
    """Kinds of contracts that it may book, in the order given. COURTESY needs `workshop.orderNumber` as well."""
    may_name_payer: bool
    """Whether it may name somebody else who pays (`payer`)."""
    may_change_period: bool
    """Whether it may change the period of its own bookings."""
    open_holds: int
    """How many of its contracts may be HELD at a time, over all its stations."""
    open_holds_per_customer: int
    """How many of them may be HELD for one customer, known by the e-mail address however it is written."""
    drivers: int
    """How many people one booking may name as drivers, the renter included."""


@api_input
class ClientPolicyInput:
    """What a website may do. What is null or not given is the default at `createApiClient`, and stays as it is at
    `updateApiClient`.
    """

    kinds: list[ContractKind] | None = None
    """Kinds of contracts that it may book, at least one; RENTAL alone if not given."""
    may_name_payer: bool | None = None
    """Whether it may name somebody else who pays (`payer`); false if not given."""
    may_change_period: bool | None = None
    """Whether it may change the period of its own bookings; false if not given."""
    open_holds: int | None = None
    """How many of its contracts may be HELD at a time, 1 to 1000; 20 if not given."""
    open_holds_per_customer: int | None = None
    """How many of them may be HELD for one customer's e-mail address, 1 to 1000; 5 if not given."""
    drivers: int | None = None
    """How many drivers a booking may name, the renter included, 1 to 50; 10 if not given."""

    def given(self) -> PolicyRequest:
        """As the services take it."""
        return PolicyRequest(
            kinds=None if self.kinds is None else tuple(self.kinds),
            may_name_payer=self.may_name_payer,
            may_change_period=self.may_change_period,
            open_holds=self.open_holds,
            open_holds_per_customer=self.open_holds_per_customer,
            drivers=self.drivers,
        )


@row_type(ApiKeyRow)
class ApiKey:
    """A key of an API client, without the key: that is shown once, when it is made."""

    prefix: str
    """The first characters of the key, to recognise it by."""
    created_at: datetime
    """When it was made, in UTC."""
    last_used_at: datetime | None
    """When it was last used, to the minute, in UTC; null if never. Once the old one is quiet, the new one is in use."""
    expires_at: datetime | None
    """From when on it is refused, in UTC; null as long as it was not replaced."""


@row_type(ApiClientRow)
class ApiClient:
    """A website or other program that calls the API with a key. A key is shown once, when it is made."""

    id: strawberry.ID
    """The API client's id, for `rotateApiKey` and `revokeApiClient`."""
    name: str
    """What the client is called, for people."""
    key_prefix: str
    """The first characters of the newest key, to recognise it by."""
    active: bool
    """False once it was ended: none of its keys works any more."""
    last_used_at: datetime | None
    """When any of its keys was last used, to the minute, in UTC; null if never."""
    policy: ClientPolicy
    """What it may book, and how much of it at a time."""

    stations = related(list[Station], batches.stations_of_client)
    """The stations that it may book at."""
    keys = related(list[ApiKey], batches.keys_of_client)
    """Its keys, the newest first: those that are good, and for 30 days those that have ended."""


@row_type(NewClient)
class CreatedApiClient:
    """An API client with a new key."""

    client: ApiClient
    """The API client that the key was made for."""
    key: str
    """The key, shown only now. Send it as `Authorization: Bearer ek_…`."""
