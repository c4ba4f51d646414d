"""The operations as PostGraphile is asked them: the same rows and columns, under the names that it makes of the tables.

What only a program of ours knows (prices line by line, flags, the zone of an instant) is left out: it answers with less.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from benchmarks.operations import Operation

OFFERS = """query($s:UUID!,$from:Datetime!,$to:Datetime!){benchOffers(station:$s,starts:$from,ends:$to){
  nodes{code name free depositCents dayCents}}}"""
PAGE = """query($s:UUID!){allContracts(condition:{stationId:$s},orderBy:[STARTS_AT_DESC,PRIMARY_KEY_DESC],first:50){nodes{
  ROW number state startsAt endsAt vehicleByVehicleId{plate make model} customerByCustomerId{lastName email}
  tariffByTariffId{code name} stationByStationId{code name}
  documentsByStationIdAndContractId(orderBy:[ISSUED_AT_ASC]){nodes{number type totalCents}}}
  pageInfo{endCursor hasNextPage}}}"""
BOARD = """query($s:UUID!,$from:Datetime!,$to:Datetime!){allVehicles(condition:{stationId:$s},orderBy:[PLATE_ASC],first:COUNT){
  nodes{ROW plate make model vehicleGroupByGroupId{code} uses(starts:$from,ends:$to){nodes{
    kind startsAt endsAt contractByContractId{ROW number state}}}} pageInfo{endCursor hasNextPage}}}"""
_VEHICLE = """ROW plate vin make model colour odometerKm fuelEighths stateOfChargePercent cleanliness inspectionDue status
  version vehicleGroupByGroupId{ROW code name energy} accessories
  damagesByVehicleId{nodes{ROW kind sizeMm description seenAt liability view x y}}"""
_CONTRACT = f"""nodes{{ROW number kind state version language billingBlock startsAt endsAt
  stationByStationId{{ROW code name}} stationByReturnStationId{{ROW code name}}
  vehicleGroupByGroupId{{ROW code name energy minimumAge}}
  DEPOSIT
  customerByCustomerId{{ROW kind salutation firstName lastName company email phone language status}}
  driversByStationIdAndContractId{{nodes{{ROW role firstName lastName birthDate licenceNumber licenceClass licenceIssued
    licenceValidUntil checkedAt checkedBy}}}}
  extras workshopOrderNumber workshopPlate vehicleByVehicleId{{{_VEHICLE}}}
  protocolsByStationIdAndContractId{{nodes{{ROW type voided occurredAt staff remarks odometerKm fuelEighths
    stateOfChargePercent cleanlinessInside cleanlinessOutside accessories}}}}
  notesByStationIdAndContractId{{nodes{{text author createdAt}}}}}}"""
DAY = f"""query($s:UUID!,$from:Datetime!,$to:Datetime!){{
  allStations(condition:{{ROW:$s}}){{nodes{{ROW code name phone email timeZone afterHoursReturn street postcode city country}}}}
  benchGoing(station:$s,until:$to){{{_CONTRACT}}} benchComing(station:$s,until:$to){{{_CONTRACT}}}
  benchSpare(station:$s,starts:$from,ends:$to){{nodes{{{_VEHICLE}}}}}}}"""
_QUERIES = {
    "a1": OFFERS,
    "b": PAGE,
    "e": BOARD.replace("COUNT", "1000"),
    "vehicles": BOARD.replace("COUNT", "100"),
    "f": DAY,
}


@dataclass(frozen=True)
class Names:
    """What a version calls a row's id, and how it shows the one deposit of a contract."""

    row_id: str
    deposit: str


FIVE = Names("rowId", "depositByStationIdAndContractId{state amountCents expiresAt}")
FOUR = Names("id", "depositsByStationIdAndContractId{nodes{state amountCents expiresAt}}")


def body(operation: Operation, names: Names) -> bytes | None:
    """The request; None for what it is not asked."""
    query = _QUERIES.get(operation.name)
    if query is None:
        return None
    variables = _variables(operation.variables)
    used = {name: value for name, value in variables.items() if f"${name}:" in query}
    return orjson.dumps(
        {"query": query.replace("ROW", names.row_id).replace("DEPOSIT", names.deposit), "variables": used}
    )


def _variables(asked: dict[str, Any]) -> dict[str, str]:
    station = asked.get("s") or asked.get("stationId") or asked["f"]["stationId"]
    if "date" in asked:
        start = datetime.fromisoformat(f"{asked['date']}T00:00:00+00:00")
        return {"s": station, "from": start.isoformat(), "to": (start + timedelta(days=1)).isoformat()}
    period = asked.get("p", {"start": "", "end": ""})
    return {"s": station, "from": period["start"], "to": period["end"]}
