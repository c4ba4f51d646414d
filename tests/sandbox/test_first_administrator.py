"""The administrator that an operator asks for is there in the sandbox too, and can begin to work."""

from pathlib import Path

import pytest

from tests.dealership import open_dealership
from tests.driving import running, soon

ENVIRONMENT = {"ERSATZWAGEN_ADMIN_EMAIL": "boss@example.com", "ERSATZWAGEN_ADMIN_PASSWORD": "a-long-enough-one"}


@pytest.mark.parametrize("demo_data", [False, True])
def test_from_the_environment(tmp_path: Path, demo_data: bool) -> None:
    with running(tmp_path / "data", demo_data=demo_data, environment=ENVIRONMENT) as server:
        admin = server.sign_in("boss@example.com", "a-long-enough-one")

        assert len(admin("{stations{code}}")) == (3 if demo_data else 0)
        dealership = open_dealership(server, cars=1, admin=admin)
        start = soon(server.now())
        assert dealership.booked(start, start.replace(hour=15))["state"] == "RESERVED"
