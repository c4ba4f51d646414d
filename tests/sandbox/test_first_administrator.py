"""The administrator that an operator asks for is there in the sandbox too, and can begin to work."""

from pathlib import Path

from tests.calendar import soon
from tests.dealership import open_dealership
from tests.driving import running

ENVIRONMENT = {"ERSATZWAGEN_ADMIN_EMAIL": "boss@example.com", "ERSATZWAGEN_ADMIN_PASSWORD": "a-long-enough-one"}


def test_from_the_environment(tmp_path: Path) -> None:
    """Beside demo data: see test_demo_data."""
    with running(tmp_path / "data", environment=ENVIRONMENT) as server:
        admin = server.sign_in("boss@example.com", "a-long-enough-one")

        assert admin("{stations{code}}") == []
        dealership = open_dealership(server, cars=1, admin=admin)
        start = soon(server)
        assert dealership.booked(start, start.replace(hour=15))["state"] == "RESERVED"
