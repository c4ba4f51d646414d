"""What people type and read in forms, and the API's values of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from graphql import Undefined
from hypothesis import given
from hypothesis import strategies as st

from server.office import typed
from server.office.typed import NO_NUMBER, NO_SUCH_DATE, NO_SUCH_TIME, Unreadable

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "language", "value"),
    [
        ("12,50", "de", "12.50"),
        ("1.234,50", "de", "1234.50"),
        ("1.234", "de", "1234"),
        ("12.50", "de", "12.50"),
        ("12,50 €", "de", "12.50"),
        ("-3,00", "de", "-3.00"),
        ("1,234.50", "en", "1234.50"),
        ("12.50", "en", "12.50"),
        ("12,50", "en", "12.50"),
        ("1,234", "en", "1234"),
        ("+5", "de", "5"),
    ],
)
def test_an_amount_is_read_as_its_reader_writes_it(text: str, language: str, value: str) -> None:
    assert typed.read(text, "Decimal", BERLIN, language) == value


@pytest.mark.parametrize("text", ["zwölf", "1,2,3", "--5", "1e9", "٣", "12.50.1", ""])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(Unreadable) as refused:
        typed.read(text, "Decimal", BERLIN, "de")
    assert refused.value.says == NO_NUMBER


@given(st.decimals(min_value=-999_999, max_value=999_999, places=2))
def test_an_amount_that_is_shown_is_read_back(amount: object) -> None:
    for language in ("de", "en"):
        text = typed.shown(str(amount), "Decimal", BERLIN, language)
        assert typed.read(text, "Decimal", BERLIN, language) == str(amount)


@given(st.integers(1_577_836_800, 2_051_222_400).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)))
def test_an_instant_that_is_shown_is_read_back(instant: datetime) -> None:
    """But for the second time of the hour that is there twice: the first is meant."""
    minute = instant.replace(second=0, microsecond=0)
    local = minute.astimezone(BERLIN)
    read = datetime.fromisoformat(typed.instant(typed.shown(minute, "DateTime", BERLIN, "de"), BERLIN))
    assert read.astimezone(UTC) == (minute - timedelta(hours=1) if local.fold else minute)


def test_the_hour_that_the_clocks_skip_does_not_exist() -> None:
    with pytest.raises(Unreadable) as refused:
        typed.instant("2027-03-28T02:30", BERLIN)
    assert refused.value.says == NO_SUCH_TIME


@pytest.mark.parametrize("text", ["2027-02-30T10:00", "morgen", "2027-01-01T10:00+05:00", ""])
def test_what_is_no_time_of_a_station_is_refused(text: str) -> None:
    with pytest.raises(Unreadable) as refused:
        typed.instant(text, BERLIN)
    assert refused.value.says == NO_SUCH_DATE


@pytest.mark.parametrize(("text", "value"), [("42", 42), ("12.500", 12500), ("1 000", 1000), ("-1", -1)])
def test_a_whole_number_may_have_thousands(text: str, value: int) -> None:
    assert typed.read(text, "Int", BERLIN, "de") == value


@pytest.mark.parametrize("text", ["2147483648", "-9999999999", "1,5"])
def test_a_whole_number_that_the_api_does_not_know_is_refused(text: str) -> None:
    with pytest.raises(Unreadable) as refused:
        typed.read(text, "Int", BERLIN, "de")
    assert refused.value.says == NO_NUMBER


def test_a_time_of_day_is_read_as_it_is_shown() -> None:
    assert typed.read("09:00", "LocalTime", BERLIN, "de") == "09:00"
    assert typed.read("09:00:00", "LocalTime", BERLIN, "de") == "09:00"


@pytest.mark.parametrize("value", [None, Undefined])
def test_nothing_is_an_empty_field(value: object) -> None:
    assert typed.shown(value, "String", BERLIN, "de") == ""
