"""The weather to come at the sites of a station: read again for a newer issue, and never of a site that has none."""

from __future__ import annotations

from pathlib import Path

import msgspec

from headland.store.memory import MemoryStore
from headland.units_of_time import HOUR_MS, MINUTE_MS
from station.server.site_outlooks import SiteOutlooks
from tests.analysis.weather.test_hourly_forecast import HANDLE, Farm
from tests.formats.weather.answers import ISSUED_MS, meteo_case


def test_a_newer_issue_is_known_within_minutes(tmp_path: Path) -> None:
    farm = Farm(tmp_path)
    outlooks = SiteOutlooks(MemoryStore(), farm.registry, HANDLE)
    first = msgspec.structs.replace(meteo_case().issue(), provider="met-norway", fetched_ms=ISSUED_MS)
    now_ms = ISSUED_MS + MINUTE_MS
    assert outlooks.outlook("home", now_ms, 13).reason == "waiting"
    assert outlooks.all(now_ms) == {}
    farm.repositories.weather.add(first)
    assert outlooks.outlook("home", now_ms + MINUTE_MS, 13).reason == "waiting"
    assert outlooks.outlook("home", now_ms + 5 * MINUTE_MS, 13).fetched_ms == ISSUED_MS
    later_ms = now_ms + HOUR_MS
    farm.repositories.weather.add(msgspec.structs.replace(first, fetched_ms=later_ms, model="another"))
    assert outlooks.outlook("home", later_ms, 13).fetched_ms == later_ms
    (forecast, place) = outlooks.all(later_ms)["home"]
    assert (forecast.fetched_ms, place) == (later_ms, (31.9534, 119.1686))
    farm.repositories.forecast_providers.change(msgspec.structs.replace(farm.setting, enabled=False))
    assert outlooks.all(later_ms) == {}
    farm.registry.close()
