"""Figures of the dashboard in Chromium: the first page on a slow phone, a map of 200 fields, a chart of 100,000 points.

The first page: bytes that were transferred until it was idle, its metrics on a processor four times slower, and what
axe finds; its first sentence also again, once the station has answered before. Times of a task are wall times, and so
those of a quiet machine only; `_cpu_ms` are of the processor, which the browser keeps busy while it slows the page
down. Frames are those of drawing in software: a graphics card draws more.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import numpy as np
from playwright.sync_api import Browser, CDPSession, Page, ViewportSize, sync_playwright

from headland.registry.models.models import Field
from tests.api.farm import OWN, write_series
from tests.api.spread_field import box
from tests.dashboard.farm import MANY, Farm, serve_farm
from tests.machine import find_program

_SLOWER: Final = 4
_PHONE: Final = ViewportSize(width=412, height=823)
#: Loads of the first page after the first one, which finds a station that has answered nothing yet.
_AGAIN: Final = 7
_LONG_TASK_MS: Final = 50.0
_FIELDS, _VEHICLES, _HOUSES = 200, 20, 200
_SHOWN: Final = {"Authorization": "Bearer any"}
#: Kept by the page for the tester: the largest paint and the shifts of its layout.
_OBSERVE: Final = """
window.seen = {lcp: 0, cls: 0};
new PerformanceObserver(list => { for (const e of list.getEntries()) seen.lcp = e.startTime; })
  .observe({type: 'largest-contentful-paint', buffered: true});
new PerformanceObserver(list => { for (const e of list.getEntries()) if (!e.hadRecentInput) seen.cls += e.value; })
  .observe({type: 'layout-shift', buffered: true});
"""
_FRAMES: Final = """
(steps) => new Promise((resolve) => {
  const canvas = document.querySelector('.map-view canvas');
  const box = canvas.getBoundingClientRect();
  const at = (x) => ({clientX: box.left + x, clientY: box.top + box.height / 2, bubbles: true, button: 0, buttons: 1});
  const times = [];
  let step = 0, before = performance.now();
  canvas.dispatchEvent(new MouseEvent('mousedown', at(box.width / 2)));
  const draw = (now) => {
    times.push(now - before);
    before = now;
    if (++step > steps) {
      document.dispatchEvent(new MouseEvent('mouseup', at(0)));
      return resolve(times.slice(2));
    }
    document.dispatchEvent(new MouseEvent('mousemove', at(box.width / 2 + 60 * Math.sin(step / 8))));
    requestAnimationFrame(draw);
  };
  requestAnimationFrame(draw);
})
"""


def measure_first_sentences(browser: Browser, farm: Farm) -> dict[str, float]:
    """Return the median and the least of the time until the first cards, on a station that has answered before."""
    found = []
    for _ in range(_AGAIN):
        context = browser.new_context(viewport=_PHONE, extra_http_headers=_SHOWN, service_workers="block")
        page = context.new_page()
        context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": _SLOWER})
        page.goto(farm.base)
        page.locator(".tonight-card").first.wait_for()
        found.append(page.evaluate("performance.now()"))
        context.close()
    return {"first_sentence_again_ms": round(float(np.median(found))), "first_sentence_least_ms": round(min(found))}


def measure_first_page(browser: Browser, farm: Farm) -> dict[str, float]:
    """Return bytes, metrics and violations of the first page on a phone four times slower."""
    context = browser.new_context(viewport=_PHONE, extra_http_headers=_SHOWN, bypass_csp=True, service_workers="block")
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Emulation.setCPUThrottlingRate", {"rate": _SLOWER})
    loaded: list[float] = []
    session.on("Network.loadingFinished", lambda event: loaded.append(event["encodedDataLength"]))
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.add_init_script(_OBSERVE)
    tasks = record_tasks(session)
    page.goto(farm.base)
    page.locator(".tonight-card").first.wait_for()
    said_ms = page.evaluate("performance.now()")
    page.wait_for_timeout(2000)
    seen = page.evaluate("window.seen")
    long_ms = tasks(page)
    found = {
        "transferred_kB": round(sum(loaded) / 1000.0, 1),
        "first_sentence_ms": round(said_ms),
        "largest_paint_ms": round(seen["lcp"]),
        "blocking_ms": round(sum(max(0.0, wall - _LONG_TASK_MS) for wall, _ in long_ms)),
        "blocking_cpu_ms": round(sum(max(0.0, cpu - _LONG_TASK_MS) for _, cpu in long_ms)),
        "layout_shift": round(seen["cls"], 3),
        "console_errors": len(errors),
        **count_violations(page),
    }
    session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    before = sum(loaded)
    page.locator(".farm-map-waiting").scroll_into_view_if_needed()
    page.locator(".map-view[data-state=idle]").wait_for(timeout=60_000)
    found["map_kB"] = round((sum(loaded) - before) / 1000.0, 1)
    context.close()
    return found


def record_tasks(session: CDPSession) -> Any:
    """Record the tasks of the main thread; the function that is returned ends it and returns their wall and CPU ms."""
    events: list[dict[str, Any]] = []
    ended: list[bool] = []
    session.on("Tracing.dataCollected", lambda event: events.extend(event["value"]))
    session.on("Tracing.tracingComplete", lambda _: ended.append(True))
    categories = ["toplevel", "disabled-by-default-devtools.timeline", "blink.user_timing", "__metadata"]
    session.send("Tracing.start", {"traceConfig": {"includedCategories": categories}, "transferMode": "ReportEvents"})

    def end(page: Page) -> list[tuple[float, float]]:
        session.send("Tracing.end")
        while not ended:
            page.wait_for_timeout(50)
        names = {(e["pid"], e["tid"]): e["args"]["name"] for e in events if e.get("name") == "thread_name"}
        return [
            (event["dur"] / 1000.0, event.get("tdur", 0) / 1000.0)
            for event in events
            if event.get("name") == "RunTask"
            and names.get((event["pid"], event["tid"])) == "CrRendererMain"
            and "dur" in event
        ]

    return end


def count_violations(page: Page) -> dict[str, float]:
    page.evaluate(Path(str(find_program("axe-core"))).read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    for each in found:
        print(f"axe: {each['id']} ({each['impact']}): {each['nodes'][0]['target']}", file=sys.stderr)
    return {"axe_violations": len(found)}


def seed_large_farm(farm: Farm) -> None:
    """Add 200 fields in a square, and 20 vehicles over them."""
    template = farm.repositories.fields.get(farm.field)
    side = round(_FIELDS**0.5)
    for number in range(_FIELDS):
        east_m, north_m = 260.0 * (number % side), 100.0 + 60.0 * (number // side)
        geometry = box(east_m, north_m, east_m + 240.0, north_m + 50.0)
        farm.repositories.fields.add(
            Field(farm=template.farm, name=f"Field {number + 1}", geometry=geometry, site=template.site)
        )
    for number in range(_VEHICLES):
        place = {"latitude_deg": 0.001 + 0.0004 * (number // 2), "longitude_deg": 10.0 + 0.0015 * number}
        farm.report("drone", f"vehicle-{number + 1}", place, simulated=True)


def measure_map(browser: Browser, farm: Farm) -> dict[str, float]:
    """Return the time of a frame [ms] while the map of 200 fields and 20 vehicles is dragged, and the marks in view."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, extra_http_headers=_SHOWN)
    page = context.new_page()
    page.goto(f"{farm.base}/#/farm")
    page.locator(".farm-map-waiting").scroll_into_view_if_needed()
    page.locator(".map-view[data-state=idle]").wait_for(timeout=60_000)
    page.wait_for_timeout(1000)
    frames = np.array(page.evaluate(_FRAMES, 60))
    page.wait_for_timeout(500)
    found = {
        "frame_median_ms": round(float(np.median(frames)), 1),
        "frame_p95_ms": round(float(np.percentile(frames, 95)), 1),
        "labels_displayed": page.locator(".field-mark").count(),
        "vehicle_marks_displayed": page.locator(".vehicle-mark:visible, .cluster-mark:visible").count(),
    }
    context.close()
    return found


def measure_wide_farm(browser: Browser, farm: Farm) -> dict[str, float]:
    """Return the requests of a wide page with its map, on a farm of 200 greenhouses, until it is idle."""
    for number in range(_HOUSES):
        farm.report("greenhouse", f"house-{number + 1}", {"air_temperature_degc": 18.0}, simulated=True)
    context = browser.new_context(viewport={"width": 1400, "height": 900}, extra_http_headers=_SHOWN)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(farm.base)))
    page.goto(f"{farm.base}/#/farm")
    page.locator(".farm-map-waiting").scroll_into_view_if_needed()
    page.locator(".map-view[data-state=idle]").wait_for(timeout=60_000)
    page.wait_for_timeout(2000)
    context.close()
    of_api = [path for path in asked if path.startswith("/v1/")]
    for path in of_api:
        print(path, file=sys.stderr)
    return {"requests": len(asked), "requests_of_api": len(of_api)}


def measure_chart(browser: Browser, farm: Farm) -> dict[str, float]:
    """Return how long a chart of 100,000 points is drawn, and a frame of zooming in it [ms]."""
    now_ms = farm.now_ms()
    often = now_ms - 800 * np.arange(MANY, 0, -1)
    columns = {"air_temperature_degc": 15.0 + np.sin(np.arange(MANY) / 997.0)}
    write_series(farm.store, OWN, "home", "greenhouse", "gh-1", often, columns)
    context = browser.new_context(viewport={"width": 1280, "height": 900}, extra_http_headers=_SHOWN)
    page = context.new_page()
    page.goto(f"{farm.base}/#/greenhouse/gh-1?days=1")
    panel = page.locator("[data-panel=samples]")
    panel.locator("summary").click()
    page.locator("[data-panel=samples][data-points]").wait_for()
    over = panel.locator(".u-over")
    over.scroll_into_view_if_needed()
    frames = np.array(
        page.evaluate(
            """async () => {
              const over = document.querySelector('[data-panel=samples] .u-over');
              const box = over.getBoundingClientRect(), times = [];
              for (let step = 0; step < 60; step += 1) {
                await new Promise((resolve) => requestAnimationFrame(resolve));
                const began = performance.now();
                over.dispatchEvent(new MouseEvent('mousemove', {clientX: box.left + 10 * step, clientY: box.top + 50,
                  bubbles: true}));
                await new Promise((resolve) => requestAnimationFrame(resolve));
                times.push(performance.now() - began);
              }
              return times;
            }"""
        )
    )
    context.close()
    return {
        "points": MANY,
        "hover_frame_median_ms": round(float(np.median(frames)), 1),
        "hover_frame_p95_ms": round(float(np.percentile(frames, 95)), 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with ExitStack() as stack:
        farm = stack.enter_context(serve_farm(Path(stack.enter_context(tempfile.TemporaryDirectory()))))
        found: dict[str, Any] = {}
        playwright = stack.enter_context(sync_playwright())
        arguments = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=find_program("chromium"), args=arguments)
        stack.callback(browser.close)
        found["first_page"] = measure_first_page(browser, farm) | measure_first_sentences(browser, farm)
        found["chart"] = measure_chart(browser, farm)
        seed_large_farm(farm)
        found["map"] = measure_map(browser, farm)
        found["wide_farm"] = measure_wide_farm(browser, farm)
    print(json.dumps(found, indent=None if options.json else 2))


if __name__ == "__main__":
    main()
