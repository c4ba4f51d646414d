"""In which state a car comes back: said in the confirmation and with the hand-over, in the same words."""

from typing import Any

import pytest

from server.paper.mail_templates import render_mail
from server.paper.views import FuelRule

from . import samples


@pytest.mark.parametrize("template", ["BOOKING_CONFIRMATION", "CHECK_OUT_PROTOCOL"])
@pytest.mark.parametrize(
    ("rule", "language", "sentence"),
    [
        (
            FuelRule.SAME_LEVEL,
            "de",
            "Bringen Sie den Wagen mit demselben Tankstand zurück, mit dem Sie ihn übernehmen; fehlenden Kraftstoff und das"
            " Tanken berechnen wir.",
        ),
        (
            FuelRule.SAME_LEVEL,
            "en",
            "Bring the car back with the same fuel level as at pick-up; we bill you for missing fuel and refuelling.",
        ),
        (
            FuelRule.SAME_CHARGE,
            "de",
            "Bringen Sie den Wagen mit demselben Ladestand zurück, mit dem Sie ihn übernehmen; fehlende Ladung berechnen wir.",
        ),
        (
            FuelRule.SAME_CHARGE,
            "en",
            "Bring the car back with the same battery level as at pick-up; we bill you for missing charge.",
        ),
        (
            FuelRule.SAME_LEVEL_AND_CHARGE,
            "de",
            "Bringen Sie den Wagen mit demselben Tank- und Ladestand zurück, mit dem Sie ihn übernehmen; fehlenden"
            " Kraftstoff, fehlende Ladung, das Tanken und das Laden berechnen wir.",
        ),
        (
            FuelRule.SAME_LEVEL_AND_CHARGE,
            "en",
            "Bring the car back with the same fuel level and the same battery level as at pick-up; we bill you for missing"
            " fuel, missing charge, refuelling and charging.",
        ),
    ],
)
def test_fuel_charge_or_both(template: str, rule: FuelRule, language: Any, sentence: str) -> None:
    assert f"- {sentence}\n" in render_mail(template, language, samples.mail(fuel_rule=rule)).text
