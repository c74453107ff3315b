"""The page of today, in a real browser: one screen on a phone or at a desk, and nothing drawn that is not known."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.api.farm import HOUSE
from tests.dashboard.conftest import Open
from tests.dashboard.farm import Farm
from tests.dashboard.test_every_page import IDENTIFIER, PLACEHOLDER
from tests.dashboard.today_answer import all_states, at, first_minutes, five_rows, twenty_houses

pytestmark = pytest.mark.services("chromium")

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "locale": "zh-CN"}
DESK: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}, "locale": "zh-CN"}
BOTTOM = "all => Math.max(...all.map((each) => each.getBoundingClientRect().bottom))"
#: The furthest that lines of a picture reach to the right, beside the place of the present.
REACH = """strip => {
  const right = (each) => each.getBoundingClientRect().right;
  const lines = [...strip.querySelectorAll('.leaf-line, .dew-line, .bar, .wet-area')];
  return [Math.max(...lines.map(right)), right(strip.querySelector('.now-line')), right(strip)];
}"""


def show(visit: Open, answer: dict[str, Any], **options: Any) -> Page:
    """Open today with an answer that no farm of a test is in: in all its states at once."""
    page = visit("#/nothing", **options)
    body = json.dumps(answer)
    page.route("**/v1/today", lambda route: route.fulfill(body=body, content_type="application/json"))
    page.evaluate("location.hash = '#/'")
    expect(page.locator(".board")).to_be_visible()
    return page


def test_all_rows_of_a_farm_are_above_the_bar_of_a_phone(visit: Open) -> None:
    page = show(visit, five_rows(), **PHONE)
    expect(page.locator(".farm-row")).to_have_count(5)
    expect(page.locator(".farm-row .picture svg")).to_have_count(5)
    seen = [".bar .brand", ".bar-clock", ".bar .chip", ".today h1", ".weather-days", ".farm-facts", ".farm-row"]
    tabs = page.locator(".tab-bar").bounding_box()
    assert tabs is not None
    assert {name: page.locator(name).evaluate_all(BOTTOM) <= tabs["y"] for name in seen} == dict.fromkeys(seen, True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(page.locator(".tab-bar a")).to_have_text([re.compile(name) for name in ("今天", "温室", "地块", "报警")])
    expect(page.locator(".bar .brand")).to_have_text("东坡农场")


def test_twenty_houses_stand_on_one_screen(visit: Open) -> None:
    page = show(visit, twenty_houses(), **DESK)
    expect(page.locator(".calm-tiles > li")).to_have_count(16)
    expect(page.locator(".farm-row")).to_have_count(5)
    assert page.locator(".calm-tiles").evaluate_all(BOTTOM) <= 900
    assert page.evaluate("document.documentElement.scrollWidth") <= 1440
    expect(page.locator(".calm-tile").first).to_have_attribute("href", "#/greenhouse/calm-6")


def test_whether_everything_has_arrived_is_not_known_while_a_gateway_is_not_heard(visit: Open) -> None:
    answer = five_rows()
    data = answer["facts"]["data"]
    unheard = [{"gateway": "gw-east", "reported_ms": at(11.5)}]
    gateways = data["at_gateways"] | {"known": 0, "records": None, "unheard": unheard}
    answer["facts"]["data"] = data | {"waiting": None, "at_gateways": gateways}
    page = show(visit, answer, **PHONE)
    fact = page.locator(".farm-facts li").last
    expect(fact).to_have_text("数据齐不齐不知道gw-east 11:30 起没消息")
    expect(fact).to_have_class("warn")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_fewer_than_five_calm_houses_are_rows(visit: Open) -> None:
    answer = twenty_houses()
    calm = [row for row in answer["rows"] if row["state"] == "calm"]
    page = show(visit, {**answer, "rows": calm[:4]}, **DESK)
    expect(page.locator(".farm-row")).to_have_count(4)
    expect(page.locator(".calm-tile")).to_have_count(0)


def test_what_is_not_known_is_empty_or_hatched_and_never_a_line(visit: Open) -> None:
    page = show(visit, all_states(), **PHONE)
    silent = page.locator("[data-state=silent] .strip")
    expect(silent.locator(".hatch")).to_have_count(1)
    expect(silent).to_contain_text("11:00 起没有数据")
    reach, now, edge = silent.evaluate(REACH)
    assert reach < now < edge - 200
    unknown = page.locator("[data-state=unknown] .strip")
    expect(unknown).to_contain_text("还没有预报")
    reach, now, edge = unknown.evaluate(REACH)
    assert reach <= now + 1 < edge - 200
    expect(unknown.locator(".hatch, .fit, .bar")).to_have_count(0)
    # What is known goes on to the edge, so that the measure above can fail.
    reach, _, edge = page.locator("[data-state=watch] .strip").evaluate(REACH)
    assert abs(reach - edge) < 2
    # Each state has a word, and a picture of a house or field says what one would say by phone.
    words = page.locator(".farm-row .word").all_inner_texts()
    assert len(set(words)) == len(words) == 8
    assert page.locator(".farm-row .strip").evaluate_all(
        "all => all.every(each => each.role === 'img' && each.ariaLabel)"
    )


def test_the_weather_says_no_more_of_a_day_than_is_known(visit: Open) -> None:
    answer = all_states()
    first, second, third = answer["weather"]["days"]
    first |= {"rain_mm": None, "wind_m_s": None}
    second |= {"rain_mm": 0.4}
    third |= {"high_degc": None, "low_degc": None, "rain_mm": None, "wind_m_s": None}
    picture = show(visit, answer, **PHONE).locator(".weather-days [role=img]")
    days = (picture.get_attribute("aria-label") or "").removeprefix("三天天气：").split("；")
    assert [day.split("：")[1] for day in days] == ["1° 到 12°", "0° 到 8°、0.4 毫米、风 7 米/秒", "未知"]
    # The picture says the same: nothing of what is not known, in particular no dry day.
    assert "无雨" not in picture.inner_text()
    expect(picture).to_contain_text("0.4 毫米")


def test_the_first_minutes_tell_what_comes_when_and_who_is_missing(visit: Open) -> None:
    page = show(visit, first_minutes(), **PHONE)
    expect(page.locator(".first-minutes li")).to_have_count(3)
    expect(page.get_by_role("progressbar", name="历史")).to_have_attribute("aria-valuenow", "64")
    # Nothing on the page is awaited.
    expect(page.locator("progress")).to_have_count(0)
    expect(page.locator(".farm-facts .warn")).to_have_count(2)
    expect(page.get_by_role("link", name="报警还没人收")).to_have_attribute("href", "#/alarms?tab=connect")
    expect(page.locator(".farm-row button.done")).to_have_count(0)


@pytest.mark.services("axe-core")
@pytest.mark.parametrize(
    ("locale", "width"),
    [
        ("zh-CN", 390),
        *(pytest.param(*each, marks=pytest.mark.long) for each in (("en-GB", 390), ("zh-CN", 1440), ("en-GB", 1440))),
    ],
)
def test_everybody_can_read_today(visit: Open, axe: str, locale: str, width: int) -> None:
    options: dict[str, Any] = {"locale": locale, "viewport": {"width": width, "height": 900}, "bypass_csp": True}
    for answer in (all_states(), twenty_houses()):
        page = show(visit, answer, **options)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            if page.evaluate("!('axe' in window)"):
                page.evaluate(axe)
            found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
            assert [f"{each['id']}: {each['nodes'][0]['target']}" for each in found] == [], scheme
        text = page.locator("main").inner_text()
        assert IDENTIFIER.findall(text) + PLACEHOLDER.findall(text) == []


def test_a_row_opens_what_is_known_of_its_house(visit: Open, farm: Farm) -> None:
    farm.forecast(HOUSE, leaf_condensation_margin_k=-0.8)
    page = visit("#/", viewport={"width": 1280, "height": 900})
    row = page.locator(f"[data-row='{HOUSE}']")
    expect(row.locator(".who")).to_have_attribute("href", f"#/greenhouse/{HOUSE}")
    expect(row.locator("[data-statement]")).to_have_count(0)
    row.locator(".open-row").click()
    expect(row.locator("[data-statement=leaf_condensation]")).to_contain_text("Condensation on leaves")
    row.get_by_text("Why", exact=True).click()
    expect(row.locator(".why li").first).to_be_visible()
    expect(page.locator(f"[data-row='{farm.field}'] .who")).to_have_attribute("href", f"#/field/{farm.field}")
    row.locator(".open-row").click()
    expect(row.locator("[data-statement]")).to_have_count(0)


def test_a_row_that_becomes_calmer_stays_in_its_place_and_a_graver_one_goes_up(visit: Open) -> None:
    answer = five_rows()
    page = visit("#/nothing", **PHONE)
    page.route("**/v1/today", lambda route: route.fulfill(body=json.dumps(answer), content_type="application/json"))
    page.clock.install()
    page.evaluate("location.hash = '#/'")
    ids = "all => all.map((each) => each.dataset.row)"
    expect(page.locator(".farm-row")).to_have_count(5)
    first, second, *others = answer["rows"]
    first["state"] = "calm"
    answer["rows"] = [second, *others, first]
    with page.expect_response("**/v1/today"):
        page.clock.run_for(61_000)
    expect(page.locator("[data-row=h2]")).to_have_attribute("data-state", "calm")
    assert page.locator(".farm-row").evaluate_all(ids) == ["h2", "h3", "f1", "h1", "f2"]
    others[-1]["state"] = "recalled"
    answer["rows"] = [others[-1], second, *others[:-1], first]
    with page.expect_response("**/v1/today"):
        page.clock.run_for(61_000)
    expect(page.locator("[data-row=f2]")).to_have_attribute("data-state", "recalled")
    assert page.locator(".farm-row").evaluate_all(ids) == ["f2", "h3", "f1", "h1", "h2"]


def test_what_is_done_stays_done_by_reload_and_language_and_is_taken_back(visit: Open, farm: Farm) -> None:
    farm.forecast(HOUSE, leaf_condensation_margin_k=-0.8)
    page = visit("#/", viewport={"width": 1280, "height": 900})
    row = page.locator(f"[data-row='{HOUSE}']")
    button = row.locator("button.done")
    expect(button).to_have_text("Done")
    before = words_of(row)
    button.click()
    expect(button).to_have_text("Undo")
    expect(row.locator(".recorded")).to_contain_text("recorded")
    expect(button).to_be_enabled()
    done = words_of(row)
    assert done != before
    page.reload()
    expect(button).to_have_text("Undo")
    assert words_of(row) == done
    page.get_by_role("button", name="中文").click()
    expect(button).to_have_text("撤销")
    page.get_by_role("button", name="EN", exact=True).click()
    expect(button).to_have_text("Undo")
    assert words_of(row) == done
    button.click()
    expect(button).to_have_text("Done")
    expect(button).to_be_enabled()
    assert words_of(row) == before


def words_of(row: Locator) -> list[str]:
    """Return the state of a row and what it says."""
    return [str(row.get_attribute("data-state")), *row.locator(".word, .do, .why").all_inner_texts()]
