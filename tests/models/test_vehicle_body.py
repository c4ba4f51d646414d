"""The shape in which a car is drawn follows from the second letter of its group's ACRISS code."""

import string

import pytest

from server.models.vehicle_body import DEFAULT_BODY, VehicleBody, body_of

LETTERS = {
    VehicleBody.HATCHBACK: "BCDM" + "XYZ",
    VehicleBody.ESTATE: "W",
    VehicleBody.SUV: "FGJPQ",
    VehicleBody.VAN: "VKHR",
    VehicleBody.SALOON: "LESTN",
}
CASES = [(letter, body) for body, letters in LETTERS.items() for letter in letters]


@pytest.mark.parametrize(("letter", "body"), CASES)
def test_each_letter_of_the_standard_is_a_shape(letter: str, body: VehicleBody) -> None:
    assert body_of(f"C{letter}MR") is body


@pytest.mark.parametrize("acriss", ["LLLR", "WLWW", "VLVV"])
def test_no_other_letter_counts(acriss: str) -> None:
    assert body_of(acriss) is VehicleBody.SALOON


@pytest.mark.parametrize("acriss", [None, "", "C", *(f"C{letter}MR" for letter in "AIOU"), "C1MR", "ÄÖÜß"])
def test_what_says_nothing_of_the_shape_is_drawn_as_the_most_common_one(acriss: str | None) -> None:
    assert DEFAULT_BODY is VehicleBody.HATCHBACK
    assert body_of(acriss) is DEFAULT_BODY


def test_the_standard_has_no_other_letter() -> None:
    assert sorted(letter for letter, _body in CASES) == sorted(set(string.ascii_uppercase) - set("AIOU"))


def test_a_code_in_small_letters_says_the_same() -> None:
    assert body_of("iwmr") is VehicleBody.ESTATE
