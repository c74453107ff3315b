"""The weather to come on paper: its days, its rain, who said it, and why there is none."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from headland.analysis.inputs.scope import OrgScope
from headland.analysis.weather.hourly_forecast import hourly_forecast
from headland.reports.document import Figure, Note, ReportInstant, ReportTable, Section
from headland.reports.forecast_section import forecast_section
from headland.reports.rendering import ReportLocale
from headland.store.memory import MemoryStore
from headland.units_of_time import DAY_MS, HOUR_MS
from tests.analysis.weather.test_hourly_forecast import HANDLE, Farm
from tests.formats.weather.answers import met_case

ZONE = ZoneInfo("Asia/Shanghai")
ISSUE = met_case(hours=72).issue()


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    made = Farm(tmp_path)
    yield made
    made.registry.close()


def section(farm: Farm, at_ms: int) -> Section:
    return forecast_section(OrgScope(MemoryStore(), farm.registry, HANDLE, at_ms), "home", ZONE)


def test_days_have_the_extremes_and_the_whole_rain_of_the_forecast_by_hour(farm: Farm) -> None:
    farm.repositories.weather.add(ISSUE)
    now_ms = ISSUE.fetched_ms + HOUR_MS
    table = section(farm, now_ms).parts[0]
    assert isinstance(table, ReportTable)
    told = hourly_forecast(OrgScope(MemoryStore(), farm.registry, HANDLE, now_ms), "home", now_ms)
    columns = [name for name, _ in table.columns]
    rows = [dict(zip(columns, row, strict=True)) for row in table.rows]
    counts = [cell.value for row in rows if isinstance(cell := row["forecast_hours"], Figure)]
    assert sum(count for count in counts if isinstance(count, int)) == len(told.hours)
    temperatures = [hour.temperature_degc.value for hour in told.hours if hour.temperature_degc is not None]
    lows = [row["forecast_lowest"].value for row in rows if row["forecast_lowest"].value is not None]  # type: ignore[union-attr]
    assert min(lows) == min(temperatures)  # type: ignore[type-var]
    steps = {(hour.rain_mm.start_ms, hour.rain_mm.end_ms): hour.rain_mm.value for hour in told.hours if hour.rain_mm}
    rain = [row["forecast_rain"].value for row in rows]  # type: ignore[union-attr]
    known = sum(value for value in rain if isinstance(value, float | int))
    assert known == pytest.approx(sum(steps.values()))
    days = [row["day"].time_ms for row in rows if isinstance(row["day"], ReportInstant)]
    assert all(after - before == DAY_MS for before, after in pairwise(days))
    # What is not known of a day has a reason.
    for row in rows:
        for cell in row.values():
            assert not isinstance(cell, Figure) or cell.value is not None or cell.reason == "not_forecast"


@pytest.mark.parametrize(("language", "credit"), [("en", ISSUE.attribution.text), ("zh", ISSUE.attribution.text_zh)])
def test_the_issue_the_basis_and_the_licence_stand_below_in_the_language(
    farm: Farm, language: str, credit: str
) -> None:
    farm.repositories.weather.add(ISSUE)
    locale = ReportLocale(language, ZONE)  # type: ignore[arg-type]
    notes = [locale.note(part) for part in section(farm, ISSUE.fetched_ms + HOUR_MS).parts if isinstance(part, Note)]
    assert notes[-1] == credit
    assert "MET Norway" in notes[0]
    assert ("corrected" in notes[1]) if language == "en" else ("订正" in notes[1])


def test_without_a_forecast_the_paper_says_why(farm: Farm) -> None:
    farm.repositories.forecast_providers.change(msgspec.structs.replace(farm.setting, enabled=False))
    (note,) = section(farm, ISSUE.fetched_ms).parts
    assert isinstance(note, Note)
    assert "administrator" in ReportLocale("en", ZONE).note(note)
    assert "管理员" in ReportLocale("zh", ZONE).note(note)
