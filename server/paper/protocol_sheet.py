"""A handover or return protocol as its template shows it; pictures are named here and laid beside it as files."""

from datetime import datetime

from server.paper.notation import NBSP, address_lines, clock_time, kilometres, local_day, moment, number, printable
from server.paper.views import ConditionView, DamageMark, Language, PhotoPrint, ProtocolView
from server.paper.words import Sheet, fact, letterhead, words

VIEWS = ("LEFT", "RIGHT", "FRONT", "REAR", "TOP", "INTERIOR")


def protocol_sheet(view: ProtocolView) -> Sheet:
    """The data of protocol.typ. Photos are photo-N.jpg, signatures customer.png and staff.png."""
    w = words(view.language)
    side = "in" if view.kind.is_check_in else "out"
    return {
        "language": view.language,
        "words": w,
        "letterhead": letterhead(view.supplier, view.language),
        "title": w["titles"][view.kind],
        "number": printable(view.contract_number),
        "subtitle": f"{w['contract']} {printable(view.contract_number)} · {printable(view.vehicle.plate)} · "
        f"{moment(view.occurred_at, view.time_zone, view.language)}",
        "is_check_in": view.kind.is_check_in,
        "protocol_id": printable(view.protocol_id),
        "sha256": view.content_sha256 or "",
        "parties": _parties(view),
        "vehicle": _vehicle(view),
        "body": view.vehicle.body,
        "times": _times(view, side),
        "condition": _condition(view.condition, view),
        "comparison": _comparison(view),
        "accessories": _accessories(view),
        "damages": [_damage(index, mark, view) for index, mark in enumerate(view.damages, 1)],
        "marks": _marks(view),
        "statement": _statement(view),
        "photos": _photos(view),
        "more_photos": _more_photos(view),
        "remarks": printable(view.remarks or ""),
        "corrects": w["corrects"].format(id=printable(view.corrects)) if view.corrects else "",
        "confirm": w["confirm"][side],
        "signatures": _signatures(view),
        "times_note": w["times"].format(zone=view.time_zone),
    }


def _parties(view: ProtocolView) -> Sheet:
    w, language = words(view.language), view.language
    station = [
        f"{w['station']} {view.station.name}",
        *address_lines(view.station.address, language),
        view.station.phone,
        view.station.email,
    ]
    renter = [
        view.customer.extra,
        *(address_lines(view.customer.address, language) if view.customer.address else []),
        view.customer.phone,
        view.customer.email,
    ]
    return {
        "lessor": [printable(view.supplier.name)] + [printable(line) for line in station if line],
        "renter": [printable(view.customer.name)] + [printable(line) for line in renter if line],
        "drivers": [
            (
                printable(driver.name),
                " · ".join(_licence(driver.licence_class, driver.checked_at, view)),
            )
            for driver in view.drivers
        ],
    }


def _licence(classes: str | None, checked_at: datetime | None, view: ProtocolView) -> list[str]:
    w = words(view.language)
    named = [w["licence_class"].format(classes=printable(classes))] if classes else []
    if checked_at is None:
        return [*named, w["no_licence_check"]]
    return [*named, w["licence_seen"].format(at=local_day(checked_at, view.time_zone, view.language))]


def _vehicle(view: ProtocolView) -> list[tuple[str, str]]:
    w, vehicle = words(view.language), view.vehicle
    return [
        (w["plate"], printable(vehicle.plate)),
        (w["make_model"], printable(f"{vehicle.make} {vehicle.model}")),
        *fact(w["vin"], vehicle.vin),
        *fact(w["colour"], vehicle.colour),
        *fact(w["group"], vehicle.group),
    ]


def _times(view: ProtocolView, side: str) -> list[tuple[str, str]]:
    w, zone, language = words(view.language), view.time_zone, view.language
    return [
        *fact(w["key_drop"], moment(view.key_drop_at, zone, language) if view.key_drop_at else None),
        (w["occurred"][side], moment(view.occurred_at, zone, language)),
        *fact(w["planned_return"], moment(view.planned_return_at, zone, language) if view.planned_return_at else None),
        (w["received"], moment(view.received_at, zone, language)),
        (w["handled_by"], printable(view.staff_name)),
    ]


def level(condition: ConditionView, language: Language) -> str:
    """How full tank and battery are, in words: `Tank 7/8, Ladestand 80 %`."""
    w = words(language)
    fuel = [] if condition.fuel_eighths is None else [f"{w['fuel']} {condition.fuel_eighths}/8"]
    charge = [] if condition.charge_percent is None else [f"{w['charge']} {condition.charge_percent}{NBSP}%"]
    return ", ".join([*fuel, *charge])


def _condition(condition: ConditionView, view: ProtocolView) -> Sheet:
    w = words(view.language)
    gauge = None
    if condition.fuel_eighths is not None:
        gauge = {"label": w["fuel"], "text": f"{condition.fuel_eighths}/8", "full": condition.fuel_eighths, "of": 8}
    charge = None
    if condition.charge_percent is not None:
        percent = condition.charge_percent
        charge = {"label": w["charge"], "text": f"{percent}{NBSP}%", "full": percent, "of": 100}
    return {
        "odometer": kilometres(condition.odometer_km, view.language),
        "gauges": [found for found in (gauge, charge) if found],
        "inside": w["cleanliness"].get(condition.cleanliness_inside, printable(condition.cleanliness_inside)),
        "outside": w["cleanliness"].get(condition.cleanliness_outside, printable(condition.cleanliness_outside)),
    }


def _comparison(view: ProtocolView) -> list[list[str]]:
    """Rows of label, check-out, check-in and difference; none if the condition at check-out is not known."""
    w, out, back, language = words(view.language), view.before, view.condition, view.language
    if out is None:
        return []
    driven = kilometres(back.odometer_km - out.odometer_km, language)
    rows = [[w["odometer"], kilometres(out.odometer_km, language), kilometres(back.odometer_km, language), driven]]
    if out.fuel_eighths is not None and back.fuel_eighths is not None:
        more = back.fuel_eighths - out.fuel_eighths
        change = f"{_signed(more, view)}/8" if more else "0"
        rows.append([w["fuel"], f"{out.fuel_eighths}/8", f"{back.fuel_eighths}/8", change])
    if out.charge_percent is not None and back.charge_percent is not None:
        change = f"{_signed(back.charge_percent - out.charge_percent, view)}{NBSP}%"
        charges = (f"{out.charge_percent}{NBSP}%", f"{back.charge_percent}{NBSP}%")
        rows.append([w["charge"], *charges, change])
    if view.before_at:
        times = (moment(at, view.time_zone, language) for at in (view.before_at, view.key_drop_at or view.occurred_at))
        rows.insert(0, ["", *times, ""])
    return rows


def _signed(value: int, view: ProtocolView) -> str:
    return ("+" if value > 0 else "") + number(value, view.language)


def _accessories(view: ProtocolView) -> list[Sheet]:
    return [
        {
            "name": printable(words(view.language)["accessory_names"].get(item.name, item.name)),
            "expected": str(item.expected),
            "present": str(item.present),
            "missing": item.present < item.expected,
        }
        for item in view.accessories
    ]


def _damage(index: int, mark: DamageMark, view: ProtocolView) -> Sheet:
    w = words(view.language)
    return {
        "nr": str(index),
        "view": w["views"].get(mark.view, printable(mark.view)),
        "kind": w["kinds"].get(mark.kind, printable(mark.kind)),
        "size": "–" if mark.size_mm is None else f"{number(mark.size_mm, view.language)}{NBSP}mm",
        "note": printable(mark.note or ""),
        "new": mark.is_new,
        "status": w["new"] if mark.is_new else w["known"],
    }


def _marks(view: ProtocolView) -> dict[str, list[Sheet]]:
    """The markers of each drawing, the new ones last so that they lie on top."""
    marks: dict[str, list[Sheet]] = {name: [] for name in VIEWS}
    for index, mark in sorted(enumerate(view.damages, 1), key=lambda numbered: numbered[1].is_new):
        place = {"nr": str(index), "x": _inside(mark.x), "y": _inside(mark.y), "new": mark.is_new}
        marks.setdefault(mark.view, []).append(place)
    return marks


def _inside(fraction: float) -> float:
    return min(max(fraction, 0.0), 1.0)


def _statement(view: ProtocolView) -> Sheet | None:
    """What the customer wants in writing on a return: no new damage, or how many and that liability is open."""
    if not view.kind.is_check_in:
        return None
    w = words(view.language)
    count = sum(mark.is_new for mark in view.damages)
    if count:
        text = w["new_damage"]["one" if count == 1 else "many"].format(count=count)
    else:
        text = w["no_new_damage_reviewed_later" if view.key_drop_at else "no_new_damage"]
    return {"text": text, "clean": not count}


def _photos(view: ProtocolView) -> list[Sheet]:
    w = words(view.language)
    return [
        {
            "file": f"photo-{index}.jpg",
            "caption": _caption(photo, w),
            "time": clock_time(photo.taken_at, view.time_zone, view.language) if photo.taken_at else "",
        }
        for index, photo in enumerate(view.photos, 1)
    ]


def _caption(photo: PhotoPrint, w: Sheet) -> str:
    words_of_slot = printable(photo.caption or w["slots"].get(photo.slot, photo.slot))
    return words_of_slot if photo.number is None else f"{words_of_slot}{NBSP}{photo.number}"


def _more_photos(view: ProtocolView) -> str:
    more = view.photo_count - len(view.photos)
    return words(view.language)["more_photos"].format(count=more) if more > 0 else ""


def _signatures(view: ProtocolView) -> list[Sheet]:
    w = words(view.language)
    reason = w["not_signed"].format(reason=printable(view.signature_missing_reason or w["no_reason"]))
    return [
        {
            "file": "customer.png" if view.customer_signature else None,
            "missing": "" if view.customer_signature else reason,
            "name": printable(view.signed_by or view.customer.name),
            "role": w["as_renter"],
        },
        {
            "file": "staff.png" if view.staff_signature else None,
            "missing": "",
            "name": printable(view.staff_name),
            "role": w["for_lessor"],
        },
    ]
