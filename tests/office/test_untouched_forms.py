"""A form that is opened and saved as it stands changes nothing, whatever it is about."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from server.office.operations import DOCUMENTS
from server.office.routes import STEPS
from tests.calendar import soon
from tests.dealership import Dealership
from tests.driving import ADMIN
from tests.office.browser import Clerk

STATION = """mutation($id:ID!,$version:Int!,$input:StationUpdate!){updateStation(id:$id,version:$version,input:$input){
  __typename ...on Problem{message field}}}"""
COMPANY = "mutation($input:CompanyInput!){updateCompany(input:$input){__typename ...on Problem{message field}}}"
CLIENT = """mutation($stations:[ID!]!){createApiClient(name:"Web",stationIds:$stations,policy:{kinds:[RENTAL],
  mayNamePayer:true,openHolds:3}){__typename ...on CreatedApiClient{client{id}} ...on Problem{message}}}"""
CUSTOMER = """mutation($id:ID!,$version:Int!,$input:CustomerUpdate!){updateCustomer(id:$id,version:$version,input:$input){
  __typename ...on Problem{message field}}}"""
PAYER = """mutation($id:ID!,$version:Int!,$payer:PayerInput){changePayer(contractId:$id,version:$version,payer:$payer){
  __typename ...on Problem{message field}}}"""
TARIFF = """mutation($id:ID!,$version:Int!,$input:TariffInput!){updateTariff(id:$id,version:$version,input:$input){
  __typename ...on Problem{message field}}}"""
OPENING = [
    {"weekday": "MONDAY", "opens": "07:00", "closes": "12:30"},
    {"weekday": "MONDAY", "opens": "13:30", "closes": "00:00"},
    {"weekday": "SATURDAY", "opens": "09:00", "closes": "13:05"},
]
EXCEPTIONS: list[dict[str, Any]] = [
    {"date": "2027-12-24", "windows": [{"opens": "09:00", "closes": "12:00"}], "note": "Heiligabend"},
    {"date": "2027-12-31", "windows": []},
    {
        "date": "2028-01-02",
        "windows": [{"opens": "09:00", "closes": "10:00"}, {"opens": "14:00", "closes": "15:30"}],
    },
]
ADDRESS = {"street": "Hauptstr. 1", "postcode": "1010", "city": "Wien", "country": "AT"}
NOT_COMPARED = {
    "version",
    "changes",
    "history",
    "lastSignInAt",
    "keys",
    "versions",
    "updatedAt",
    "emails",
    "drivers",
    "pdfUrl",
}
"""What tells of the saving itself, or of the hour; drivers get what the counter knows of the customer."""


def _done(answer: dict[str, Any]) -> None:
    assert "message" not in answer, answer


@pytest.fixture
def admin(dealership: Dealership) -> Iterator[Clerk]:
    with httpx2.Client(timeout=60) as http:
        clerk = Clerk(http, dealership.server.base, "de")
        clerk.sign_in(ADMIN["email"], ADMIN["password"])
        yield clerk


@pytest.fixture
def rich(dealership: Dealership) -> dict[str, str]:
    """A row of each kind with all that it can have, by what its operations' addresses begin with."""
    ask, station = dealership.admin, dealership.station["id"]
    (version,) = [one["version"] for one in ask("{stations{id version}}") if one["id"] == station]
    _done(ask(STATION, id=station, version=version, input={
        "openingHours": OPENING, "openingExceptions": EXCEPTIONS, "phone": "+49301234567", "holidayRegion": "DE-BY",
    }))  # fmt: skip
    _done(ask(COMPANY, input={
        "name": "Autohaus Sonnenfeld GmbH", "address": ADDRESS, "taxNumber": "29/123/45678", "vatId": "DE136695976",
        "managingDirectors": "A. Sonne, B. Feld", "iban": "DE02120300000000202051",
    }))  # fmt: skip
    made = {"station": station, **_contract(dealership), **_tariff(dealership), **_people(dealership)}
    dealership.server.settle()
    return made


def _contract(dealership: Dealership) -> dict[str, str]:
    start = soon(dealership.server) + timedelta(days=1, seconds=17)
    while start.weekday() != 0:
        start += timedelta(days=1)
    start = start.replace(hour=7)
    contract = dealership.booked(start, start + timedelta(hours=2, seconds=1))
    payer = {"name": "Versicherung AG", "address": ADDRESS, "reference": "S-1"}
    _done(dealership.clerk(PAYER, id=contract["id"], version=contract["version"], payer=payer))
    customer = contract["customer"]["id"]
    found = dealership.clerk("query($id:ID!){customer(id:$id){version}}", id=customer)
    _done(dealership.clerk(CUSTOMER, id=customer, version=found["version"], input={
        "salutation": "Frau", "birthDate": "1980-02-29", "phone": "+4915112345678", "address": ADDRESS,
    }))  # fmt: skip
    return {"contract": contract["number"], "customer": customer, "vehicle": dealership.vehicles[0]["id"]}


def _tariff(dealership: Dealership) -> dict[str, str]:
    tariffs = dealership.admin("{tariffs{id code group{id}}}")
    found = next(one["id"] for one in tariffs if one["group"]["id"] == dealership.group["id"])
    return {"tariff": found, "group": dealership.group["id"]}


def _people(dealership: Dealership) -> dict[str, str]:
    station = dealership.station["id"]
    users = dealership.admin("{users{id stations{id}}}")
    person = next(one["id"] for one in users if [where["id"] for where in one["stations"]] == [station])
    client = dealership.admin(CLIENT, stations=[station])
    _done(client)
    return {"person": person, "client": client["client"]["id"]}


FORMS = {
    "stations/{station}/edit": "UpdateStation",
    "company/company/edit": "UpdateCompany",
    "groups/{group}/edit": "UpdateVehicleGroup",
    "vehicles/{vehicle}/edit": "UpdateVehicle",
    "customers/{customer}/edit": "UpdateCustomer",
    "people/{person}/edit": "UpdateUser",
    "clients/{client}/edit": "UpdateApiClient",
    "tariffs/{tariff}/edit": "UpdateTariff",
    "contracts/{contract}/change-payer": "ChangePayer",
    "contracts/{contract}/complete-customer": "CompleteCustomer",
    "contracts/{contract}/change-period": "ChangePeriod",
    "contracts/{contract}/move": "MoveContract",
}
QUERIES = {
    "UpdateStation": ("Settings", {}),
    "UpdateCompany": ("Company", {}),
    "UpdateVehicleGroup": ("Groups", {}),
    "UpdateCustomer": ("Customer", {"id": "customer"}),
    "UpdateUser": ("People", {}),
    "UpdateApiClient": ("Clients", {}),
    "UpdateTariff": ("Tariffs", {}),
    "UpdateVehicle": ("Settings", {}),
}


def _stored(dealership: Dealership, document: str, rich: dict[str, str]) -> Any:
    name, variables = QUERIES.get(document, ("Contract", {"number": "contract"}))
    (file,) = DOCUMENTS.rglob(f"{name}.graphql")
    asked = {name: rich[key] for name, key in variables.items()}
    return _without(dealership.admin(file.read_text(encoding="utf-8"), **asked))


def _without(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without(one) for key, one in value.items() if key not in NOT_COMPARED}
    return [_without(one) for one in value] if isinstance(value, list) else value


def test_every_update_is_looked_at() -> None:
    """An operation whose form begins with what is stored, as far as it is no decision."""
    looked_at = set(FORMS.values()) | {"DecideDamage", "RepairDamage", "CorrectReading", "EndTariff", "ResendEmail"}
    updates = {
        action.document
        for steps in STEPS.values()
        for action in steps.actions.values()
        if action.only_changes or action.document.startswith(("Update", "Change", "Complete", "Move"))
    }
    assert updates <= looked_at


@pytest.mark.parametrize("form", FORMS)
def test_a_form_that_is_saved_as_it_stands_changes_nothing(
    dealership: Dealership, admin: Clerk, rich: dict[str, str], form: str
) -> None:
    document = FORMS[form]
    before = _stored(dealership, document, rich)
    path = "/office/" + form.format(**rich)
    admin.open(path)
    assert admin.status == 200, admin.text()

    admin.send("save")

    wrong = [one.text for one in admin.page.xpath("//*[contains(@class, 'error')]")]
    assert (admin.alerts(), wrong) == ([], []), admin.path
    assert admin.path.partition("?")[0] != path, admin.text()
    assert _stored(dealership, document, rich) == before


def test_a_station_with_years_of_exceptions_can_be_changed(
    dealership: Dealership, admin: Clerk, rich: dict[str, str]
) -> None:
    ask, station = dealership.admin, rich["station"]
    days = [{**EXCEPTIONS[0], "date": f"20{27 + number // 12}-{number % 12 + 1:02}-24"} for number in range(120)]
    (version,) = [one["version"] for one in ask("{stations{id version}}") if one["id"] == station]
    _done(ask(STATION, id=station, version=version, input={"openingExceptions": days}))
    admin.open(f"/office/stations/{station}/edit")

    admin.send(input__phone="+4930999999")

    found = next(one for one in ask("{stations{id phone openingExceptions{date}}}") if one["id"] == station)
    assert (found["phone"].replace(" ", ""), len(found["openingExceptions"])) == ("+4930999999", 120)


def test_what_somebody_else_changed_is_not_overwritten(
    dealership: Dealership, admin: Clerk, rich: dict[str, str]
) -> None:
    """Of a person there is no version: the form itself says what it was made from."""
    # given a form that was opened before somebody else shut the person out
    path = f"/office/people/{rich['person']}/edit"
    admin.open(path)
    update = "mutation($id:ID!,$i:UserUpdate!){updateUser(id:$id,input:$i){__typename}}"
    dealership.admin(update, id=rich["person"], i={"active": False})

    # when it is saved with another name
    admin.send(input__name="Neuer Name")

    # then nothing is, and both are shown
    assert "Inzwischen hat jemand anderes gespeichert." in admin.alerts()[0]
    found = next(one for one in dealership.admin("{users{id name active}}") if one["id"] == rich["person"])
    assert (found["active"], found["name"] == "Neuer Name") == (False, False)

    # and whoever looked at it may save
    admin.send(input__active=None)
    found = next(one for one in dealership.admin("{users{id name active}}") if one["id"] == rich["person"])
    assert (found["active"], found["name"]) == (False, "Neuer Name")
