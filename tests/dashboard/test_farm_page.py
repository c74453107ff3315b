"""The farm's page, in a real browser, on a farm whose last values are a few seconds old."""

from __future__ import annotations

import re
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from playwright.sync_api import Locator, Page, Route, expect

from headland.registry.registry import open_registry
from headland.registry.repositories.alarms import AlarmUpdate
from tests.api.fake_ingest import FakeIngest
from tests.api.farm import DRONE, HOUSE, OWN
from tests.api.server import own_app, serve
from tests.api.spread_field import SPREADER
from tests.dashboard.conftest import Open
from tests.dashboard.farm import Farm
from tests.waiting import wait_until

pytestmark = pytest.mark.services("chromium")


def row(page: Page, device: str) -> Locator:
    return page.locator(f"tr[data-device='{device}']")


def card(page: Page, device: str) -> Locator:
    """Return the card of a device, opened from the table of devices."""
    button = row(page, device).get_by_role("button")
    if button.get_attribute("aria-expanded") == "false":
        button.press("Enter")
    return page.locator(f".device[data-device='{device}']")


def tile(page: Page, device: str, channel: str) -> Locator:
    return card(page, device).locator(f".tile[data-channel='{channel}']")


def test_devices_have_values_ages_and_marks(visit: Open) -> None:
    page = visit("#/nothing")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    page.goto(page.url.replace("/#/nothing", "/?again#/farm"))
    expect(card(page, HOUSE).locator("h3")).to_have_text("番茄一号棚")
    expect(card(page, HOUSE).locator("header .badge")).to_be_hidden()
    expect(card(page, DRONE).locator("header .badge")).to_have_text("Simulated")
    old = tile(page, HOUSE, "air_temperature_degc")
    expect(old.locator(".number")).to_have_text("25.0")
    # Its interval is a second, and its newest sample is a few seconds older than this test.
    expect(old).to_have_class(re.compile(r"\bstale\b"))
    expect(old.locator(".when")).to_have_text(re.compile(r"Not current · \d+ \w+\. ago"))
    expect(tile(page, DRONE, "pump_on").locator("dt")).to_have_text("Pump (commanded)")
    card(page, DRONE).get_by_text("All values").click()
    expect(card(page, DRONE).locator("tr[data-channel=latitude_deg] th")).to_have_text("Latitude")
    expect(page.locator("[data-gateway=gw-1] .state")).to_have_text("online")
    expect(page.locator("[data-gateway=gw-2] .age")).to_have_text("no data yet")
    # What is read first is asked once, before the page is built.
    assert asked[: asked.index("/v1/gateways")].count("/v1/tonight") == 1


def test_answers_about_a_flight_and_a_climate_are_requested_when_opened(visit: Open, page_errors: list[str]) -> None:
    page = visit()
    card(page, HOUSE).get_by_text("Climate, last 10 minutes").click()
    expect(card(page, HOUSE).locator("[data-answer=vpd_kpa] .number")).to_have_text("1.27")
    expect(card(page, HOUSE).locator("[data-answer=dew_point_degc] .number")).to_have_text("16.7")
    flight = card(page, DRONE)
    flight.get_by_text("Last flight").click()
    # Without an implement there is no area until somebody enters a swath.
    expect(flight).to_contain_text("No implement is mounted: enter the swath.")
    # Seven of eight swaths of 195 m share 1 m with their neighbour once they are 6 m wide.
    flight.get_by_label("Swath [m]").fill("6")
    flight.get_by_label("Swath [m]").press("Enter")
    expect(flight.locator("[data-answer=overlap_m2] .number")).to_have_text(re.compile(r"^1,36\d$"))
    expect(flight.locator("[data-answer=product_applied_l] .number")).to_have_text("15.60")
    expect(flight.locator("[data-answer=product_applied_l] .evidence")).to_have_text("Flow meter")
    spread = card(page, SPREADER)
    spread.get_by_text("Last flight").click()
    expect(spread.locator("[data-answer=product_applied_kg] .unit")).to_have_text("kg")
    drop(page, page_errors, "409")


def test_the_last_flight_of_a_vehicle_that_landed_in_between_is_the_last_one_alone(visit: Open, farm: Farm) -> None:
    farm.fly_twice("uav-loops", landed_s=(200, 220), flown_s=420)
    page = visit()
    with page.expect_request(lambda request: "/application" in request.url) as asked:
        card(page, "uav-loops").get_by_text("Last flight").click()
    query = parse_qs(urlsplit(asked.value.url).query)
    assert 195_000 <= int(query["end"][0]) - int(query["start"][0]) <= 201_000


def test_the_map_becomes_idle_while_vehicles_move(visit: Open, farm: Farm) -> None:
    page = visit()
    # The map is loaded when it is about to be seen.
    page.locator(".farm-map-waiting").scroll_into_view_if_needed()
    expect(page.locator(".map-view")).to_have_attribute("data-state", "idle")
    expect(page.get_by_role("link", name="Open the field Equator")).to_be_visible()
    # Where 200 devices are comes with their list.
    expect(page.locator(f"[data-mark='{HOUSE}']")).to_be_visible()
    asked = page.evaluate("performance.getEntriesByType('resource').map(({name}) => new URL(name).pathname)")
    assert "/v1/devices" in asked
    assert [path for path in asked if re.fullmatch("/v1/devices/[^/]+", path)] == []
    mark = page.locator(f"[data-mark='{DRONE}']")
    before = mark.bounding_box()
    farm.fly_to(150.0, 20.0)
    page.wait_for_function(
        "([name, x]) => Math.abs(document.querySelector(`[data-mark='${name}']`).getBoundingClientRect().x - x) > 20",
        arg=[DRONE, before["x"] if before else 0.0],
    )

    def is_current() -> bool:
        """Report the place again, and tell whether the mark says that it is of now: a busy machine shows it late."""
        farm.fly_to(150.0, 20.0)
        age = mark.locator(".mark-age").inner_text()
        return "stale" not in str(mark.get_attribute("class")) and re.search("now|sec", age) is not None

    wait_until(is_current, every_s=0.5)
    expect(page.locator(".map-view")).to_have_attribute("data-state", "idle")
    # A greenhouse without a position of its own is displayed at its site, with a note.
    expect(card(page, HOUSE).locator(".place")).to_contain_text("Shown at its site; own position not known")
    # A gateway has no position: it is displayed at the site of its devices.
    expect(page.locator("[data-mark='gateway:gw-1']")).to_have_text("gw-1 · online")
    mark.press("Enter")
    expect(page.locator(f".device[data-device='{DRONE}']")).to_be_focused()


def test_the_card_of_a_house_tells_the_next_day_and_what_it_lacks(visit: Open, farm: Farm) -> None:
    farm.forecast(HOUSE, leaf_condensation_margin_k=-0.8)
    page = visit()
    told = page.locator(f"[data-panel=tonight] [data-subject='{HOUSE}']")
    expect(told).to_have_attribute("data-level", "high")
    leaf = told.locator("[data-statement=leaf_condensation]")
    expect(leaf).to_contain_text("Condensation on leaves now, 24 h, margin down to -0.8 K")
    expect(leaf.locator(".advice")).to_contain_text("open the vents a hand's width, heat.")
    expect(told).to_contain_text("How sure is not known yet: 0 of 10")
    expect(told).to_contain_text("Nothing to do: Condensation on the cover, Frost")
    # What is not known is said once for each reason.
    expect(told.locator("[data-level=unknown]")).to_have_text("Water for the crop: Not enough data")
    field = page.locator(f"[data-panel=tonight] [data-subject='{farm.field}']")
    expect(field.get_by_role("link", name="Equator")).to_have_attribute("href", f"#/field/{farm.field}")
    expect(field.locator(".done")).to_contain_text("pass")


def test_the_next_day_is_told_in_chinese_on_a_phone_without_a_word_of_english(visit: Open, farm: Farm) -> None:
    farm.forecast(HOUSE, leaf_condensation_margin_k=-0.8)
    page = visit(locale="zh-CN", viewport={"width": 390, "height": 844})
    told = page.locator(f"[data-panel=tonight] [data-subject='{HOUSE}']")
    expect(told.locator("[data-statement=leaf_condensation]")).to_contain_text("叶面结露 现在起，约 24 小时")
    told.get_by_text("依据").click()
    text = told.inner_text().replace("Broome", "")
    for alarm in farm.repositories.alarms.newest(limit=100):
        text = text.replace(alarm.rule, "")  # its name is a person's
    assert re.findall(r"[A-Za-z]{4,}", text) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_farm_without_anything_leads_to_the_first_steps(visit: Open, tmp_path: Path) -> None:
    registry = open_registry(f"sqlite:///{tmp_path}/registry.sqlite")
    registry.add_organisation(OWN, "Our farm", "test")
    app = own_app(gateways=FakeIngest(), registry=registry)
    with serve(app, opened=True) as client:
        page = visit("#/farm", base=str(client.base_url).rstrip("/"))
        steps = page.locator("[data-panel=first-steps]")
        expect(steps.get_by_role("link")).to_have_count(3)
        expect(page.locator(".map-view")).to_be_hidden()
        expect(steps.get_by_role("link", name="Import field outlines")).to_have_attribute("href", "#/field")
        page.close()
    registry.close()


def test_a_new_value_arrives_by_the_stream_without_a_request(visit: Open, farm: Farm) -> None:
    page = visit()
    expect(page.locator(".live")).to_have_attribute("data-state", "online")
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    farm.report("greenhouse", HOUSE, {"co2_ppm": 712.0})
    number = tile(page, HOUSE, "co2_ppm")
    expect(number.locator(".number")).to_have_text("712")
    expect(number).not_to_have_class(re.compile("stale"))
    assert not any("/v1/latest" in url for url in requests)


def test_without_a_stream_the_page_polls(visit: Open, farm: Farm, page_errors: list[str]) -> None:
    page = visit("#/nothing")
    page.route("**/v1/live?*", lambda route: route.abort())
    page.goto(f"{farm.base}/?again#/farm")
    expect(card(page, HOUSE)).to_be_visible()
    farm.report("greenhouse", HOUSE, {"co2_ppm": 655.0})
    expect(tile(page, HOUSE, "co2_ppm").locator(".number")).to_have_text("655")
    drop(page, page_errors, "Failed to load resource")


def test_a_wrong_clock_of_the_browser_makes_no_value_stale(visit: Open, farm: Farm) -> None:
    page = visit("#/nothing")
    page.clock.set_system_time(time.time() + 3600)
    page.goto(f"{farm.base}/?again#/farm")
    farm.report("greenhouse", HOUSE, {"co2_ppm": 660.0})
    expect(tile(page, HOUSE, "co2_ppm").locator(".when")).to_have_text(re.compile(r"^(now|\d+ sec\. ago)$"))


def test_a_lost_connection_is_reported(visit: Open, page_errors: list[str]) -> None:
    page = visit()
    expect(card(page, HOUSE)).to_be_visible()
    page.route("**/v1/**", lambda route: route.abort())
    card(page, HOUSE).get_by_text("Climate, last 10 minutes").click()
    expect(page.locator(".live")).to_contain_text("No connection")
    expect(page.locator(".notice", has_text="The station server does not respond")).to_be_visible()
    drop(page, page_errors, "Failed to load resource")


def test_an_alarm_is_acknowledged_on_a_phone(visit: Open, farm: Farm) -> None:
    frost = farm.raise_frost()
    page = visit(locale="zh-CN", viewport={"width": 375, "height": 740})
    alarm = page.locator("[data-alarm=frost]")
    expect(alarm.locator(".badge")).to_have_text("紧急")
    expect(alarm.locator(".about")).to_have_text("加温 · 气温 1.2 ℃")
    page.get_by_role("button", name="确认报警").click()
    expect(alarm.locator(".age")).to_have_text(re.compile("已确认$"))
    assert farm.repositories.alarms.get(frost.id).acknowledged_by == "api"
    ended = msgspec.structs.replace(frost, ended_ms=farm.now_ms(), standing=())
    farm.repositories.alarms.save(AlarmUpdate(alarms={frost.id: ended}))
    page.reload()
    expect(row(page, HOUSE)).to_be_visible()
    expect(page.locator(".alarms")).to_be_hidden()


def test_the_cards_wait_for_the_alarms_above_them_and_nothing_moves(visit: Open, farm: Farm) -> None:
    frost = farm.raise_frost()
    page = visit("#/nothing", locale="zh-CN", viewport={"width": 375, "height": 740})
    # However long this machine takes, the page does not stop to wait.
    page.add_init_script(
        """window.moved = [];
        new PerformanceObserver((list) => {
          for (const shift of list.getEntries()) window.moved.push(...shift.sources.map(({ node }) => node?.className));
        }).observe({ type: "layout-shift", buffered: true });
        const wait = window.setTimeout;
        window.setTimeout = (run, ms, ...more) => (ms === 4000 ? 0 : wait(run, ms, ...more));"""
    )
    held: list[Route] = []
    is_held = True
    page.route("**/v1/alarms?*", lambda route: held.append(route) if is_held else route.continue_())
    page.goto("about:blank")
    with page.expect_response("**/v1/tonight?*") as answer:
        page.goto(f"{farm.base}/#/farm")
    answer.value.finished()
    expect(page.locator(".farm")).to_be_attached()
    expect(page.locator(".tonight-card, .alarms:not([hidden])")).to_have_count(0)
    is_held = False
    for route in held:
        route.continue_()
    expect(page.locator(".tonight-card").first).to_be_visible()
    expect(page.locator("[data-alarm=frost]")).to_be_visible()
    assert page.evaluate("window.moved") == []
    ended = msgspec.structs.replace(frost, ended_ms=farm.now_ms(), standing=())
    farm.repositories.alarms.save(AlarmUpdate(alarms={frost.id: ended}))


def test_the_stream_opens_after_the_answers_and_what_is_below_is_built_when_it_is_near(visit: Open, farm: Farm) -> None:
    page = visit("#/nothing", viewport={"width": 375, "height": 200})
    # However long this machine takes, nothing below is built because time has passed.
    page.add_init_script(
        """const wait = window.setTimeout;
        window.setTimeout = (run, ms, ...more) => (ms === 2500 || ms === 4000 ? 0 : wait(run, ms, ...more));"""
    )
    # The first page opens its stream late: it must be gone before requests are counted.
    page.goto("about:blank")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    held: list[Route] = []
    page.route("**/v1/tonight?*", lambda route: held.append(route))
    with page.expect_response("**/v1/alarms?*"), page.expect_request("**/v1/tonight?*"):
        page.goto(f"{farm.base}/#/farm")
    # Without a stream the newest values are polled.
    page.wait_for_event("request", lambda request: urlsplit(request.url).path == "/v1/latest")
    assert "/v1/live" not in asked
    with page.expect_request("**/v1/live*"):
        held[0].continue_()
    expect(page.locator(".tonight-card").first).to_be_visible()
    assert "/v1/gateways" not in asked
    page.mouse.wheel(0, 20_000)
    expect(page.locator("[data-panel=gateways]")).to_be_visible()
    assert asked.count("/v1/live") == 1


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_the_bar_does_not_move_when_the_stream_is_connected(visit: Open, farm: Farm, locale: str) -> None:
    page = visit("#/nothing", locale=locale)
    held: list[Route] = []
    page.route("**/v1/live?*", lambda route: held.append(route))
    page.goto(f"{farm.base}/?again#/farm")
    live = page.locator(".live")
    expect(card(page, HOUSE)).to_be_visible()
    expect(live).to_have_attribute("data-state", "connecting")
    before = live.bounding_box()
    wait_until(lambda: page.evaluate("1") == 1 and bool(held))
    held[0].continue_()
    expect(live).to_have_attribute("data-state", "online")
    assert live.bounding_box() == before


def test_a_browser_without_webgl_displays_a_notice_and_the_list(
    visit: Open, farm: Farm, page_errors: list[str]
) -> None:
    page = visit("#/nothing")
    page.add_init_script(
        """const draw = HTMLCanvasElement.prototype.getContext;
        HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
          return kind.startsWith("webgl") ? null : draw.call(this, kind, ...more);
        };"""
    )
    page.goto(f"{farm.base}/?again#/farm")
    page.locator(".farm-map-waiting").scroll_into_view_if_needed()
    expect(page.locator(".map-view")).to_contain_text("WebGL is missing")
    expect(card(page, HOUSE)).to_be_visible()
    expect(page.locator("[data-panel=fields]").get_by_role("link", name="Equator")).to_be_visible()
    page.goto(f"{farm.base}/?again#/field/{farm.field}?pass={farm.flight}")
    expect(page.locator("[data-panel=applied] [data-answer=Amount] .number")).to_have_text("93.60")
    drop(page, page_errors, "WebGL")


def drop(page: Page, page_errors: list[str], expected: str) -> None:
    """Close the page and remove the errors that the test provoked."""
    page.close()
    page_errors[:] = [error for error in page_errors if expected not in error]


def test_what_of_a_gateway_is_not_in_the_store_is_said_in_words_on_a_phone(visit: Open) -> None:
    page = visit("#/farm", locale="zh-CN", viewport={"width": 390, "height": 844})
    row = page.locator("[data-panel=gateways] tr", has_text="gw-1")
    row.scroll_into_view_if_needed()
    expect(row).to_contain_text("丢失 5 条")
    expect(row).to_contain_text("隔离区待处理 3 条")
    expect(row).to_contain_text("保存期满已删除 1,200 条")
    expect(row.locator(".bad")).to_have_text(["丢失 5 条", "隔离区待处理 3 条"])
    expect(page.locator("[data-panel=gateways] tr", has_text="gw-2")).to_contain_text("无")
    row.get_by_role("link", name="丢失 5 条").press("Enter")
    expect(page.locator(".card[data-gateway=gw-1]")).to_be_visible()
