"""Issues of forecasts are kept as they were said, once each, bounded, and found by when they were known."""

from __future__ import annotations

import msgspec
import pytest

from headland.registry.models.weather import ForecastIssue, ForecastPlace
from headland.registry.repositories import weather as weather_module
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.registry.repositories.weather import KEEP_MS
from headland.units_of_time import HOUR_MS
from tests.formats.weather.answers import ISSUED_MS, meteo_case

PLACE = ForecastPlace(latitude_deg=31.95, longitude_deg=119.17)
ISSUE = meteo_case().issue()


def issue(hour: int, place: ForecastPlace = PLACE) -> ForecastIssue:
    """Return an issue that was made and fetched at an hour."""
    at_ms = ISSUED_MS + hour * HOUR_MS
    return msgspec.structs.replace(ISSUE, issued_ms=at_ms, fetched_ms=at_ms + 60_000, asked=place)


def test_an_issue_comes_back_as_it_was_said_and_is_added_once(repositories: OrganisationRepositories) -> None:
    weather = repositories.weather
    assert weather.add(issue(0))
    # The same content that is fetched again changes nothing, not even when it was known.
    assert not weather.add(msgspec.structs.replace(issue(0), fetched_ms=ISSUED_MS + 5 * HOUR_MS))
    assert weather.said_at(PLACE, ISSUED_MS + 10 * HOUR_MS) == issue(0)


def test_what_was_said_at_an_instant_is_the_newest_issue_that_was_known_then(
    repositories: OrganisationRepositories,
) -> None:
    weather = repositories.weather
    for hour in (0, 6, 3):
        weather.add(issue(hour))
    for hour, known in ((0, None), (1, 0), (5, 3), (6, 3), (7, 6), (100, 6)):
        said = weather.said_at(PLACE, ISSUED_MS + hour * HOUR_MS)
        assert said == (None if known is None else issue(known)), hour
    assert [each.issued_ms for each in weather.between(PLACE, ISSUED_MS, ISSUED_MS + 6 * HOUR_MS)] == [
        ISSUED_MS, ISSUED_MS + 3 * HOUR_MS,
    ]  # fmt: skip


def test_another_place_another_provider_and_another_organisation_are_apart(
    repositories: OrganisationRepositories, neighbour: OrganisationRepositories
) -> None:
    elsewhere = ForecastPlace(latitude_deg=30.55, longitude_deg=114.35)
    repositories.weather.add(issue(0))
    repositories.weather.add(issue(1, elsewhere))
    assert repositories.weather.said_at(PLACE, ISSUED_MS + 9 * HOUR_MS) == issue(0)
    assert repositories.weather.said_at(PLACE, ISSUED_MS + 9 * HOUR_MS, "met-norway") is None
    assert neighbour.weather.said_at(PLACE, ISSUED_MS + 9 * HOUR_MS) is None
    assert neighbour.weather.add(issue(0))


def test_issues_age_out_by_their_time_number_and_size(
    repositories: OrganisationRepositories, monkeypatch: pytest.MonkeyPatch
) -> None:
    weather = repositories.weather
    hours_kept = KEEP_MS // HOUR_MS
    for hour in (0, 10, hours_kept + 5):
        weather.add(issue(hour))
    assert len(weather.between(PLACE, 0, ISSUED_MS + 2 * KEEP_MS)) == 2
    monkeypatch.setattr(weather_module, "MOST_ISSUES", 3)
    for hour in range(6):
        weather.add(issue(hours_kept + 10 + hour))
    kept = weather.between(PLACE, 0, ISSUED_MS + 2 * KEEP_MS)
    assert kept == [issue(hours_kept + 10 + hour) for hour in (3, 4, 5)]
    monkeypatch.setattr(weather_module, "MOST_BYTES", 1)
    weather.add(issue(hours_kept + 20))
    assert weather.between(PLACE, 0, ISSUED_MS + 2 * KEEP_MS) == [issue(hours_kept + 20)]


def test_the_state_of_requests_outlives_a_restart_and_is_aged_out(repositories: OrganisationRepositories) -> None:
    weather = repositories.weather
    assert weather.state("open-meteo", "31.95,119.17") is None
    weather.save_state("open-meteo", "31.95,119.17", {"failures": 1}, ISSUED_MS)
    weather.save_state("open-meteo", "31.95,119.17", {"failures": 2}, ISSUED_MS + 1)
    weather.save_state("open-meteo", "", {"day": 3}, ISSUED_MS)
    assert weather.state("open-meteo", "31.95,119.17") == {"failures": 2}
    weather.save_state("met-norway", "", {"day": 3}, ISSUED_MS + KEEP_MS)
    assert weather.state("open-meteo", "31.95,119.17") is None
