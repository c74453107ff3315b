"""A sensor from a power socket to its live value by clicking: in Chinese, on a phone, on a farm as a user starts it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from firmware_sim.protocols.mqtt_message import Message, json_message
from firmware_sim.protocols.mqtt_publisher import devices_of
from headland.clock import wall_clock_ms
from tests.broker import Broker
from tests.dashboard.conftest import PATIENCE_MS, launch
from tests.edge.sources.modbus.modbus_peer import ModbusPeer
from tests.edge.sources.mqtt.test_source import Publisher
from tests.machine import find_program
from tests.services.farm import SELDOM_S, Farm

pytestmark = [pytest.mark.services("chromium", "mosquitto"), pytest.mark.long]

MOST_INTERACTIONS: Final = 15
#: An XY-MD02: 21.4 degC and 63.1 % in its input registers 1 and 2.
XY_MD02: Final = {0: 0, 1: 214, 2: 631}


class Person:
    """Somebody at a phone, whose taps and entries are counted."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.count = 0

    def tap(self, place: Any) -> None:
        self.count += 1
        place.click()

    def enter(self, label: str, text: str) -> None:
        self.count += 1
        self.page.get_by_label(label, exact=True).fill(text)

    def choose(self, label: str, text: str) -> None:
        self.count += 1
        self.page.get_by_label(label, exact=True).select_option(text)

    def button(self, name: str) -> None:
        self.tap(self.page.get_by_role("button", name=name, exact=True))


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    farm = Farm(tmp_path_factory.mktemp("sensor"), "--no-sim")
    farm.wait_ready()
    with farm.client() as client:
        owner = client.get("/v1/farms").json()["items"][0]["id"]
        place = {"longitude_deg": 117.0, "latitude_deg": 36.7, "time_zone": "Asia/Shanghai"}
        site = client.post("/v1/sites", json={"farm": owner, "name": "home", **place}).raise_for_status().json()
        house = {"farm": owner, "site": site["id"], "name": "七号棚"}
        house = client.post("/v1/greenhouses", json=house).raise_for_status().json()
        client.post("/v1/greenhouse-zones", json={"greenhouse": house["id"], "name": "整栋"}).raise_for_status()
    yield farm
    farm.stop()


@pytest.fixture
def person(farm: Farm) -> Iterator[Person]:
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = launch(playwright, find_program("chromium-headless-shell") or find_program("chromium"))
        page = browser.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN").new_page()
        page.set_default_timeout(PATIENCE_MS)
        state = farm.folder.read_state()
        page.goto(f"{state.api_url}/#key={farm.folder.api_key()}")
        expect(page.get_by_role("link", name="今天", exact=True)).to_be_visible()
        yield Person(page)
        browser.close()


def open_panel(person: Person) -> None:
    page = person.page
    person.tap(page.get_by_role("button", name=re.compile("菜单")))
    person.tap(page.get_by_role("link", name="设置", exact=True))
    person.tap(page.get_by_role("tab", name="场区与温室"))
    person.tap(page.get_by_text("连接传感器", exact=True))


def test_a_modbus_probe_is_connected(farm: Farm, person: Person, new_port: Callable[[], int]) -> None:
    peer = ModbusPeer(new_port(), dict(XY_MD02), unit=1)
    peer.start()
    open_panel(person)
    person.enter("地址（从网关访问）", "127.0.0.1")
    person.enter("端口", str(peer.port))
    person.button("查找")
    found = person.page.locator("[data-found]")
    expect(found).to_have_count(2)  # as the probe whose registers these may be, and as bare numbers
    expect(found.first).to_contain_text("XY-MD02")
    expect(found.first).to_contain_text("21.4")
    person.button("开始入库")
    expect(person.page.locator("[data-connected='xy-md02-1']")).to_contain_text("21.4")
    expect(person.page.locator("[data-connected='xy-md02-1']")).to_contain_text("整栋")
    assert person.count <= MOST_INTERACTIONS
    places = {place["device"]: place for place in farm.get("/v1/device-places")["items"]}
    assert places["xy-md02-1"]["zone"] is not None
    peer.registers = {**XY_MD02, 1: 225}
    farm.wait_until(lambda: _value(farm, "xy-md02-1") == pytest.approx(22.5))
    peer.stop()


def test_a_probe_of_bare_numbers_is_connected_from_the_page_of_the_gateway(
    farm: Farm, person: Person, new_port: Callable[[], int]
) -> None:
    peer = ModbusPeer(new_port(), {0: 233, 1: 578}, unit=3)
    peer.start()
    page = person.page
    person.tap(page.get_by_role("button", name=re.compile("菜单")))
    person.tap(page.get_by_role("link", name="数据链路", exact=True))
    person.tap(page.locator("[data-gateway] summary").filter(has_text="连接传感器").first)
    person.enter("地址（从网关访问）", "127.0.0.1")
    person.enter("端口", str(peer.port))
    person.button("查找")
    found = page.locator("[data-found='3']")
    expect(found).to_contain_text("保持寄存器 0 = 233")
    expect(found).not_to_contain_text("int16")
    card = found.evaluate("card => [card.scrollWidth, card.clientWidth]")
    assert card[0] <= card[1], "the numbers are wider than their card"
    person.choose("保持寄存器 0 测量的量", "气温")
    person.choose("保持寄存器 0 的倍率", "0.1")
    person.choose("保持寄存器 1 测量的量", "相对湿度")
    person.choose("保持寄存器 1 的倍率", "0.1")
    person.choose("安装位置", "七号棚 · 整栋")
    person.enter("设备编号", "probe-3")
    person.button("开始入库")
    connected = page.locator("[data-connected='probe-3']")
    expect(connected).to_contain_text("23.3")
    expect(connected).to_be_in_viewport()
    expect(connected).to_contain_text("58")
    expect(connected).to_contain_text("七号棚 · 整栋")
    assert person.count <= MOST_INTERACTIONS
    places = {place["device"]: place for place in farm.get("/v1/device-places")["items"]}
    assert places["probe-3"]["zone"] is not None
    peer.stop()


def shelly() -> tuple[str, list[Message]]:
    temperature = {"id": 0, "tC": 19.5, "tF": 67.1}
    return "shellyplusht-1", [json_message("shellyplusht-1/status/temperature:0", temperature)]


def simulated(kind: str) -> tuple[str, list[Message]]:
    """Return the name of a simulated device of a kind, its birth messages and one of readings."""
    (device,) = devices_of(1, [1], kinds=[kind])
    readings = {"air_temperature_degc": 19.5, "relative_humidity_pct": 64.0, "co2_ppm": 512.0}
    name = {"zigbee2mqtt": "gh1-zigbee", "tasmota": "gh1-tasmota"}[kind]
    return name, [*device.birth(), *device.telemetry(wall_clock_ms(), 0, readings)]


@pytest.mark.parametrize(
    ("device", "messages"),
    [
        pytest.param(*shelly(), id="shelly"),
        pytest.param(*simulated("zigbee2mqtt"), id="zigbee2mqtt"),
        pytest.param(*simulated("tasmota"), id="tasmota"),
    ],
)
def test_an_mqtt_sensor_is_connected(
    farm: Farm, person: Person, tmp_path: Path, device: str, messages: list[Message]
) -> None:
    broker = Broker(tmp_path / "sensors")
    broker.start()
    publisher = Publisher(broker)

    def says() -> bool:
        for message in messages:
            publisher.publish(message.topic, message.payload, retain=message.retain)
        return False

    open_panel(person)
    person.choose("连接方式", "MQTT（消息代理上的设备）")
    person.enter("地址（从网关访问）", broker.host)
    person.enter("端口", str(broker.port))
    person.button("查找")
    found = person.page.locator(f"[data-found='{device}']")
    farm.wait_until(lambda: says() or found.count() == 1, every_s=SELDOM_S)
    expect(found).to_contain_text("19.5")
    person.button("开始入库")
    connected = person.page.locator(f"[data-connected='{device}']")
    farm.wait_until(lambda: says() or connected.count() == 1, every_s=SELDOM_S)
    expect(connected).to_contain_text("19.5")
    assert person.count <= MOST_INTERACTIONS
    publisher.close()
    broker.stop()


def _value(farm: Farm, device: str) -> float:
    items = farm.get("/v1/latest")["items"]
    return float(next(each["channels"]["air_temperature_degc"]["value"] for each in items if each["device"] == device))
