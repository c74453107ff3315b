"""The fifteen jobs of a farm, walked on the page as a person does: in Chinese on a phone, in English on a wide screen.

Each job begins on the first page and ends with what it is for; its steps are pictures in build/jobs. Clicks are counted
until the place where the job is done; of a job with two places, those of the farther one. Without `--farm ADDRESS --key
FILE` a farm is started in a new folder, and walked once its simulated past is there (minutes). What the walk enters
carries the mark of the run, and stays in that farm.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Error, FilePayload, Locator, Page, ViewportSize, expect, sync_playwright

from station.local.folder import FarmFolder
from tests.machine import find_program
from tests.waiting import wait_until

ROOT: Final = Path(__file__).parents[2]
PICTURES: Final = ROOT / "build" / "jobs"
_PATIENCE_MS: Final = 60_000
_PAST_S: Final = 900.0
_PORT: Final = 8431
_TABLE: Final = "time,temp\n2026-03-01 08:00,20.5\n2026-03-01 08:10,20.7\n2026-03-01 08:20,21.0\n"


class Walk:
    """A person at the page: counts clicks, and takes a picture of each step."""

    def __init__(self, page: Page, name: str, mark: str) -> None:
        self.page, self.name, self.mark = page, name, mark
        self.job, self.clicks, self.most_clicks, self.steps = "", 0, 0, 0

    @property
    def is_phone(self) -> bool:
        return self.name == "zh"

    def begin(self, job: str) -> None:
        self.job, self.most_clicks, self.steps = job, 0, 0
        self.begin_part()

    def begin_part(self) -> None:
        """Go to the first page again: what follows is another place of the job, and counted by itself."""
        self.clicks = 0
        self.page.evaluate("location.hash = '#/farm'")
        self.page.locator(".page[data-page=farm][data-mounted=true]").wait_for()

    def click(self, target: Locator | str) -> None:
        self.clicks += 1
        self.most_clicks = max(self.most_clicks, self.clicks)
        found = self.page.locator(target) if isinstance(target, str) else target
        found.first.click()

    def press(self, target: str) -> None:
        """Do by the keyboard what a click does."""
        self.page.locator(target).first.press("Enter")

    def go(self, page: str, tab: str = "") -> None:
        if self.is_phone:
            self.click(".menu-button")
        self.click(f"nav.menu a[href='#/{page}']")
        self.page.locator(f".page[data-page={page}][data-mounted=true]").wait_for()
        if tab:
            self.click(f"[data-tab={tab}]")

    def fill(self, selector: str, value: str) -> None:
        self.page.locator(selector).first.fill(value)

    def choose(self, selector: str, value: str | None = None, index: int | None = None) -> None:
        self.page.locator(selector).first.select_option(value, index=index)

    def see(self, selector: str, text: str = "") -> None:
        found = self.page.locator(selector).first
        found.wait_for()
        if text:
            expect(self.page.locator(selector).filter(has_text=text).first).to_be_visible()

    def picture(self) -> None:
        self.steps += 1
        self.page.wait_for_timeout(400)
        self.page.screenshot(path=PICTURES / f"{self.job}-{self.name}-{self.steps}.png")


def import_plots(walk: Walk) -> None:
    west = 119.3 + (0.002 if walk.is_phone else 0.0)
    ring = [[west, 32.0], [west + 0.001, 32.0], [west + 0.001, 32.001], [west, 32.001], [west, 32.0]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    feature = {"type": "Feature", "properties": {"name": f"东地 {walk.mark}", "owner": "李"}, "geometry": geometry}
    content = json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()
    walk.go("field", "import")
    file: FilePayload = {"name": "plots.geojson", "mimeType": "", "buffer": content}
    walk.page.locator("[data-panel=import] input[type=file]").set_input_files(file)
    walk.see("[data-panel=import] tbody", "李")
    walk.picture()
    walk.press("[data-panel=import] button.primary")
    walk.see("[data-panel=import] a", walk.mark)
    walk.picture()


def draw_plot(walk: Walk) -> None:
    walk.go("field", "draw")
    walk.page.locator("[data-panel=editor] summary").first.press("Enter")
    west = 119.31 + (0.002 if walk.is_phone else 0.0)
    corners = f"32.0000, {west}\n32.0000, {west + 0.001}\n32.0010, {west + 0.001}\n32.0010, {west}"
    walk.fill("[data-panel=editor] textarea", corners)
    walk.page.locator("[data-panel=editor] details button").first.press("Enter")
    walk.see(".editor-area")
    walk.picture()
    walk.fill("[data-panel=editor] input[name=name]", f"新地 {walk.mark}")
    walk.page.locator("[data-panel=editor] input[name=name]").press("Enter")
    walk.see("h1", walk.mark)
    walk.picture()


def plan_rates(walk: Walk) -> None:
    open_field(walk, "jurong-wheat")
    walk.click("[data-tab=plan]")
    form = "[data-panel=recommendation] "
    inputs = {"target_yield_t_ha": "500", "unfertilised_yield_t_ha": "250", "uptake_kg_100kg": "2.8", "recovery": "0.4"}
    for name, value in inputs.items():
        walk.fill(f"{form}input[name={name}]", value)
    walk.press(f"{form}button[type=submit]")
    walk.see("[data-answer=recommendation] .figure")
    walk.picture()
    panel = "[data-panel=prescriptions] "
    walk.press(f"{panel}details.fold summary")
    walk.press(f"{panel}[data-act=rest]")
    walk.fill(f"{panel}[data-zone='1'] input", "6")
    walk.see(f"{panel}[data-left=none]")
    walk.fill(f"{panel}input[name=name]", f"拔节肥 {walk.mark}")
    walk.choose(f"{panel}[data-panel=draw-zones] select[name=product]", index=1)
    walk.choose(f"{panel}[data-panel=draw-zones] select[name=implement]", index=1)
    walk.page.locator(f"{panel}[data-panel=draw-zones]").scroll_into_view_if_needed()
    walk.picture()
    walk.press(f"{panel}[data-panel=draw-zones] button[type=submit]")
    # What it was made with is closed, and the new one is shown.
    expect(walk.page.locator("[data-panel=draw-zones]")).to_have_count(0)
    expect(walk.page.locator("#plan-prescription option:checked, [data-panel=prescriptions] h3").first).to_have_text(
        f"拔节肥 {walk.mark}"
    )
    walk.picture()
    with walk.page.expect_download() as download:
        walk.page.get_by_role("button", name="ISOXML").press("Enter")
    assert download.value.path().stat().st_size > 0
    walk.picture()


def declare_pass(walk: Walk) -> None:
    open_field(walk, "jurong-wheat")
    walk.see("[data-unregistered]")
    walk.picture()
    if walk.page.locator("[data-unregistered='0']").count():
        return  # all that was flown is registered, and the page says so
    register = walk.page.get_by_role("button", name="登记本次作业" if walk.is_phone else "Register this pass")
    # The newest flight may be registered already: then the newest that is not.
    if walk.page.locator("[data-unregistered] button").count():
        walk.click("[data-unregistered] button")
    register.press("Enter")
    form = walk.page.get_by_role("dialog")
    form.locator("select[name=implement]").select_option(index=1)
    form.locator("input[name=planned_rate_ha]").fill("6")
    walk.picture()
    form.locator("button[type=submit]").press("Enter")
    expect(form).to_have_count(0)
    chosen = walk.page.locator("[data-panel=passes] tr[aria-current=true]")
    expect(chosen).to_contain_text("已登记" if walk.is_phone else "registered")
    walk.see("[data-panel=deviation] tbody tr")
    walk.picture()


def open_field(walk: Walk, name: str) -> None:
    walk.click(walk.page.locator(".tonight-card h3 a[href*='#/field/']").filter(has_text=name))
    walk.see("[data-panel=applied]")


def explain_pass(walk: Walk) -> None:
    open_field(walk, "jurong-rapeseed")
    walk.see("[data-panel=deviation] tbody tr")
    walk.page.locator("[data-panel=deviation]").scroll_into_view_if_needed()
    walk.picture()
    walk.press("[data-panel=deviation] tbody button")
    walk.page.locator(".evidence-chain").scroll_into_view_if_needed()
    walk.picture()
    walk.press("[data-panel=settlement] summary")
    walk.page.locator("[data-panel=settlement] table").first.wait_for()
    walk.page.locator("[data-panel=settlement]").scroll_into_view_if_needed()
    walk.picture()


def last_night(walk: Walk) -> None:
    walk.see(".tonight-card [data-statement]")
    walk.picture()
    walk.click(".tonight-card h3 a[href*=greenhouse]")
    walk.see("[data-panel=outlook] [data-statement]")
    walk.page.locator("[data-panel=outlook]").scroll_into_view_if_needed()
    walk.picture()
    walk.page.locator("[data-panel=disease]").scroll_into_view_if_needed()
    walk.picture()


def alarm_rule(walk: Walk) -> None:
    walk.go("alarms", "rules")
    walk.press("[data-panel=rules] button.primary")
    form = "[role=dialog] " if walk.page.locator("[role=dialog]").count() else "dialog "
    walk.fill(f"{form}input[name=text]", f"棚温 {walk.mark}")
    walk.fill(f"{form}input[name=threshold]", "38")
    walk.picture()
    walk.page.locator(f"{form}button[type=submit]").press("Enter")
    walk.see("[data-panel=rules] article", walk.mark)
    walk.page.locator("[data-tab=recipients]").click()
    walk.see("[data-panel=recipients] input[name=name]")
    walk.fill("[data-panel=recipients] input[name=name]", f"群 {walk.mark}")
    walk.choose("[data-panel=recipients] select[name=kind]", "email")
    walk.fill("[data-panel=recipients] input[name=address]", "wang@example.org")
    walk.page.locator("[data-panel=recipients] form button[type=submit]").press("Enter")
    walk.see("[data-panel=recipients] article", walk.mark)
    walk.picture()


def add_gateway(walk: Walk) -> None:
    walk.go("settings", "gateways")
    walk.fill("[data-panel=gateways] input[name=name]", f"barn-{walk.mark}-{walk.name}")
    walk.picture()
    walk.page.locator("[data-panel=gateways] form button[type=submit]").first.press("Enter")
    walk.see("[data-panel=gateways] pre")
    walk.picture()
    walk.begin_part()
    walk.go("health")
    walk.see("[data-panel=silent]")
    walk.picture()


def import_table(walk: Walk) -> None:
    walk.go("health", "import")
    file: FilePayload = {"name": f"house-{walk.mark}-{walk.name}.csv", "mimeType": "", "buffer": _TABLE.encode()}
    walk.page.locator("[data-panel=imports] input[type=file]").set_input_files(file)
    walk.see("[data-state=needs_map], [data-state=queued], [data-state=done]")
    walk.picture()


def make_key(walk: Walk) -> None:
    walk.go("settings", "keys")
    walk.fill("[data-panel=keys] input[name=name]", f"app {walk.mark} {walk.name}")
    walk.page.locator("[data-panel=keys] form button[type=submit]").press("Enter")
    walk.see("[data-panel=keys] .secret", "hl_")
    walk.picture()
    walk.begin_part()
    walk.go("settings", "members")
    walk.fill("[data-panel=members] input[name=name]", f"王芳 {walk.mark} {walk.name}")
    walk.fill("[data-panel=members] input[name=subject]", f"wang-{walk.mark}-{walk.name}")
    walk.picture()
    walk.press("[data-panel=members] form button[type=submit]")
    walk.see("[data-panel=members] tbody tr", f"{walk.mark} {walk.name}")
    walk.picture()


def compare_houses(walk: Walk) -> None:
    walk.click(".tonight-card h3 a[href*=greenhouse]")
    walk.see("[data-panel=deficit] canvas")
    walk.page.locator("select").nth(2).select_option(index=1)
    walk.page.locator("[data-panel=deficit]").scroll_into_view_if_needed()
    walk.picture()
    walk.click("[data-tab=seasons]")
    walk.page.locator("[data-panel=analyses]").scroll_into_view_if_needed()
    walk.picture()


def download_month(walk: Walk) -> None:
    walk.click(".tonight-card h3 a[href*=greenhouse]")
    walk.see("[data-panel=download] [data-file]")
    walk.page.locator("[data-panel=download]").scroll_into_view_if_needed()
    walk.picture()
    with walk.page.expect_download() as download:
        walk.click("[data-panel=download] [data-file$=csv]")
    assert len(download.value.path().read_text(encoding="utf-8").splitlines()) > 100


def crop_bands(walk: Walk) -> None:
    walk.go("settings", "bands")
    walk.fill("[data-panel=bands] input[name=crop]", "番茄" if walk.is_phone else "Tomato")
    walk.fill("[data-panel=bands] input[name=low]", "0.6")
    walk.fill("[data-panel=bands] input[name=high]", "1.1")
    walk.fill("[data-panel=bands] input[name=author]", f"李娜 {walk.mark}")
    walk.page.locator("[data-panel=bands] form button[type=submit]").press("Enter")
    walk.see("[data-panel=bands] tbody", walk.mark)
    walk.picture()


def note_offline(walk: Walk) -> None:
    walk.see(".tonight-card h3 a[href*=greenhouse]")
    walk.click(".tonight-card h3 a[href*=greenhouse]")
    walk.see("[data-panel=notes] form")
    walk.page.context.set_offline(True)
    walk.fill("[data-panel=notes] textarea", f"开了风口 {walk.mark} {walk.name}")
    walk.fill("[data-panel=notes] input[name=author]", "李")
    walk.page.locator("[data-panel=notes] form button[type=submit]").press("Enter")
    walk.see("[data-panel=notes] li", walk.mark)
    walk.page.locator("[data-panel=notes]").scroll_into_view_if_needed()
    walk.picture()
    walk.page.context.set_offline(False)
    expect(walk.page.locator(".live")).to_have_attribute("data-state", "online", timeout=_PATIENCE_MS)


def empty_states(walk: Walk) -> None:
    walk.go("alarms")
    walk.see("[data-panel=active]")
    walk.picture()
    walk.begin_part()
    walk.go("harvest")
    walk.picture()


JOBS: Final[dict[str, Callable[[Walk], None]]] = {
    "a-import-plots": import_plots,
    "b-draw-plot": draw_plot,
    "c-plan": plan_rates,
    "d-declare-pass": declare_pass,
    "e-explain": explain_pass,
    "f-last-night": last_night,
    "g-alarm-rule": alarm_rule,
    "h-gateway": add_gateway,
    "i-import-table": import_table,
    "j-keys-members": make_key,
    "k-compare": compare_houses,
    "l-download": download_month,
    "m-crop-bands": crop_bands,
    "n-offline": note_offline,
    "o-empty": empty_states,
}


def walk_all(browser: Browser, base: str, key: str, wanted: list[str]) -> dict[str, dict[str, int]]:
    """Return the clicks of each job and language, -1 where it could not be done; the reason is on standard error."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    found: dict[str, dict[str, int]] = {}
    for name, locale, width, height in (("zh", "zh-CN", 390, 844), ("en", "en-GB", 1400, 900)):
        size = ViewportSize(width=width, height=height)
        context = browser.new_context(
            viewport=size, locale=locale, service_workers="block", reduced_motion="reduce", accept_downloads=True
        )
        context.set_default_timeout(_PATIENCE_MS)
        page = context.new_page()
        page.goto(f"{base}/#key={key}")
        page.locator(".page[data-mounted=true]").wait_for()
        walk = Walk(page, name, format(int(time.time()) % 100_000, "05d"))
        for job, do in JOBS.items():
            if wanted and job not in wanted:
                continue
            try:
                walk.begin(job)
                do(walk)
                found.setdefault(job, {})[f"{name}_clicks"] = walk.most_clicks
                if page.evaluate("document.documentElement.scrollWidth") > width:
                    print(f"{job} {name}: wider than the screen", file=sys.stderr)
            except (Error, AssertionError) as error:
                print(f"{job} {name}: {str(error)[:400]}", file=sys.stderr)
                page.screenshot(path=PICTURES / f"{job}-{name}-stopped.png")
                found.setdefault(job, {})[f"{name}_clicks"] = -1
                page.context.set_offline(False)
                page.goto(f"{base}/?again#/farm")
        context.close()
    return found


@contextmanager
def started_farm() -> Iterator[tuple[str, Path]]:
    """Run a farm in a new folder until its past is there."""
    with tempfile.TemporaryDirectory() as home:
        folder = FarmFolder(Path(home) / "farm")
        line = [sys.executable, "-m", "station", "up", "--port", str(_PORT), "--data", str(folder.root)]
        process = subprocess.Popen(line, cwd=ROOT, stdout=subprocess.DEVNULL, env={**os.environ, "HOME": home})
        try:
            wait_until(lambda: _has_past(folder), _PAST_S, 1.0)
            yield f"http://127.0.0.1:{_PORT}", folder.api_key_path
        finally:
            process.terminate()
            process.wait(60)


def _has_past(folder: FarmFolder) -> bool:
    try:
        return json.loads((folder.root / "past.json").read_bytes())["finished_ms"] is not None
    except (OSError, ValueError):
        return False


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--farm", help="address of a running farm")
    parser.add_argument("--key", type=Path, help="file of its key")
    parser.add_argument("jobs", nargs="*", help=f"all, or some of {', '.join(JOBS)}")
    options = parser.parse_args()
    expect.set_options(timeout=_PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_program("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        if options.farm:
            found = walk_all(browser, options.farm, options.key.read_text(encoding="utf-8").strip(), options.jobs)
        else:
            with started_farm() as (base, key_path):
                found = walk_all(browser, base, key_path.read_text(encoding="utf-8").strip(), options.jobs)
        browser.close()
    print(json.dumps(found, indent=None if options.json else 2))
    return 1 if any(clicks < 0 for job in found.values() for clicks in job.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
