"""A map of 250,000 cells in Chromium on a processor four times slower: until it is drawn, and frames of pointing at it.

`drawn_ms` is from the request for the cells until the map is idle with them, `first` where the server computes the pass
for it; the rest of the page loads at the same time. `_cpu_ms` is the main thread's, of the whole page. Frames are those
of drawing in software: a graphics card draws more. Medians of so many openings.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from headland.clock import wall_clock_ms
from headland.registry.registry import open_registry
from headland.store.duckdb.store import DuckDBStore
from tests.bench.bench_pages import record_tasks
from tests.bench.field_page import SECONDS, fill_field, serve_field
from tests.machine import find_program

_SLOWER: Final = 4
_WIDTH_M: Final = 420.0
_HEADERS: Final = {"Authorization": "Bearer any"}
#: When the map was idle with its cells, as the page itself sees it.
_WATCH: Final = """
new MutationObserver(() => {
  const field = document.querySelector('.field[data-drawn]'), map = document.querySelector('.map-view');
  if (field?.dataset.drawn && map?.dataset.state === 'idle') window.drawnAtMs ??= performance.now();
}).observe(document, {subtree: true, attributes: true, attributeFilter: ['data-drawn', 'data-state']});
"""
_ASKED: Final = "() => performance.getEntriesByType('resource').find((each) => each.name.includes('/cells?')).startTime"
_POINT: Final = """
async () => {
  const canvas = document.querySelector('.map-view canvas'), box = canvas.getBoundingClientRect(), times = [];
  for (let step = 0; step < 100; step += 1) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
    const began = performance.now();
    const place = {clientX: box.left + box.width * (0.2 + 0.006 * step), clientY: box.top + box.height * 0.5};
    canvas.dispatchEvent(new MouseEvent('mousemove', {...place, bubbles: true}));
    await new Promise((resolve) => requestAnimationFrame(resolve));
    times.push(performance.now() - began);
  }
  return [times, document.querySelector('.map-told')?.textContent ?? ''];
}
"""


def open_map(browser: Browser, address: str, picture: Path | None = None) -> dict[str, float]:
    """Open a page and return how long its map took."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, extra_http_headers=_HEADERS, bypass_csp=True, service_workers="block"
    )
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": _SLOWER})
    page.add_init_script(_WATCH)
    tasks = record_tasks(session)
    page.goto(address)
    page.wait_for_function("window.drawnAtMs !== undefined", timeout=120_000)
    found = {
        "drawn_ms": page.evaluate("window.drawnAtMs") - page.evaluate(_ASKED),
        "main_thread_cpu_ms": sum(cpu_ms for _, cpu_ms in tasks(page)),
        **_point(page),
    }
    if picture is not None:
        page.screenshot(path=picture)
    context.close()
    return found


def _point(page: Page) -> dict[str, float]:
    page.locator("[data-panel=applied]").first.wait_for(timeout=120_000)
    page.locator(".map-view").scroll_into_view_if_needed()
    times, told = page.evaluate(_POINT)
    assert "/ha" in told, told
    return {"hover_median_ms": float(np.median(times)), "hover_p95_ms": float(np.percentile(times, 95))}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--picture", type=Path, help="where to put a picture of the page")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        store = DuckDBStore(folder / "farm.duckdb")
        stack.callback(store.close)
        registry = open_registry(f"sqlite:///{folder}/registry.sqlite")
        stack.callback(registry.close)
        start_ms = wall_clock_ms() // 1000 * 1000 - 2 * SECONDS * 1000
        pass_id = fill_field(store, registry, _WIDTH_M, start_ms)
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(
            executable_path=find_program("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        stack.callback(browser.close)
        rounds: list[dict[str, Any]] = []
        for _ in range(options.rounds):
            with serve_field(store, registry, start_ms) as client:
                field = client.get("/v1/fields").json()["items"][0]["id"]
                cells = client.get(f"/v1/passes/{pass_id}/cells?cell_m=1&format=safetensors&swath_m=5")
                cells.raise_for_status()
                address = f"{str(client.base_url).rstrip('/')}/#/field/{field}?pass={pass_id}&cell_m=1"
                first = open_map(browser, address)
                again = open_map(browser, address, options.picture)
            rounds.append({"first_drawn_ms": first["drawn_ms"], **again})
    found = {name: round(statistics.median(each[name] for each in rounds), 1) for name in rounds[0]}
    found |= {"answer_bytes": len(cells.content), "cells": round(600.0 * _WIDTH_M), "load_1min": os.getloadavg()[0]}
    print(json.dumps(found, indent=None if options.json else 2))


if __name__ == "__main__":
    main()
