"""The farm as a user meets it: real processes, real broker, real store, real HTTP, the dashboard in a browser.

All tests but one ask one farm: first as it runs, then while its parts are killed, at last after a second start.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from headland.clock import wall_clock_ms
from tests.dashboard.conftest import PATIENCE_MS, watch
from tests.machine import find_program
from tests.services.farm import SELDOM_S, Farm

pytestmark = [pytest.mark.services("mosquitto"), pytest.mark.timeout(600)]


#: The longest that a simulated flight of the farm takes, in real time.
FLIGHT_S = 900.0


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    """A farm in real time, until `restarted` ends it."""
    made = Farm(tmp_path_factory.mktemp("up") / "a farm")
    made.wait_ready()
    yield made
    if made.process.poll() is None:
        made.stop()


@pytest.mark.long
def test_a_second_farm_on_the_same_folder_or_port_is_refused_with_a_sentence(farm: Farm, tmp_path: Path) -> None:
    same_folder = farm.run("up")
    assert same_folder.returncode == 2
    assert "already runs" in same_folder.stderr
    port = farm.folder.read_state().api_url.rsplit(":", 1)[1]
    same_port = farm.run("up", "--port", port, "--data", str(tmp_path / "other"))
    assert same_port.returncode == 2
    assert f"Port {port} is in use" in same_port.stderr
    assert httpx.get(farm.folder.read_state().api_url + "/healthz", timeout=120).status_code == 200


def post(farm: Farm, path: str, body: dict[str, Any]) -> Any:
    answer = httpx.post(farm.folder.read_state().api_url + path, json=body, headers=farm.headers, timeout=120)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def declare_pass(farm: Farm) -> str:
    """Declare what the drone has spread up to now, once that is worth a map; return the address of its page."""
    drone = farm.wait_until(lambda: farm.devices("drone"))[0]["id"]
    began_ms = farm.wait_until(lambda: farm.get(f"/v1/devices/{drone}")["last_seen_ms"]) - 30_000
    farm.wait_until(lambda: any(row["applied_kg"] > 3.0 for row in farm.truth("drone-1.csv")), every_s=SELDOM_S)
    end_ms = wall_clock_ms()
    farm.wait_until(lambda: farm.reached_ms(drone, "latitude_deg", "mass_flow_kg_min") > end_ms)
    body = {
        "field": id_of(farm, "/v1/fields", "jurong-wheat"),
        "device": drone,
        "start_ms": began_ms,
        "end_ms": end_ms,
        "implement": id_of(farm, "/v1/implements", "jurong-wheat spreader"),
        "planned_rate_ha": 98.0,
    }
    # Nobody registers a flight before its end.
    made = farm.wait_until(lambda: register(farm, body), FLIGHT_S, every_s=SELDOM_S)
    return f"{body['field']}?pass={made['id']}"


def register(farm: Farm, body: dict[str, Any]) -> Any:
    """Register a pass; None while its vehicle is still at work."""
    url = farm.folder.read_state().api_url + "/v1/passes"
    answer = httpx.post(url, json=body, headers=farm.headers, timeout=120)
    if answer.status_code == 409 and answer.json()["type"] == "urn:headland:problem:pass-under-way":
        return None
    assert answer.status_code == 201, answer.text
    return answer.json()


def watch_the_vehicle_move(page: Page) -> None:
    page.locator(".farm-map-waiting").scroll_into_view_if_needed()
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


@pytest.mark.services("chromium")
@pytest.mark.long
def test_every_page_of_a_running_farm_works_and_asks_nobody_else(farm: Farm) -> None:
    base, page_errors = farm.folder.read_state().api_url, []  # type: str, list[str]
    warm = {"what": "air_temperature_degc", "above": -50.0}
    post(farm, "/v1/alarm-rules", {"name": "always", "any_of": [[warm]], "for_s": 1.0})
    flight = declare_pass(farm)
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE_MS)
        browser = playwright.chromium.launch(
            executable_path=find_program("chromium"), args=["--no-sandbox", "--disable-gpu"], timeout=PATIENCE_MS
        )
        for locale, care in (("en-GB", "Acknowledge"), ("zh-CN", None)):
            context = browser.new_context(
                locale=locale, viewport={"width": 1000, "height": 640}, reduced_motion="reduce"
            )
            context.set_default_timeout(PATIENCE_MS)
            page = context.new_page()
            watch(page, base, page_errors)
            page.goto(f"{base}/#key={farm.folder.api_key()}")
            expect(page.locator(".live")).to_have_attribute("data-state", "online")
            page.goto(f"{base}/#/farm")
            watch_the_vehicle_move(page)
            links = page.locator("nav.menu a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
            if care is not None:  # all pages in English are the dashboard's own tests'
                links = ["#/alarms"]
            for address in (*links, f"#/field/{flight}"):
                page.goto(f"{base}/{address}")
                name = address.split("/")[1]
                expect(page.locator(f".page[data-page={name}]")).to_have_attribute("data-mounted", "true")
                if address.startswith("#/field/"):
                    open_a_cell(page)
                if name == "alarms" and care is not None:
                    card = page.locator("[data-alarm]", has_text="always").filter(has_text="greenhouse-1")
                    card.get_by_role("button", name=care).press("Enter")
                    expect(card).to_contain_text("Acknowledged by")
            assert page.locator("html").get_attribute("lang") == locale.removesuffix("-GB")
            context.close()
        browser.close()
    assert [error for error in page_errors if "401" not in error] == []


@pytest.mark.parametrize("part", ["broker", "station", "edge"])
@pytest.mark.long
def test_a_part_that_dies_is_started_again_and_data_goes_on(farm: Farm, part: str) -> None:
    farm.wait_until(lambda: farm.devices("greenhouse"))
    house = farm.devices("greenhouse")[0]["id"]
    farm.kill(part)
    killed_ms = wall_clock_ms()
    farm.wait_ready()
    farm.wait_until(lambda: farm.reached_ms(house, "air_temperature_degc") > killed_ms + 2000)
    assert f"{part} ended (killed by SIGKILL)" in farm.said


@dataclass(frozen=True)
class Restarted:
    """A farm after its second start, and what it answered before."""

    farm: Farm
    house: str
    before: dict[str, Any]
    until_ms: int
    began_ms: int

    def series(self) -> dict[str, Any]:
        return series_until(self.farm, self.house, self.until_ms)


def series_until(farm: Farm, house: str, end_ms: int) -> dict[str, Any]:
    """Return the air temperature of a greenhouse up to an instant."""
    series: dict[str, Any] = farm.get(
        f"/v1/devices/{house}/series", channel="air_temperature_degc", start=0, end=end_ms
    )
    return series


@pytest.fixture(scope="module")
def restarted(farm: Farm) -> Iterator[Restarted]:
    """The same folder, started a second time: now on the broker that pip brings."""
    farm.wait_until(lambda: farm.devices("greenhouse"))
    house = farm.devices("greenhouse")[0]["id"]
    farm.wait_until(lambda: farm.reached_ms(house, "air_temperature_degc") > 0)
    end_ms = farm.reached_ms(house, "air_temperature_degc") + 1
    before = series_until(farm, house, end_ms)
    farm.stop()
    began_ms = wall_clock_ms()
    again = Farm(farm.folder.root, "--broker", "iotcore")
    try:
        again.wait_ready()
        yield Restarted(again, house, before, end_ms, began_ms)
    finally:
        again.stop()


def test_a_farm_ends_by_itself_and_a_second_start_still_has_its_data(restarted: Restarted) -> None:
    assert restarted.before["time_ms"]
    assert restarted.series() == restarted.before


@pytest.mark.long
def test_a_farm_runs_on_the_broker_that_pip_brings(restarted: Restarted) -> None:
    farm = restarted.farm
    assert farm.folder.read_state().broker == "iotcore"
    devices = [farm.devices("drone")[0], farm.devices("greenhouse")[0]]
    farm.wait_until(lambda: all(is_fresh(farm, device, restarted.began_ms) for device in devices))


def id_of(farm: Farm, path: str, name: str) -> str:
    return next(str(item["id"]) for item in farm.get(path)["items"] if item["name"] == name)


def is_fresh(farm: Farm, device: dict[str, Any], since_ms: int) -> bool:
    channels = farm.get(f"/v1/devices/{device['id']}/latest")["channels"]
    return bool(channels) and all(entry["time_ms"] > since_ms for entry in channels.values())


#: What the answer about an application is made of.
MEASURED = ("latitude_deg", "pump_on", "flow_volume_total_l")


def rows_between_swaths(farm: Farm) -> list[dict[str, float]]:
    """Return the drone's truth from when the gateway reads it to a moment between two swaths, enough ground treated.

    A starved gateway opens its link after the drone has begun: what was said before, nobody has heard.
    """
    drone = farm.wait_until(lambda: farm.devices("drone"))[0]["id"]
    heard_ms = farm.wait_until(lambda: farm.reached_ms(drone, *MEASURED))

    def enough() -> list[dict[str, float]]:
        rows = [row for row in farm.truth("drone-1.csv") if row["time_ms"] >= heard_ms]
        ends = (
            index
            for index, row in enumerate(rows)
            if row["treated_m2"] - rows[0]["treated_m2"] > 600 and not row["pump_on"] and row["flow_l_min"] == 0
        )
        return rows[: next(ends, -1) + 1]

    return farm.wait_until(enough, every_s=SELDOM_S)


@pytest.fixture(scope="module")
def spraying_farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    """A farm whose drone sprays a liquid, 30 times faster."""
    farm = Farm(tmp_path_factory.mktemp("spraying"), "--scenario", "demo", "--speed", "30")
    farm.wait_ready()
    yield farm
    farm.stop()


@pytest.mark.long
def test_the_application_answer_agrees_with_the_simulated_truth_within_2_percent(spraying_farm: Farm) -> None:
    rows = rows_between_swaths(spraying_farm)
    answer = spraying_farm.application(rows, 5, *MEASURED)
    applied_l = rows[-1]["applied_l"] - rows[0]["applied_l"]
    treated_m2 = rows[-1]["treated_m2"] - rows[0]["treated_m2"]
    assert answer["product_applied_l"]["value"] == pytest.approx(applied_l, rel=0.02)
    assert answer["area_treated_m2"]["value"] == pytest.approx(treated_m2, rel=0.02)
    overlap_m2 = rows[-1]["overlap_m2"] - rows[0]["overlap_m2"]
    # A small difference of large areas, under centimetres of position noise: held against the area that was treated.
    assert answer["overlap_m2"]["value"] == pytest.approx(overlap_m2, abs=0.02 * treated_m2)
    assert answer["mean_rate_l_ha"]["value"] == pytest.approx(applied_l / treated_m2 * 10_000, rel=0.02)
    assert answer["product_applied_l"]["evidence"] == "measured_flow"
