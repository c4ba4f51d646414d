"""What administrators and managers set: stations, the company, people, websites, tablets."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from server.office.actions.action import Action, Choices, Known, Subject
from server.office.actions.fleet import nothing
from server.office.actions.steps import Steps
from server.office.desk import Desk
from server.office.door import NotFound
from server.office.operations import Answer
from server.office.typed import Choice
from server.office.words.catalogue import value_words

_PAGE = "/office/settings"
_ROLES = ("YARD", "CLERK", "MANAGER", "ADMIN")


def _page(_row: Answer) -> str:
    return _PAGE


def _name(row: Answer) -> str:
    return str(row.get("name") or "")


def _one_of(document: str, field: str) -> Callable[[Desk, str], Awaitable[Answer]]:
    async def read(desk: Desk, key: str) -> Answer:
        found = next((one for one in (await desk.ask(document))[field] if one["id"] == key), None)
        if found is None:
            raise NotFound
        return dict(found)

    return read


async def _company(desk: Desk, _key: str) -> Answer:
    return (await desk.ask("Company"))["company"] or {}


async def _stations(desk: Desk, _row: Answer) -> Choices:
    roles = value_words("Role")
    return {
        "stationIds": [Choice(one["id"], one["name"]) for one in desk.stations],
        "role": [Choice(one, roles[one].within(desk.language)) for one in _ROLES],
    }


def _id(row: Answer) -> Known:
    return {"id": row["id"]}


def _at(row: Answer) -> Answer:
    return {"stationIds": [one["id"] for one in row["stations"]]}


def _user(row: Answer) -> Known:
    return {"input": row | _at(row)}


def _client(row: Answer) -> Known:
    return row | _at(row)


STATIONS = Steps(
    Subject(_one_of("Settings", "stations"), _name, _page),
    {
        "edit": Action(
            "edit", "UpdateStation", "updateStation", fixed=_id, only_changes=True,
            values=lambda station: {"version": station["version"], "input": station},
        )
    },
)  # fmt: skip
COMPANY = Steps(
    Subject(_company, _name, _page, key=lambda _row: "company"),
    {"edit": Action("edit", "UpdateCompany", "updateCompany", values=lambda company: {"input": company})},
)
PEOPLE = Steps(
    Subject(_one_of("People", "users"), _name, _page),
    {"edit": Action("edit", "UpdateUser", "updateUser", values=_user, fixed=_id, choices=_stations, only_changes=True)},
)
CLIENTS = Steps(
    Subject(_one_of("Clients", "apiClients"), _name, _page),
    {
        "edit": Action("edit", "UpdateApiClient", "updateApiClient", values=_client, fixed=_id, choices=_stations),
        "rotate": Action("rotate", "RotateApiKey", "rotateApiKey", fixed=_id),
        "revoke": Action("revoke", "RevokeApiClient", "revokeApiClient", fixed=_id, is_grave=True),
    },
)
DEVICES = Steps(
    Subject(_one_of("Devices", "devices"), _name, _page),
    {"revoke": Action("revoke", "RevokeDevice", "revokeDevice", fixed=_id, is_grave=True)},
)
NEW = Steps(
    Subject(nothing, title=lambda _row: "", page=_page, key=lambda _row: "new"),
    {
        "station": Action("station", "CreateStation", "createStation"),
        "person": Action("person", "CreateUser", "createUser", choices=_stations),
        "client": Action("client", "CreateApiClient", "createApiClient", choices=_stations),
    },
)
