"""The one search through the API: whom it answers, what a hit shows, and what it refuses."""

from __future__ import annotations

from tests.dealership import Dealership

SEARCH = """query($text: String!, $station: ID, $first: Int! = 20) { search(text: $text, stationId: $station, first: $first) {
  kind matched title contract { id } vehicle { id plate } customer { id lastName } document { id } } }"""


def test_a_hit_shows_what_it_is(dealership: Dealership) -> None:
    # Given
    car = dealership.vehicles[0]
    plain = car["plate"].replace("-", " ").lower()
    # When
    (hit,) = [one for one in dealership.clerk(SEARCH, text=plain) if one["kind"] == "VEHICLE"]
    # Then
    assert (hit["matched"], hit["vehicle"]) == ("PLATE", {"id": car["id"], "plate": car["plate"]})
    assert hit["title"].startswith(f"{car['plate']} · ")
    assert (hit["contract"], hit["customer"], hit["document"]) == (None, None, None)
    found = dealership.clerk(SEARCH, text=plain, station=dealership.station["id"])
    assert hit in found
    assert dealership.clerk(SEARCH, text=plain, station="nonsense") == []


def test_what_it_refuses(dealership: Dealership) -> None:
    for text, says in (("x", "too short"), ("x" * 101, "too long"), ("", "empty")):
        (error,) = dealership.clerk.post(SEARCH, {"text": text})["errors"]
        assert says in error["message"]
        assert error["extensions"]["field"] == ["text"]
    (error,) = dealership.clerk.post(SEARCH, {"text": "ab", "first": 101})["errors"]
    assert "`first`" in error["message"]
