"""The load of a farm on its provider of weather: what the benchmark measures is held for a day."""

from __future__ import annotations

import pytest

from tests.bench.bench_weather import FIELDS, PLACES, SITES, measure


@pytest.mark.long
@pytest.mark.sockets
def test_fifty_fields_at_three_places_are_asked_for_once_a_place_and_issue() -> None:
    found = measure(days=1, issue_hours=6, look_minutes=20)
    assert (found["fields"], found["sites"], found["places"]) == (FIELDS, SITES, len(PLACES)) == (50, 12, 3)
    assert found["documents_a_place_and_issue"] == 1.0
    # At most one request an hour for each place, and nothing in between.
    assert 1.5 <= found["requests_an_hour"] <= 3.0
    assert found["kept_issues_a_place"] == 5
