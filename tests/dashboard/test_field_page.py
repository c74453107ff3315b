"""A field's page in a real browser: 93.6 kg that a spreader of known flow has spread, against a plan of 720 kg/ha."""

from __future__ import annotations

import base64
import json
import re
import zipfile
from pathlib import Path
from typing import Any, Final

import httpx
import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect
from rasterio.transform import from_origin

from headland.contract.records import ChannelInfo, Descriptor
from headland.registry.models.models import Field, Implement, ImplementKind
from headland.registry.models.prescriptions import PrescribedZone, Prescription, pack_cells
from headland.units_of_time import HOUR_MS
from tests.api.farm import EAST_DEG_M, NORTH_DEG_M, OWN, write_series
from tests.dashboard.conftest import SHOWN, Open
from tests.dashboard.farm import MANY, Farm
from tests.formats.images.test_orthophoto import photo

pytestmark = pytest.mark.services("chromium")


def open_field(visit: Open, farm: Farm, query: str = "", **options: object) -> Page:
    page = visit(f"#/field/{farm.field}?pass={farm.flight}{query}", **options)
    expect(page.locator(".field")).to_have_attribute("data-drawn", farm.flight)
    expect(page.locator(".map-view")).to_have_attribute("data-state", "idle")
    return page


def panel(page: Page, name: str):  # type: ignore[no-untyped-def]
    return page.locator(f"[data-panel={name}]")


def test_a_cell_opens_its_evidence_by_a_click_and_by_keys(visit: Open, farm: Farm) -> None:
    page = open_field(visit, farm)
    page.locator(".map-view canvas").first.click()
    evidence = panel(page, "evidence")
    expect(evidence.locator(".facts")).to_contain_text("720.0 kg/ha")
    expect(evidence.locator(".facts")).to_contain_text("rate recorded with the pass")
    expect(evidence.locator(".facts")).to_contain_text("Flow meter")
    expect(evidence.locator(".visit").first).to_contain_text("Flow 18")
    expect(evidence.locator(".provenance")).to_contain_text("gw-1")
    told = page.locator(".map-told").inner_text()
    assert told.startswith("Prescription 720.0 kg/ha · As applied ")
    applied = told.removeprefix("Prescription 720.0 kg/ha · As applied ").split(" · ")[0]
    expect(evidence.locator(".facts")).to_contain_text(applied)
    first = evidence.locator(".note").first.inner_text()
    evidence.get_by_role("button", name="East").press("Enter")
    expect(evidence.locator(".note").first).not_to_have_text(first)
    panel(page, "deviation").get_by_role("button", name="Show evidence").first.press("Enter")
    expect(evidence.locator("h2")).to_be_focused()


def test_amounts_and_deviations_are_those_of_the_pass(visit: Open, farm: Farm) -> None:
    page = open_field(visit, farm)
    applied = panel(page, "applied")
    expect(applied.locator("[data-answer=Amount] .number")).to_have_text("93.60")
    expect(applied.locator("table").first).to_contain_text("buffer strip")
    expect(panel(page, "deviation")).to_contain_text("720.0 kg/ha (rate recorded with the pass)")
    for layer in ("As applied", "Prescription"):
        page.get_by_role("radio", name=layer).check()
        expect(page.locator(".map-view")).to_have_attribute("data-state", "idle")
    # The plan of 720 kg/ha is on the field without its buffer strip: the northern 5 m of 40 m.
    page.get_by_label("Opacity", exact=True).fill("1")
    page.get_by_label("Track", exact=True).uncheck()
    west, north, east, south = wait_for_box(page, PLANNED_RGB)
    assert (south - north) / (east - west) == pytest.approx(35 / 199, abs=0.01)
    # The middle of the field is that of the map.
    assert (west + east) / 2 == pytest.approx(0.5, abs=0.01)
    assert (south + north) / 2 - 0.5 == pytest.approx(2.5 / 199 * (east - west), abs=0.01)
    # Another plan, on this page alone.
    page.get_by_label("Planned rate").fill("360")
    page.get_by_role("button", name="Draw map").click()
    expect(panel(page, "deviation")).to_contain_text("360.0 kg/ha (rate entered here)")
    page.get_by_role("button", name="kg/mu").click()
    expect(panel(page, "deviation")).to_contain_text("24.00 kg/mu (rate entered here)")
    expect(page.get_by_label("Planned rate [kg/mu]")).to_have_value("24")


def choose(page: Page, name: str, part: str, within: Locator | None = None) -> None:
    """Choose the option that has `part` in it."""
    box = (within or page).get_by_label(name, exact=True)
    box.select_option(value=box.locator("option", has_text=part).first.get_attribute("value"))


def test_a_pass_without_an_implement_asks_for_one(visit: Open, farm: Farm, page_errors: list[str]) -> None:
    page = visit(f"#/field/{farm.field}")
    panel(page, "passes").locator(".pass-line", has_text="Drone 1").click()
    expect(page.get_by_role("status").filter(has_text="Choose an implement")).to_be_visible()
    choose(page, "Implement", "disc")
    page.get_by_role("button", name="Draw map").click()
    # Without a plan there is no deviation: the map shows what was applied.
    expect(page.get_by_role("radio", name="As applied")).to_be_checked()
    page.get_by_label("Planned rate").fill("20")
    page.get_by_role("button", name="Draw map").click()
    expect(page.get_by_role("radio", name="Deviation")).to_be_checked()
    expect(panel(page, "applied").locator("[data-answer=Amount] .unit")).to_have_text("L")
    # What is chosen here is what is printed, exported and written.
    files = panel(page, "files")
    files.locator("summary").first.click()
    printed = files.locator("[data-report=html]").get_attribute("href") or ""
    assert "swath_m=5" in printed
    assert "planned_rate_ha=20" in printed
    assert "not known" not in page.request.get(f"{farm.base}{printed}").text().split("Season")[0]


def test_panels_about_a_pass_are_loaded_when_opened(visit: Open, farm: Farm, page_errors: list[str]) -> None:
    page = open_field(visit, farm, locale="zh-CN")
    panel(page, "settlement").locator("summary").first.click()
    expect(panel(page, "settlement").locator("tbody")).to_contain_text("Wang")
    panel(page, "nutrients").locator("summary").first.click()
    nutrients = panel(page, "nutrients")
    expect(nutrients.locator("tbody tr").first).to_contain_text("公斤/亩")
    # The second pass has no product: what is known is the least, and what is missing is named.
    expect(nutrients.locator("tbody tr").last).to_contain_text("至少")
    expect(nutrients.locator("tbody tr").last).to_contain_text("公斤/亩")
    expect(nutrients.locator("[data-missing]")).to_contain_text("未登记所用产品")
    ledger = panel(page, "ledger")
    ledger.locator("summary").first.click()
    ledger.locator("[data-act=close]").click()
    # Another test's dispute may be in the ledger before.
    expect(ledger.locator("tbody")).to_contain_text("偏差")
    ledger.locator("[data-act=check]").click()
    expect(ledger).to_contain_text("台账完整")
    files = panel(page, "files")
    files.locator("summary").first.click()
    with page.expect_download() as download:
        files.get_by_role("button", name="GeoJSON").click()
    assert json.loads(Path(download.value.path()).read_text())["type"] == "FeatureCollection"
    with page.expect_download() as download:
        files.get_by_role("button", name="报告（PDF）").click()
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF")
    printed = page.request.get(f"{farm.base}{files.locator('[data-report=html]').get_attribute('href')}")
    assert (printed.status, printed.headers["content-language"]) == (200, "zh-CN")
    # Each line says what was treated and skipped; the drone has flown there as well, and nobody knows its swath.
    lines = panel(page, "passes").locator(".pass-line")
    expect(lines.and_(page.locator(f"[data-pass='{farm.flight}']"))).to_contain_text("作业 10.24 亩 · 漏施 0.21 亩")
    expect(lines.filter(has_text="面积未知")).to_have_count(1)
    page_errors[:] = [error for error in page_errors if "409" not in error]


def test_outlines_are_shown_before_they_are_imported_and_each_invalid_feature_is_reported(
    visit: Open, farm: Farm, tmp_path: Path, page_errors: list[str]
) -> None:
    page = visit("#/field?tab=import")
    ring = [[10.003, 0.0], [10.004, 0.0], [10.004, 0.001], [10.003, 0.001], [10.003, 0.0]]
    swapped = [[latitude, longitude] for longitude, latitude in ring]
    for name, outline in (("swapped", swapped), ("East", ring)):
        geometry = {"type": "Polygon", "coordinates": [outline]}
        feature = {"type": "Feature", "properties": {"name": name, "owner": "Li"}, "geometry": geometry}
        path = tmp_path / f"{name}.geojson"
        path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    page.get_by_label("File", exact=True).set_input_files(tmp_path / "swapped.geojson")
    expect(page.locator(".errors li")).to_contain_text("swapped")
    page.get_by_label("File", exact=True).set_input_files(tmp_path / "East.geojson")
    expect(panel(page, "import").locator("tbody")).to_contain_text("Li")
    assert "East" not in {field.name for field in farm.repositories.fields.all()}
    page.get_by_role("button", name="Import 1 fields").click()
    expect(panel(page, "import").get_by_role("link", name="East")).to_be_visible()
    page.get_by_role("button", name="Undo the import").click()
    expect(page.get_by_text("Deleted.")).to_be_visible()
    assert "East" not in {field.name for field in farm.repositories.fields.all()}
    page_errors[:] = [error for error in page_errors if "Failed to load resource" not in error]


def test_a_field_is_made_by_keys_from_its_corners_with_a_strip_and_a_pass_is_registered(
    visit: Open, farm: Farm
) -> None:
    page = visit("#/field?tab=draw")
    page.get_by_text("Enter the corners").click()
    corners = "0.0030, 10.0000\n0.0030, 10.0010\n0.0040, 10.0010\n0.0040, 10.0000"
    page.get_by_label("A corner a line").fill(corners)
    page.get_by_role("button", name="Use these corners").press("Enter")
    expect(page.locator(".editor-area")).to_have_text("Area: 1.231 ha = 18.46 mu")
    page.get_by_label("Buffer strip along the edge").fill("10")
    page.get_by_role("button", name="Add the strip").press("Enter")
    expect(page.get_by_text("Buffer strip 10.0 m")).to_be_visible()
    page.get_by_label("Name").fill("Drawn")
    page.get_by_role("button", name="Save the field").press("Enter")
    expect(page.get_by_role("heading", name="Drawn")).to_be_visible()
    made = next(field for field in farm.repositories.fields.all() if field.name == "Drawn")
    assert made.area_m2 == pytest.approx(12_309, abs=2)
    assert made.usable_area_m2 == pytest.approx((111.3 - 20) * (110.6 - 20), rel=2e-3)
    # A prescription of one zone, the western half: what is left is told.
    page.get_by_role("tab", name="Plan and prescription").press("Enter")
    page.locator("summary", has_text="Draw zones on the map").press("Enter")
    zones = panel(page, "draw-zones")
    zones.locator("summary", has_text="Zone by its corners").press("Enter")
    west = "0.0030, 10.0000\n0.0030, 10.0005\n0.0040, 10.0005\n0.0040, 10.0000"
    zones.get_by_label("A corner a line").fill(west)
    zones.get_by_role("button", name="Use these corners").press("Enter")
    zones.get_by_label("Rate of zone 1").fill("100")
    expect(zones.locator("[data-left=some]")).to_contain_text("Ground without a zone: 0.4")
    expect(zones.locator("[data-total]")).to_contain_text("kg")
    zones.get_by_label("Name").fill("Western half")
    zones.get_by_role("button", name="Make the prescription").press("Enter")
    expect(panel(page, "prescriptions").locator("h3").first).to_have_text("Western half")
    plan = next(each for each in farm.repositories.prescriptions.all() if each.field == made.id)
    assert plan.total == pytest.approx(100 * made.usable_area_m2 / 2 / 10_000, rel=0.02)
    farm.repositories.prescriptions.delete(plan.id, plan.version)
    farm.repositories.fields.delete(made.id, made.version)


def test_one_rate_goes_from_the_form_to_the_mission_and_the_terminal_in_chinese_on_a_phone(
    visit: Open, farm: Farm, tmp_path: Path
) -> None:
    drone = Implement(
        name="drone of 400 kg", kind=ImplementKind.SPREADER, swath_m=5.0, max_flow_kg_min=60.0, tank_l=400.0,
        max_speed_m_s=8.0,
    )  # fmt: skip
    if drone.name not in {each.name for each in farm.repositories.implements.all()}:
        farm.repositories.implements.add(drone)
    page = visit(f"#/field/{farm.field}?tab=plan", locale="zh-CN", viewport={"width": 390, "height": 844})
    prescriptions = panel(page, "prescriptions")
    prescriptions.locator("summary", has_text="全田同一用量").press("Enter")
    form = panel(page, "one-rate")
    form.get_by_label("用量", exact=True).fill("14")
    form.get_by_label("名称").fill("追肥")
    choose(page, "产品", "Urea", within=form)
    choose(page, "机具", drone.name, within=form)
    form.get_by_role("button", name="生成处方图").press("Enter")
    # 14 kg/mu are 210 kg/ha, on the 0.697 ha without the buffer strip.
    expect(prescriptions.locator("tbody tr")).to_have_count(1)
    expect(prescriptions.locator("tbody tr")).to_contain_text("14.00 公斤/亩")
    plan = next(each for each in farm.repositories.prescriptions.all() if each.name == "追肥")
    assert [zone.rate_ha for zone in plan.zones] == [pytest.approx(210)]
    assert plan.total == pytest.approx(210 * farm.repositories.fields.get(farm.field).usable_area_m2 / 10_000, rel=0.02)
    with page.expect_download() as download:
        prescriptions.get_by_role("button", name="航线任务").click()
    assert json.loads(Path(download.value.path()).read_text())["fileType"] == "Plan"
    with page.expect_download() as download:
        prescriptions.get_by_role("button", name="ISOXML").click()
    with zipfile.ZipFile(Path(download.value.path())) as package:
        assert "TASKDATA/TASKDATA.XML" in package.namelist()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    farm.repositories.prescriptions.delete(plan.id, plan.version)


def test_a_found_pass_is_registered_with_its_implement_and_plan(visit: Open, farm: Farm) -> None:
    page = visit(f"#/field/{farm.field}")
    panel(page, "passes").locator(".pass-line", has_text="Drone 1").click()
    page.get_by_role("button", name="Register this pass").click()
    form = page.get_by_role("dialog")
    choose(page, "Implement", "disc", within=form)
    form.get_by_label("Planned rate").fill("20")
    form.get_by_role("button", name="Register this pass").click()
    expect(form).to_have_count(0)
    # Whoever sees the form go sees the new state: nothing shows the one before.
    assert "registered" in panel(page, "passes").locator("[aria-current=true]").inner_text()
    expect(panel(page, "deviation")).to_contain_text("20.0 L/ha (rate recorded with the pass)")


def test_a_found_pass_within_one_minute_is_registered_with_its_exact_times(visit: Open, farm: Farm) -> None:
    start_ms = farm.began_ms // HOUR_MS * HOUR_MS - HOUR_MS + 11_234
    seconds = np.arange(31)
    columns = {
        "latitude_deg": np.full(31, 10.0 / NORTH_DEG_M),
        "longitude_deg": 10.0 + (20.0 + 5.0 * seconds) / EAST_DEG_M,
        "pump_on": np.ones(31),
        "hopper_kg": 100.0 - 0.3 * seconds,
    }
    write_series(farm.store, OWN, "home", "drone", "uav-short", start_ms + 1000 * seconds, columns)
    descriptor = Descriptor(
        device="uav-short", kind="drone", site="home", name="uav-short",
        channels={channel: ChannelInfo(unit="1") for channel in columns},
    )  # fmt: skip
    farm.store.describe(OWN, "gw-1", descriptor)
    page = visit(f"#/field/{farm.field}")
    panel(page, "passes").locator(".pass-line", has_text="uav-short").click()
    page.get_by_role("button", name="Register this pass").click()
    form = page.get_by_role("dialog")
    assert form.get_by_label("Start").input_value() == form.get_by_label("End").input_value()
    choose(page, "Implement", "disc", within=form)
    with page.expect_response(lambda answer: answer.request.method == "POST") as sent:
        form.get_by_role("button", name="Register this pass").click()
    assert sent.value.status == 201
    made = sent.value.json()
    assert start_ms <= made["start_ms"] < made["end_ms"] <= start_ms + 31_000
    expect(form).to_have_count(0)


def test_a_recommendation_names_each_of_its_inputs_in_chinese_on_a_phone(visit: Open, farm: Farm) -> None:
    page = visit(f"#/field/{farm.field}?tab=plan", locale="zh-CN", viewport={"width": 390, "height": 844})
    form = panel(page, "recommendation")
    inputs = {"目标产量": "500", "不施氮产量": "250", "每百公斤产量需氮公斤数": "2.8", "肥料氮利用率": "0.4"}
    for name, value in inputs.items():
        form.get_by_label(name).fill(value)
    form.get_by_role("button", name="计算").press("Enter")
    answer = form.locator("[data-answer=recommendation]")
    expect(answer).to_contain_text("17.50 公斤/亩 N")  # (500 - 250) / 100 x 2.8 / 0.4
    expect(answer).to_contain_text("目标产量 500.00 公斤/亩 · 不施氮产量 250.00 公斤/亩")
    expect(answer).not_to_contain_text("其他")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_without_a_pass_the_prescription_is_drawn_alone(visit: Open, farm: Farm) -> None:
    west = farm.repositories.fields.get(farm.field)
    outline = tuple(tuple(tuple((x - 0.01, y) for x, y in ring) for ring in part) for part in west.geometry)
    west = farm.repositories.fields.add(Field(farm=west.farm, name="West", geometry=outline))
    zones = tuple(
        PrescribedZone(rate_ha=rate, area_ha=0.25, amount=rate / 4, n_kg_ha=None, index_mean=0.5) for rate in (60, 90)
    )
    plan = Prescription(
        field=west.id, name="Spring", unit="kg/ha", south_deg=0.0, west_deg=9.9901, cell_north_deg=0.0001,
        cell_east_deg=0.0001, cell_m=11.1, rows=2, columns=4, cells=pack_cells(np.array([[0, 0, 1, 1]] * 2)),
        zones=zones, total=37.5, checks=(), method={},
    )  # fmt: skip
    plan = farm.repositories.prescriptions.add(plan)
    page = visit(f"#/field/{west.id}")
    expect(page.locator(".field")).to_have_attribute("data-drawn", plan.id)
    expect(page.get_by_role("radio", name="Prescription")).to_be_checked()
    expect(page.locator(".legend")).to_contain_text("90.0 kg/ha")
    expect(page.get_by_text("No passes in the last 400 days")).to_be_visible()


def test_a_flight_is_replayed_and_its_chart_draws_a_hundred_thousand_points(visit: Open, farm: Farm) -> None:
    farm.report_often()
    page = open_field(visit, farm)
    replay = panel(page, "replay")
    expect(replay.locator(".chart")).to_have_attribute("data-points", re.compile(f"^{str(MANY)[:3]}"))
    inked = """canvas => {
        const dots = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
        return dots.filter((dot, index) => index % 4 === 3 && dot > 0).length;
    }"""
    assert replay.locator("canvas").evaluate(inked) > 5000
    slider = replay.get_by_label("Time in the flight")
    slider.focus()
    slider.press("End")
    expect(replay.locator(".replay-state")).to_contain_text("Pump (commanded) off")
    slider.press("Home")
    expect(replay.locator(".replay-state")).to_contain_text("00:00")
    replay.get_by_label("Replay speed").select_option("60")
    replay.get_by_role("button", name="Play").click()
    expect(replay.locator(".replay-state")).to_contain_text("Pump (commanded) on")
    expect(page.locator(".replay-mark")).to_be_visible()


#: A colour that no style of the page has.
TILE_RGB: Final = [201, 37, 142]
#: How many pixels of a picture have a colour.
COUNT_PIXELS: Final = """
async ([picture, [r, g, b]]) => {
  const image = await createImageBitmap(new Blob([Uint8Array.from(atob(picture), (c) => c.charCodeAt(0))]));
  const context = new OffscreenCanvas(image.width, image.height).getContext('2d');
  context.drawImage(image, 0, 0);
  const {data} = context.getImageData(0, 0, image.width, image.height);
  let count = 0;
  for (let at = 0; at < data.length; at += 4)
    if (Math.abs(data[at] - r) + Math.abs(data[at + 1] - g) + Math.abs(data[at + 2] - b) < 12) count += 1;
  return count;
}
"""


#: The colour of the largest rate. A box of pixels is in shares of the width of the map, whose middle is 0.5.
PLANNED_RGB: Final = [0, 69, 41]
BOX_OF_PIXELS: Final = """
async ([picture, [r, g, b]]) => {
  const image = await createImageBitmap(new Blob([Uint8Array.from(atob(picture), (c) => c.charCodeAt(0))]));
  const {width, height} = image;
  const context = new OffscreenCanvas(width, height).getContext('2d');
  context.drawImage(image, 0, 0);
  const {data} = context.getImageData(0, 0, width, height);
  const box = [width, height, 0, 0];
  for (let at = 0; at < data.length; at += 4) {
    if (Math.abs(data[at] - r) + Math.abs(data[at + 1] - g) + Math.abs(data[at + 2] - b) > 6) continue;
    const [x, y] = [(at / 4) % width, Math.floor(at / 4 / width)];
    box.splice(0, 4, Math.min(box[0], x), Math.min(box[1], y), Math.max(box[2], x + 1), Math.max(box[3], y + 1));
  }
  const shift = (width - height) / 2;
  return [box[0] / width, (box[1] + shift) / width, box[2] / width, (box[3] + shift) / width];
}
"""


def wait_for_box(page: Page, colour: list[int]) -> list[float]:
    """Return the box of a colour on the map, once it is the same twice."""
    box: list[float] = []
    for _ in range(100):
        before = box
        picture = base64.b64encode(page.locator(".map-view canvas").first.screenshot()).decode("ascii")
        box = page.evaluate(BOX_OF_PIXELS, [picture, colour])
        if box == before and box[0] < box[2]:
            break
    return box


#: The areas of a pass on its page, by the names of the glossary: of `cover`, and of each plot in the settlement.
AREAS: Final = {
    "en-GB": ("Treated ground", "Overlap", "Skipped ground", "Remaining ground", "Swaths beside the usable area"),
    "zh-CN": ("作业面积", "重叠面积", "漏施面积", "剩余面积", "可施用范围外的作业幅面积"),
}
SHOWN_AREA: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(ha|公顷|mu|亩)")


def shown_m2(text: str) -> float:
    """Return the area that a text begins with [m2]."""
    found = SHOWN_AREA.match(text.strip())
    assert found is not None, text
    return float(found[1]) * (10_000.0 if found[2] in ("ha", "公顷") else 2000.0 / 3.0)


@pytest.mark.parametrize("locale", AREAS)
def test_the_page_of_a_pass_shows_its_areas_by_name(visit: Open, farm: Farm, locale: str) -> None:
    page = open_field(visit, farm, locale=locale)
    path = f"{farm.base}/v1/passes/{farm.flight}/as-applied"
    cover = httpx.get(path, params={"format": "summary"}, headers=SHOWN, timeout=120).json()["cover"]
    keys = ("covered_m2", "overlap_m2", "skipped_m2", "remaining_m2", "beside_m2")
    for name, key in zip(AREAS[locale], keys, strict=True):
        told = panel(page, "applied").locator(".answer", has=page.get_by_text(name, exact=True)).locator(".figure")
        assert shown_m2(told.inner_text()) == pytest.approx(cover[key], abs=7.0), name
    settlement = panel(page, "settlement")
    settlement.locator("summary").click()
    expect(settlement.locator("th", has_text=AREAS[locale][0])).to_be_visible()
    at = settlement.locator("th").all_inner_texts().index(AREAS[locale][0])
    row = settlement.locator("tbody tr", has_text="Equator").locator("td, th")
    assert shown_m2(row.nth(at).inner_text()) == pytest.approx(cover["covered_m2"], abs=7.0)


PASS_WIND: Final = "Wind 5.1 m/s in the hours of the pass"


def blow(farm: Farm) -> None:
    """Let the station measure 5.1 m/s from the hour of the pass on, and 3.2 m/s now."""
    now_ms = farm.now_ms()
    first_ms = farm.began_ms // HOUR_MS * HOUR_MS
    time_ms = np.arange(first_ms, now_ms - 30_000, 10_000)
    wind = {"wind_speed_m_s": np.full(len(time_ms), 5.1), "wind_from_deg": np.full(len(time_ms), 90.0)}
    write_series(farm.store, OWN, "home", "weather", "wx-9", time_ms, wind)
    latest = {"wind_speed_m_s": np.full(2, 3.2), "wind_from_deg": np.full(2, 225.0)}
    write_series(farm.store, OWN, "home", "weather", "wx-9", np.array([now_ms - 10_000, now_ms]), latest)


def test_the_wind_on_the_map_of_a_pass_is_that_of_its_time(visit: Open, farm: Farm) -> None:
    blow(farm)
    page = open_field(visit, farm)
    expect(page.locator(".wind-mark")).to_contain_text(PASS_WIND)
    # What is measured now is on the farm's map, and not on that of an hour ago.
    expect(page.locator(".wind-mark [data-wind]")).to_have_count(1)
    expect(page.locator(".wind-mark")).not_to_contain_text("3.2")
    page.goto(f"{farm.base}/#/farm")
    page.locator(".farm-map-waiting").scroll_into_view_if_needed()  # it is loaded once it is seen
    expect(page.locator("[data-wind=wx-9]")).to_contain_text("Wind 3.2 m/s · from SW (225°)")


@pytest.mark.filterwarnings("ignore:Use `@` matmul:PendingDeprecationWarning")
@pytest.mark.long
def test_a_base_map_that_was_put_on_the_station_is_under_the_field(visit: Open, farm: Farm, tmp_path: Path) -> None:
    road = {"type": "LineString", "coordinates": [[9.999, 0.0005], [10.003, 0.0005]]}
    pond = {"type": "Polygon", "coordinates": [[[10.0, 0.001], [10.001, 0.001], [10.001, 0.002], [10.0, 0.001]]]}
    features: list[dict[str, Any]] = [{"type": "Feature", "properties": {}, "geometry": each} for each in (road, pond)]
    spring = {"type": "Point", "coordinates": [10.0005, 0.0006]}
    names = {"kind": "place", "name": "Spring", "name_zh": "山泉"}
    features.append({"type": "Feature", "properties": names, "geometry": spring})
    put = httpx.put(
        f"{farm.base}/v1/base-map", json={"type": "FeatureCollection", "features": features}, headers=SHOWN, timeout=120
    )
    assert put.status_code == 200, put.text
    blow(farm)
    page = open_field(visit, farm)
    expect(page.locator("[data-wind=past]")).to_contain_text(PASS_WIND)
    expect(page.locator(".place-name")).to_have_text("Spring")
    page.get_by_role("button", name="Layers").press("Enter")
    layers = page.get_by_role("group", name="Layers")
    expect(layers.get_by_label("Opacity: Base map")).to_be_visible()
    expect(layers.locator("[data-layer=swaths]")).to_contain_text("Swaths, pump or feeder commanded on")
    expect(page.get_by_role("list", name="Legend").first).to_contain_text("Roads and edges of the ground")
    layers.get_by_label("Wind", exact=True).uncheck()
    expect(page.locator("[data-wind=past]")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(layers).to_be_hidden()
    page.get_by_role("button", name="Measure").click()
    canvas = page.locator(".map-view canvas").first
    for x in (60, 260):
        canvas.click(position={"x": x, "y": 120})
    expect(page.locator(".map-measured")).to_contain_text("Length: ")
    # A picture, too, of a colour that nothing else has: put there in the page.
    page.goto(f"{farm.base}/#/settings?tab=sites")
    base = panel(page, "base-map")
    expect(base.locator("[data-base=geojson]")).to_be_visible()
    colour = np.full((3, 40, 40), np.array(TILE_RGB, np.uint8)[:, None, None], np.uint8)
    place = {"crs": "EPSG:4326", "transform": from_origin(9.99, 0.01, 0.0005, 0.0005)}
    base.locator("input[type=file]").set_input_files(photo(tmp_path / "ortho.tif", colour, **place))
    expect(base.locator("[data-base=pmtiles]")).to_be_visible()
    page.goto(f"{farm.base}/#/field/{farm.field}?pass={farm.flight}")
    expect(page.locator(".field")).to_have_attribute("data-drawn", farm.flight)
    expect(page.locator("[data-layer=base]")).to_have_count(1)
    expect(page.locator(".map-view")).to_have_attribute("data-state", "idle")
    picture = base64.b64encode(page.locator(".map-view").screenshot()).decode("ascii")
    assert page.evaluate(COUNT_PIXELS, [picture, TILE_RGB]) > 1000
    assert httpx.delete(f"{farm.base}/v1/base-map", headers=SHOWN, timeout=120).status_code == 204
