"""Mutants of how a station asks for forecasts and reads files with them."""

from __future__ import annotations

from typing import Final

from tests.mutants.mutant import Mutant

_FAULTS: Final = "tests/station/server/workers/test_weather_faults.py"

FORECAST_MUTANTS: Final = (
    Mutant(
        "Retry-After is not obeyed",
        "headland/network/polite_requests.py",
        "    wait_ms = max(min(wait_ms, longest_ms), retry_after_ms(headers or {}, now_ms))",
        "    wait_ms = min(wait_ms, longest_ms)",
        test=f"{_FAULTS}::test_a_week_of_a_provider_is_told_at_each_of_its_faults",
    ),
    Mutant(
        "a provider is asked before its time",
        "station/server/workers/weather_worker.py",
        "        if not polite.is_due(state, now_ms):",
        "        if False:",
        test="tests/station/server/workers/test_weather_worker.py::test_two_sites_of_one_place_are_asked_for_once_and_an_hour_later_again",
    ),
    Mutant(
        "a forecast of another place is kept",
        "headland/formats/weather/issue_builder.py",
        "(away_m := distance_m(query.place, answered)) > MOST_AWAY_M:",
        "(away_m := distance_m(query.place, answered)) > 1e9:",
        test=f"{_FAULTS}::test_what_is_wrong_with_an_answer_is_said_with_what_was_found",
    ),
    Mutant(
        "a forecast file is read while it is written",
        "station/server/forecast_files/folder.py",
        "if name in before and mark.is_same(before[name]))",
        "if name in seen)",
        test="tests/station/server/forecast_files/test_section.py::test_a_file_is_read_once_it_has_stopped_growing_and_once_only",
    ),
)
