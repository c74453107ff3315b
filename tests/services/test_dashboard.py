"""The dashboard on a farm as its user starts it: signed in by the printed link, every page, in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from headland.clock import wall_clock_ms
from tests.dashboard.conftest import PATIENCE_MS, watch
from tests.machine import find_program
from tests.services.farm import Farm
from tests.waiting import wait_until

pytestmark = [pytest.mark.services("mosquitto", "chromium"), pytest.mark.timeout(240)]


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    """A farm in real time: its vehicle is moving."""
    made = Farm(tmp_path / "farm")
    made.wait_ready()
    yield made
    made.stop()


def post(farm: Farm, path: str, body: dict[str, Any]) -> Any:
    answer = httpx.post(farm.folder.read_state().api_url + path, json=body, headers=farm.headers, timeout=20)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def declare_pass(farm: Farm) -> str:
    """Declare what the drone has spread up to now, once that is worth a map; return the address of its page."""
    drone = wait_until(lambda: farm.devices("drone"), 30)[0]["id"]
    began_ms = wait_until(lambda: farm.get(f"/v1/devices/{drone}")["last_seen_ms"], 30) - 30_000
    wait_until(lambda: any(row["applied_kg"] > 3.0 for row in farm.truth("drone-1.csv")), 60)
    end_ms = wall_clock_ms()
    wait_until(lambda: farm.reached_ms(drone, "latitude_deg", "mass_flow_kg_min") > end_ms, 30)
    body = {
        "field": farm.get("/v1/fields")["items"][0]["id"],
        "device": drone,
        "start_ms": began_ms,
        "end_ms": end_ms,
        "implement": farm.get("/v1/implements")["items"][0]["id"],
        "planned_rate_ha": 98.0,
    }
    return f"{body['field']}?pass={post(farm, '/v1/passes', body)['id']}"


def watch_the_vehicle_move(page: Page) -> None:
    ground = page.locator(".map-view")
    expect(ground).to_have_attribute("data-state", "idle")
    mark = page.locator("[data-mark^='uav-']")
    before = mark.bounding_box()
    assert before is not None
    page.wait_for_function(
        "([x, y]) => { const at = document.querySelector(\"[data-mark^='uav-']\").getBoundingClientRect();"
        " return Math.hypot(at.x - x, at.y - y) > 10; }",
        arg=[before["x"], before["y"]],
    )
    expect(mark).not_to_have_class(re.compile("stale"))
    expect(ground).to_have_attribute("data-state", "idle")


def open_a_cell(page: Page) -> None:
    expect(page.locator(".field")).to_have_attribute("data-drawn", re.compile("."))
    # The largest parts were skipped, where nothing came down; the least had some.
    evidence_button = re.compile("Show evidence|查看依据")
    page.locator("[data-panel=deviation]").get_by_role("button", name=evidence_button).last.press("Enter")
    evidence = page.locator("[data-panel=evidence]")
    expect(evidence.locator(".visit").first).to_be_visible()
    expect(evidence.locator(".provenance")).to_contain_text("gateway-1")


def test_every_page_of_a_running_farm_works_in_both_languages_and_asks_nobody_else(farm: Farm) -> None:
    base, page_errors = farm.folder.read_state().api_url, []  # type: str, list[str]
    warm = {"what": "air_temperature_degc", "above": -50.0}
    post(farm, "/v1/alarm-rules", {"name": "always", "any_of": [[warm]], "for_s": 1.0})
    flight = declare_pass(farm)
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE_MS)
        browser = playwright.chromium.launch(
            executable_path=find_program("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for locale, care in (("en-GB", "Acknowledge"), ("zh-CN", None)):
            context = browser.new_context(locale=locale, viewport={"width": 1000, "height": 640})
            context.set_default_timeout(PATIENCE_MS)
            page = context.new_page()
            watch(page, base, page_errors)
            page.goto(f"{base}/#key={farm.folder.api_key()}")
            expect(page.locator(".live")).to_have_attribute("data-state", "online")
            watch_the_vehicle_move(page)
            links = page.locator("nav.menu a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
            for address in (*links, f"#/field/{flight}"):
                page.goto(f"{base}/{address}")
                name = address.split("/")[1]
                expect(page.locator(f".page[data-page={name}]")).to_have_attribute("data-mounted", "true")
                if address.startswith("#/field/"):
                    open_a_cell(page)
                if name == "alarms" and care is not None:
                    card = page.locator("[data-alarm]").first
                    card.get_by_role("button", name=care).press("Enter")
                    expect(card).to_contain_text("Acknowledged by")
            assert page.locator("html").get_attribute("lang") == locale.removesuffix("-GB")
            context.close()
        browser.close()
    assert [error for error in page_errors if "401" not in error] == []
