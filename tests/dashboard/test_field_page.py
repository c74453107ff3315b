"""A field's page in a real browser: 93.6 kg that a spreader of known flow has spread, against a plan of 720 kg/ha."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from headland.registry.models.models import Field
from headland.registry.models.prescriptions import PrescribedZone, Prescription, pack_cells
from tests.dashboard.conftest import Open
from tests.dashboard.farm import MANY, Farm

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
    box = page.locator(".map-view canvas").first.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    evidence = panel(page, "evidence")
    expect(evidence.locator(".facts")).to_contain_text("720.0 kg/ha")
    expect(evidence.locator(".facts")).to_contain_text("rate recorded with the pass")
    expect(evidence.locator(".facts")).to_contain_text("Flow meter")
    expect(evidence.locator(".visit").first).to_contain_text("Flow 18")
    expect(evidence.locator(".provenance")).to_contain_text("gw-1")
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
    for layer in ("Prescription", "As applied"):
        page.get_by_role("radio", name=layer).check()
        expect(page.locator(".map-view")).to_have_attribute("data-state", "idle")
    # Another plan, on this page alone.
    page.get_by_label("Planned rate").fill("360")
    page.get_by_role("button", name="Draw map").click()
    expect(panel(page, "deviation")).to_contain_text("360.0 kg/ha (rate entered here)")
    page.get_by_role("button", name="kg/mu").click()
    expect(panel(page, "deviation")).to_contain_text("24.00 kg/mu (rate entered here)")
    expect(page.get_by_label("Planned rate [kg/mu]")).to_have_value("24")


def choose(page: Page, name: str, part: str) -> None:
    """Choose the option that has `part` in it."""
    box = page.get_by_label(name, exact=True)
    box.select_option(value=box.locator("option", has_text=part).first.get_attribute("value"))


def test_a_pass_without_an_implement_asks_for_one(visit: Open, farm: Farm, page_errors: list[str]) -> None:
    page = visit(f"#/field/{farm.field}")
    choose(page, "Pass", "Drone 1")
    expect(page.get_by_role("status").filter(has_text="Choose an implement")).to_be_visible()
    choose(page, "Implement", "disc")
    page.get_by_label("Planned rate").fill("20")
    page.get_by_role("button", name="Draw map").click()
    expect(panel(page, "applied").locator("[data-answer=Amount] .unit")).to_have_text("L")
    page_errors[:] = [error for error in page_errors if "409" not in error]


def test_panels_about_a_pass_are_loaded_when_opened(visit: Open, farm: Farm, page_errors: list[str]) -> None:
    page = open_field(visit, farm, locale="zh-CN")
    panel(page, "settlement").locator("summary").first.click()
    expect(panel(page, "settlement").locator("tbody")).to_contain_text("Wang")
    panel(page, "nutrients").locator("summary").first.click()
    expect(panel(page, "nutrients").locator("tbody tr").first).to_contain_text("公斤/亩")
    ledger = panel(page, "ledger")
    ledger.locator("summary").first.click()
    ledger.locator("[data-act=close]").click()
    expect(ledger.locator("tbody tr").first).to_be_visible()
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
    panel(page, "season").locator("summary").first.click()
    page.get_by_role("button", name="计算全部作业").click()
    expect(panel(page, "season").locator("tbody")).to_contain_text("93.60 公斤")
    # The drone has flown there as well; no implement is recorded for it.
    expect(panel(page, "season").locator("tbody")).to_contain_text("请选择机具或填写幅宽")
    page_errors[:] = [error for error in page_errors if "409" not in error]


def test_outlines_are_imported_or_each_invalid_feature_is_reported(
    visit: Open, farm: Farm, tmp_path: Path, page_errors: list[str]
) -> None:
    page = visit("#/field")
    expect(page.get_by_role("link", name="Equator")).to_be_visible()
    ring = [[10.003, 0.0], [10.004, 0.0], [10.004, 0.001], [10.003, 0.001], [10.003, 0.0]]
    swapped = [[latitude, longitude] for longitude, latitude in ring]
    for name, outline in (("swapped", swapped), ("East", ring)):
        geometry = {"type": "Polygon", "coordinates": [outline]}
        feature = {"type": "Feature", "properties": {"name": name}, "geometry": geometry}
        path = tmp_path / f"{name}.geojson"
        path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    page.get_by_label("File", exact=True).set_input_files(tmp_path / "swapped.geojson")
    page.get_by_role("button", name="Import").click()
    expect(page.locator(".errors li")).to_contain_text("swapped")
    expect(page.locator(".progress.failed")).to_have_text("The file was not imported: correct the features listed.")
    page.get_by_label("File", exact=True).set_input_files(tmp_path / "East.geojson")
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("Imported: East.")).to_be_visible()
    expect(page.get_by_role("link", name="East", exact=True)).to_be_visible()
    made = next(field for field in farm.repositories.fields.all() if field.name == "East")
    farm.repositories.fields.delete(made.id, made.version)
    page_errors[:] = [error for error in page_errors if "Failed to load resource" not in error]


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
