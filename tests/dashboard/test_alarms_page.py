"""The alarms page in a real browser: acknowledge, snooze, history, and the test of a rule on past data."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
import pytest
from playwright.sync_api import expect

from headland.registry.models.alarms import AlarmRule, AlarmTest, Severity
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
    card.get_by_role("button", name="Snooze", exact=True).click()
    expect(card).to_contain_text("Notifications paused until")
    until_ms = farm.repositories.alarms.get(frost).snoozed_until_ms
    assert until_ms is not None
    assert until_ms - farm.now_ms() == pytest.approx(4 * 3_600_000, abs=30_000)
    card.get_by_role("button", name="End snooze").click()
    expect(card.get_by_role("button", name="End snooze")).to_have_count(0)
    page.get_by_role("button", name="中文").click()
    expect(card).to_contain_text("加温")
    end(farm, frost)
    page.reload()
    history = page.locator("[data-panel=history] tr", has_text="page-frost")
    expect(history).to_contain_text("已恢复")
    expect(history).to_contain_text("heating repaired")
    expect(card).to_have_count(0)


def test_a_rule_is_tested_on_past_data(visit: Open, farm: Farm) -> None:
    warm = AlarmTest(what="air_temperature_degc", above=20.0, hysteresis=1.0)
    rule = AlarmRule(name="page-warm", any_of=((warm,),), severity=Severity.WARNING, device="gh-1", for_s=60.0)
    stored = farm.repositories.alarm_rules.add(rule)
    try:
        page = visit("#/alarms")
        card = page.locator("[data-rule=page-warm]")
        card.get_by_label("Period").select_option("1")
        card.get_by_role("button", name="Test on past data").click()
        expect(card).to_contain_text("Alarms: 1. Devices or zones with enough data: 1.")
        expect(card.locator("tbody tr")).to_have_text(
            re.compile(r"Warning.*Air temperature 25\.0 °C \(above 20\.0 °C\)")
        )
        # The test stores nothing.
        assert farm.repositories.alarms.newest(limit=10, rule="page-warm") == []
    finally:
        farm.repositories.alarm_rules.delete(stored.id, stored.version)
