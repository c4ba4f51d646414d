"""Stations, groups, the company, people, websites and tablets, as far as a person's role goes; tariffs."""

from __future__ import annotations

from starlette.responses import Response

from server.models.staff import Role
from server.office.desk import Desk


async def show(desk: Desk) -> Response:
    """Everything that is set once and rarely changed."""
    found = await desk.ask("Settings")
    people = (await desk.ask("People"))["users"] if desk.is_manager else []
    clients = (await desk.ask("Clients"))["apiClients"] if desk.is_manager else []
    devices = (await desk.ask("Devices"))["devices"] if desk.is_manager else []
    company = (await desk.ask("Company"))["company"]
    return desk.show(
        "settings/settings.html",
        found=found,
        people=people,
        clients=clients,
        devices=devices,
        company=company,
        is_admin=desk.principal is not None and desk.principal.role is Role.ADMIN,
        done=desk.request.query_params.get("done"),
    )


async def tariffs(desk: Desk) -> Response:
    """The price lists, by group."""
    found = await desk.ask("Tariffs")
    groups = [
        (group, [one for one in found["tariffs"] if one["group"]["id"] == group["id"]])
        for group in found["vehicleGroups"]
    ]
    done = desk.request.query_params.get("done")
    return desk.show("prices/tariffs.html", groups=groups, may_create=desk.may("createTariff"), done=done)
