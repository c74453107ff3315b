"""Menus by work in a real browser: how many headings there are, what each work has, and that no address is lost."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard.conftest import Open
from tests.dashboard.farm import Farm

pytestmark = pytest.mark.services("chromium")

#: What each heading and part had as an address of its own before headings were joined.
ADDRESSES = {
    "field": ["list", "draw", "import", "inputs"],
    "field/{field}": ["passes", "notes", "protection", "plan", "yield", "trials", "water", "weather", "outline"],
    "harvest": ["harvest", "lots", "certificates", "protection"],
    "alarms": ["active", "rules", "connect", "recipients", "duty", "silence", "history"],
    "health": ["link", "import"],
    "cooperative": ["statements", "people", "accounts", "deliveries", "disputes", "subsidies"],
    "settings": ["browser", "houses", "bands", "sites", "forecasts", "gateways", "keys", "members"],
}


def choose(page: Page, view: str) -> None:
    page.evaluate("(view) => localStorage.setItem('headland.view', view)", view)
    page.reload()
    page.locator("main [data-page][data-mounted]").wait_for()


def menu(page: Page) -> list[str]:
    found = page.locator("nav.menu a").evaluate_all("(links) => links.map((each) => each.hash.slice(2))")
    return [str(each) for each in found]


def headings(page: Page, address: str) -> list[str]:
    page.evaluate("(address) => history.replaceState(null, '', '#/' + address)", address)
    page.reload()
    page.locator(f"main [data-page='{address.partition('/')[0]}'][data-mounted]").wait_for()
    if address not in {"today", "farm", "weather"}:
        page.locator("[role=tab]").first.wait_for()
    return [str(each) for each in page.locator("[role=tab]").evaluate_all("(tabs) => tabs.map((t) => t.dataset.tab)")]


def all_headings(page: Page, farm: Farm) -> dict[str, list[str]]:
    places = {"field": ["field", f"field/{farm.field}"], "greenhouse": ["greenhouse/gh-1?data=open"]}
    pages = [each for name in menu(page) for each in places.get(name, [name])]
    return {each: found for each in pages if (found := headings(page, each))}


@pytest.mark.parametrize(("view", "most"), [("administrator", 25), ("grower", 10)])
def test_there_are_few_headings_for_each_work(visit: Open, farm: Farm, view: str, most: int) -> None:
    page = visit("#/farm")
    choose(page, view)
    found = all_headings(page, farm)
    assert sum(len(each) for each in found.values()) <= most, found
    assert f"field/{farm.field}" in found
    assert "alarms" in found


def test_the_work_is_chosen_in_the_settings_and_the_menu_follows_at_once(visit: Open) -> None:
    page = visit("#/settings", locale="zh-CN", viewport={"width": 390, "height": 844})
    expect(page.locator("nav.menu a")).to_have_count(10)
    page.get_by_label("种植户").check()
    expect(page.locator("nav.menu a")).to_have_count(6)
    assert menu(page) == ["today", "greenhouse", "field", "farm", "alarms", "settings"]
    page.get_by_label("会计").check()
    expect(page.locator("nav.menu a")).to_have_count(5)
    page.reload()
    expect(page.locator("nav.menu a")).to_have_count(5)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("view", ["administrator", "grower"])
def test_every_former_address_still_leads_to_its_thing(visit: Open, farm: Farm, view: str) -> None:
    page = visit("#/farm")
    choose(page, view)
    base = page.url.partition("#")[0]
    for where, tabs in ADDRESSES.items():
        for tab in tabs:
            address = where.format(field=farm.field)
            page.goto(f"{base}#/{address}?tab={tab}")
            shown = page.locator(f"[data-part='{tab}'][open], [role=tab][data-tab='{tab}'][aria-selected=true]")
            expect(shown, f"{address} {tab}").to_have_count(1)
            expect(page.locator("[data-not-found]")).to_have_count(0)
