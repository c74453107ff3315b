"""The alarms page in a real browser: acknowledge, snooze, history, and the test of a rule on past data."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
import pytest
from playwright.sync_api import expect

from headland.alarms.notification.chat_robots import ROBOTS, robot_outcome
from headland.alarms.notification.delivery_policy import record_attempt
from headland.registry.models.alarms import AlarmRecipient, AlarmRule, AlarmTest, RecipientKind, Severity
from headland.registry.models.models import Gateway
from headland.registry.repositories.alarms import AlarmUpdate
from tests.dashboard.conftest import Open
from tests.dashboard.farm import Farm

pytestmark = pytest.mark.services("chromium")


@pytest.fixture
def frost(farm: Farm) -> Iterator[str]:
    """An alarm that is active during a test."""
    alarm = farm.raise_frost("page-frost")
    yield alarm.id
    end(farm, alarm.id)


def test_what_gateways_do_with_the_rules_is_said_in_chinese_on_a_phone_on_two_pages(visit: Open, farm: Farm) -> None:
    known = {gateway.name for gateway in farm.repositories.gateways.all()}
    for name in {"gw-1", "gw-2"} - known:
        farm.repositories.gateways.add(Gateway(name=name, site="home"))
    phone = {"width": 390, "height": 844}
    page = visit("#/alarms?tab=rules", locale="zh-CN", viewport=phone)
    panel = page.locator("[data-panel=gateway-rules]")
    expect(panel.locator("[data-gateway-rules=gw-1]")).to_have_attribute("data-state", "waiting")
    expect(panel.locator("[data-gateway-rules=gw-1]")).to_contain_text("尚未执行当前规则")
    expect(panel.locator("[data-gateway-rules=gw-1]")).to_contain_text("有 1 条规则网关无法判断：newer")
    # A gateway that reports nothing of rules is not guessed about.
    expect(panel.locator("[data-gateway-rules=gw-2]")).to_contain_text("未知")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.goto(page.url.replace("#/alarms?tab=rules", "#/health"))
    expect(page.locator(".card[data-gateway=gw-1] [data-rules=waiting]")).to_contain_text("尚未执行当前规则")
    expect(page.locator(".card[data-gateway=gw-2] [data-rules=unknown]")).to_contain_text("未知")
    english = visit("#/health").locator(".card[data-gateway=gw-1] [data-rules=waiting]")
    expect(english).to_contain_text("has not taken the current rules yet")


def end(farm: Farm, alarm: str) -> None:
    active = farm.repositories.alarms.get(alarm)
    ended = msgspec.structs.replace(active, standing=(), ended_ms=farm.now_ms(), ended_why="cleared")
    farm.repositories.alarms.save(AlarmUpdate(alarms={alarm: ended}))


def test_an_alarm_is_acknowledged_snoozed_and_then_in_the_history_in_chinese_too(
    visit: Open, farm: Farm, frost: str
) -> None:
    page = visit("#/alarms")
    card = page.locator(f"[data-alarm='{frost}']")
    expect(card.locator(".severity")).to_have_text("Critical")
    expect(card).to_contain_text("番茄一号棚: Air temperature 1.2 °C")
    expect(card.locator(".badge")).to_have_text("Simulated")
    card.get_by_label("Note").fill("heating repaired")
    card.get_by_role("button", name="Acknowledge").press("Enter")
    expect(card).to_contain_text("Acknowledged by")
    stored = farm.repositories.alarms.get(frost)
    assert (stored.note, stored.acknowledged_ms is not None) == ("heating repaired", True)
    card.get_by_label("Snooze for").select_option("4")
    before_ms = farm.now_ms()
    card.get_by_role("button", name="Snooze", exact=True).click()
    expect(card).to_contain_text("Notifications paused until")
    until_ms = farm.repositories.alarms.get(frost).snoozed_until_ms
    assert until_ms is not None
    assert before_ms - 60_000 <= until_ms - 4 * 3_600_000 <= farm.now_ms() + 60_000
    card.get_by_role("button", name="End snooze").click()
    expect(card.get_by_role("button", name="End snooze")).to_have_count(0)
    page.get_by_role("button", name="中文").click()
    expect(card).to_contain_text("加温")
    end(farm, frost)
    page.reload()
    page.locator("[data-part=history] > summary").click()
    history = page.locator("[data-panel=history] tr", has_text="heating repaired")
    expect(history).to_contain_text("已恢复")
    expect(history).to_contain_text("加温")
    expect(card).to_have_count(0)


def test_a_rule_is_tested_on_past_data(visit: Open, farm: Farm) -> None:
    warm = AlarmTest(what="air_temperature_degc", above=20.0, hysteresis=1.0)
    rule = AlarmRule(name="page-warm", any_of=((warm,),), severity=Severity.WARNING, device="gh-1", for_s=60.0)
    stored = farm.repositories.alarm_rules.add(rule)
    try:
        page = visit("#/alarms?tab=rules")
        row = page.locator("[data-rule=page-warm]")
        expect(row.locator(".conditions")).to_have_text("Air temperature above 20.0 °C")
        row.click()  # anywhere on the line
        card = page.locator("[data-rule-actions=page-warm]")
        card.get_by_label("Period").select_option("1")
        card.get_by_role("button", name="Test on past data").click()
        expect(card).to_contain_text("Would have fired 1 times in the last 1 days (devices or zones with data: 1).")
        expect(card.locator("tbody tr")).to_have_text(
            re.compile(r"Warning.*Air temperature 25\.0 °C \(above 20\.0 °C\)")
        )
        # The test stores nothing.
        assert farm.repositories.alarms.newest(limit=10, rule="page-warm") == []
        # Disabled and deleted where it stands; the version that was read is the one that is changed.
        card.get_by_role("button", name="Disable").press("Enter")
        expect(row.locator(".state")).to_have_text("disabled")
        assert not farm.repositories.alarm_rules.get(stored.id).enabled
        card.get_by_role("button", name="Delete").click()
        page.get_by_role("dialog").last.get_by_role("button", name="Delete").click()
        expect(card).to_have_count(0)
        expect(row).to_have_count(0)
    finally:
        for left in farm.repositories.alarm_rules.all():
            if left.id == stored.id:
                farm.repositories.alarm_rules.delete(left.id, left.version)


def test_a_rule_is_built_in_chinese_on_a_phone_with_a_preview_and_changed_later(visit: Open, farm: Farm) -> None:
    page = visit("#/alarms?tab=rules", locale="zh-CN", viewport={"width": 390, "height": 844})
    page.get_by_role("button", name="添加规则").press("Enter")
    form = page.get_by_role("dialog")
    form.get_by_role("button", name="保存").click()
    expect(form.locator(".field-error").first).to_have_text("此项必填。")
    form.get_by_label("名称").fill("棚温偏高")
    # A quantity is found by typing, in either language or by the name of its channel.
    offered = form.get_by_label("指标", exact=True).locator("option")
    for typed in ("light integral", "日累计", "dli_mol_m2"):
        form.get_by_label("搜索指标").fill(typed)
        expect(offered).to_have_text(["日累计光照量（DLI）"])
    form.get_by_label("搜索指标").fill("")
    form.get_by_label("指标", exact=True).select_option(label="气温")
    form.get_by_label("条件").select_option("above")
    form.get_by_label("阈值").fill("20")
    form.get_by_label("适用对象").select_option("device:gh-1")
    form.get_by_label("持续多久触发").fill("1")
    form.get_by_role("button", name="试算：过去 30 天会触发几次？").press("Enter")
    expect(form.locator("[data-test-result]")).to_contain_text("过去 30 天会触发 1 次")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    form.get_by_role("button", name="保存").press("Enter")
    expect(form).to_have_count(0)
    # All rules are searched, those that do not matter first included.
    page.locator("[data-panel=rules]").get_by_label("搜索").fill("棚温")
    expect(page.locator("[data-rule]")).to_have_count(1)
    card = page.locator("[data-rule]", has_text="棚温偏高")
    expect(card.locator(".conditions")).to_have_text("气温高于 20.0 ℃")
    (stored,) = [rule for rule in farm.repositories.alarm_rules.all() if rule.text_zh == "棚温偏高"]
    assert (stored.device, stored.for_s, stored.any_of[0][0].above) == ("gh-1", 60.0, 20.0)
    card.get_by_role("button", name="棚温偏高").press("Enter")
    form.get_by_label("阈值").fill("35")
    form.get_by_label("级别").select_option("critical")
    form.get_by_role("button", name="保存").click()
    expect(card.locator(".severity")).to_have_text("紧急")
    changed = farm.repositories.alarm_rules.get(stored.id)
    assert (changed.any_of[0][0].above, changed.version, changed.name) == (35.0, 2, stored.name)
    farm.repositories.alarm_rules.delete(changed.id, changed.version)


def test_a_recipient_is_added_tested_and_shown_red_where_nothing_can_be_sent(
    visit: Open, farm: Farm, page_errors: list[str]
) -> None:
    page = visit("#/alarms?tab=recipients")
    panel = page.locator("[data-panel=recipients]")
    panel.get_by_label("Name").fill("Group")
    panel.get_by_label("Address (https://…)").fill("https://oapi.dingtalk.com/robot/send?access_token=1")
    panel.get_by_role("button", name="Add recipient").press("Enter")
    card = panel.locator("article", has_text="Group")
    expect(card).to_contain_text("DingTalk robot")
    # The next recipient begins with the defaults again, not with the first choices.
    expect(panel.locator("select[name=language]")).to_have_value("en")
    expect(panel.locator("select[name=least_severity]")).to_have_value("warning")
    expect(card.locator("[data-delivery=none]")).to_have_text("Nothing was sent yet: send a test.")
    card.get_by_role("button", name="Send a test").press("Enter")
    expect(card.locator("[data-test]")).to_have_text("Sending …")
    (recipient,) = [each for each in farm.repositories.alarm_recipients.all() if each.name == "Group"]
    (due,) = [each for each in farm.repositories.alarms.notices() if each.recipient == recipient.id]
    refused = robot_outcome(ROBOTS[0], b'{"errcode":310000,"errmsg":"keywords not in content"}')
    farm.repositories.alarms.update_notice(record_attempt(due, refused, farm.now_ms()))
    expect(card.locator("[data-test=dead]")).to_contain_text("set Headland as its keyword")
    expect(card.locator("[data-delivery=dead]")).to_contain_text("not delivered")
    panel.get_by_label("Channel").select_option("email")
    panel.get_by_label("Name").fill("Wang Fang")
    panel.get_by_label("E-mail address").fill("no mailbox")
    panel.get_by_role("button", name="Add recipient").click()
    expect(panel.get_by_role("alert")).to_contain_text("mailbox")
    panel.get_by_label("E-mail address").fill("wang@example.org")
    panel.get_by_role("button", name="Add recipient").click()
    mail = panel.locator("article", has_text="Wang Fang")
    expect(mail.locator("[data-delivery=fault]")).to_contain_text("Cannot be sent: the station has no mail server.")
    expect(mail.get_by_role("button", name="Send a test")).to_be_disabled()
    page_errors[:] = [error for error in page_errors if "400" not in error]
    for each in (card, mail):
        each.get_by_role("button", name="Delete").click()
        page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        expect(each).to_have_count(0)


def test_a_duty_rota_is_made_on_a_phone_in_chinese_and_handed_over(visit: Open, farm: Farm) -> None:
    recipients = [
        farm.repositories.alarm_recipients.add(
            AlarmRecipient(name=name, kind=RecipientKind.EMAIL, address=f"{address}@example.org")
        )
        for name, address in (("老李", "li"), ("小王", "wang"))
    ]
    page = visit("#/alarms?tab=duty", locale="zh-CN", viewport={"width": 390, "height": 844})
    panel = page.locator("[data-panel=duty]")
    panel.get_by_role("button", name="添加值班表").press("Enter")
    form = page.get_by_role("dialog")
    form.get_by_label("名称").fill("一号棚")
    form.get_by_label("开始").fill("00:00")
    form.get_by_label("结束").fill("00:00")
    form.get_by_label("值班人").select_option("老李")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    form.get_by_role("button", name="保存").press("Enter")
    expect(form).to_have_count(0)
    card = panel.locator("[data-rota='一号棚']")
    expect(card.locator("[data-on-duty]")).to_have_text("老李")
    expect(card).to_contain_text("每 15 分钟无人确认，依次通知")
    expect(card).to_contain_text("周一 周二 周三 周四 周五 周六 周日 00:00 – 00:00 老李")
    card.get_by_label("立即交班给").select_option("小王")
    card.get_by_label("持续小时数").fill("2")
    card.get_by_role("button", name="交接班").press("Enter")
    expect(card.locator("[data-on-duty]")).to_have_text("小王")
    (rota,) = farm.repositories.duty_rotas.all()
    assert [exception.people for exception in rota.exceptions] == [("小王",)]
    card.get_by_role("button", name="删除").click()
    page.get_by_role("dialog").get_by_role("button", name="删除").click()
    expect(card).to_have_count(0)
    for recipient in recipients:
        farm.repositories.alarm_recipients.delete(recipient.id, recipient.version)


def test_notifications_are_paused_for_a_time(visit: Open, farm: Farm) -> None:
    page = visit("#/alarms?tab=silence")
    panel = page.locator("[data-panel=silence]")
    panel.get_by_label("Reason").fill("new sensors")
    panel.get_by_label("Lasts").fill("3")
    panel.get_by_role("button", name="Add pause").press("Enter")
    row = panel.locator("tr", has_text="new sensors")
    expect(row).to_contain_text("all alarms")
    assert "now" in row.inner_text()  # from the start, and not at the next look at the clock
    (window,) = farm.repositories.maintenance.all()
    assert window.end_ms - window.start_ms == 3 * 3_600_000
    row.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)
