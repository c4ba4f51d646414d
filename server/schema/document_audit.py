"""What an audit of a station's documents has found."""

from __future__ import annotations

from server.models import Station as StationRow
from server.schema.building import row_type, shown_as
from server.schema.shared import row_of
from server.schema.station import Station
from server.services.billing.audit import DocumentAudit as AuditFound


@row_type(AuditFound)
class DocumentAudit:
    """Whether the documents of a station and a year are all there and unchanged: then `missing` is empty and `brokenAt`
    null.
    """

    year: int
    """The year in the numbers: that of the issue, at the station."""
    issued: int
    """How many documents are there."""
    last_number: str | None
    """The last number that was given; null if none was in that year."""
    missing: list[str]
    """Numbers up to the last one without a document, at most the first 100. How many there are in all is what the count
    in `lastNumber` is above `issued`.
    """
    broken_at: str | None
    """The first number at which the chain does not hold: a document whose content, number or seal is not what was
    issued, that does not follow the one before it (also because that is missing), or that takes back something that is
    not there. Null if the chain holds to the last number.
    """

    @shown_as(Station)
    def station(self) -> StationRow:
        """The station whose documents these are."""
        found: StationRow = row_of(self).station
        return found
