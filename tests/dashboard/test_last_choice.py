"""Choices that follow one another faster than their answers: the page shows the last one, once, and is not refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from headland.contract.records import ChannelInfo, Descriptor
from headland.registry.models.models import Greenhouse, GreenhouseZone, Pass, Season
from headland.units_of_time import HOUR_MS
from tests.api.farm import EAST_DEG_M, NORTH_DEG_M, OWN, write_greenhouse, write_series
from tests.api.spread_field import SPREADER
from tests.dashboard.conftest import Open
from tests.dashboard.farm import Farm, serve_farm

pytestmark = pytest.mark.services("chromium")

PASSES: Final = 6
#: Answers come after up to five seconds, in another order than that of the questions, also those of ended requests.
DELAYED: Final = """
(() => {
  const [real, waits] = [window.fetch.bind(window), (ms) => new Promise((resolve) => setTimeout(resolve, ms))];
  let seed = 7;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  Object.assign(window, { pending: 0, statuses: [], delayMs: 0 });
  window.fetch = async (...asked) => {
    window.pending += 1;
    const delayMs = random() * window.delayMs;
    try {
      await waits(delayMs * 0.3);
      const answer = await real(...asked);
      window.statuses.push(answer.status);
      await waits(delayMs * 0.7);
      return answer;
    } finally {
      window.pending -= 1;
    }
  };
})();
"""
#: Set a control to each of some values, 60 ms apart.
CHOOSE: Final = """
async ([control, values, stepMs]) => {
  for (const value of values) {
    control.value = value;
    control.dispatchEvent(new Event('input', { bubbles: true }));
    control.dispatchEvent(new Event('change', { bubbles: true }));
    await new Promise((resolve) => setTimeout(resolve, stepMs));
  }
}
"""
#: Click the lines of passes one after another.
OPEN_PASSES: Final = """
async ([passes, stepMs]) => {
  for (const pass of passes) {
    document.querySelector(`.pass-line[data-pass="${pass}"]`).click();
    await new Promise((resolve) => setTimeout(resolve, stepMs));
  }
}
"""
#: Resolve once no answer has been awaited for half a second.
CALM: Final = """
async () => {
  for (let calm = 0; calm < 10; calm = window.pending === 0 ? calm + 1 : 0)
    await new Promise((resolve) => setTimeout(resolve, 50));
}
"""
#: What a page says, without ages and newest values.
SNAPSHOT: Final = """
page => {
  const copy = page.cloneNode(true);
  const left = '.age, .progress, [data-panel=now], [data-wind], .map-view, [hidden], datalist, option:not(:checked)';
  copy.querySelectorAll(left).forEach((element) => element.remove());
  return copy.textContent.replace(/\\s+/g, ' ').trim();
}
"""
CONTROLS: Final = ".page select:visible, .page input[type=range]:visible, .page input[type=date]:visible"


def fly(farm: Farm, start_ms: int, swaths: int) -> str:
    """Spread some swaths of the field, and register the pass with a rate of its own; return its id."""
    seconds = np.arange(50 * swaths + 1)
    swath, into = seconds // 50, seconds % 50
    along = np.minimum(into, 40) * 5.0
    on = (into >= 1) & (into <= 39)
    flow = np.where(on, 18.0, 0.0)
    columns = {
        "latitude_deg": (swath * 5.0 + np.maximum(into - 40, 0) * 0.5) / NORTH_DEG_M,
        "longitude_deg": 10.0 + np.where(swath % 2 == 0, along, 200.0 - along) / EAST_DEG_M,
        "pump_on": on.astype(np.float64),
        "hopper_kg": 200.0 - np.concatenate(([0.0], np.cumsum((flow[1:] + flow[:-1]) / 120))),
        "mass_flow_kg_min": flow,
    }
    write_series(farm.store, OWN, "home", "drone", SPREADER, start_ms + 1000 * seconds, columns)
    known = farm.repositories.passes.get(farm.flight)
    declared = Pass(
        field=farm.field, device=SPREADER, start_ms=start_ms, end_ms=start_ms + 1000 * len(seconds),
        implement=known.implement, product=known.product, planned_rate_ha=500.0 + 10 * swaths,
    )  # fmt: skip
    return farm.repositories.passes.declare(declared).id


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    """A farm of its own, whose field has six passes beside the one of an hour ago, and three houses."""
    with serve_farm(tmp_path_factory.mktemp("busy")) as farm:
        for number in range(PASSES):
            fly(farm, farm.began_ms - (2 + 2 * number) * HOUR_MS, 1 + number)
        repositories = farm.repositories
        for year in (2024, 2025, 2026):
            repositories.seasons.add(Season(field=farm.field, name=f"Wheat {year}", crop="wheat"))
        site = next(iter(repositories.sites.all()))
        for number in (1, 2, 3):
            name = f"house-{number}"
            write_greenhouse(farm.store, name, start_ms=farm.now_ms() - (4 - number) * HOUR_MS)
            channels = {"air_temperature_degc": ChannelInfo(unit="degC"), "co2_ppm": ChannelInfo(unit="ppm")}
            described = Descriptor(device=name, kind="greenhouse", site="home", name=name, channels=channels)
            farm.store.describe(OWN, "gw-1", described)
            house = repositories.greenhouses.add(Greenhouse(farm=site.farm, site=site.id, name=name))
            zones = [
                repositories.zones.add(GreenhouseZone(greenhouse=house.id, name=zone))
                for zone in ("north", "south")[:number]
            ]
            record = repositories.record_descriptor("gw-1", described)
            repositories.devices.change(msgspec.structs.replace(record, zone=zones[0].id))
        yield farm


def open_slowly(visit: Open, farm: Farm, address: str, **options: Any) -> Page:
    """Open a page whose answers, once it has drawn, come late."""
    page = visit("healthz", base=farm.base, **options)
    page.add_init_script(DELAYED)
    page.goto(f"{farm.base}/{address}")
    page.reload()  # the page may be one that a test before has used
    settle(page)
    return page


def settle(page: Page) -> None:
    """Wait until every answer has come and is drawn: what one leads to is asked a moment later."""
    expect(page.locator(".page[data-mounted]")).to_be_attached()
    page.evaluate(CALM)
    expect(page.locator("progress:visible")).to_have_count(0)
    page.evaluate(CALM)


def hurry(page: Page, control: str, values: list[str]) -> None:
    """Choose the values within 300 ms while answers take up to five seconds, and wait for all of them."""
    page.evaluate("window.delayMs = 5000")
    page.evaluate(CHOOSE, [page.query_selector(control), values, 50])
    settle(page)
    page.evaluate("window.delayMs = 0")


def check_single(page: Page, at: str) -> None:
    """Assert that no panel is there twice, and that the station refused nothing."""
    panels = page.locator("[data-panel]").evaluate_all("all => all.map(each => each.dataset.panel)")
    assert sorted(panels) == sorted(set(panels)), at
    assert page.evaluate("window.statuses.filter((status) => status === 429)") == [], at


def passes_by_time(farm: Farm) -> list[Pass]:
    """Return the registered passes of the field, the oldest first."""
    return sorted(farm.repositories.passes.of_field(farm.field), key=lambda each: each.start_ms)


def show_all_passes(page: Page) -> None:
    page.locator("[data-act=all-passes]").click()
    expect(page.locator(".pass-lines")).to_have_attribute("data-shown", str(PASSES + 2))


def test_five_lines_of_the_list_end_in_the_figures_and_the_map_of_the_last_pass(visit: Open, busy: Farm) -> None:
    page = open_slowly(visit, busy, f"#/field/{busy.field}?pass={busy.flight}", service_workers="block")
    listed = passes_by_time(busy)
    show_all_passes(page)
    settle(page)
    page.evaluate("window.delayMs = 5000")
    page.evaluate(OPEN_PASSES, [[listed[number].id for number in (5, 4, 3, 2, 1)], 50])
    settle(page)
    page.evaluate("window.delayMs = 0")
    last = listed[1]
    expect(page.locator(".field")).to_have_attribute("data-drawn", last.id)
    expect(page.locator("[data-panel=verdict]")).to_have_attribute("data-pass", last.id)
    check_single(page, "list")
    # The second oldest has five swaths of 11.7 kg, and a planned rate of its own.
    expect(page.locator("[data-panel=applied] [data-answer=Amount] .number")).to_have_text("58.50")
    expect(page.locator("[data-panel=deviation]")).to_contain_text("550.0 kg/ha")
    expect(page.locator(".map-view")).to_have_attribute("data-state", "idle")
    said, seen = page.locator(".page[data-page]").evaluate(SNAPSHOT), picture_of(page)
    page.goto("about:blank")
    page.goto(f"{busy.base}/#/field/{busy.field}?pass={last.id}")
    settle(page)
    show_all_passes(page)
    settle(page)
    expect(page.locator(".map-view")).to_have_attribute("data-state", "idle")
    assert page.locator(".page[data-page]").evaluate(SNAPSHOT) == said
    assert picture_of(page) == seen


#: Once a map is made its frames are held, and with them the loading of its style, until `release` is called.
HELD_FRAMES: Final = """
(() => {
  const real = window.requestAnimationFrame.bind(window);
  const held = [];
  let isHeld = true;
  window.requestAnimationFrame = (call) =>
    isHeld && document.querySelector('.map-view canvas') ? (held.push(call), 1e6 + held.length) : real(call);
  window.release = () => {
    isHeld = false;
    for (const call of held.splice(0)) real(call);
  };
})();
"""


def test_a_pass_chosen_before_the_map_has_loaded_is_drawn_once_it_has(visit: Open, busy: Farm) -> None:
    page = visit("healthz", base=busy.base, service_workers="block")
    page.add_init_script(DELAYED)
    page.add_init_script(HELD_FRAMES)
    page.goto(f"{busy.base}/#/field/{busy.field}?pass={busy.flight}")
    page.reload()
    expect(page.locator(".map-view canvas").first).to_be_attached()
    show_all_passes(page)
    assert page.locator(".map-view").get_attribute("data-state") == "loading"
    page.evaluate(OPEN_PASSES, [[passes_by_time(busy)[number].id for number in (4, 2, 1)], 50])
    page.evaluate("window.release()")
    settle(page)
    last = passes_by_time(busy)[1]
    expect(page.locator(".field")).to_have_attribute("data-drawn", last.id)
    expect(page.locator(".map-view")).to_have_attribute("data-state", "idle")


def picture_of(page: Page) -> bytes:
    """Return the map as a picture, without the wind, whose age goes on."""
    page.locator("[data-wind]").evaluate_all("all => all.forEach((each) => (each.style.visibility = 'hidden'))")
    return page.locator(".map-view canvas").first.screenshot()


@pytest.mark.long
def test_a_pass_and_another_rate_that_were_chosen_at_once_are_both_the_last(visit: Open, busy: Farm) -> None:
    page = open_slowly(visit, busy, f"#/field/{busy.field}?pass={busy.flight}", service_workers="block")
    show_all_passes(page)
    page.evaluate("window.delayMs = 5000")
    page.evaluate(OPEN_PASSES, [[passes_by_time(busy)[3].id], 20])
    for rate in ("100", "200", "300", "400"):
        page.get_by_label("Planned rate").fill(rate)
        page.get_by_label("Planned rate").press("Enter")
    settle(page)
    check_single(page, "settings")
    expect(page.locator("[data-panel=deviation]")).to_contain_text("400.0 kg/ha (rate entered here)")
    expect(page.locator("[data-panel=replay] .chart")).to_be_visible()


PAGES: Final = (
    "#/field/{field}?pass={flight}",
    "#/field/{field}?tab=plan",
    "#/field/{field}?tab=yield",
    "#/field/{field}?tab=weather",
)


@pytest.mark.long
@pytest.mark.parametrize("address", PAGES)
def test_each_control_of_a_page_ends_in_what_its_last_choice_alone_displays(
    visit: Open, busy: Farm, address: str
) -> None:
    house = next(each for each in busy.repositories.greenhouses.all() if each.name == "house-2")
    address = address.format(field=busy.field, flight=busy.flight, house=house.id)
    page = open_slowly(visit, busy, address, service_workers="block")
    open_folds(page)
    for number in range(page.locator(CONTROLS).count()):
        name, values = mark(page, number)
        if len(values) < 2 or name.startswith(("opacity", "form:")):
            continue
        said = []
        for is_hurried in (True, False):
            # Each time on the page as it was at first.
            page.goto("about:blank")
            page.goto(f"{busy.base}/{address}")
            settle(page)
            open_folds(page)
            mark(page, number)
            chosen = [values[step % len(values)] for step in range(5)]
            hurry(page, "[data-hurried]", chosen if is_hurried else chosen[-1:])
            check_single(page, f"{address} {name}")
            said.append(page.locator(".page[data-page]").evaluate(SNAPSHOT))
        assert said[0] == said[1], f"{address} {name}"


def open_folds(page: Page) -> None:
    """Open what is folded: it may have controls of its own."""
    page.locator(".page details:not([open])").evaluate_all("all => all.forEach((each) => (each.open = true))")
    settle(page)


def mark(page: Page, number: int) -> tuple[str, list[str]]:
    """Mark a control for `hurry`; return its name and other values than it has, none where it only waits for a form."""
    page.evaluate("document.querySelectorAll('[data-hurried]').forEach((each) => delete each.dataset.hurried)")
    name, kind, value, values = (
        page.locator(CONTROLS)
        .nth(number)
        .evaluate(
            """control => {
          control.dataset.hurried = '';
          const options = control.options === undefined ? [] : [...control.options].map((option) => option.value);
          const own = control.id || control.name || control.getAttribute('aria-label') || '';
          const name = (control.closest('form') ? 'form:' : '') + own;
          const label = control.closest('label')?.className ?? '';
          return [label.includes('opacity') ? 'opacity' : name, control.type, control.value, options];
        }"""
        )
    )
    if kind == "range":
        values = ["0", "1", "2"]
    if kind == "date":
        values = [re.sub(r"\d\d$", day, value) for day in ("01", "02", "03")]
    return str(name), [each for each in values if each != value]
