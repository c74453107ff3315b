"""A pilot's way on a phone from the sign-in to the mission of what a pass left."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from headland.contract.records import ChannelInfo, Descriptor
from headland.registry.models.models import Field, Scope
from headland.registry.models.people import Person, PersonRole
from headland.registry.models.weather import ForecastProviderSetting
from headland.units_of_time import HOUR_MS
from tests.api.farm import EAST_DEG_M, NORTH_DEG_M, OWN, write_series
from tests.api.spread_field import box
from tests.dashboard.conftest import Open
from tests.dashboard.farm import Farm, serve_farm
from tests.dashboard.test_weather_page import add_issue

pytestmark = pytest.mark.services("chromium")

DEVICE = "uav-7"


NORTH_M = 2000.0
#: Of the seven rows of the field, 5 m apart, the third and the fourth were not flown.
FLOWN = (0, 1, 4, 5, 6)
ROW_S = 50


def fly_with_two_rows_missed(farm: Farm) -> Field:
    """Return a field on which a vehicle spread an hour ago and left two rows."""
    first = farm.repositories.fields.get(farm.field)
    outline = box(0.0, NORTH_M - 2.5, 190.0, NORTH_M + 32.5)
    field = farm.repositories.fields.add(Field(farm=first.farm, name="北坡", geometry=outline, site=first.site))
    seconds = np.arange(len(FLOWN) * ROW_S)
    row, into = np.array(FLOWN)[seconds // ROW_S], seconds % ROW_S
    on = (into >= 1) & (into <= 39)
    columns = {
        "latitude_deg": (NORTH_M + row * 5.0) / NORTH_DEG_M,
        "longitude_deg": 10.0 + np.minimum(into, 40) * 5.0 / EAST_DEG_M,
        "pump_on": on.astype(np.float64),
        "hopper_kg": 300.0 - 0.3 * seconds,
        "mass_flow_kg_min": np.where(on, 18.0, 0.0),
    }
    write_series(farm.store, OWN, "home", "drone", DEVICE, farm.now_ms() - HOUR_MS + 1000 * seconds, columns)
    channels = {channel: ChannelInfo(unit="1") for channel in columns}
    described = Descriptor(device=DEVICE, kind="drone", site="home", name="Spreader 7", channels=channels)
    farm.store.describe(OWN, "gw-1", described)
    return field


def sign_in_as_pilot(visit: Open, farm: Farm) -> Page:
    pilot = farm.repositories.people.add(Person(name="李强", number="8", role=PersonRole.PILOT))
    key = farm.repositories.add_key("pilot", Scope.READ, person=pilot.id)[1]
    options = {"locale": "zh-CN", "viewport": {"width": 390, "height": 844}, "extra_http_headers": {}}
    return visit(f"#key={key}", base=farm.base, **options)


def flown_north_m(plan: bytes) -> set[int]:
    """Return how far north of the equator the waypoints of a mission are."""
    items = json.loads(plan)["mission"]["items"]
    return {round(item["params"][4] * NORTH_DEG_M) for item in items if item["params"][4]}


def test_a_pilot_has_the_mission_of_what_was_missed_two_taps_after_the_sign_in(visit: Open, tmp_path: Path) -> None:
    with serve_farm(tmp_path, opened=False) as farm:
        field = fly_with_two_rows_missed(farm)
        page = sign_in_as_pilot(visit, farm)
        way = page.get_by_role("link", name="看补飞任务")
        expect(way).to_be_in_viewport()
        way.click()
        rest = page.locator("[data-panel=rest]")
        expect(page.get_by_role("heading", level=1)).to_have_text(field.name)
        # Without a forecast it says so, and promises no hours.
        expect(rest.locator("[data-panel=rest-window] [data-forecast=nothing]")).to_be_visible()
        button = rest.get_by_role("button", name="保存任务文件")
        expect(button).to_be_in_viewport()
        with page.expect_download() as saved:
            button.click()
        plan = Path(saved.value.path()).read_bytes()
        assert flown_north_m(plan) == {round(NORTH_M + 5.0 * row) for row in range(7) if row not in FLOWN}
        # With one the hours of the next day that suit the work stand beside it, as the station tells them.
        farm.repositories.forecast_providers.add(ForecastProviderSetting(provider="met-norway", enabled=True))
        add_issue(farm, 1)
        with page.expect_response(lambda answer: "/forecast-window" in answer.url) as asked:
            page.reload()
        told = asked.value.json()
        assert told["hours"], told
        shown = rest.locator("[data-panel=rest-window]")
        expect(shown.locator("[data-forecast=nothing]")).to_have_count(0)
        expect(shown.locator("li")).to_have_count(len(told["windows"]))
        if told["windows"]:
            zone = ZoneInfo("Asia/Shanghai")
            start = datetime.fromtimestamp(told["windows"][0]["start_ms"] / 1000, zone)
            expect(shown.locator("li").first).to_contain_text(f"{start:%H:%M}")
        else:
            expect(shown).to_contain_text("未来一天没有适宜作业的时段")
