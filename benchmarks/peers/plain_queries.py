"""The operations as the plain server is asked them."""

from __future__ import annotations

import orjson

from benchmarks.operations import Operation

PAGE = """query($s:UUID!){contracts(stationId:$s){nodes{id number state period{start end} vehicle{plate make model}
  customer{lastName email} tariff{code name} station{code name} documents{number type total{amount}}} hasNextPage}}"""
VEHICLES = """query($s:UUID!,$from:DateTime!,$to:DateTime!){vehicles(stationId:$s,first:COUNT){id plate make model group{code}
  occupancy(start:$from,end:$to){kind period{start end} contract{id number state}}}}"""
_VEHICLE = """id plate vin make model colour odometerKm fuelEighths stateOfChargePercent cleanliness inspectionDue status
  version group{id code name energy} accessories damages{id kind sizeMm description seenAt liability view x y}"""
_CONTRACT = f"""id number kind state version language period{{start end}} station{{id code name}}
  returnStation{{id code name}} group{{id code name energy minimumAge}} deposit{{state amount{{amount}} expiresAt}}
  customer{{id kind salutation firstName lastName company email phone language status}}
  drivers{{id role firstName lastName birthDate licenceNumber licenceClass licenceIssued licenceValidUntil checkedAt
    checkedBy}} extrasJson vehicle{{{_VEHICLE}}} protocols{{id type voided occurredAt staff remarks odometerKm fuelEighths
    cleanlinessInside cleanlinessOutside accessories}} notes{{text author createdAt}}"""
DAY = f"""query($s:UUID!,$d:Date!){{day(stationId:$s,date:$d){{checkOuts{{{_CONTRACT}}} checkIns{{{_CONTRACT}}}
  spareVehicles{{{_VEHICLE}}}}}}}"""


def body(operation: Operation) -> bytes | None:
    """The request; None for what it is not asked."""
    asked = operation.variables
    if operation.name == "b":
        return _sent(PAGE, {"s": asked["f"]["stationId"]})
    if operation.name in ("e", "vehicles"):
        station = asked["s"] if operation.name == "e" else asked["f"]["stationId"]
        between = {"from": asked["p"]["start"], "to": asked["p"]["end"]}
        return _sent(VEHICLES.replace("COUNT", "1000" if operation.name == "e" else "100"), {"s": station, **between})
    if operation.name == "f":
        return _sent(DAY, {"s": asked["stationId"], "d": asked["date"]})
    return None


def _sent(query: str, variables: dict[str, str]) -> bytes:
    return orjson.dumps({"query": query, "variables": variables})
