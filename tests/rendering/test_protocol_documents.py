"""Handover and return protocols: both sides' data, condition, damages, photos, signatures."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from server.paper.protocol_sheet import VIEWS, protocol_sheet
from server.paper.typesetter import render_protocol
from server.paper.views import AccessoryLine, ConditionView, DamageMark, PhotoPrint, ProtocolKind

from . import samples
from .reading import image_count, pages_of, title_of, words_of

NEW = DamageMark(view="RIGHT", x=0.4, y=0.5, kind="DENT", is_new=True, size_mm=120, note="Tür hinten rechts")


class TestHandover:
    def test_german_protocol_has_everything(self) -> None:
        text = words_of(render_protocol(samples.check_out()))
        for required in (
            "Übergabeprotokoll",
            "Vertrag B01-M-2026-00042",
            "Autohaus Lindner GmbH Station Berlin-Spandau Brunsbütteler Damm 132 13581 Berlin",
            "Jürgen Müßig Straße des 17. Juni 135",
            "Klasse B, BE · Führerschein im Original gesehen am 23.11.2026",
            "Eva Müßig",
            "B-EW 4711",
            "Volkswagen Golf 1.5 eTSI",
            "WVWZZZCDZNW012345",
            "Übergabe 23.11.2026, 08:00 Uhr",
            "Vereinbarte Rückgabe 26.11.2026, 08:00 Uhr",
            "Bei uns eingegangen 23.11.2026, 08:04 Uhr",
            "Ayşe Yılmaz",
            "23.418 km",
            "8/8",
            "Innen sauber",
            "Zulassungsbescheinigung Teil I 1 1",
            "1 Links Kratzer 40 mm Tür vorn links bekannt",
            "2 Vorne Steinschlag 3 mm bekannt",
            "1 · Vorne 08:00 Uhr",
            "4 · Rechts 08:00 Uhr",
            "Protokoll 0b6f7c1e-6f0a-4c62-9c0e-0f6a5f1d2a11",
            "SHA-256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "Seite 1 von 2",
        ):
            assert required in text, required
        assert "ohne neuen Schaden" not in text

    def test_english_protocol(self) -> None:
        text = words_of(render_protocol(samples.check_out(language="en")))
        for required in (
            "Handover protocol",
            "Lessor",
            "Renter",
            "23,418 km",
            "Stone chip",
            "original licence seen on",
        ):
            assert required in text, required

    @pytest.mark.parametrize(
        ("kind", "title"),
        [
            (ProtocolKind.SWAP_OUT, "Übergabeprotokoll (Fahrzeugtausch)"),
            (ProtocolKind.SWAP_IN, "Rückgabeprotokoll (Fahrzeugtausch)"),
        ],
    )
    def test_swaps_have_their_own_titles(self, kind: ProtocolKind, title: str) -> None:
        assert title in words_of(render_protocol(samples.check_out(kind=kind)))

    def test_missing_accessory_is_named(self) -> None:
        cable = AccessoryLine(name="Ladekabel Typ 2", expected=1, present=0)
        assert "Ladekabel Typ 2 fehlt 1 0" in words_of(render_protocol(samples.check_out(accessories=(cable,))))

    def test_bare_protocol_without_lists(self) -> None:
        view = samples.check_out(accessories=(), damages=(), photos=(), drivers=(), content_sha256=None)
        text = words_of(render_protocol(view))
        assert "Es sind keine Schäden bekannt." in text
        assert "Kein Zubehör erfasst." in text


class TestReturn:
    @pytest.mark.parametrize("count", range(0, 28, 6))
    @pytest.mark.parametrize("remarks", ["", "Kratzer am Griff war schon da. " * 30])
    def test_signatures_never_stand_alone_on_a_page(self, count: int, remarks: str) -> None:
        # Given a return with so many damages, and no photos to fill what is left
        view = samples.check_in(damages=(NEW,) * count, photos=(), remarks=remarks)
        # When
        pages = pages_of(render_protocol(view))
        # Then they stand where there is something to sign, and the table before them is whole
        (signed,) = [page for page in pages if "Unterschriften" in page]
        assert ("Kratzer am Griff" if remarks else "Zubehör und Papiere") in signed
        (listed,) = [page for page in pages if "Zubehör und Papiere" in page]
        assert all(item in listed for item in ("Schlüssel", "Warndreieck", "Warnweste"))

    def test_its_title_is_what_people_know_it_by(self) -> None:
        assert title_of(render_protocol(samples.check_out())) == "Übergabeprotokoll B01-M-2026-00042"

    def test_without_new_damage_it_says_so_in_writing(self) -> None:
        text = words_of(render_protocol(samples.check_in()))
        assert "Das Fahrzeug wurde ohne neuen Schaden zurückgegeben." in text
        assert "Kilometerstand 23.418 km 24.030 km 612 km" in text
        assert "Tank 8/8 7/8 -1/8" in text
        english = words_of(render_protocol(samples.check_in(language="en")))
        assert "The vehicle was returned without new damage." in english

    def test_new_damage_is_counted_without_blame(self) -> None:
        text = words_of(render_protocol(samples.check_in(damages=(*samples.KNOWN, NEW))))
        assert "ohne neuen Schaden" not in text
        assert "1 neuer Schaden festgehalten. Das stellt noch nicht fest, wer ihn verursacht hat." in text
        assert "3 Rechts Delle 120 mm Tür hinten rechts neu" in text

    def test_the_mark_of_a_new_damage_is_explained_on_a_return_only(self) -> None:
        assert "bekannter Schaden neuer Schaden" in words_of(render_protocol(samples.check_in()))
        handed_over = words_of(render_protocol(samples.check_out()))
        assert "bekannter Schaden" in handed_over
        assert "neuer Schaden" not in handed_over

    def test_key_drop_and_missing_signature(self) -> None:
        view = samples.check_in(
            key_drop_at=datetime(2026, 11, 25, 21, 0, tzinfo=UTC),
            customer_signature=None,
            signature_missing_reason="Schlüsseleinwurf nach Betriebsschluss",
        )
        text = words_of(render_protocol(view))
        assert "Schlüsseleinwurf 25.11.2026, 22:00 Uhr" in text
        assert "Ohne Unterschrift: Schlüsseleinwurf nach Betriebsschluss" in text

    def test_electric_car(self) -> None:
        view = samples.check_in(
            condition=ConditionView(odometer_km=24030, charge_percent=55),
            before=ConditionView(odometer_km=23418, charge_percent=80),
        )
        text = words_of(render_protocol(view))
        assert "Ladestand 80 % 55 % -25 %" in text
        assert "Tank" not in text


class TestDrawings:
    def test_each_mark_lies_in_its_own_view_at_its_place(self) -> None:
        marks = protocol_sheet(samples.check_in(damages=(NEW, *samples.KNOWN)))["marks"]
        assert marks["RIGHT"] == [{"nr": "1", "x": 0.4, "y": 0.5, "new": True}]
        assert [mark["nr"] for mark in marks["LEFT"]] == ["2"]
        assert [mark["nr"] for mark in marks["FRONT"]] == ["3"]

    def test_new_marks_lie_on_top(self) -> None:
        known = replace(NEW, is_new=False)
        marks = protocol_sheet(samples.check_in(damages=(NEW, known)))["marks"]
        assert [mark["nr"] for mark in marks["RIGHT"]] == ["2", "1"]

    @pytest.mark.parametrize("view", VIEWS)
    def test_a_mark_changes_the_picture(self, view: str) -> None:
        mark = replace(NEW, view=view, x=1.0, y=0.0)
        assert render_protocol(samples.check_in(damages=(mark,)), format="png") != render_protocol(
            samples.check_in(damages=(replace(mark, x=0.0),)), format="png"
        )

    def test_a_place_outside_is_drawn_at_the_edge(self) -> None:
        marks = protocol_sheet(samples.check_in(damages=(replace(NEW, x=-3, y=7),)))["marks"]
        assert (marks["RIGHT"][0]["x"], marks["RIGHT"][0]["y"]) == (0.0, 1.0)


class TestBytes:
    def test_same_view_same_bytes(self) -> None:
        assert render_protocol(samples.check_in()) == render_protocol(samples.check_in())

    @pytest.mark.parametrize("count", [1, 12, 40, 60])
    def test_photos_stay_small_enough_for_a_mail_however_many(self, count: int) -> None:
        # given photos that hardly compress
        photos = tuple(PhotoPrint(slot="OTHER", jpeg=samples.noise(seed)) for seed in range(count))

        # when they are printed
        pdf = render_protocol(samples.check_out(photos=photos, photo_count=count))

        # then the mail can carry the sheet, and every photo is on it
        assert len(pdf) < 5_000_000
        assert image_count(pdf) == count + 1  # both signatures are one picture

    def test_what_is_not_printed_is_said(self) -> None:
        assert "weitere Fotos" not in words_of(render_protocol(samples.check_out(photo_count=4)))
        assert (
            "Dazu kommen 30 weitere Fotos: alle zeigt der Link in der E-Mail, mit der dieses Protokoll kam."
            in words_of(render_protocol(samples.check_out(photo_count=34)))
        )

    @pytest.mark.parametrize("text", ['#panic("x")', "$x$ *a* @b", "{{7*7}} <b>", '"; #eval("1")', "😀 Größe"])
    def test_hostile_text_is_printed_as_it_is(self, text: str) -> None:
        view: dict[str, Any] = {
            "remarks": text,
            "staff_name": text,
            "damages": (replace(NEW, note=text),),
            "accessories": (AccessoryLine(name=text, expected=1, present=1),),
            "customer": replace(samples.CUSTOMER, name=text),
        }
        printed = words_of(render_protocol(samples.check_in(**view)))
        assert printed.count(text.replace("😀 ", "")) >= 5
