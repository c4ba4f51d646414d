"""The day, the form, what it lacks and what is sent: rules without a window."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from mobile_kivy import i18n
from mobile_kivy.car_pictures import BODIES, DEFAULT_BODY
from mobile_kivy.forms import checks
from mobile_kivy.forms.contract import Vehicle, customer_name
from mobile_kivy.forms.day import CHECK_IN, CHECK_OUT, Job, read_day, with_next_morning
from mobile_kivy.forms.form import GUIDED_SLOTS, Address, Form, NewDamage, open_form
from mobile_kivy.forms.protocol import Signed, photo_hashes, to_input
from mobile_kivy.forms.saved import form_of
from mobile_kivy.forms.signature import Signature
from mobile_kivy.forms.visit import Visit
from mobile_kivy.reading import Fields
from mobile_kivy.sync import SyncState
from mobile_kivy.sync_words import pill
from tests.tablet.answers import contract, day, vehicle, went_out

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
WORDS = partial(i18n.text, "de")


def signature(samples: int) -> Signature:
    return Signature(900, 300, NOON.isoformat(), (tuple((place, 100, place * 9) for place in range(samples)),))


def job(kind: str = CHECK_OUT, **more: Any) -> Job:
    listed = "checkOuts" if kind == CHECK_OUT else "checkIns"
    found = read_day(day("s1", **{listed: [contract(**more)]})).jobs
    return found[0]


def filled(kind: str = CHECK_OUT, **more: Any) -> Form:
    form = open_form(job(kind, **more), "u1", NOON)
    form.odometer = "10050"
    for number, slot in enumerate(GUIDED_SLOTS):
        form.take(slot, f"{number:064}", NOON)
    return form


class TestDay:
    def test_the_late_come_first_then_by_time_and_the_morning_last(self) -> None:
        late = contract(3, period={"start": "2026-11-20T09:00:00+01:00", "end": "2026-11-21T09:00:00+01:00"})
        early, noon = "2026-11-24T08:00:00+01:00", "2026-11-24T12:00:00+01:00"
        tomorrow = [contract(4, period={"start": early, "end": noon}), contract(5, period={"start": noon, "end": noon})]
        found = with_next_morning(
            read_day(day(checkOuts=[contract(1)], overdue=[late])), read_day(day(checkOuts=tomorrow))
        )
        assert [(item.contract.id, item.overdue) for item in found.jobs] == [("c3", True), ("c1", False), ("c4", False)]

    @pytest.mark.parametrize("words", ["zu 101", "ZU101", "groß", "anna GROSS", "0001", "hhzu101 anna"])
    def test_search_finds_plate_name_and_number(self, words: str) -> None:
        assert job().matches(words)

    def test_search_does_not_find_others(self) -> None:
        assert not job().matches("zu 102")

    def test_a_company_is_shown_with_its_person(self) -> None:
        person = {"firstName": "Anna", "lastName": "Groß"}
        assert customer_name(Fields({**person, "company": "Bau GmbH"})) == "Bau GmbH (Anna Groß)"
        assert customer_name(Fields({"company": "Bau GmbH"})) == "Bau GmbH"

    @pytest.mark.parametrize("body", BODIES)
    def test_a_car_has_the_shape_that_the_server_tells(self, body: str) -> None:
        assert Vehicle.of(vehicle(body=body)).body == body

    @pytest.mark.parametrize("told", [{}, {"body": None}, {"body": ""}, {"body": "HOVERCRAFT"}])
    def test_a_car_whose_shape_is_not_told_or_not_known_is_drawn_as_the_most_common_one(
        self, told: dict[str, Any]
    ) -> None:
        assert Vehicle.of(vehicle(**told)).body == DEFAULT_BODY == "HATCHBACK"

    def test_a_visit_draws_the_car_that_was_chosen_on_the_spot(self) -> None:
        todo = job(vehicle=vehicle(1, body="ESTATE"))
        form = open_form(todo, "u1", NOON)
        assert Visit(form, todo, todo.contract.vehicle).body == "ESTATE"
        assert Visit(form, todo, Vehicle.of(vehicle(2, body="VAN"))).body == "VAN"
        assert Visit(form, todo, None).body == DEFAULT_BODY


class TestForm:
    def test_it_starts_where_the_car_was_last(self) -> None:
        form = open_form(job(), "u1", NOON)
        assert (form.fuel_eighths, form.charge_percent, form.accessories) == (7, None, {"Schlüssel": 2})
        form = open_form(job(vehicle=vehicle(electric=True)), "u1", NOON)
        assert (form.fuel_eighths, form.charge_percent) == (None, 83)

    def test_a_return_expects_what_went_out(self) -> None:
        assert open_form(job(CHECK_IN, protocols=went_out()), "u1", NOON).expected == {"Schlüssel": 1}

    def test_it_is_the_same_when_it_is_read_again_whatever_a_later_version_added(self) -> None:
        form = filled()
        form.damages.append(NewDamage("LEFT", 0.1, 0.2, photos=["a" * 64]))
        assert form_of({**form.to_json(), "of_a_later_version": 1}) == form
        assert form.job().contract.number == "BER-0001"

    def test_a_form_that_an_earlier_app_has_saved_keeps_its_photos(self) -> None:
        form = filled()
        saved = form.to_json()
        saved["shots"] = saved.pop("photos")
        assert form_of(saved) == form

    def test_another_car_begins_anew(self) -> None:
        form = filled()
        form.use_vehicle(Vehicle.of(vehicle(2)), other=True)
        assert (form.odometer, form.photos, form.damages) == ("", [], [])
        assert form.car() == Vehicle.of(vehicle(2))

    def test_a_photo_taken_again_replaces_the_first(self) -> None:
        form = filled()
        form.take("FRONT", "f" * 64, NOON)
        assert [photo.sha256 for photo in form.photos if photo.slot == "FRONT"] == ["f" * 64]
        assert len(form.photos) == 8


class TestChecks:
    @pytest.mark.parametrize(
        ("odometer", "key"),
        [
            ("", "odometer_empty"),
            ("9999", "odometer_low"),
            ("10000", None),
            ("12000", None),
            ("12001", "odometer_high"),
        ],
    )
    def test_the_odometer_of_a_day(self, odometer: str, key: str | None) -> None:
        form, out = filled(CHECK_IN, protocols=went_out()), job(CHECK_IN, protocols=went_out())
        form.odometer = odometer
        found = checks.condition(form, out, form.car(), NOON)
        assert [complaint.key for complaint in found] == ([key] if key else [])

    def test_two_thousand_kilometres_for_each_day(self) -> None:
        out = job(CHECK_IN, protocols=went_out("2026-11-21T00:00:00+00:00"))
        form = filled(CHECK_IN, protocols=went_out())
        form.odometer = "15000"
        assert checks.condition(form, out, form.car(), NOON) == []
        form.odometer = "15001"
        (complaint,) = checks.condition(form, out, form.car(), NOON)
        assert complaint.figures == {"driven": 5001, "most": 5000}

    def test_a_reason_lets_a_doubtful_odometer_pass(self) -> None:
        form = filled()
        form.odometer, form.override_reason = "9999", "Tacho getauscht"
        assert checks.condition(form, job(), form.car(), NOON) == []

    @pytest.mark.parametrize(
        ("hours", "key"), [(1, "key_drop_future"), (-1, None), (-24, None), (-25, "key_drop_early")]
    )
    def test_the_key_drop_lies_between_check_out_and_now(self, hours: int, key: str | None) -> None:
        form, out = filled(CHECK_IN, protocols=went_out()), job(CHECK_IN, protocols=went_out())
        form.key_drop_at = (NOON + timedelta(hours=hours)).isoformat()
        assert [complaint.key for complaint in checks.key_drop(form, out, NOON)] == ([key] if key else [])

    def test_each_slot_needs_a_photo_or_a_reason(self) -> None:
        form = filled()
        form.photos.pop()
        assert checks.photos(form)[0].figures == {"count": 1}
        form.skipped["FRONT_RIGHT"] = "Regen"
        assert checks.photos(form) == []

    def test_a_damage_needs_a_photo_and_another_kind_words(self) -> None:
        form = filled()
        form.damages = [NewDamage("TOP", 0, 0, photos=["a" * 64]), NewDamage("TOP", 0, 0, kind="OTHER")]
        assert checks.damages(form, 3)[0].figures == {"number": 4}
        form.damages[1].photos.append("b" * 64)
        assert checks.damages(form, 3)[0].key == "damage_without_words"

    def test_every_driver_is_seen_and_there_is_one(self) -> None:
        form = filled()
        assert checks.licences(form, job())[0].figures == {"name": "Anna Groß"}
        form.licences = ["d1"]
        assert checks.licences(form, job()) == []
        assert checks.licences(form, job(drivers=[]))[0].key == "no_driver"

    def test_the_address_that_the_invoice_needs(self) -> None:
        form = filled()
        assert [complaint.key for complaint in checks.address(form)] == ["address_incomplete"]
        form.address = Address(" Seestr. 5 ", "13353", " ")
        assert [complaint.key for complaint in checks.address(form)] == ["address_incomplete"]
        form.address.city, form.address.country = "Berlin", "Deutschland"
        assert [complaint.key for complaint in checks.address(form)] == ["country_wrong"]
        form.address.country = "DE"
        assert checks.address(form) == []

    @pytest.mark.parametrize("kind", [CHECK_OUT, CHECK_IN])
    def test_it_is_asked_for_where_it_is_missing(self, kind: str) -> None:
        known, missing = job(kind), job(kind, addressMissing=True)
        for one, asked in ((known, False), (missing, True)):
            visit = Visit(open_form(one, "u1", NOON), one, one.contract.vehicle)
            assert ("customer" in visit.steps) is asked
        # And: what was typed in can be corrected when the server knows it meanwhile
        form = open_form(known, "u1", NOON)
        form.address.street = "Seestr. 5"
        assert "customer" in Visit(form, known, None).steps

    def test_both_sign_or_the_customer_has_a_reason(self) -> None:
        form = filled()
        assert [complaint.where for complaint in checks.signatures(form)] == ["customer", "staff"]
        form.staff_signature, form.customer_signature = signature(8), signature(7)
        assert [complaint.where for complaint in checks.signatures(form)] == ["customer"]
        form.signature_missing_reason = "Schlüsseleinwurf"
        assert checks.signatures(form) == []


class TestSent:
    def test_what_was_skipped_is_said_in_the_remarks(self) -> None:
        form = filled()
        form.remarks, form.skipped = " Winterreifen ", {"REAR": "Starker Regen"}
        sent = to_input(form, NOON, Signed(None), WORDS)
        assert sent["remarks"] == "Winterreifen\nKein Foto Hinten: Starker Regen"

    def test_the_car_is_named_only_when_it_is_another(self) -> None:
        form = filled()
        assert "vehicleId" not in to_input(form, NOON, Signed("a" * 64), WORDS)
        form.use_vehicle(Vehicle.of(vehicle(2)), other=True)
        form.odometer = "10001"
        assert to_input(form, NOON, Signed("a" * 64), WORDS)["vehicleId"] == "v2"

    def test_the_address_is_sent_if_it_was_asked_for(self) -> None:
        form = filled()
        assert "customer" not in to_input(form, NOON, Signed("a" * 64), WORDS)
        form.address = Address(" Seestr. 5 ", "13353", "Berlin ")
        said = {"street": "Seestr. 5", "postcode": "13353", "city": "Berlin", "country": "DE"}
        assert to_input(form, NOON, Signed("a" * 64), WORDS)["customer"] == {"address": said}
        assert form_of(form.to_json()).address == form.address

    def test_every_photo_is_named_once(self) -> None:
        form = filled()
        form.damages.append(NewDamage("LEFT", 0.1, 0.2, photos=[f"{0:064}", "a" * 64]))
        hashes = photo_hashes(form, "s" * 64, None)
        assert len(hashes) == len(set(hashes)) == 10
        assert hashes[-1] == "s" * 64


class TestWords:
    def test_both_languages_say_the_same_things(self) -> None:
        assert i18n.WORDS["de"].keys() == i18n.WORDS["en"].keys()
        for key, wording in i18n.WORDS["de"].items():
            assert _figures(wording) == _figures(i18n.WORDS["en"][key]), key

    def test_numbers_and_days_are_written_as_people_do(self) -> None:
        assert i18n.text("de", "last_reading", km=41230) == "zuletzt 41.230 km"
        assert i18n.number("en", 41230) == "41,230"
        assert (i18n.day("de", NOON), i18n.day("en", NOON), i18n.clock(NOON)) == ("Mo 23.11.", "Mon 23 Nov", "12:00")

    @pytest.mark.parametrize(
        ("state", "expected"),
        [
            (SyncState(online=True), ("ok", "Alles gesendet")),
            (SyncState(online=False), ("warn", "Offline")),
            (SyncState(online=True, waiting=3, oldest=NOON), ("warn", "3 warten, seit 12:00")),
            (SyncState(online=False, waiting=3, oldest=NOON), ("warn", "Offline · 3 warten, seit 12:00")),
            (SyncState(online=True, refused=1), ("error", "1 braucht Hilfe")),
            (SyncState(online=True, clock_ahead=timedelta(minutes=5)), ("ok", "Alles gesendet")),
            (
                SyncState(online=True, clock_ahead=timedelta(minutes=5, seconds=1)),
                ("error", "Tablet-Uhr geht 5 Minuten vor"),
            ),
            (
                SyncState(online=False, clock_ahead=timedelta(hours=-30)),
                ("error", "Tablet-Uhr geht 30 Stunden nach · Offline"),
            ),
            (
                SyncState(online=True, clock_ahead=timedelta(days=-2)),
                ("error", "Tablet-Uhr geht 2 Tage nach"),
            ),
            (SyncState(online=True, sign_in_needed=("u1",)), ("error", "Anmeldung nötig")),
        ],
    )
    def test_how_the_outbox_stands(self, state: SyncState, expected: tuple[str, str]) -> None:
        tone, _icon, words = pill("de", state, lambda instant: instant)
        assert (tone, words) == expected


def _figures(wording: str) -> set[str]:
    return {part.partition("}")[0] for part in wording.split("{")[1:]}
