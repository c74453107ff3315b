"""The cooperative's disputes in a real browser: a tap on the map shows the evidence, which is disputed."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.dashboard.conftest import Open
from tests.dashboard.farm import Farm

pytestmark = pytest.mark.services("chromium")


def test_a_tap_on_the_map_of_a_pass_shows_the_evidence_of_its_cell_which_is_disputed(visit: Open, farm: Farm) -> None:
    page = visit("#/cooperative?tab=disputes", locale="zh-CN", viewport={"width": 390, "height": 844})
    panel = page.locator("[data-panel=disputes]")
    panel.get_by_label("地块").select_option(label="Equator")
    panel.get_by_label("作业").select_option(value=farm.flight)
    place = panel.locator(f"[data-panel=dispute-map][data-pass='{farm.flight}']")
    expect(place).to_have_attribute("data-drawn", "true", timeout=60_000)
    expect(place.locator(".map-view")).to_have_attribute("data-state", "idle", timeout=60_000)
    place.locator("canvas").first.click()
    expect(place.locator("[data-panel=evidence] .facts")).to_contain_text("公斤/亩", timeout=60_000)
    expect(panel.get_by_label("纬度")).not_to_have_value("")
    panel.get_by_label("情况说明").fill("此处没有施药")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    panel.get_by_role("button", name="提出异议").click()
    expect(panel.locator("table").first).to_contain_text("此处没有施药")
