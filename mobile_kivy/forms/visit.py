"""A form on the screen, with the job and the car that it is about."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mobile_kivy.car_pictures import DEFAULT_BODY
from mobile_kivy.forms.contract import Vehicle
from mobile_kivy.forms.day import Job
from mobile_kivy.forms.form import Form

STEPS = ("condition", "care", "damages", "photos", "customer", "licences", "sign")
"""In the order in which they are filled in."""


@dataclass
class Visit:
    """What a step works on. The car is not always the contract's: another one may be chosen on the spot."""

    form: Form
    job: Job
    vehicle: Vehicle | None

    @property
    def steps(self) -> list[str]:
        """Licences are looked at when a car leaves, and the customer is asked for what is missing."""
        left_out = set() if self.form.checks_out else {"licences"}
        if not self.job.contract.address_missing and not self.form.address.is_given():
            left_out.add("customer")
        return [name for name in STEPS if name not in left_out]

    @property
    def body(self) -> str:
        """The shape in which its car is drawn; as of a car that says none while there is no car."""
        return self.vehicle.body if self.vehicle else DEFAULT_BODY

    def job_with_car(self) -> Job:
        """The job with the car that was chosen, not the one that was planned."""
        return replace(self.job, contract=replace(self.job.contract, vehicle=self.vehicle))

    def car(self) -> Vehicle:
        """The vehicle. LookupError if there is none, which the first step does not let pass."""
        if self.vehicle is None:
            raise LookupError("a form without a vehicle passed its first step")
        return self.vehicle
