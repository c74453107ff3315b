"""Pictures of the dashboard for the documentation, and a recording of its main job, from a farm that runs.

    make run ARGS="--data FOLDER --port 18500"     # wait until its past is in the store
    make pictures ARGS="FOLDER"                    # in another terminal: into docs/images
    make pictures ARGS="FOLDER --before"

`--before` takes the same pages of an older version under other names: check out commit 9d184ec6 elsewhere and run it
there. The recording is WebM: Chromium's own frames, encoded by Chromium, so that no other program is needed.
"""

from __future__ import annotations

import argparse
import base64
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Error, Page, ViewportSize, expect, sync_playwright

from station.local.folder import FarmFolder
from tests.machine import find_program

_PATIENCE_MS: Final = 60_000
_SIZE: Final = ViewportSize(width=1280, height=800)
#: A wait of the person who is recorded, and the longest that is left of a wait for the farm.
_READ_MS, _MOST_STILL_MS = 1500, 2500
#: Plays frames `[ms after the one before, JPEG]` on a canvas, and records it.
_ENCODE: Final = """
async ({frames, width, height}) => {
  const canvas = document.createElement('canvas');
  Object.assign(canvas, {width, height});
  const context = canvas.getContext('2d');
  const recorder = new MediaRecorder(canvas.captureStream(12), {mimeType: 'video/webm', videoBitsPerSecond: 220000});
  const parts = [];
  recorder.ondataavailable = (event) => parts.push(event.data);
  const ended = new Promise((resolve) => (recorder.onstop = resolve));
  recorder.start(500);
  for (const [waitMs, jpeg] of frames) {
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    const image = new Image();
    image.src = 'data:image/jpeg;base64,' + jpeg;
    await image.decode();
    context.drawImage(image, 0, 0, width, height);
  }
  await new Promise((resolve) => setTimeout(resolve, 800));
  recorder.stop();
  await ended;
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  let text = '';
  for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
  return btoa(text);
}
"""


def open_page(browser: Browser, base: str, key: str, locale: str, size: ViewportSize) -> Page:
    context = browser.new_context(viewport=size, locale=locale, color_scheme="light", service_workers="block")
    context.set_default_timeout(_PATIENCE_MS)
    page = context.new_page()
    page.goto(f"{base}/#key={key}")
    page.locator(".page[data-mounted=true]").wait_for()
    return page


def go(page: Page, address: str, seen: str) -> None:
    """Go to an address within the page, and wait for what is to be seen there; an older version may not have it."""
    Film.kept = False
    page.evaluate("address => (location.hash = address)", address)
    try:
        page.locator(seen).first.wait_for(timeout=20_000)
    except Error:
        print(f"{address}: {seen} was not seen", file=sys.stderr)
    settle(page)


class Film:
    """The frames of a page; none are kept while the farm works, which takes as long as the machine is busy."""

    kept = True


def settle(page: Page) -> None:
    """Wait until nothing is asked for any more, and for as long as a person reads."""
    page.wait_for_timeout(_READ_MS // 3)
    Film.kept = False
    expect(page.locator("progress:visible")).to_have_count(0, timeout=_PATIENCE_MS)
    Film.kept = True
    page.wait_for_timeout(_READ_MS)


def take_pictures(browser: Browser, base: str, key: str, folder: Path, prefix: str) -> None:
    page = open_page(browser, base, key, "en-GB", ViewportSize(width=1280, height=1000))
    pages = {
        "farm": ("#/farm", ".tonight-card, .tile"),
        "greenhouse": ("#/greenhouse/greenhouse-1?days=3", ".page.greenhouse[data-loaded] canvas"),
        "field": ("#/field", "main a[href*='#/field/']"),
    }
    for name, (address, seen) in pages.items():
        go(page, address, seen)
        if name == "field":
            page.locator("main a[href*='#/field/']").first.click()
            page.locator(".map-view[data-state=idle]").wait_for()
            settle(page)
        page.screenshot(path=folder / f"{prefix}{name}.png")
    page.context.close()


def record(page: Page, job: Callable[[Page], None]) -> list[tuple[float, str]]:
    """Return the frames of a job: milliseconds after the frame before, and the picture."""
    session = page.context.new_cdp_session(page)
    taken: list[tuple[float, str]] = []

    def keep(event: dict[str, object]) -> None:
        metadata = event["metadata"]
        assert isinstance(metadata, dict)
        if Film.kept:
            taken.append((1000.0 * float(metadata["timestamp"]), str(event["data"])))
        session.send("Page.screencastFrameAck", {"sessionId": event["sessionId"]})

    session.on("Page.screencastFrame", keep)
    limits = {"format": "jpeg", "quality": 70, "maxWidth": _SIZE["width"], "maxHeight": _SIZE["height"]}
    session.send("Page.startScreencast", {**limits, "everyNthFrame": 6})
    job(page)
    session.send("Page.stopScreencast")
    before = [at for at, _ in taken]
    steps = [0.0, *(after - at for at, after in pairwise(before))]
    return [(min(step, _MOST_STILL_MS), picture) for step, (_, picture) in zip(steps, taken, strict=True)]


def do_main_job(page: Page) -> None:
    """What the next night brings, what a house did and will do, and what a field got and why."""
    Film.kept = False  # until there is something to see
    page.locator(".tonight-card").first.wait_for()
    settle(page)
    page.mouse.wheel(0, 400)
    settle(page)
    go(page, "#/greenhouse", "[data-panel=houses] tbody a")
    page.locator("[data-panel=houses] tbody a").first.click()
    page.locator(".page.greenhouse[data-loaded] canvas").first.wait_for()
    page.locator("[data-panel=deficit]").scroll_into_view_if_needed()
    settle(page)
    page.locator("[data-panel=analyses]").evaluate("panel => panel.scrollIntoView()")
    page.mouse.wheel(0, -90)
    page.locator("[data-panel=forecast-record]").wait_for()
    settle(page)
    page.locator("[data-tab=climate]").click()
    settle(page)
    page.locator("[data-tab=water]").click()
    page.locator("[data-part=weather] > summary").click()
    settle(page)
    go(page, "#/field", "main a[href*='#/field/']")
    page.locator("main a[href*='#/field/']").first.click()
    page.locator(".field-map .map-view[data-state=idle]").wait_for()
    page.locator(".field-map").scroll_into_view_if_needed()
    settle(page)
    page.locator("[data-tab=sky]").click()
    page.locator("[data-part=weather] > summary").click()
    page.locator("[data-panel=weather-window] .hours li").first.wait_for()
    settle(page)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("farm", type=Path, help="folder of the running farm")
    parser.add_argument("--into", type=Path, default=Path("docs/images"), help="where the pictures go")
    parser.add_argument("--before", action="store_true", help="an older version: pictures only, named before-*.png")
    options = parser.parse_args()
    farm = FarmFolder(options.farm)
    base, key = farm.read_state().api_url, str(farm.api_key())
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=find_program("chromium"), args=arguments)
        prefix = "before-" if options.before else "dashboard-"
        take_pictures(browser, base, key, options.into, prefix)
        if not options.before:
            page = open_page(browser, base, key, "en-GB", _SIZE)
            frames = record(page, do_main_job)
            page.goto("about:blank")
            film = page.evaluate(_ENCODE, {"frames": frames, **_SIZE})
            (options.into / "dashboard.webm").write_bytes(base64.b64decode(film))
        browser.close()


if __name__ == "__main__":
    main()
