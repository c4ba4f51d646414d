"""The main job from start to end on real protocols, with every figure checked: `ersatzwagen demo`.

A website books, the yard hands out and takes back, a clerk looks: all over HTTP, against a fresh sandbox of its own.
The expected figures are literals with their arithmetic, never computed by the code that is shown.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx2

from server.clock import SystemClock
from server.models.protocol import PhotoSlot
from server.sandbox import demo_pictures, demo_queries
from server.sandbox.demo_checks import Ledgers, Papers, Story, cents, euros
from server.sandbox.demo_company import BER, KOMPAKT, MAIL_DOMAIN
from server.sandbox.demo_data import API_KEY, PASSWORD
from server.sandbox.demo_server import Caller, DemoFailed, DemoServer, Json, fresh_server

CUSTOMER = "erika.mustermann@kunde.example"
LATE = timedelta(minutes=61)
START_KM, DRIVEN_KM = 41_200, 672
# KOMPAKT-2026: 59.00 a day with 150 km, 0.25 per further km, fuel 2.10 per litre and 15.00 service, deposit 300.00.
BOOKED = 17_700  # 3 days: 3 × 5900
ADVANCE = (5_900, 4_958, 942)  # one day: 5900 / 1.19 = 4957.98
DEPOSIT = 30_000
LINES = [
    ("RENTAL", 23_600),  # 61 minutes late, grace is 60: 4 days, 4 × 5900; with the km cheaper than the week of 31900
    ("EXTRA_KM", 1_800),  # 672 km driven, 4 × 150 = 600 included: 72 × 25
    ("FUEL", 1_313),  # 8/8 to 7/8 of 50 l: 6.25 l × 210 = 1312.5, half up
    ("FUEL", 1_500),  # the service
]
FINAL = (28_213, 23_708, 4_505)  # 23600 + 1800 + 1313 + 1500; 28213 / 1.19 = 23708.40
DUE = 22_313  # 28213 - 5900; net 23708 - 4958 = 18750, VAT 4505 - 942 = 3563
MONEY = [
    ("sale", ADVANCE[0], "approved"),
    ("preAuth", DEPOSIT, "voided"),  # placed the day before the rental
    ("preAuth", DEPOSIT, "voided"),  # renewed four days later, before the first one ends
    ("void", DEPOSIT, "approved"),
    ("sale", DUE, "approved"),
    ("void", DEPOSIT, "approved"),
]
MAILS = [
    "BOOKING_CONFIRMATION",
    "REMINDER",
    "CHECK_OUT_PROTOCOL",
    "OVERDUE",
    "CHECK_IN_PROTOCOL",
    "FINAL_INVOICE",
]


def run(folder: Path) -> int:
    """Plays the story and returns the exit code: 1 as soon as anything is not as it must be."""
    story, begun = Story(), SystemClock().now()
    story.title("Ersatzwagen: a rental from the first look to the last cent")
    story.say("Starting a fresh sandbox with demo data ...")
    try:
        with fresh_server() as server:
            _Demo(server, story, Papers(folder)).play()
    except (DemoFailed, httpx2.HTTPError) as failure:
        story.say("", f"FAILED: {failure}")
        return 1
    except (KeyboardInterrupt, SystemExit):
        story.say("", "Stopped.")
        return 1
    seconds = (SystemClock().now() - begun).total_seconds()
    story.say("", f"Every figure is right ({story.checks} checks, {seconds:.0f} s).")
    story.say(f"To look at: {folder.absolute()}")
    return 0


@dataclass
class _Demo:
    server: DemoServer
    story: Story
    papers: Papers
    website: Caller = field(init=False)
    yard: Caller = field(init=False)
    clerk: Caller = field(init=False)
    station: Json = field(init=False)
    zone: ZoneInfo = field(init=False)
    start: datetime = field(init=False)
    end: datetime = field(init=False)
    contract_id: str = ""
    number: str = ""

    def play(self) -> None:
        """The whole story."""
        self._people()
        car = self._new_car()
        self._look_and_book(car)
        self._check_out(car)
        self._check_in()
        self._settled()
        self._mails()
        self._books()

    def _people(self) -> None:
        self.website = Caller(self.server.http, self.server.access[API_KEY])
        self.yard = self.server.sign_in(f"yard@{MAIL_DOMAIN}", PASSWORD)
        self.clerk = self.server.sign_in(f"clerk@{MAIL_DOMAIN}", PASSWORD)
        self.station = self.website(demo_queries.PLACES, code=BER)
        self.zone = ZoneInfo(self.station["timeZone"])
        monday = self._quiet_monday()
        self.start = datetime(monday.year, monday.month, monday.day, 8, tzinfo=self.zone)
        self.end = self.start + timedelta(days=3)

    def _quiet_monday(self) -> date:
        """A Monday at least a week ahead whose Thursday is no holiday either."""
        today = self.server.now().astimezone(self.zone).date()
        monday = today + timedelta(days=7 + (-today.weekday()) % 7)
        while not (self._is_open(monday) and self._is_open(monday + timedelta(days=3))):
            monday += timedelta(days=7)
        return monday

    def _is_open(self, day: date) -> bool:
        return bool(self.website(demo_queries.OPEN_ON, id=self.station["id"], date=day.isoformat())["openOn"])

    def _group_id(self) -> str:
        groups = self.website(demo_queries.GROUPS)
        return str(next(group["id"] for group in groups if group["code"] == KOMPAKT))

    def _new_car(self) -> Json:
        """A car of its own, whose tank and odometer the figures below know."""
        admin = self.server.sign_in(f"admin@{MAIL_DOMAIN}", PASSWORD)
        own = {"groupId": self._group_id(), "stationId": self.station["id"], "odometerKm": START_KM}
        car: Json = admin(demo_queries.ADD_CAR, input=demo_queries.CAR | own)
        return car

    def _look_and_book(self, car: Json) -> None:
        self._step(self.server.now(), "A customer looks at the dealer's website")
        group_id = self._group_id()
        period = {"start": self.start.isoformat(), "end": self.end.isoformat()}
        found = self.website(
            demo_queries.AVAILABILITY, station=self.station["id"], group=group_id, period=period
        )["groups"][0]  # fmt: skip
        self.story.say(f"{self.station['name']}, {_when(self.start)} to {_when(self.end)}")
        self.story.say(f"Compact cars free: {found['freeCount']}")
        wanted = {"stationId": self.station["id"], "groupId": group_id, "period": period}
        quote = self.website(demo_queries.QUOTE, input=wanted)
        self.story.figure("quoted for 3 days", cents(quote["price"]["total"]), BOOKED)
        self.story.figure("debited at booking", cents(quote["dueNow"]), ADVANCE[0])
        self.story.figure("deposit, blocked only", cents(quote["deposit"]), DEPOSIT)
        self.story.equal("price in the list of free cars", cents(found["price"]["total"]), BOOKED)
        booking = self.website(demo_queries.BOOK, input={**wanted, **_booking(car)})["contract"]
        self.contract_id, self.number = booking["id"], booking["number"]
        self.story.say(f"Booked with a stored card: contract {self.number}, {car['make']} {car['model']}")
        self.story.equal("state", booking["state"], "RESERVED")
        self.story.figure("paid by card", cents(booking["paid"]), ADVANCE[0])

    def _check_out(self, car: Json) -> None:
        self.server.move_to(self.start)
        self._step(self.start, "The yard hands the car out with a tablet")
        day = self.yard(demo_queries.DAY, station=self.station["id"], date=self.start.date().isoformat())
        planned = next((one for one in day["checkOuts"] if one["id"] == self.contract_id), None)
        if planned is None:
            raise DemoFailed("the contract is missing in the station's day")
        self.story.equal("deposit before the hand-over", planned["deposit"]["state"], "ACTIVE")
        protocol = self.yard(
            demo_queries.CHECK_OUT,
            input={
                "licenceCheckedDriverIds": [driver["id"] for driver in planned["drivers"]],
                "damages": [self._damage(car["plate"])],
                **self._report(self.start, START_KM, 8, self._photos(car["plate"])),
            },
        )
        self.story.say(f"{car['plate']}, {START_KM} km, tank 8/8, licence seen, signed on the screen")
        self.story.equal("photos in the protocol", len(protocol["photos"]), 8)
        self.story.equal("damages", protocol["damages"], [{"kind": "SCRATCH", "liability": "KNOWN"}])
        self.story.equal("signed", protocol["signedByCustomer"], True)
        self.server.settle()

    def _photos(self, plate: str) -> list[Json]:
        pictures = {slot: demo_pictures.photo(slot, plate, f"{START_KM} km") for slot in demo_pictures.ALL_AROUND}
        return [self._upload(slot, content) for slot, content in pictures.items()]

    def _upload(self, slot: PhotoSlot, content: bytes) -> Json:
        name = f"{slot.value.lower()}.jpg"
        self.papers.photo(name, content)
        return {"slot": slot.value, "sha256": self.yard.upload(content, name)}

    def _damage(self, plate: str) -> Json:
        content = demo_pictures.scratch(plate, "Kratzer an der Tür hinten links")
        self.papers.photo("damage.jpg", content)
        return {
            "id": str(uuid4()),
            "kind": "SCRATCH",
            "sizeMm": 80,
            "description": "Kratzer an der Tür hinten links",
            "position": {"view": "LEFT", "x": 0.66, "y": 0.55},
            "photos": [self.yard.upload(content, "damage.jpg")],
        }

    def _report(self, at: datetime, km: int, eighths: int, photos: list[Json]) -> Json:
        signed = demo_pictures.signature("Erika Mustermann")
        self.papers.photo("signature.png", signed)
        return {
            "protocolId": str(uuid4()),
            "contractId": self.contract_id,
            "occurredAt": at.isoformat(),
            "condition": _condition(km, eighths),
            "photos": photos,
            "signature": {"sha256": self.yard.upload(signed, "signature.png")},
        }

    def _check_in(self) -> None:
        back = self.end + LATE
        self.server.move_to(back)
        self.server.settle()  # the customer is asked for the car, a minute before it comes
        self._step(back, "The car comes back: 61 minutes late, 672 km, an eighth of the tank missing")
        condition = _condition(START_KM + DRIVEN_KM, 7)
        preview = self.clerk(
            demo_queries.PREVIEW, id=self.contract_id, input={"returnedAt": back.isoformat(), "condition": condition}
        )
        self.story.say("What it will cost, asked before anything is written:")
        for line in preview["price"]["lines"]:
            self.story.say(f"  {euros(cents(line['total'])):>10}  {line['text']}: {line['explanation']}")
        self.story.figure("still due", cents(preview["due"]), DUE)
        self.story.equal("how", preview["action"], "CHARGE")
        self.yard(demo_queries.CHECK_IN, input=self._report(back, START_KM + DRIVEN_KM, 7, []))
        self.server.settle()

    def _settled(self) -> None:
        self._step(self.server.now(), "Billing has followed by itself")
        contract = self.clerk(demo_queries.CONTRACT, id=self.contract_id)
        documents = {document["type"]: document for document in contract["documents"]}
        self.story.equal("documents", sorted(documents), ["ADVANCE_INVOICE", "FINAL_INVOICE"])
        advance, final = documents["ADVANCE_INVOICE"], documents["FINAL_INVOICE"]
        self.story.say(f"Advance invoice {advance['number']}, final invoice {final['number']}")
        self.story.equal("advance: total, net, VAT", _sums(advance), ADVANCE)
        self.story.equal("lines of the final invoice", [line["kind"] for line in final["lines"]], [k for k, _ in LINES])
        for line, (_, cost) in zip(final["lines"], LINES, strict=True):
            self.story.figure(line["text"], cents(line["total"]), cost)
        for name, found, expected in zip(("total", "net", "VAT 19 %"), _sums(final), FINAL, strict=True):
            self.story.figure(name, found, expected)
        self.story.equal("advance deducted", [_sums(entry) for entry in final["advances"]], [ADVANCE])
        self.story.figure("charged to the card", cents(final["payable"]), DUE)
        self.story.figure("paid in all", cents(contract["paid"]), FINAL[0])
        self.story.equal("contract", (contract["state"], contract["settlementState"]), ("BILLED", "PAID"))
        self.story.equal("deposit", (contract["deposit"]["state"], cents(contract["deposit"]["used"])), ("RELEASED", 0))

    def _mails(self) -> None:
        self._step(self.server.now(), "What the customer got by mail (SMTP)")
        contract = self.clerk(demo_queries.CONTRACT, id=self.contract_id)
        wanted = {paper["type"]: paper["sha256"] for paper in [*contract["documents"], *contract["protocols"]]}
        templates = [self.papers.mail(self.story, *mail, wanted) for mail in self.server.mails_to(CUSTOMER)]
        # Two jobs of one instant may be done in either order.
        self.story.equal("mails", sorted(templates), sorted(MAILS))
        self.story.equal("PDFs in the mails", sorted(self.papers.seen), sorted(wanted))
        for paper in [*contract["documents"], *contract["protocols"]]:
            content = self.server.http.get(paper["pdfUrl"]).content
            self.story.equal(f"PDF of {paper['type']} behind its link", self.papers.sha256(content), paper["sha256"])

    def _books(self) -> None:
        self._step(self.server.now(), "The books of the payment gateway and of the system, side by side")
        payments = self.clerk(demo_queries.CONTRACT, id=self.contract_id)["payments"]
        Ledgers(self.server.ledger(self.number), payments).compare(self.story, MONEY)

    def _step(self, at: datetime, title: str) -> None:
        self.story.title(f"{_when(at.astimezone(self.zone))}  {title}")


def _booking(car: Json) -> Json:
    return {
        "idempotencyKey": str(uuid4()),
        "vehicleId": car["id"],
        "customer": {
            "salutation": "Frau",
            "firstName": "Erika",
            "lastName": "Mustermann",
            "email": CUSTOMER,
            "phone": "0171 3920099",
            "address": {"street": "Heidestraße 17", "postcode": "10557", "city": "Berlin"},
            "birthDate": "1984-08-12",
        },
        "payment": {"method": "STORED_CARD", "cardToken": "tok-approved"},
    }


def _condition(km: int, eighths: int) -> Json:
    return {"odometerKm": km, "fuelEighths": eighths}


def _sums(entry: Json) -> tuple[int, int, int]:
    return cents(entry["total"]), cents(entry["net"]), cents(entry["vat"])


def _when(instant: datetime) -> str:
    return instant.strftime("%a %d %b %Y %H:%M")
