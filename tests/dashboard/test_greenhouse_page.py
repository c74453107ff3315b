"""The page of a greenhouse in a real browser: two places over three days, one of them colder, with notes and a crop."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from headland.contract.records import ChannelInfo, Descriptor
from headland.registry.models.alarms import AlarmRule, AlarmTest
from headland.registry.models.crop_bands import BandIndex, CropBand
from headland.registry.models.models import Greenhouse, GreenhouseZone, Site
from tests.api.farm import HOUSE, OWN, write_series
from tests.dashboard.conftest import Open
from tests.dashboard.farm import MANY, Farm
from tests.waiting import wait_until

pytestmark = pytest.mark.services("chromium")

DAY_MS: Final = 86_400_000
DAYS: Final = 3
#: The west place is so much colder.
COLDER_K: Final = 4.0


@dataclass(frozen=True, slots=True)
class House:
    id: str
    zones: dict[str, str]


@pytest.fixture(scope="module")
def house(farm: Farm) -> House:
    repositories, home = farm.repositories, farm.repositories.farms.list()[0]
    site = next(one for one in repositories.sites.all() if one.name == "home")
    greenhouse = repositories.greenhouses.add(Greenhouse(farm=home.id, site=site.id, name="Page house", cover="film"))
    minutes = farm.now_ms() - DAYS * DAY_MS + 60_000 * np.arange(DAYS * 1440)
    # Warm and dry by day, cool and moist by night, by the sun of the site at 10 degrees east.
    sun = np.maximum(0.0, -np.cos((minutes % DAY_MS / DAY_MS + 10 / 360) * 2 * np.pi))
    zones = {}
    for name, colder_k in (("east", 0.0), ("west", COLDER_K)):
        zone = repositories.zones.add(
            GreenhouseZone(greenhouse=greenhouse.id, name=name, crop="tomato", stage="fruiting")
        )
        zones[name] = zone.id
        wobble = 0.2 * np.sin(np.arange(len(minutes)) / 7.0)
        columns = {
            "air_temperature_degc": np.asarray(16.0 + 10.0 * sun - colder_k + wobble, np.float64),
            "relative_humidity_pct": np.asarray(90.0 - 35.0 * sun + wobble, np.float64),
            "par_umol_m2_s": np.asarray(500.0 * sun * (sun > 0.05), np.float64),
        }
        device = f"gh-{name}"
        write_series(farm.store, OWN, "home", "greenhouse", device, minutes, columns)
        descriptor = Descriptor(
            device=device, kind="greenhouse", site="home", name=f"{name} box",
            channels={channel: ChannelInfo(unit="1", interval_s=60.0) for channel in (*columns, "co2_ppm")},
        )  # fmt: skip
        farm.store.describe(OWN, "gw-1", descriptor)
        record = repositories.record_descriptor("gw-1", descriptor)
        repositories.devices.change(msgspec.structs.replace(record, zone=zone.id))
    cold = AlarmTest(what="air_temperature_degc", below=2.0)
    repositories.alarm_rules.add(AlarmRule(name="cold-house", kind="greenhouse", any_of=((cold,),)))
    often = farm.now_ms() - 2500 * np.arange(MANY, 0, -1)
    saw = np.asarray(500.0 + np.arange(MANY) % 97, np.float64)
    write_series(farm.store, OWN, "home", "greenhouse", "gh-east", often, {"co2_ppm": saw})
    return House(greenhouse.id, zones)


def open_greenhouse(visit: Open, house: House, query: str) -> Page:
    page = visit(f"#/greenhouse/{house.id}{query}")
    expect(page.locator(".page.greenhouse")).to_have_attribute("data-loaded", re.compile(r"^\d+$"))
    return page


def test_a_greenhouse_is_displayed_with_target_bands_light_disease_and_places(
    visit: Open, farm: Farm, house: House
) -> None:
    bands = [
        farm.repositories.crop_bands.add(
            CropBand(crop="tomato", stage="fruiting", index=index, low=low, high=high, author="Li Na")
        )
        for index, low, high in (
            (BandIndex("air_temperature_degc"), 18.0, 26.0),
            (BandIndex("relative_humidity_pct"), 60.0, 85.0),
        )
    ]
    page = open_greenhouse(visit, house, "?days=3")
    expect(page.locator("h1")).to_have_text("Page house")
    expect(page.locator(".greenhouse .about").first).to_contain_text("Tomato, fruiting")
    deficit = page.locator("[data-panel=deficit] .plot-caption")
    caption = r"Vapour pressure deficit \(VPD\): 0\.\d\d kPa to \d\.\d\d kPa.*: target from: .*: target to: "
    expect(deficit).to_have_text(re.compile(caption))
    expect(page.locator("[data-panel=dew] .plot-caption")).to_contain_text("Coldest surface: ")
    # The bands of other quantities, too, with their source.
    for shown, told in (("dew", "Air temperature, 18.0–26.0 °C"), ("air", "Relative humidity, 60–85 %")):
        expect(page.locator(f"[data-panel={shown}] [data-bands]")).to_contain_text(f"{told} (set by Li Na on ")
    # A target is no value that was measured last.
    said = deficit.inner_text()
    assert re.search(r": target from: \d\.\d\d kPa(;|$)", said), said
    check_legends(page)
    for band in bands:
        farm.repositories.crop_bands.delete(band.id, band.version)
    # A part that is chosen stays when newer data is drawn, is saved as a table, and the whole is displayed again.
    chart = page.locator("[data-panel=deficit]")
    whole = page.locator("[role=status]", has_text="–").first.inner_text()
    chart.locator(".u-over").scroll_into_view_if_needed()
    box = chart.locator(".u-over").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 50, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 150, box["y"] + 60, steps=3)
    page.mouse.up()
    everything = chart.get_by_role("button", name="Show all")
    expect(everything).to_be_visible()
    expect(page.get_by_text(whole, exact=True)).to_have_count(0)
    # The charts of a page show the same part, and the limits of alarm rules are drawn and said.
    expect(page.locator("[data-panel=dew]").get_by_role("button", name="Show all")).to_be_visible()
    expect(page.locator("[data-panel=dew]")).to_contain_text("cold-house below 2.0 °C")
    with page.expect_download() as download:
        chart.get_by_role("button", name="Save as CSV").click()
    table = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert table[0].startswith('"time_utc","Time","Vapour pressure deficit (VPD) [kPa]"')
    assert 20 < len(table) < 300
    everything.click()
    expect(page.get_by_text(whole, exact=True)).to_be_visible()
    expect(everything).to_be_hidden()
    expect(page.locator("[data-panel=dew]").get_by_role("button", name="Show all")).to_be_hidden()
    read_analyses(page, farm)
    light = page.locator("[data-panel=light] tbody tr")
    expect(light.nth(1)).to_have_text(re.compile(r"\d+\.\d mol/m²"))
    assert light.count() in {3, 4}
    mould = page.locator("[data-panel=disease] tr[data-index=botrytis_index]")
    expect(mould.locator("th")).to_contain_text("Grey mould")
    expect(mould.locator("td").nth(1)).to_have_text(re.compile(r"^-?\d+\.\d\d (low|moderate|high)$"))
    expect(page.locator("[data-panel=data-quality]")).to_contain_text("Leaves: estimated")
    # The map of places: the west is colder, and the arrow keys read it.
    places = page.locator("[data-panel=places]")
    rows = [row.split("\t") for row in places.locator("tbody").inner_text().split("\n")]
    means = {row[0]: float(row[2].split()[0]) for row in rows}
    assert means["east"] - means["west"] == pytest.approx(COLDER_K, abs=0.3)
    heat = places.locator("canvas.heat")
    check_heat_legend(places, heat)
    heat.focus()
    heat.press("ArrowRight")
    heat.press("ArrowDown")
    expect(places.get_by_role("status")).to_have_text(re.compile(r"^west, .*: \d+\.\d °C$"))
    page.get_by_role("button", name="中文").click()
    expect(page.locator("[data-panel=disease] h2")).to_have_text("逐日病害风险")
    expect(page.locator("[data-panel=deficit] .plot-caption")).to_contain_text("饱和水汽压差（VPD）：0.")


def check_heat_legend(places: Locator, heat: Locator) -> None:
    """Assert that the lowest and the highest colour, and an hour without a value, are explained where they are seen."""
    painted = heat.evaluate(
        """canvas => {
          const copy = document.createElement("canvas");
          [copy.width, copy.height] = [canvas.width, canvas.height];
          const context = copy.getContext("2d", { willReadFrequently: true });
          context.drawImage(canvas, 0, 0);
          const { data } = context.getImageData(0, 0, copy.width, copy.height);
          const seen = new Set();
          for (let at = 0; at < data.length; at += 4)
            seen.add(data[at + 3] === 0 ? "transparent" : `rgb(${data[at]}, ${data[at + 1]}, ${data[at + 2]})`);
          return [...seen];
        }"""
    )
    keys = places.locator(".legend .key").evaluate_all("keys => keys.map((key) => key.style.background)")
    assert {keys[0], keys[2]} <= set(painted), (keys, painted)
    assert ("transparent" in painted) == ("transparent" in keys)
    texts = places.locator(".legend li").all_inner_texts()
    assert all("°C" in text for text in texts[:3]), texts


def read_analyses(page: Page, farm: Farm) -> None:
    """Open each analysis: its answer or what it lacks, and on what it rests."""
    panel = page.locator("[data-panel=analyses]")
    expect(panel).to_contain_text(re.compile(r"Not enough data: there are \d+ hours of history, and a forecast"))
    panel.get_by_role("tab", name="Water and weather").click()
    expect(panel).to_contain_text("Radiation outside is not measured")
    panel.get_by_role("tab", name="Climate").click()
    panel.locator("[data-part=exchange] > summary").click()
    expect(panel).to_contain_text("Enter the leaf area index: it is not measured")
    panel.get_by_label("Leaf area index").fill("3")
    panel.get_by_label("Leaf area index").press("Enter")
    expect(panel.locator("tr[data-index=transpired_l_m2] td").nth(1)).to_have_text(re.compile(r"^\d+\.\d\d"))
    panel.locator("details.how summary").last.click()
    expect(panel.locator("details.how").last).to_contain_text("Leaf area index = 3")
    panel.get_by_role("tab", name="Climate").click()
    band = panel.locator("tr[data-index=vpd_kpa] td")
    expect(band.first).to_contain_text(re.compile(r"^\d\.\d\d–\d\.\d\d kPa Tomato, source: "))
    expect(band.nth(1)).to_have_text(re.compile(r"^\d+\.\d\d (too low|on target|too high)"))
    panel.locator("[data-part=uniformity] > summary").click()
    expect(panel.locator("tr[data-index=air_temperature_degc_span] td").nth(1)).to_have_text(re.compile(r"^4\.0"))
    panel.get_by_role("tab", name="Water and weather").click()
    panel.locator("[data-part=weather] > summary").click()
    expect(panel).to_contain_text("No device outdoors measures the weather of this site.")
    site = next(one for one in farm.repositories.sites.all() if one.name == "home")
    expect(panel.get_by_role("link", name=site.name)).to_have_attribute("href", f"#/weather/{site.id}")
    panel.get_by_role("tab", name="Climate").click()
    panel.locator("[data-part=seasons] > summary").click()
    panel.get_by_label("Second season, house").select_option(label="Page house")
    expect(panel.locator(".plot-caption")).to_contain_text(re.compile(r"Page house, from .*; Page house, from "))


def check_legends(page: Page) -> None:
    """Each mark has a name beside its colour, and each line its last value where nobody points at the chart."""
    dew = page.locator("[data-panel=dew]")
    expect(dew.locator(".chart-keys")).to_contain_text("Air temperature: target range")
    expect(page.locator("[data-panel=deficit] .chart-keys")).not_to_contain_text("Condensation")
    colours = dew.locator(".chart-keys .key").evaluate_all("keys => keys.map((key) => key.style.background)")
    assert len(colours) >= 2
    assert all(colours)
    shown = dew.locator(".u-legend .u-value").all_inner_texts()
    assert shown[0] == "latest"
    said = dew.locator(".plot-caption").inner_text()
    for value in shown[1:]:
        assert f"latest {value}" in said, (value, said)


def test_notes_are_added_and_deleted_and_periods_are_compared(visit: Open, farm: Farm, house: House) -> None:
    page = open_greenhouse(visit, house, "?days=1")
    # What is missing is named beside its field, in the language of the page, and nothing is sent.
    page.get_by_role("button", name="Add note").press("Enter")
    text = page.get_by_label("Observation or action")
    expect(text).to_be_focused()
    expect(text).to_have_accessible_description("Fill in this field.")
    text.fill("opened the vents")
    page.get_by_label("Minutes ago").fill("90")
    page.get_by_label("Author", exact=True).fill("Li")
    before_ms = farm.now_ms()
    page.get_by_role("button", name="Add note").press("Enter")
    note = page.locator("[data-panel=notes] li[data-note]")
    expect(note).to_contain_text("opened the vents")
    # The page shows a note at once, also one that waits for a network.
    (note_record,) = wait_until(lambda: farm.repositories.notes.list(greenhouse=house.id))
    assert note_record.author == "Li"
    assert before_ms - 60_000 <= note_record.time_ms + 90 * 60_000 <= farm.now_ms() + 60_000
    note.get_by_role("button", name="Delete the note").click()
    expect(note).to_have_count(0)
    wait_until(lambda: farm.repositories.notes.list(greenhouse=house.id) == [])
    page.get_by_label("Compare with").select_option("before")
    deficit = page.locator("[data-panel=deficit] .plot-caption")
    expect(deficit).to_contain_text("Vapour pressure deficit (VPD) – previous period: 0.")
    page.get_by_label("Zone").select_option("west")
    expect(page.locator("[data-panel=places] tbody tr")).to_have_count(1)
    page.get_by_role("button", name="Earlier").click()
    expect(page).to_have_url(re.compile(r"to=\d{13}"))


@pytest.mark.usefixtures("house")  # it has the rule whose limit is drawn
def test_a_period_after_all_values_leads_to_the_newest(visit: Open, farm: Farm) -> None:
    later_ms = farm.now_ms() + 10 * 86_400_000
    page = visit(f"#/greenhouse/{HOUSE}?to={later_ms}", locale="zh-CN", viewport={"width": 390, "height": 844})
    older = page.locator(".older")
    expect(older).to_contain_text("该时段没有数据，最新数据为")
    expect(page.locator(".page.greenhouse")).to_have_attribute(
        "data-limits", re.compile("[1-9]")
    )  # drawn without an axis
    older.get_by_role("button", name="查看最新数据").press("Enter")
    expect(page.locator(".page.greenhouse")).to_have_attribute("data-loaded", re.compile("[1-9]"))
    expect(older).to_be_hidden()


def test_a_hundred_thousand_samples_are_drawn_and_a_few_minutes_are_not_enough_data(visit: Open, house: House) -> None:
    page = open_greenhouse(visit, house, "?days=3")
    panel = page.locator("[data-panel=samples]")
    panel.locator("summary").click()
    panel.get_by_label("Device").select_option("gh-east")
    panel.get_by_label("Quantity", exact=True).select_option("co2_ppm")
    expect(panel).to_have_attribute("data-points", str(MANY))
    expect(panel.get_by_role("status").last).to_have_text("Samples: 100,000; suspect and failed ones are excluded.")
    expect(panel.locator(".plot-caption")).to_contain_text("CO₂ concentration: 500 ppm to 596 ppm")
    # The other greenhouse has data of a few minutes only.
    page.get_by_label("Greenhouse", exact=True).select_option("gh-1")
    expect(page.locator("h1")).to_have_text("番茄一号棚")
    expect(page.locator("[data-panel=light]")).to_contain_text("No light is measured.")
    mean = page.locator("[data-panel=days] tr[data-index=vpd_kpa] td")
    expect(mean.last).to_have_text(re.compile(r"^Not enough data \d+%$"))
    expect(page.locator("[data-panel=notes]")).to_contain_text("this one is known by its device only")


def test_houses_are_a_table_with_the_risk_of_each_and_any_value_is_downloaded(visit: Open, house: House) -> None:
    page = visit("#/greenhouse", locale="zh-CN", viewport={"width": 390, "height": 844})
    rows = page.locator("[data-panel=houses] tbody tr")
    row = page.locator(f"tr[data-house='{house.id}']")
    expect(row).to_be_visible()
    # The devices of its zones are no houses of their own.
    expect(rows.filter(has_text="box")).to_have_count(0)
    expect(page.locator("th[aria-sort=descending]")).to_have_text(re.compile("^风险"))
    page.get_by_role("button", name="温室", exact=True).click()
    expect(page.locator("th[aria-sort=ascending]")).to_have_text(re.compile("^温室"))
    row.get_by_role("link").click()
    # The panels are built when they are asked for.
    expect(page.locator("[data-panel=right-now]")).to_be_visible()
    expect(page.locator("[data-panel=outlook]")).to_have_count(0)
    page.locator(".house-data summary").first.click()
    outlook = page.locator("[data-panel=outlook]")
    for kind, name in (("leaf_condensation", "叶面结露"), ("cover_condensation", "棚膜结露")):
        expect(outlook.locator(f"[data-statement={kind}] h3")).to_contain_text(name)
    panel = page.locator("[data-panel=download]")
    panel.get_by_label("设备").select_option("gh-west")
    panel.get_by_label("相对湿度").uncheck()
    panel.get_by_role("button", name="7 天").click()
    with page.expect_download() as download:
        panel.get_by_role("button", name="下载 CSV").click()
    lines = download.value.path().read_text(encoding="utf-8").splitlines()
    assert "air_temperature_degc" in lines[0]
    assert "relative_humidity_pct" not in lines[0]
    assert len(lines) > DAYS * 1440 - 10
    # Any two dates: the newest day is first in the tables.
    page.get_by_label("开始日期").first.fill(page.get_by_label("结束日期").first.input_value())
    expect(page.locator("[data-panel=days] thead th")).to_have_count(2)
    expect(page).to_have_url(re.compile(r"days=0?\.?\d+"))


def shown_window(page: Page, overview: dict[str, object], zone: str) -> str:
    """The page's period in a time zone, in its own words."""
    script = """([start, end, zone]) => new Intl.DateTimeFormat("en", {
      dateStyle: "medium", timeStyle: "short", hourCycle: "h23", timeZone: zone,
    }).formatRange(start, end)"""
    return str(page.evaluate(script, [overview["start_ms"], overview["end_ms"], zone]))


@pytest.mark.parametrize("at_site", ["home", "away", "nowhere"])
def test_days_and_axes_are_in_the_time_zone_of_the_answer_for_two_zones_and_none(
    visit: Open, farm: Farm, house: House, at_site: str
) -> None:
    sites, home = farm.repositories.sites, farm.repositories.farms.list()[0]
    away = sites.add(Site(farm=home.id, name="away", time_zone="America/St_Johns"))
    device = f"gh-{at_site}"
    minutes = farm.now_ms() - DAY_MS + 60_000 * np.arange(1440)
    wave = np.sin(np.arange(len(minutes)) / 200.0)
    columns = {"air_temperature_degc": 15.0 + 5.0 * wave, "relative_humidity_pct": 70.0 - 10.0 * wave}
    write_series(farm.store, OWN, at_site, "greenhouse", device, minutes, columns)
    farm.store.describe(OWN, "gw-1", Descriptor(device=device, kind="greenhouse", site=at_site, name=device))
    zone, is_known = {
        "home": ("Asia/Shanghai", True), "away": ("America/St_Johns", True), "nowhere": ("UTC", False),
    }[at_site]  # fmt: skip
    page = visit("#/nothing")
    with page.expect_response(re.compile("/overview")) as answer:
        # A period that ends at a given instant: one that ends now moves on while the test reads it.
        page.goto(page.url.replace("#/nothing", f"#/greenhouse/{device}?days=1&to={int(minutes[-1])}"))
    overview = answer.value.json()
    assert (overview["time_zone"], overview["time_zone_known"]) == (zone, is_known)
    window = shown_window(page, overview, zone)
    expect(page.locator("[role=status]", has_text="–").first).to_have_text(window)
    expect(page.get_by_text("Days are UTC days")).to_have_count(0 if is_known else 1)
    # The next page has the farm's time again.
    page.goto(page.url.partition("#")[0] + "#/farm")
    expect(page.locator("h1").first).to_be_visible()
    sites.delete(away.id, away.version)
