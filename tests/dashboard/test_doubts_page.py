"""Questions about places and samples in a real browser, on a phone in Chinese: a button, a remedy, or a word."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from headland.registry.models.confirmations import Confirmation
from headland.registry.models.models import Farm as FarmRecord
from headland.registry.models.models import Site
from headland.units_of_time import DAY_MS
from tests.api.farm import OWN, write_series
from tests.dashboard.conftest import Open
from tests.dashboard.farm import Farm, serve_farm
from tests.waiting import wait_until

pytestmark = pytest.mark.services("chromium")
PHONE = {"locale": "zh-CN", "viewport": {"width": 390, "height": 844}}


@pytest.fixture
def site(farm: Farm) -> Iterator[Site]:
    """A site in Jurong whose longitude has the wrong sign."""
    repositories = farm.repositories
    elsewhere = repositories.farms.add(FarmRecord(name="Jurong"))
    place = Site(farm=elsewhere.id, name="jurong", time_zone="Asia/Shanghai", longitude_deg=-119.17, latitude_deg=31.95)
    added = repositories.sites.add(place)
    yield added
    for kept in said_of(farm, added):
        repositories.confirmations.delete(kept.id, kept.version)
    repositories.sites.delete(added.id, repositories.sites.get(added.id).version)
    repositories.farms.delete(elsewhere.id, 1)


def said_of(farm: Farm, site: Site) -> list[Confirmation]:
    return [each for each in farm.repositories.confirmations.all() if each.target_id == site.id]


def test_a_wrong_sign_is_mended_by_one_tap_on_the_first_page(visit: Open, farm: Farm, site: Site) -> None:
    page = visit("#/farm", **PHONE)
    asked = page.locator("[data-panel=doubts]")
    expect(asked).to_contain_text("经度 -119.17 与时区 Asia/Shanghai")
    expect(asked).to_contain_text("经度：-119.17° → 119.17°")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    asked.get_by_role("button", name="更正").press("Enter")
    expect(page.locator(".toast")).to_contain_text("已更正。")
    expect(asked).to_have_count(0)
    mended = farm.repositories.sites.get(site.id)
    assert (mended.longitude_deg, mended.version) == (119.17, 2)
    (entry, *_) = farm.repositories.audit_entries(site.id)
    assert entry.action == "change"


def test_a_person_says_by_name_that_a_place_is_right_and_takes_it_back(visit: Open, farm: Farm, site: Site) -> None:
    page = visit("#/farm", **PHONE)
    asked = page.locator("[data-panel=doubts]")
    asked.locator("summary").press("Enter")
    asked.get_by_label("您的姓名").fill("李娜")
    asked.get_by_role("button", name="没有错").press("Enter")
    expect(asked).to_have_count(0)
    (said,) = said_of(farm, site)
    assert (said.author, said.cause, said.target_id) == ("李娜", "place_longitude_sign", site.id)
    page.goto(f"{farm.base}/#/settings?tab=sites")
    card = page.locator(f"[data-site='{site.id}']")
    expect(card.locator("[data-confirmed]")).to_contain_text("李娜 于")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    card.get_by_role("button", name="重新询问").press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="重新询问").press("Enter")
    expect(card.get_by_role("button", name="更正")).to_be_visible()
    wait_until(lambda: not said_of(farm, site))


@pytest.fixture
def warm(tmp_path: Path) -> Iterator[Farm]:
    """A farm of its own, whose weather station reports Fahrenheit."""
    with serve_farm(tmp_path) as served:
        time_ms = np.arange(served.now_ms() - 4 * DAY_MS, served.now_ms(), 300_000, dtype=np.int64)
        turn = np.sin(2 * np.pi * time_ms / DAY_MS)
        columns = {"air_temperature_degc": 77.0 + 9.0 * turn, "relative_humidity_pct": 70.0 - 15.0 * turn}
        write_series(served.store, OWN, "home", "weather", "st-1", time_ms, columns)
        yield served


def test_a_unit_that_is_set_at_the_gateway_has_the_line_to_write_and_no_button(visit: Open, warm: Farm) -> None:
    page = visit("#/farm", base=warm.base, **PHONE)
    asked = page.locator("[data-doubt=unit_fahrenheit]")
    expect(asked.locator("[data-remedy=channel]")).to_contain_text(
        'st-1 的通道 air_temperature_degc 在 [[channel]] 中写 unit = "°F"'
    )
    expect(asked.get_by_role("button", name="更正")).to_have_count(0)
    expect(asked.locator("summary")).to_have_text("没有错")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
