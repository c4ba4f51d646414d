"""What comes from outside is read with its type, or not at all; what stood there is never quoted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from mobile_kivy.forms.contract import Contract
from mobile_kivy.forms.day import read_day
from mobile_kivy.reading import Fields, Unreadable, json_of
from tests.tablet.answers import contract, day, vehicle, went_out


@pytest.mark.parametrize(
    "text",
    ["", "{", "NaN", '{"a": Infinity}', "[-Infinity]", "1e999", "-1e400", "[" * 100_000, "9" * 5000, b"\xff\xfe\xff"],
    ids=["nothing", "half", "NaN", "Infinity", "-Infinity", "1e999", "-1e400", "deep", "digits", "bytes"],
)
def test_what_is_no_json(text: str | bytes) -> None:
    with pytest.raises(Unreadable):
        json_of(text)


def test_json_is_read() -> None:
    assert json_of(b'{"a": [1, 2.5, "\xc3\xa4", null, true]}') == {"a": [1, 2.5, "ä", None, True]}


@pytest.mark.parametrize(
    ("method", "value"),
    [
        ("text", 1), ("text", None), ("text", "x" * 20_001), ("text", "\ud800"), ("name", ""), ("whole", True),
        ("whole", 1.0), ("whole", "1"), ("whole", 2**53 + 1), ("fraction", 1.01), ("fraction", -0.1),
        ("fraction", float("nan")), ("fraction", True), ("yes", 1), ("yes", "true"), ("instant", "2026-11-23"),
        ("instant", "2026-11-23T09:00:00"), ("instant", "1999-01-01T00:00:00Z"), ("instant", "soon"),
        ("part", []), ("part", None), ("parts", {}), ("parts", [1]), ("texts", "abc"), ("texts", [None]),
    ],
)  # fmt: skip
def test_a_field_of_another_type_is_refused_with_its_place(method: str, value: Any) -> None:
    with pytest.raises(Unreadable) as refused:
        getattr(Fields({"f": value}, "day"), method)("f")
    assert refused.value.place.startswith("day.f")
    assert str(value)[:50] not in str(refused.value) or len(str(value)) < 5


def test_a_field_of_its_type_is_taken() -> None:
    fields = Fields({"t": "ä", "n": 7, "x": 1, "b": None, "i": "2026-11-23T09:00:00+01:00", "l": ["a"], "p": [{}]})
    assert (fields.text("t"), fields.whole("n"), fields.fraction("x"), fields.yes("b")) == ("ä", 7, 1.0, False)
    assert fields.instant("i") == datetime(2026, 11, 23, 8, tzinfo=UTC)
    assert (fields.texts("l"), len(fields.parts("p")), fields.parts("none")) == (("a",), 1, [])
    assert (fields.whole_or_none("none"), fields.text_or("none", "-")) == (None, "-")


def without(answer: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in answer.items() if key != name}


ODD_CONTRACTS: list[Any] = [
    None,
    "c2",
    [],
    without(contract(2), "id"),
    contract(2, id={}),
    contract(2, period={"start": "2026-11-23T09:00:00", "end": "2026-11-24T09:00:00"}),
    contract(2, period=None),
    contract(2, customer="Groß"),
    contract(2, drivers=[{"id": "d"}]),
    contract(2, flags="AT_RISK"),
    contract(2, vehicle=vehicle(2, odometerKm="viel")),
    contract(2, vehicle=vehicle(2, accessories=[{"name": None, "expected": 1}])),
    contract(2, vehicle=vehicle(2, damages=[{"id": "x"}])),
    contract(2, protocols=[{**went_out()[0], "occurredAt": "gestern"}]),
]


@pytest.mark.parametrize("odd", ODD_CONTRACTS, ids=range(len(ODD_CONTRACTS)))
@pytest.mark.parametrize("name", ["checkOuts", "checkIns", "overdue"])
def test_one_odd_contract_is_left_out_and_counted_and_the_others_are_there(name: str, odd: Any) -> None:
    found = read_day(day("s1", **{name: [contract(1), odd, contract(3)]}))
    assert [job.contract.id for job in found.jobs] == ["c1", "c3"]
    assert found.unreadable == 1


@pytest.mark.parametrize("odd", [None, {}, vehicle(7, plate=""), vehicle(7, group={})])
def test_one_odd_spare_car_is_left_out(odd: Any) -> None:
    found = read_day(day(spareVehicles=[odd, vehicle(8)]))
    assert ([car.id for car in found.spare_vehicles], found.unreadable) == (["v8"], 1)


@pytest.mark.parametrize(
    "odd",
    [
        {"generatedAt": None},
        {"generatedAt": 7},
        {"generatedAt": []},
        {"generatedAt": "2026-11-23T08:40:00"},
        {"station": None},
        {"station": {"id": "s1"}},
        {"checkOuts": {}},
        {"spareVehicles": 3},
    ],
)
def test_what_is_no_day_at_all(odd: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        read_day({**day(), **odd})


@pytest.mark.parametrize("odd", [{"id": "../x"}, {"id": {}}, {"id": "p-2", "thumbnailUrl": 7}, None])
def test_an_odd_photo_hides_no_damage(odd: Any) -> None:
    photos = [{"id": "p-1", "thumbnailUrl": "/one"}, odd]
    damage = {"id": "x", "kind": "DENT", "position": {"view": "LEFT", "x": 0, "y": 1}, "photos": photos}
    car = Contract.of(contract(1, vehicle=vehicle(1, damages=[damage]))).vehicle
    assert car is not None
    assert [known.photos for known in car.damages] == [(("p-1", "/one"),)]
