"""A yard with a tablet: cars to hand over, people who do it, and an outbox full of what they did."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from PIL import Image

from mobile_kivy.api import Client, Session
from mobile_kivy.store import Store
from tests.dealership import Dealership, add_car, open_dealership
from tests.driving import PASSWORD, SandboxServer, new_id, signature

SLOTS = ("FRONT", "REAR", "LEFT", "RIGHT", "FRONT_LEFT", "FRONT_RIGHT", "REAR_LEFT", "REAR_RIGHT")
WAIVED = {"method": "WAIVED", "waiverReason": "test"}
PROTOCOLS = """query($id:ID){contract(id:$id){state flags
  protocols{id type receivedAt occurredAt condition{odometerKm} photos{sha256 slot} damages{id photos{sha256}}}}}"""


@dataclass
class Yard:
    """A dealership with one car for each contract."""

    dealership: Dealership
    contracts: list[dict[str, Any]]
    begins: datetime

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


def open_yard(server: SandboxServer, contracts: int) -> Yard:
    """A new station where so many cars go out now and have been looked at again within the hour."""
    # Without opening hours, so that a car can go out whenever the test runs.
    dealership = open_dealership(server, cars=0, openingHours=[])
    begins = server.now() + timedelta(minutes=1)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: _add_car_apart(dealership), range(contracts)))
        made = list(pool.map(lambda number: _book_apart(dealership, begins, number), range(contracts)))
    server.move_to(begins + timedelta(minutes=50))
    return Yard(dealership, made, begins)


def _add_car_apart(dealership: Dealership) -> None:
    with dealership.server.fresh_client() as http:
        admin = dealership.server.api_over(http, dealership.admin.token)
        add_car(Dealership(**{**vars(dealership), "admin": admin}))


def _book_apart(dealership: Dealership, begins: datetime, number: int) -> dict[str, Any]:
    customer = {"firstName": "Anna", "lastName": f"Hof {number}", "email": f"hof{number}@example.com"}
    with dealership.server.fresh_client() as http:
        clerk = dealership.server.api_over(http, dealership.clerk.token)
        ends = begins + timedelta(hours=8)
        return dealership.booked(begins, ends, caller=clerk, payment=WAIVED, customer=customer)


def small_photo(seed: int) -> bytes:
    """A JPEG of a kilobyte, another one for each seed: how many there are is what counts, not what they show."""
    image = Image.new("RGB", (48, 36), (seed % 256, seed // 256 % 256, 90))
    out = io.BytesIO()
    image.save(out, "JPEG", comment=str(seed).encode())
    return out.getvalue()


def payload_of(
    contract: dict[str, Any], kind: str, at: datetime, photos: Sequence[str] = (), **more: Any
) -> dict[str, Any]:
    """A CheckOutInput or CheckInInput with nothing special about it."""
    payload: dict[str, Any] = {
        "protocolId": new_id(),
        "contractId": contract["id"],
        "occurredAt": at.isoformat(),
        "condition": {"odometerKm": 10_000 if kind == "CHECK_OUT" else 10_020, "fuelEighths": 8},
        "photos": [{"sha256": sha256, "slot": slot} for sha256, slot in zip(photos, SLOTS, strict=False)],
        "signature": {"missingReason": "test"},
    }
    if kind == "CHECK_OUT":
        payload["licenceCheckedDriverIds"] = [driver["id"] for driver in contract["drivers"]]
    return {**payload, **more}


def enqueue(store: Store, user_id: str, payload: dict[str, Any], kind: str, photos: Sequence[str] = ()) -> str:
    """Puts a protocol into the outbox; its id."""
    named = [photo["sha256"] for photo in payload["photos"]]
    protocol_id: str = payload["protocolId"]
    assert store.outbox.enqueue(
        protocol_id, kind, payload["contractId"], user_id, payload, [*named, *photos], "B-EW 1 Hof"
    )
    return protocol_id


def hand_over(
    store: Store, user_id: str, contract: dict[str, Any], at: datetime, photos: int = 0, seed: int = 0, **more: Any
) -> str:
    """A car goes out: photos kept, protocol in the outbox; its id."""
    return _record(store, user_id, contract, "CHECK_OUT", at, photos, seed, **more)


def take_back(
    store: Store, user_id: str, contract: dict[str, Any], at: datetime, photos: int = 0, seed: int = 0, **more: Any
) -> str:
    """A car comes back: photos kept, protocol in the outbox; its id."""
    return _record(store, user_id, contract, "CHECK_IN", at, photos, seed, **more)


def _record(
    store: Store,
    user_id: str,
    contract: dict[str, Any],
    kind: str,
    at: datetime,
    photos: int,
    seed: int,
    **more: Any,
) -> str:
    kept = [store.photos.put(small_photo(seed + number)).sha256 for number in range(photos)]
    return enqueue(store, user_id, payload_of(contract, kind, at, kept, **more), kind)


def fill_outbox(store: Store, user_id: str, yard: Yard, photos: int) -> list[str]:
    """Every car of the yard goes out, then every one comes back; the ids in that order."""
    out_at, back_at = yard.begins + timedelta(minutes=5), yard.begins + timedelta(minutes=40)
    ids = []
    for number, contract in enumerate(yard.contracts):
        ids.append(hand_over(store, user_id, contract, out_at, photos, seed=number * 100))
    for number, contract in enumerate(yard.contracts):
        ids.append(take_back(store, user_id, contract, back_at, photos, seed=number * 100 + 50))
    return ids


def signature_photo(store: Store) -> str:
    """A signature that was kept; its hash."""
    return store.photos.put(signature(), ".png").sha256


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def taken_photos(store: Store) -> list[str]:
    """The names of the files of pictures that were taken here and are still kept."""
    return sorted(path.name for path in (store.folder / "photos").iterdir())
