"""Units, channels and indices on the page: from the station's catalogue, without a table of its own."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from headland.contract.indices import decimals_of
from headland.contract.records import Descriptor
from headland.contract.units import UNITS, unit_labels
from headland.reports.formatting import number_text
from headland.store.port import DeviceRecord
from station.server.homeassistant.discovery import describe
from tests.api.farm import HOUSE
from tests.dashboard.conftest import Open
from tests.dashboard.farm import Farm
from tests.dashboard.test_farm_page import card

pytestmark = pytest.mark.services("chromium")

CATALOGUE: Final = re.compile(r"/v1/catalogue$")
VALUE: Final = 1234.56789
#: A unit and an index that no version of the page has seen.
UNIT: Final = {"symbol": "Np", "labels": {"en": "neper", "zh": "奈培"}, "decimals": 4, "endings": ["np"]}
INDEX: Final = {
    "name": "canopy_damping_np",
    "unit": "Np",
    "labels": {"en": "Canopy damping", "zh": "冠层衰减"},
    "decimals": 4,
    "section": "air",
    "chart": "deficit",
    "method": None,
    "method_labels": None,
    "inputs": [],
    "alarmable": True,
    "bandable": True,
    "summable": False,
    "mapped": False,
}
#: A channel in that unit.
CHANNEL: Final = {
    "name": "sap_damping_np", "unit": "Np", "labels": {"en": "Sap damping", "zh": "树液衰减"}, "decimals": 4,
    "low": 0.0, "high": 10.0, "kind": "gauge", "watched": False, "diagnostic": False,
}  # fmt: skip


def add_rows(route: Route) -> None:
    """Answer with the catalogue of the station, to which a unit, a channel and an index were added."""
    answer = route.fetch()
    rows = answer.json()
    rows["units"].append(UNIT)
    rows["channels"].append(CHANNEL)
    rows["indices"].append(INDEX)
    route.fulfill(response=answer, json=rows)


def test_a_unit_and_an_index_of_the_catalogue_are_on_the_page_without_a_change_of_it(visit: Open) -> None:
    def add_samples(route: Route) -> None:
        answer = route.fetch()
        overview = answer.json()
        samples = overview["samples"]
        samples["channels"][INDEX["name"]] = [0.5] * len(samples["time_ms"])
        samples["units"][INDEX["name"]] = UNIT["symbol"]
        route.fulfill(response=answer, json=overview)

    page = visit("#/nothing", locale="zh-CN", viewport={"width": 390, "height": 844})
    page.route(CATALOGUE, add_rows)
    page.route(re.compile(r"/overview\?"), add_samples)
    load(page, "#/alarms?tab=rules")
    page.get_by_role("button", name="添加规则").click()
    form = page.get_by_role("dialog")
    form.get_by_label("指标", exact=True).select_option(label="冠层衰减")
    expect(form.get_by_label("阈值").locator("xpath=..")).to_contain_text("奈培")
    load(page, "#/settings?tab=bands")
    page.get_by_label("指标", exact=True).select_option(label="冠层衰减 [奈培]")
    load(page, f"#/greenhouse/{HOUSE}")
    page.locator(".house-data summary").first.click()
    expect(page.locator("[data-panel=deficit]")).to_contain_text("冠层衰减：0.5000 奈培～0.5000 奈培")


def test_a_channel_of_the_catalogue_is_named_on_the_page_without_a_change_of_it(visit: Open) -> None:
    rows = values_of(visit, {"sap_damping_np": "Np"}, add_rows)
    expect(rows).to_contain_text("Sap damping")
    expect(rows.locator("td").first).to_have_text("1,234.5679 neper")


def test_page_paper_and_home_assistant_have_the_same_decimals_for_every_unit(visit: Open) -> None:
    channels = {f"unheard_of_{place}": symbol for place, symbol in enumerate(UNITS)}
    # A bare number may be a count or a share: Home Assistant is told no decimals of one that it does not know.
    sensors = describe(a_house(), channels, channels)["components"]
    precisions = {channel: sensors[channel].get("suggested_display_precision") for channel in channels}
    assert [channels[channel] for channel, digits in precisions.items() if digits is None] == ["1"]
    shown = shown_values(visit, channels)
    assert len(shown) == len(UNITS) > 60
    for channel, symbol in channels.items():
        label = unit_labels(UNITS[symbol])["en"]
        assert shown[channel] == f"{number_text(VALUE, symbol)} {label}".strip(), symbol
        if precisions[channel] is not None:
            assert shown[channel].split(" ")[0] == f"{VALUE:,.{precisions[channel]}f}", symbol


def test_the_same_for_every_channel(visit: Open, farm: Farm) -> None:
    rows = visit("#/nothing").request.get(f"{farm.base}/v1/catalogue").json()["channels"]
    # What is on or off, and the state of a satellite receiver, are words.
    channels = {row["name"]: row["unit"] for row in rows if row["unit"] != "1"}
    shown = shown_values(visit, channels)
    for channel, symbol in channels.items():
        assert shown[channel].split(" ")[0] == f"{VALUE:,.{decimals_of(channel, symbol)}f}", channel


def a_house() -> DeviceRecord:
    return DeviceRecord("own", "gw-1", Descriptor(device="gh-9", kind="greenhouse", site="home", name="gh-9"), None)


def shown_values(visit: Open, channels: dict[str, str]) -> dict[str, str]:
    """Return what the table of a house's values has for channels."""
    found: dict[str, str] = values_of(visit, channels).evaluate_all(
        "rows => Object.fromEntries(rows.map(row => [row.dataset.channel, row.querySelector('td').textContent]))"
    )
    return found


def values_of(visit: Open, channels: dict[str, str], catalogue: Callable[[Route], None] | None = None) -> Locator:
    """Return the rows of a house's values for channels, each with one value in its unit."""

    def answer_latest(route: Route) -> None:
        answer = route.fetch()
        body: dict[str, Any] = answer.json()
        item = next(item for item in body["items"] if item["device"] == HOUSE)
        sample = next(iter(item["channels"].values()))
        item["channels"] = {name: {**sample, "value": VALUE, "unit": unit} for name, unit in channels.items()}
        route.fulfill(response=answer, json=body)

    page = visit("#/nothing")
    if catalogue is not None:
        page.route(CATALOGUE, catalogue)
    held: list[Route] = []
    page.route(re.compile(r"/v1/live\b"), lambda route: held.append(route))
    page.route(re.compile(r"/v1/latest\b"), answer_latest)
    load(page, "#/farm")
    opened = card(page, HOUSE)
    opened.get_by_text("All values").click()
    rows = opened.locator("tr[data-channel]")
    expect(rows).to_have_count(len(channels))
    return rows


def load(page: Page, address: str) -> None:
    """Open an address in a new document, which asks for the catalogue again."""
    page.goto(f"{page.url.split('#')[0].split('?')[0]}?{address[2:4]}{address}")
    expect(page.locator(".page[data-mounted]")).to_be_visible()
