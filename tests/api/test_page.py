"""The page in a real browser, on a farm whose last values are a few seconds old."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np
import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, expect, sync_playwright

from api.app import create_app
from api.live_sources import StorePoll
from headland.registry.alarm_book import Round
from headland.registry.alarm_records import Alarm, Severity
from headland.registry.records import Scope
from headland.registry.registry import open_registry
from headland.store.memory_store import MemoryStore
from tests.api.access.test_guard import house
from tests.api.farm import DRONE, HOUSE, NOW_MS, OWN, START_MS, fill_farm, put, spread
from tests.api.served import serve
from tests.machine import find_program
from tests.waiting import wait_until

pytestmark = pytest.mark.services("chromium")

PATIENCE_MS = 15_000
#: The gate of a served app is open to who shows anything; signing in has a test of its own.
SHOWN = {"Authorization": "Bearer any"}


@dataclass
class Visit:
    """A page, and what went wrong on it."""

    page: Page
    base: str
    troubles: list[str] = field(default_factory=list)
    expected: str | None = None

    def open(self, path: str = "/") -> Page:
        self.page.goto(self.base + path)
        return self.page


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_program("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


def live_store() -> MemoryStore:
    """Return a farm whose newest greenhouse value is four seconds old: it is due every second."""
    return fill_farm(time.time_ns() // 1_000_000 - 3000 - (NOW_MS - START_MS))


def live_app() -> FastAPI:
    """Return the app on it."""
    return create_app(live_store(), organisation=OWN, readiness=list, counters=dict)


@pytest.fixture
def visit(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Visit]:
    options = getattr(request, "param", {"locale": "en-GB"})
    with serve(live_app()) as client:
        context = browser.new_context(extra_http_headers=SHOWN, **options)
        context.set_default_timeout(PATIENCE_MS)
        base = str(client.base_url).rstrip("/")
        made = Visit(context.new_page(), base)
        made.page.on("console", lambda message: made.troubles.append(f"{message.type}: {message.text}"))
        made.page.on("pageerror", lambda error: made.troubles.append(f"error: {error}"))
        made.page.on(
            "request",
            lambda asked: None if asked.url.startswith(base) else made.troubles.append(f"off-site {asked.url}"),
        )
        yield made
        context.close()
    assert [trouble for trouble in made.troubles if made.expected is None or made.expected not in trouble] == []


def see(page: Page, selector: str, text: str | re.Pattern[str]) -> None:
    expect(page.locator(selector)).to_have_text(text, timeout=PATIENCE_MS)


def test_the_page_shows_devices_values_and_answers(visit: Visit) -> None:
    page = visit.open()
    house, drone = f"[data-device='{HOUSE}']", f"[data-device='{DRONE}']"
    see(page, f"{house} h2", "番茄一号棚")
    see(page, f"{house} [data-channel=co2_ppm].tile .number", "640")
    see(page, f"{house} [data-answer=vpd_kpa] .number", "1.27")
    see(page, f"{house} [data-answer=dew_point_degc] .number", "16.7")
    expect(page.locator(f"{house} .badge")).to_be_hidden()
    see(page, f"{drone} .badge", "Simulated")
    see(page, f"{drone} [data-answer=product_applied_l] .number", "15.60")
    see(page, f"{drone} [data-answer=area_treated_ha] .number", "0.780")
    see(page, f"{drone} .basis .evidence", "Measured by the flow meter")
    expect(page.locator(f"{drone} .chart-line").first).to_have_attribute("d", re.compile("^M"), timeout=PATIENCE_MS)


def test_a_spreader_is_shown_in_kilograms_and_with_a_spreaders_swath(browser: Browser) -> None:
    store = fill_farm()
    spread(store, "uav-spreader", sensed=True, start_ms=time.time_ns() // 1_000_000 - 403_000)
    with serve(create_app(store, organisation=OWN, readiness=list, counters=dict)) as client:
        context = browser.new_context(locale="en-GB", extra_http_headers=SHOWN)
        page = context.new_page()
        page.goto(str(client.base_url))
        card = "[data-device='uav-spreader']"
        # Eight swaths: 39 s of each at 18 kg/min; 195 m by 5.5 m, half a metre of it twice.
        see(page, f"{card} [data-answer=product_applied_kg] .number", "93.60")
        see(page, f"{card} [data-answer=product_applied_kg] .unit", "kg")
        see(page, f"{card} [data-answer=mean_rate_kg_ha] .unit", "kg/ha")
        expect(page.locator(f"{card} [data-answer=product_applied_l]")).to_be_hidden()
        expect(page.locator(f"{card} .swath input")).to_have_value("5.5")
        see(page, f"{card} .tile[data-channel=hopper_kg] .unit", "kg")
        context.close()


def test_a_value_that_stops_coming_ages_and_turns_grey(visit: Visit) -> None:
    page = visit.open()
    tile = page.locator(f"[data-device='{HOUSE}'] .tile[data-channel=air_temperature_degc]")
    expect(tile).to_have_class(re.compile(r"\bstale\b"), timeout=PATIENCE_MS)
    expect(tile.locator(".when")).to_have_text(re.compile(r"Not current · \d+ sec\. ago"))


def test_a_new_value_comes_by_the_stream_and_nobody_asks_for_it(browser: Browser) -> None:
    store = fill_farm()
    feed = StorePoll(store, OWN, every_s=0.05).feed
    asked: list[str] = []
    with serve(create_app(store, organisation=OWN, readiness=list, counters=dict, live=feed)) as client:
        page = browser.new_page(locale="en-GB", extra_http_headers=SHOWN)
        page.on("request", lambda request: asked.append(request.url))
        page.goto(str(client.base_url))
        tile = f"[data-device='{HOUSE}'] .tile[data-channel=co2_ppm] .number"
        see(page, tile, "640")
        wait_until(feed.has_clients)
        with page.expect_request("**/series?**"):  # the stream is open by now
            pass
        before = sum("/v1/latest" in url for url in asked)
        put(store, OWN, "home", "greenhouse", HOUSE, np.array([NOW_MS + 1]), {"co2_ppm": np.array([712.0])})
        see(page, tile, "712")
        assert sum("/v1/latest" in url for url in asked) - before <= 1
        page.close()


def test_where_no_stream_is_to_be_had_the_page_asks(browser: Browser) -> None:
    store = fill_farm()
    with serve(create_app(store, organisation=OWN, readiness=list, counters=dict)) as client:
        page = browser.new_page(locale="en-GB", extra_http_headers=SHOWN)
        page.route("**/v1/live", lambda route: route.abort())
        page.goto(str(client.base_url))
        tile = f"[data-device='{HOUSE}'] .tile[data-channel=co2_ppm] .number"
        see(page, tile, "640")
        put(store, OWN, "home", "greenhouse", HOUSE, np.array([NOW_MS + 1]), {"co2_ppm": np.array([712.0])})
        see(page, tile, "712")
        page.close()


def test_the_language_switches_and_is_kept(visit: Visit) -> None:
    page = visit.open()
    name = f"[data-device='{HOUSE}'] .tile[data-channel=air_temperature_degc] dt"
    see(page, name, "Air temperature")
    page.get_by_role("button", name="中文").press("Enter")
    see(page, name, "气温")
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    page.reload()
    see(page, name, "气温")


@pytest.mark.parametrize(
    "visit",
    [{"locale": "zh-CN", "viewport": {"width": 360, "height": 740}, "color_scheme": "dark"}],
    indirect=True,
)
def test_a_chinese_phone_gets_chinese_that_fits(visit: Visit) -> None:
    page = visit.open()
    see(page, f"[data-device='{DRONE}'] [data-answer=area_treated_ha] .more", "11.70 亩")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_wrong_clock_in_the_browser_does_not_make_values_old(visit: Visit) -> None:
    visit.page.clock.set_system_time(time.time() + 3600)
    page = visit.open()
    see(page, f"[data-device='{HOUSE}'] .age", re.compile(r"^\d+ sec\. ago$"))


def test_a_wider_swath_is_asked_for_and_answered(visit: Visit) -> None:
    page = visit.open()
    drone = f"[data-device='{DRONE}']"
    see(page, f"{drone} [data-answer=overlap_m2] .number", "0")
    page.get_by_label("Swath width").fill("6")
    page.get_by_label("Swath width").press("Enter")
    # Seven of eight swaths of 195 m share 1 m with their neighbour.
    see(page, f"{drone} [data-answer=overlap_m2] .number", re.compile(r"^1,36\d$"))


def test_a_station_that_is_gone_is_said_so(visit: Visit) -> None:
    page = visit.open()
    see(page, f"[data-device='{HOUSE}'] h2", "番茄一号棚")
    visit.expected = "Failed to load resource"
    page.route("**/v1/**", lambda route: route.abort())
    see(page, "#live-text", "No connection")
    expect(page.locator("#notice")).to_be_visible()


def test_the_api_page_lists_and_tries_every_route(visit: Visit) -> None:
    page = visit.open("/docs")
    operation = page.locator(".operation", has_text="/v1/greenhouses/{device}/climate")
    operation.locator("summary").first.click()
    operation.get_by_label("device").fill(HOUSE)
    operation.get_by_role("button", name="Send").click()
    expect(operation.locator("pre")).to_contain_text('"vpd_kpa"', timeout=PATIENCE_MS)


def test_an_alarm_shows_and_somebody_takes_care_of_it(browser: Browser, tmp_path: Path) -> None:
    registry = open_registry(f"sqlite:///{tmp_path}/registry.sqlite")
    book = registry.estate(registry.add_organisation(OWN, "Our farm", "test").id, "test").alarms
    now_ms = time.time_ns() // 1_000_000
    frost = Alarm(
        id=book.new_id(), rule="frost", subject=HOUSE, kind="greenhouse", site="home", severity=Severity.CRITICAL,
        by_station=True, standing=("station",), began_ms=now_ms - 600_000, raised_ms=now_ms,
        what="air_temperature_degc", value=1.2, unit="degC", text="heat it", text_zh="加温", simulated=True,
    )  # fmt: skip
    book.keep(Round(alarms={frost.id: frost}))
    store = fill_farm(now_ms - 3000 - (NOW_MS - START_MS))
    with serve(create_app(store, organisation=OWN, readiness=list, counters=dict, registry=registry)) as client:
        context = browser.new_context(locale="zh-CN", viewport={"width": 360, "height": 740}, extra_http_headers=SHOWN)
        page = context.new_page()
        page.goto(str(client.base_url))
        see(page, ".alarm .badge", "紧急")
        see(page, ".alarm .about", "加温 · 气温 1.2 °C")
        see(page, ".alarm-where", f"番茄一号棚 ({HOUSE}) · 模拟")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        page.get_by_role("button", name="由我处理").click()
        see(page, ".alarm .age", re.compile("已有人处理$"))
        expect(page.locator(".alarm button")).to_be_hidden()
        assert book.get(frost.id).acknowledged_by == "api"
        book.keep(Round(alarms={frost.id: msgspec.structs.replace(frost, ended_ms=now_ms, standing=())}))
        expect(page.locator("#alarms")).to_be_hidden(timeout=PATIENCE_MS)
        context.close()
    registry.close()


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_a_key_signs_in_by_the_form_or_by_the_address_and_stays_in_neither(
    browser: Browser, tmp_path: Path, locale: str
) -> None:
    with house(tmp_path, live_store()) as own:
        base, key = str(own.client.base_url), own.keys[Scope.ADMIN]
        context = browser.new_context(locale=locale)
        page = context.new_page()
        page.goto(base)
        expect(page.locator("#entry [name=key]")).to_be_focused(timeout=PATIENCE_MS)
        expect(page.locator("#farm")).to_be_hidden()
        page.locator("#entry [name=key]").fill("hl_wrong")
        page.locator("#entry button").click()
        expect(page.locator("#entry-trouble")).not_to_be_empty(timeout=PATIENCE_MS)
        page.locator("#entry [name=key]").fill(key)
        page.locator("#entry button").click()
        expect(page.locator(f"[data-device='{HOUSE}']")).to_be_visible(timeout=PATIENCE_MS)
        page.locator("#leave").click()
        expect(page.locator("#entry")).to_be_visible(timeout=PATIENCE_MS)
        page.goto("about:blank")
        page.goto(f"{base}/#key={key}")
        expect(page.locator(f"[data-device='{HOUSE}']")).to_be_visible(timeout=PATIENCE_MS)
        assert "key" not in page.url
        # The stream, too, is let in by the cookie: nobody can give an EventSource a header.
        expect(page.locator("#live")).to_have_attribute("data-state", "on", timeout=PATIENCE_MS)
        mine = next(one for one in own.estate.keys.all() if one.scope is Scope.ADMIN)
        own.estate.keys.delete(mine.id, mine.version)
        expect(page.locator("#entry")).to_be_visible(timeout=PATIENCE_MS)
        context.close()
