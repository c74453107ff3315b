"""Alarm notifications are readable for people in both languages, and for programs."""

from __future__ import annotations

import json
import re
from zoneinfo import ZoneInfo

import msgspec

from headland.alarms.notification.messages import MOST_LISTED, body_of, everywhere_utc, text_of, title_of, trial_body_of
from headland.alarms.notification.notification_policy import Notification, What
from headland.alarms.rules.default_rules import load_default_rules
from headland.contract.quantities import quantity_of
from headland.registry.models.alarms import Alarm, AlarmRecipient, RecipientKind, Severity

LI = AlarmRecipient(id="1", name="Li", kind=RecipientKind.EMAIL, address="li@example.org", language="zh-CN")
FROST = Alarm(
    id="a", rule="frost", subject="gh-1", kind="greenhouse", site="wuhan", severity=Severity.CRITICAL,
    began_ms=1_795_507_200_000, raised_ms=1_795_507_500_000, what="air_temperature_degc", value=1.234, unit="degC",
    condition="below", threshold=2.0, text="heat", text_zh="加温",
)  # fmt: skip


def notification(*alarms: Alarm, what: What = "raised") -> Notification:
    return Notification(LI, "frost", what, alarms)


def test_an_alarm_has_a_text_in_both_languages_with_its_value_and_its_sites_time() -> None:
    assert title_of(notification(FROST), "en") == "Critical: Frost in the greenhouse at gh-1 - heat"
    assert title_of(notification(FROST), "zh-CN") == "紧急：gh-1 棚内霜冻 - 加温"
    shanghai = lambda _site: ZoneInfo("Asia/Shanghai")  # noqa: E731 - it is used once
    assert text_of(notification(FROST), "en", shanghai) == (
        "gh-1 (wuhan): Air temperature 1.234 °C (below 2 °C), since 2026-11-24 16:00 CST"
    )
    assert (
        text_of(notification(FROST), "zh-CN") == "gh-1（wuhan）：气温 1.234 ℃（低于 2 ℃），自 2026-11-24 08:00 UTC 起"
    )


def test_a_missing_value_is_told_in_words_and_never_in_seconds_with_an_exponent() -> None:
    silent = msgspec.structs.replace(
        FROST, rule="air-sensor-dead", what="age_s", value=22_908.38, unit="s", condition="above", threshold=900.0
    )
    assert "已中断 6 小时 22 分（超过 15 分钟）" in text_of(notification(silent), "zh-CN")
    assert "no data for 6 h 22 min (more than 15 min)" in text_of(notification(silent), "en")
    behind = msgspec.structs.replace(silent, what="gateway_spool_age_s", value=7051.93)
    assert "最早的记录已积压 1 小时 58 分（超过 15 分钟）" in text_of(notification(behind), "zh-CN")
    large = msgspec.structs.replace(
        FROST, what="gateway_refused_messages", value=123_456.0, unit="1", condition="above"
    )
    assert "123456 (above 2)" in text_of(notification(large), "en")


def test_a_rule_of_the_farms_own_is_called_by_its_text_and_not_by_its_identifier() -> None:
    own = msgspec.structs.replace(FROST, rule="air-temperature-degc-abc", text="Cold night", text_zh="夜间低温")
    told = Notification(LI, own.rule, "raised", (own,))
    assert title_of(told, "zh-CN") == "紧急：gh-1 夜间低温"
    assert title_of(told, "en") == "Critical: Cold night at gh-1"


def test_a_test_of_a_recipient_reads_as_one_in_the_recipients_language() -> None:
    body = json.loads(trial_body_of(LI, "local", "n", 5))
    assert (body["what"], body["count"], body["title"]) == ("test", 0, "Headland 测试通知")
    assert "并没有因此产生报警" in body["text"]
    assert body.keys() == json.loads(body_of(notification(FROST), "local", "n", 5, everywhere_utc)).keys()


def test_many_alarms_are_one_notification_that_lists_some_and_counts_all() -> None:
    many = [msgspec.structs.replace(FROST, id=str(at), subject=f"gh-{at}") for at in range(200)]
    body = json.loads(body_of(notification(*many), "local", "n", 0, everywhere_utc))
    assert (body["count"], len(body["alarms"])) == (200, MOST_LISTED)
    assert body["text"].endswith("以及另外 150 处")
    assert body["title"] == "紧急：200 处 棚内霜冻 - 加温"
    assert "told" not in body["alarms"][0]


def test_simulated_estimated_and_unknown_alarms_are_marked() -> None:
    made = msgspec.structs.replace(FROST, simulated=True, estimated=True)
    assert title_of(notification(made), "en").startswith("[simulated] ")
    assert "Air temperature (estimated) 1.234" in text_of(notification(made), "en")
    for why, words in (("no_data", "ended without data"), ("rule_removed", "deleted"), ("not_selected", "no longer")):
        ended = msgspec.structs.replace(FROST, ended_ms=FROST.raised_ms, ended_why=why)
        assert (
            title_of(notification(ended, what="cleared"), "en") == "Ended without data: Frost in the greenhouse at gh-1"
        )
        assert words in text_of(notification(ended, what="cleared"), "en")
    over = msgspec.structs.replace(FROST, ended_ms=FROST.raised_ms, ended_why="cleared")
    assert title_of(notification(over, what="cleared"), "en") == "Cleared: Frost in the greenhouse at gh-1"


def test_a_chinese_notification_of_a_default_rule_has_no_english_words() -> None:
    for rule in load_default_rules():
        condition = rule.any_of[0][0]
        for ended_why in (None, "cleared", "no_data", "rule_removed", "not_selected"):
            alarm = msgspec.structs.replace(
                FROST, rule=rule.name, name="一号棚", site="武汉", what=condition.what, text=rule.text,
                text_zh=rule.text_zh, unit=unit_of_condition(condition.what), ended_why=ended_why,
                ended_ms=None if ended_why is None else FROST.raised_ms,
            )  # fmt: skip
            notification = Notification(LI, rule.name, "raised" if ended_why is None else "cleared", (alarm,))
            text = f"{title_of(notification, 'zh-CN')}\n{text_of(notification, 'zh-CN')}"
            assert re.findall(r"[A-Za-z]{3,}", text.replace("UTC", "")) == [], text


def unit_of_condition(what: str) -> str:
    quantity = quantity_of(what)
    return "1" if quantity is None else quantity.unit
