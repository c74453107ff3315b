"""The step that connects a person to alarms, in a real browser on a phone in Chinese: until a person has confirmed."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from headland.alarms.notification.delivery_policy import record_attempt
from headland.alarms.notification.reach import read_reach
from headland.network.address_policy import parse_networks
from station.server.notifications.service_channel import post_service
from tests.dashboard.conftest import Open
from tests.dashboard.farm import Farm
from tests.station.server.notifications.test_service_channel import sms_gateway
from tests.waiting import wait_until

pytestmark = pytest.mark.services("chromium")
PHONE = {"width": 390, "height": 844}
INSIDE = parse_networks("127.0.0.0/8")


@pytest.fixture(autouse=True)
def nobody(farm: Farm) -> Iterator[None]:
    """Recipients and rotas of the test alone."""
    yield
    rotas, recipients = farm.repositories.duty_rotas, farm.repositories.alarm_recipients
    for rota in [each for each in rotas.all() if each.name == "报警值班"]:
        rotas.delete(rota.id, rota.version)
    for known in [each for each in recipients.all() if each.name in {"李梅", "张伟"}]:
        recipients.delete(known.id, known.version)


def send_what_is_due(farm: Farm) -> None:
    """Do what the station's sender does with a notice, by the same channel, once the page has asked for one."""
    alarms, recipients = farm.repositories.alarms, farm.repositories.alarm_recipients
    wait_until(lambda: bool(alarms.due_by_recipient(farm.now_ms(), each=5)))
    for due in alarms.due_by_recipient(farm.now_ms(), each=5):
        outcome = post_service(recipients.secret(due.recipient), due, INSIDE, threading.Event())
        alarms.update_notice(record_attempt(due, outcome, farm.now_ms()))


def give(page: Page, way: str, name: str, address: str) -> None:
    panel = page.locator("[data-panel=connect]")
    panel.get_by_role("button", name=way, exact=True).click()
    panel.get_by_label("接收人姓名").fill(name)
    panel.get_by_label("服务地址").fill(address)
    panel.get_by_role("button", name="保存并发送测试").click()


def test_two_people_are_connected_on_a_phone_in_at_most_a_dozen_steps(visit: Open, farm: Farm) -> None:
    page = visit("#/today", locale="zh-CN", viewport=PHONE)
    page.locator("[data-panel=connect-once]").get_by_role("link").click()  # 1
    panel = page.locator("[data-panel=connect]")
    with sms_gateway() as (url, heard), sms_gateway() as (other, heard_too):
        give(page, "短信", "李梅", url)  # 2 to 5
        send_what_is_due(farm)
        expect(panel.locator("[data-test=accepted]")).to_contain_text("服务商已于")
        # The service took it: that is not yet a person.
        assert read_reach(farm.repositories, {}, farm.now_ms()).state == "tried"
        panel.get_by_role("button", name="我收到了").click()  # 6
        expect(panel).to_contain_text("李梅 已能收到报警")
        assert read_reach(farm.repositories, {}, farm.now_ms()).confirmed == 1
        panel.get_by_role("button", name="添加第二个人").click()  # 7
        give(page, "短信", "张伟", other)  # 8 to 11
        send_what_is_due(farm)
        panel.get_by_role("button", name="我收到了").click()  # 12
        expect(panel).to_contain_text("先通知 李梅；15 分钟无人确认再通知 张伟")
        assert (len(heard), len(heard_too)) == (1, 1)
    (rota,) = [each for each in farm.repositories.duty_rotas.all() if each.name == "报警值班"]
    assert (rota.order, rota.next_after_s) == (("李梅", "张伟"), 900.0)
    page.goto(f"{farm.base}/#/today")
    expect(page.locator("[data-panel=connect-once]")).to_have_count(0)
    expect(page.get_by_role("link", name="报警到 2 人")).to_be_visible()


def test_a_refusal_is_told_with_its_remedy_and_the_address_is_corrected(visit: Open, farm: Farm) -> None:
    page = visit("#/alarms?tab=connect", locale="zh-CN", viewport=PHONE)
    panel = page.locator("[data-panel=connect]")
    with sms_gateway(401, {"result": "no"}) as (url, _):
        give(page, "短信", "李梅", url)
        send_what_is_due(farm)
    expect(panel.get_by_role("alert")).to_contain_text("请检查密钥或密码")
    assert read_reach(farm.repositories, {}, farm.now_ms()).state == "failed"
    panel.get_by_role("button", name="修改地址").click()
    expect(panel.get_by_label("接收人姓名")).to_have_value("李梅")
    with sms_gateway() as (url, heard):
        panel.get_by_label("服务地址").fill(url)
        panel.get_by_role("button", name="保存并发送测试").click()
        send_what_is_due(farm)
        expect(panel.locator("[data-test=accepted]")).to_be_visible()
        assert len(heard) == 1
