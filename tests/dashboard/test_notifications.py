"""Alarms as notifications of a phone's system, by the service worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Playwright, expect

from headland.alarms.notification.messages import trial_body_of
from headland.alarms.notification.web_push import message_of
from headland.registry.models.alarms import RecipientKind
from tests.alarms.notification.test_web_push import SUBSCRIPTION
from tests.dashboard.conftest import Open, launch
from tests.dashboard.farm import Farm
from tests.dashboard.page_pool import PagePool
from tests.machine import find_program
from tests.waiting import wait_until

pytestmark = pytest.mark.services("chromium")


@pytest.fixture
def pages(playwright: Playwright) -> Iterator[PagePool]:
    """Pages of the whole Chromium: its shell without a window has no notifications."""
    browser = launch(playwright, find_program("chromium"))
    yield PagePool(browser)
    browser.close()


def test_alarms_are_notified_on_this_device_in_its_language(visit: Open, farm: Farm) -> None:
    page = visit("#/settings", locale="zh-CN", service_workers="allow")
    page.context.grant_permissions(["notifications"])
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    # A browser without the internet has no push service: it is played here, with the published keys.
    page.evaluate(
        """(keys) => {
          PushManager.prototype.subscribe = async (options) => {
            window.pushKey = new Uint8Array(options.applicationServerKey).length;
            return { toJSON: () => keys, endpoint: keys.endpoint };
          };
        }""",
        {"endpoint": SUBSCRIPTION.endpoint, "keys": {"p256dh": SUBSCRIPTION.p256dh, "auth": SUBSCRIPTION.auth}},
    )
    panel = page.locator("[data-panel=push]")
    panel.get_by_label("接收人名称").fill("老李的手机")
    panel.get_by_role("button", name="在此接收报警").press("Enter")
    expect(panel.get_by_role("status")).to_have_text("报警会以“老李的手机”发送到本设备。")
    assert page.evaluate("window.pushKey") == 65
    (phone,) = [each for each in farm.repositories.alarm_recipients.all() if each.kind is RecipientKind.PUSH]
    assert (phone.name, phone.language) == ("老李的手机", "zh-CN")
    message = message_of(trial_body_of(phone, "own", "n1", 0)).decode()
    devtools = page.context.new_cdp_session(page)
    # The browser also tells of registrations of closed pages.
    registrations: dict[str, bool] = {}
    devtools.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: registrations.update(
            (each["registrationId"], each["scopeURL"] == f"{farm.base}/" and not each["isDeleted"])
            for each in event["registrations"]
        ),
    )
    devtools.send("ServiceWorker.enable")
    shown = """navigator.serviceWorker.ready.then(
      async (worker) => (await worker.getNotifications()).map(({ title, body, lang }) => [title, body, lang]))"""
    delivered: set[str] = set()

    def is_shown() -> bool:
        # The page's own registration may be told of after those of closed pages.
        for registration in {known for known, is_here in registrations.items() if is_here} - delivered:
            delivered.add(registration)
            origin = {"origin": farm.base, "registrationId": registration, "data": message}
            devtools.send("ServiceWorker.deliverPushMessage", origin)
        return bool(page.evaluate(shown))

    wait_until(is_shown)
    ((title, text, language),) = page.evaluate(shown)
    assert (language, "老李的手机" in text, "测试" in title) == ("zh-CN", True, True)
    panel.get_by_role("button", name="停止在此接收").click()
    expect(panel.get_by_role("button", name="在此接收报警")).to_be_visible()
    assert RecipientKind.PUSH not in {each.kind for each in farm.repositories.alarm_recipients.all()}
