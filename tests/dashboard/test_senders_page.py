"""Senders that post by HTTP, connected in a real browser on a phone in Chinese: with real posts of another program."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Locator, Page, expect

from headland.registry.models.models import Scope
from headland.store.memory import MemoryStore
from ingest.service import IngestService
from ingest.settings import IngestSettings
from station.server.ingest_access.local_ingest import LocalIngest
from tests.api.farm import OWN
from tests.dashboard.conftest import Open
from tests.dashboard.farm import Farm, serve_farm
from tests.ports import find_free_port

pytestmark = pytest.mark.services("chromium")
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def posting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    """A farm whose ingest stores what is posted."""
    folder = tmp_path_factory.mktemp("senders")
    started: list[IngestService] = []

    def start(store: MemoryStore) -> LocalIngest:
        # No broker is there: what is posted needs none.
        settings = IngestSettings(quarantine_path=folder / "q.sqlite", port=find_free_port(), organisation=OWN)
        started.append(IngestService(settings, store))
        started[0].start()
        return LocalIngest(started[0])

    with serve_farm(folder, opened=False, ingest=start) as farm:
        yield farm
    started[0].stop()


class Person:
    """Counts what a person does, from the sign-in on."""

    def __init__(self, visit: Open, farm: Farm) -> None:
        self.steps = 1  # the key of the sign-in
        key = farm.repositories.add_key(f"manager {time.time_ns()}", Scope.ADMIN)[1]
        self.page: Page = visit(f"#key={key}", base=farm.base, locale="zh-CN", viewport=PHONE, extra_http_headers={})

    def click(self, place: Locator) -> None:
        self.steps += 1
        place.click()

    def connect(self, kind: str, name: str) -> tuple[str, str]:
        """Do what leads to address and key; return both as they are read off the page."""
        page = self.page
        self.click(page.get_by_role("button", name="菜单"))
        self.click(page.locator("header.bar").get_by_role("link", name="设置"))
        self.click(page.get_by_role("tab", name="网关与权限"))
        self.click(page.get_by_text("直接上报", exact=True))
        form = page.locator("[data-panel=senders] form")
        self.steps += 2
        form.get_by_label("类型").select_option(label=kind)
        form.get_by_label("名称").fill(name)
        self.click(form.get_by_role("button", name="生成地址和密钥"))
        made = page.locator("[data-made]")
        expect(made).to_contain_text("等待首次上报")
        self.steps += 2  # both are copied, and pasted there
        return made.locator("[data-address] code").inner_text(), made.locator("[data-key] code").inner_text()


def post(address: str, key: str, body: str, kind: str = "application/json") -> int:
    request = urllib.request.Request(
        address, body.encode(), {"Authorization": key, "Content-Type": kind}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def uplink(**values: float) -> str:
    now = datetime.now(UTC).isoformat()
    ids = {"device_id": "bed-1", "application_ids": {"application_id": "farm"}}
    return json.dumps(
        {"end_device_ids": ids, "received_at": now, "uplink_message": {"received_at": now, "decoded_payload": values}}
    )


def test_a_program_is_connected_on_a_phone_and_its_value_is_seen(visit: Open, posting: Farm) -> None:
    person = Person(visit, posting)
    address, key = person.connect("程序（InfluxDB 行协议）", "院子气象站")
    live = person.page.locator("[data-live]")
    line = f"air,device=yard air_temperature_degc=21.4 {time.time_ns()}"
    assert post(address, key, line, "text/plain") == 200
    expect(live).to_contain_text("最近收到")
    expect(live.locator("[data-value=air_temperature_degc]")).to_contain_text("气温 21.4 ℃，设备 yard")
    assert person.steps <= 15, person.steps
    # A wrong unit, a clock that is ahead, and a wrong key.
    assert (
        post(address, key, "air,device=yard,unit=V air_temperature_degc=3 " + str(time.time_ns()), "text/plain") == 400
    )
    expect(live.locator("[data-why=unknown_channel]")).to_contain_text("请写明通道和单位")
    ahead = f"air,device=yard air_temperature_degc=22 {time.time_ns() + 86_400_000_000_000}"
    assert post(address, key, ahead, "text/plain") == 200
    expect(live.locator("[data-ahead]")).to_contain_text("请校时")
    assert post(address, f"{key}x", line, "text/plain") == 401
    expect(person.page.locator("[data-strangers='1']")).to_contain_text("密钥无效")
    person.page.get_by_role("button", name="完成").click()
    card = person.page.locator("[data-sender=院子气象站]")
    expect(card).to_contain_text("最近收到")
    # The key is shown once.
    expect(person.page.get_by_text(key.removeprefix("Bearer "))).to_have_count(0)
    card.get_by_role("button", name="停用").click()
    person.page.get_by_role("dialog").get_by_role("button", name="停用").click()
    expect(card).to_have_count(0)
    assert post(address, key, line, "text/plain") == 401


def test_the_things_stack_is_connected_and_an_uplink_without_channels_is_read_again(
    visit: Open, posting: Farm, axe: str
) -> None:
    person = Person(visit, posting)
    address, key = person.connect("The Things Stack v3", "合作社网络")
    live = person.page.locator("[data-live]")
    assert post(address, key, uplink(TempC_SHT=22.4)) == 400
    box = live.locator("[data-message]")
    person.click(box.get_by_label("TempC_SHT"))
    person.click(box.get_by_role("button", name="重新读取"))
    expect(live.locator("[data-value=air_temperature_degc]")).to_contain_text("气温 22.4 ℃，设备 farm.bed-1")
    expect(box).to_have_count(0)
    assert person.steps <= 15, person.steps
    # What was chosen is kept: nothing is entered at the network server again.
    assert post(address, key, uplink(TempC_SHT=23.5)) == 200
    expect(live).to_contain_text("最近收到")
    person.page.evaluate(axe)
    found = person.page.evaluate("axe.run(document, {resultTypes: ['violations']}).then(({violations}) => violations)")
    assert [each["id"] for each in found] == []
    width = person.page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE["width"]
