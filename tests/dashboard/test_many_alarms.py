"""Two hundred active alarms in a real browser: by cause and place, found by a word, acknowledged at once."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
import pytest
from playwright.sync_api import Page, expect

from headland.registry.models.alarms import Alarm, Severity
from headland.registry.models.models import Scope
from headland.registry.repositories.alarms import AlarmUpdate
from tests.dashboard.conftest import Open
from tests.dashboard.farm import Farm
from tests.dashboard.paper import NOT_LOADED, print_whole

pytestmark = pytest.mark.services("chromium")

PHONE = {"width": 390, "height": 844}
HOUSES = 100
#: Keeps the tasks of the page that take longer than 50 ms.
WATCH_TASKS = """
window.tasks = [];
new PerformanceObserver((list) => window.tasks.push(...list.getEntries().map((each) => each.duration)))
  .observe({ type: "longtask", buffered: true });
"""


@pytest.fixture
def many(farm: Farm) -> Iterator[list[Alarm]]:
    """Two limits of one cause at each of a hundred houses."""
    raised_ms = farm.now_ms()
    alarms = [
        Alarm(
            id=farm.repositories.alarms.new_id(), rule=rule, subject=f"house-{number}", kind="greenhouse", site="home",
            severity=severity, by_station=True, standing=("station",), began_ms=raised_ms, raised_ms=raised_ms,
            noted_ms=raised_ms, what="air_temperature_degc", value=1.0, unit="degC", condition="below", threshold=limit,
            simulated=True,
        )
        for rule, severity, limit in (("cold", Severity.CRITICAL, 2.0), ("cool", Severity.WARNING, 5.0))
        for number in range(HOUSES, 0, -1)
    ]  # fmt: skip
    farm.repositories.alarms.save(AlarmUpdate(alarms={each.id: each for each in alarms}))
    yield alarms
    stored = [farm.repositories.alarms.get(each.id) for each in alarms]
    ended = {
        each.id: msgspec.structs.replace(each, standing=(), ended_ms=farm.now_ms(), ended_why="cleared")
        for each in stored
    }
    farm.repositories.alarms.save(AlarmUpdate(alarms=ended))


def longest_task_ms(page: Page) -> float:
    return float(page.evaluate("Math.max(0, ...window.tasks)"))


def test_two_hundred_alarms_are_under_three_screens_of_a_phone_and_acknowledged_in_one_tap(
    visit: Open, farm: Farm, many: list[Alarm]
) -> None:
    page = visit("#/alarms", viewport=PHONE, locale="zh-CN")
    group = page.locator("[data-panel=active] [data-group^=air_temperature_degc]")
    expect(group).to_contain_text(f"{HOUSES} 处： house-1、house-2、house-3、house-4 等，另有 96 处")
    assert page.evaluate("document.documentElement.scrollHeight") < 3 * PHONE["height"]
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.get_by_label("按对象或原因搜索").fill("house-77")
    expect(group).to_contain_text("1 处： house-77")
    group.get_by_role("button", name="全部确认（2 个）").click()
    expect(group).to_contain_text("已确认 2 个")
    page.get_by_label("按对象或原因搜索").fill("")
    group.get_by_role("button", name=f"全部确认（{2 * HOUSES - 2} 个）").click()
    expect(group).to_contain_text(f"已确认 {2 * HOUSES} 个")
    assert all(farm.repositories.alarms.get(each.id).acknowledged_ms is not None for each in many)


def test_each_of_a_group_is_in_a_table_as_people_count_with_who_acknowledged_it(
    visit: Open, farm: Farm, many: list[Alarm]
) -> None:
    key, _secret = farm.repositories.add_key("phone of Li", Scope.READ)
    taken = msgspec.structs.replace(
        many[0], id=farm.repositories.alarms.new_id(), subject="house-101", acknowledged_ms=farm.now_ms(),
        acknowledged_by=f"key:{key.prefix}",
    )  # fmt: skip
    many.append(taken)
    farm.repositories.alarms.save(AlarmUpdate(alarms={taken.id: taken}))
    page = visit("#/alarms", viewport={"width": 1440, "height": 900})
    group = page.locator("[data-panel=active] [data-group^=air_temperature_degc]")
    group.get_by_role("button", name="Show each").click()
    rows = group.locator("tbody tr")
    expect(rows).to_have_count(25)
    assert [row.split("\t")[0] for row in rows.all_inner_texts()[:3]] == ["house-1", "house-2", "house-3"]
    rows.first.get_by_role("link").click()
    card = page.locator(f"article[data-alarm='{many[HOUSES - 1].id}']")
    expect(card).to_contain_text("house-1")
    card.get_by_label("Note").fill("vents shut")
    card.get_by_role("button", name="Acknowledge", exact=True).click()
    expect(card).to_contain_text("vents shut")
    page.get_by_label("Search by place or cause").fill("house-101")
    expect(page.locator(f"article[data-alarm='{taken.id}']")).to_contain_text("Acknowledged by phone of Li")


def test_a_printed_list_has_all_two_hundred_alarms_or_says_how_many_a_search_found(
    visit: Open, farm: Farm, many: list[Alarm]
) -> None:
    page = visit("#/alarms", viewport={"width": 1440, "height": 900})
    expect(page.locator("[data-panel=active] [data-group^=air_temperature_degc]")).to_be_visible()
    text = print_whole(page)
    assert {int(number) for number in re.findall(r"house-(\d+)", text)} >= set(range(1, HOUSES + 1))
    assert NOT_LOADED not in text
    assert "Next" not in text
    # Closed and in pages again.
    expect(page.locator("[data-group] tbody")).to_have_count(0)
    group = page.locator("[data-panel=active] [data-group^=air_temperature_degc]")
    group.get_by_role("button", name="Show each").click()
    group.get_by_label("Search").fill("house-10")
    expect(group.locator("tbody tr")).to_have_count(4)
    assert "“house-10”: 4 of 200." in print_whole(page)
    expect(group.get_by_label("Search")).to_have_value("house-10")


@pytest.mark.long
def test_no_task_of_a_page_with_two_hundred_alarms_takes_a_tenth_of_a_second(
    visit: Open, farm: Farm, many: list[Alarm]
) -> None:
    page = visit("#/alarms", viewport=PHONE)
    page.context.add_init_script(WATCH_TASKS)
    page.reload()
    group = page.locator("[data-panel=active] [data-group^=air_temperature_degc]")
    expect(group).to_be_visible()
    group.get_by_role("button", name="Show each").click()
    expect(group.locator("tbody tr")).to_have_count(25)
    for _ in range(20):
        farm.report("greenhouse", "gh-1", {"air_temperature_degc": 21.0})
        page.wait_for_timeout(100)
    assert longest_task_ms(page) <= 100
    # It would have been seen.
    page.evaluate("setTimeout(() => { const end = performance.now() + 150; while (performance.now() < end); })")
    page.wait_for_function("window.tasks.some((each) => each > 100)")
