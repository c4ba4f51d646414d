"""A yard with a tablet: cars to hand over, people who do it, and an outbox full of what they did."""

from __future__ import annotations

import hashlib
import io
import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from PIL import Image

from mobile_kivy.api import Client, Session
from mobile_kivy.store import Finished, State, Store
from tests.calendar import morning
from tests.dealership import Dealership, open_dealership
from tests.driving import PASSWORD, SandboxServer, new_id

SLOTS = ("FRONT", "REAR", "LEFT", "RIGHT", "FRONT_LEFT", "FRONT_RIGHT", "REAR_LEFT", "REAR_RIGHT")
WAIVED = {"method": "WAIVED", "waiverReason": "test"}
ROUND = timedelta(minutes=30)
PROTOCOLS = """query($id:ID){contract(id:$id){state flags
  protocols{id type receivedAt occurredAt condition{odometerKm} photos{sha256 slot} damages{id photos{sha256}}}}}"""


@dataclass
class Yard:
    """A dealership, and its contracts in the order in which their cars went out."""

    dealership: Dealership
    contracts: list[dict[str, Any]]
    begins: datetime

    @property
    def contract(self) -> dict[str, Any]:
        """The only one."""
        (found,) = self.contracts
        return found

    @property
    def email(self) -> str:
        """Whom to sign in as: the yard's own user."""
        return f"yard{self.dealership.station['name'].split()[1]}@example.com"

    def sign_in(self, client: Client, store: Store, pin: str | None = None) -> Session:
        """The yard's user signs in on the tablet."""
        session = client.sign_in(self.email, PASSWORD)
        store.people.remember(session, pin)
        return session

    def protocols(self, contract: dict[str, Any]) -> dict[str, Any]:
        """What the server has of a contract: state, flags and protocols, the oldest first."""
        found: dict[str, Any] = self.dealership.clerk(PROTOCOLS, id=contract["id"])
        return found

    def all_protocols(self) -> list[dict[str, Any]]:
        """All protocols of the yard as the server has them, in the order in which they arrived."""
        server = self.dealership.server
        with ThreadPoolExecutor(4) as pool:
            found = pool.map(lambda contract: self._protocols_apart(server, contract), self.contracts)
        every = [{**protocol, "contractId": contract_id} for contract_id, each in found for protocol in each]
        return sorted(every, key=lambda protocol: protocol["receivedAt"])

    def _protocols_apart(self, server: SandboxServer, contract: dict[str, Any]) -> tuple[str, list[dict[str, Any]]]:
        with server.fresh_client() as http:
            found = server.api_over(http, self.dealership.clerk.token)(PROTOCOLS, id=contract["id"])
        return contract["id"], found["protocols"]


def open_yard(server: SandboxServer, cars: int = 1, rounds: int = 1) -> Yard:
    """A new station whose cars all go out in every round, half an hour each; it is over, and nobody told the server.

    Every round needs all cars back from the round before: protocols in another order would be refused.
    """
    # Without opening hours, so that a car can go out on any day.
    dealership = open_dealership(server, cars=cars, openingHours=[], turnaroundMinutes=0)
    begins = morning(server) + timedelta(minutes=2)
    with ThreadPoolExecutor(4) as pool:
        booked = list(pool.map(lambda number: _book_apart(dealership, begins, number // cars), range(cars * rounds)))
    server.move_to(begins + ROUND * rounds)
    return Yard(dealership, booked, begins)


def _book_apart(dealership: Dealership, begins: datetime, number: int) -> dict[str, Any]:
    customer = {"firstName": "Anna", "lastName": "Hof", "email": f"hof-{new_id()}@example.com"}
    starts = begins + ROUND * number
    with dealership.server.fresh_client() as http:
        clerk = dealership.server.api_over(http, dealership.clerk.token)
        found = dealership.booked(starts, starts + ROUND, caller=clerk, payment=WAIVED, customer=customer)
    return {**found, "starts": starts}


def small_photo(seed: int) -> bytes:
    """A JPEG of a kilobyte, another one for each seed: how many there are is what counts, not what they show."""
    image = Image.new("RGB", (48, 36), (seed % 256, seed // 256 % 256, 90))
    out = io.BytesIO()
    image.save(out, "JPEG", comment=str(seed).encode())
    return out.getvalue()


def payload_of(contract: dict[str, Any], kind: str, photos: Sequence[str] = (), **more: Any) -> dict[str, Any]:
    """A CheckOutInput or CheckInInput with nothing special about it."""
    going = kind == "CHECK_OUT"
    payload: dict[str, Any] = {
        "protocolId": new_id(),
        "contractId": contract["id"],
        "occurredAt": (contract["starts"] + timedelta(minutes=5 if going else 25)).isoformat(),
        "condition": {"odometerKm": 10_000, "fuelEighths": 8},
        "photos": [{"sha256": sha256, "slot": slot} for sha256, slot in zip(photos, SLOTS, strict=False)],
        "signature": {"missingReason": "test"},
    }
    if going:
        payload["licenceCheckedDriverIds"] = [driver["id"] for driver in contract["drivers"]]
    return {**payload, **more}


def record(
    store: Store,
    user_id: str,
    contract: dict[str, Any],
    kind: str,
    photos: Sequence[bytes] = (),
    others: Sequence[str] = (),
    **more: Any,
) -> str:
    """Somebody has finished a protocol: photos kept, protocol in the outbox; its id.

    `others` are photos that it names elsewhere than in `photos`.
    """
    kept = [store.photos.put(photo).sha256 for photo in photos]
    payload = payload_of(contract, kind, kept, **more)
    protocol_id: str = payload["protocolId"]
    title = f"{contract['vehicle']['plate']} Hof"
    assert store.outbox.enqueue(Finished(protocol_id, kind, contract["id"], user_id, payload, [*kept, *others], title))
    return protocol_id


def record_all(store: Store, user_id: str, yard: Yard, photos: Callable[[int], list[bytes]]) -> list[str]:
    """The yard's whole work: in each round all cars go out, then all come back. The protocols' ids in that order."""
    ids: list[str] = []
    for _, group in itertools.groupby(yard.contracts, lambda contract: contract["starts"]):
        contracts = list(group)
        for kind in ("CHECK_OUT", "CHECK_IN"):
            for contract in contracts:
                ids.append(record(store, user_id, contract, kind, photos(len(ids))))
    return ids


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def taken_photos(store: Store) -> list[str]:
    """The names of the files of photos that were taken here and are still kept."""
    return sorted(path.name for path in (store.folder / "photos").iterdir())


def states(store: Store) -> list[State]:
    """Of everything in the outbox, in the order of the queue."""
    return [item.state for item in store.outbox.items()]


def draft_of(store: Store, contract_id: str, kind: str) -> dict[str, Any] | None:
    """The saved form of a contract, the last one if there are several."""
    return next((d.data for d in store.drafts.all() if (d.contract_id, d.kind) == (contract_id, kind)), None)
