"""Legends of all maps in a real browser: what is drawn is explained by its colour, and nothing else is."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from headland.registry.models.models import Field
from headland.registry.models.prescriptions import PrescribedZone, Prescription, pack_cells
from tests.api.farm import HOUSE
from tests.dashboard.conftest import Open
from tests.dashboard.farm import Farm
from tests.dashboard.legends import check_legends

pytestmark = pytest.mark.services("chromium")


def idle(page: Page) -> None:
    expect(page.locator(".map-view").first).to_have_attribute("data-state", "idle")


def test_the_map_of_the_farm_explains_fields_vehicles_houses_and_what_is_switched_off_is_gone(
    visit: Open, farm: Farm
) -> None:
    farm.fly_to(150.0, 20.0)
    page = visit("#/farm", locale="zh-CN", viewport={"width": 1280, "height": 900})
    page.locator(".farm-map-waiting").scroll_into_view_if_needed()
    idle(page)
    expect(page.locator(f"[data-mark='{HOUSE}']")).to_be_visible()
    farm.fly_to(150.0, 20.0)
    expect(page.locator(".map .legend")).to_contain_text("作业机")
    (texts,) = check_legends(page)
    assert {"地块", "禁施区与缓冲带", "作业机", "温室或气象站", "网关"} <= set(texts)
    page.get_by_role("button", name="图层").click()
    for layer in ("禁施区与缓冲带", "温室、气象站与网关"):
        page.get_by_label(layer, exact=True).uncheck()
    expect(page.locator(".map .legend")).not_to_contain_text("网关")
    (fewer,) = check_legends(page)
    assert set(fewer) & {"禁施区与缓冲带", "温室或气象站", "网关"} == set()


def test_the_map_of_a_pass_explains_each_layer_its_overlays_and_the_chosen_cell(visit: Open, farm: Farm) -> None:
    page = visit(f"#/field/{farm.field}?pass={farm.flight}", viewport={"width": 1280, "height": 900})
    expect(page.locator(".field")).to_have_attribute("data-drawn", farm.flight)
    idle(page)
    texts = {}
    for layer in ("Deviation", "As applied", "Prescription", "Outline only"):
        page.get_by_role("radio", name=layer).check()
        idle(page)
        (texts[layer],) = check_legends(page)
    assert {"Field", "Exclusions and buffer strips", "Track"} <= set(texts["Outline only"])
    assert "skipped" not in texts["Outline only"]
    assert any("kg/ha" in text for text in texts["As applied"])
    page.get_by_role("radio", name="Deviation").check()
    page.locator(".map-view canvas").first.click()
    expect(page.locator(".map .legend")).to_contain_text("Chosen cell")
    page.get_by_label("Track", exact=True).uncheck()
    page.get_by_role("button", name="Layers").click()
    page.get_by_label("Swaths, pump or feeder commanded on", exact=True).check()
    page.get_by_role("button", name="Layers").click()
    (marks,) = check_legends(page)
    assert "Track" not in marks
    assert "Pump or feeder commanded on, swath 5.0 m" in marks
    page.get_by_role("button", name="Measure").click()
    for x in (300, 400):
        page.locator(".map-view canvas").first.click(position={"x": x, "y": 300})
    expect(page.locator(".map .legend")).to_contain_text("Measured line")
    check_legends(page)


def test_the_editor_of_an_outline_explains_what_is_drawn_and_the_fields_around(visit: Open, farm: Farm) -> None:
    page = visit("#/field?tab=draw", viewport={"width": 1280, "height": 900})
    idle(page)
    expect(page.locator(".map .legend")).to_contain_text("Other fields")
    assert check_legends(page) == [["Other fields"]]
    page.locator("summary", has_text="corners").first.press("Enter")
    page.get_by_label("A corner a line").fill("0.0000, 10.0000\n0.0000, 10.0005\n0.0010, 10.0005\n0.0010, 10.0000")
    page.get_by_role("button", name="Use these corners").press("Enter")
    expect(page.locator(".map .legend")).to_contain_text("Field")
    check_legends(page)


def test_zones_that_are_drawn_are_explained_by_rate(visit: Open, farm: Farm) -> None:
    page = visit(f"#/field/{farm.field}?tab=plan", viewport={"width": 1280, "height": 900})
    page.locator("summary", has_text="Draw zones on the map").press("Enter")
    zones = page.locator("[data-panel=draw-zones]")
    zones.locator("summary", has_text="Zone by its corners").press("Enter")
    zones.get_by_label("A corner a line").fill("0.0000, 10.0000\n0.0000, 10.0005\n0.0010, 10.0005\n0.0010, 10.0000")
    zones.get_by_role("button", name="Use these corners").press("Enter")
    expect(zones.locator(".map .legend")).to_contain_text("Zone without a rate")
    check_legends(page)
    zones.get_by_label("Rate of zone 1").fill("100")
    expect(zones.locator(".map .legend")).to_contain_text("100.0 kg/ha")
    (texts,) = check_legends(page)
    assert "Zone without a rate" not in texts


def test_a_prescription_is_explained_on_the_plan_and_on_the_map_of_its_field(visit: Open, farm: Farm) -> None:
    west = farm.repositories.fields.get(farm.field)
    outline = tuple(tuple(tuple((x - 0.02, y) for x, y in ring) for ring in part) for part in west.geometry)
    west = farm.repositories.fields.add(Field(farm=west.farm, name="West of it", geometry=outline))
    zones = tuple(
        PrescribedZone(rate_ha=rate, area_ha=0.25, amount=rate / 4, n_kg_ha=None, index_mean=0.5) for rate in (60, 90)
    )
    plan = Prescription(
        field=west.id, name="Spring", unit="kg/ha", south_deg=0.0, west_deg=9.9801, cell_north_deg=0.0001,
        cell_east_deg=0.0001, cell_m=11.1, rows=2, columns=4, cells=pack_cells(np.array([[0, 0, 1, 1]] * 2)),
        zones=zones, total=37.5, checks=(), method={},
    )  # fmt: skip
    plan = farm.repositories.prescriptions.add(plan)
    page = visit(f"#/field/{west.id}", viewport={"width": 1280, "height": 900})
    expect(page.locator(".field")).to_have_attribute("data-drawn", plan.id)
    idle(page)
    (texts,) = check_legends(page)
    assert "90.0 kg/ha" in texts
    page.goto(f"{farm.base}/#/field/{west.id}?tab=plan")
    expect(page.locator(".map .legend").first).to_contain_text("60.0 kg/ha")
    (texts,) = check_legends(page)
    assert texts == ["Field", "60.0 kg/ha", "90.0 kg/ha", "Edge of a zone"]
    farm.repositories.prescriptions.delete(plan.id, plan.version)
    farm.repositories.fields.delete(west.id, west.version)


def test_outlines_to_import_are_explained(visit: Open, farm: Farm, tmp_path: Path) -> None:
    page = visit("#/field?tab=import", viewport={"width": 1280, "height": 900})
    ring = [[10.003, 0.0], [10.004, 0.0], [10.004, 0.001], [10.003, 0.001], [10.003, 0.0]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    feature = {"type": "Feature", "properties": {"name": "East"}, "geometry": geometry}
    (tmp_path / "east.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    page.get_by_label("File", exact=True).set_input_files(tmp_path / "east.geojson")
    idle(page)
    assert check_legends(page) == [["Field"]]


def test_plots_of_a_trial_are_explained_by_treatment(visit: Open, farm: Farm) -> None:
    page = visit(f"#/field/{farm.field}?tab=trials", viewport={"width": 1280, "height": 900})
    form = page.locator("[data-panel=trial-form]")
    page.locator("summary", has_text="Lay out a trial").press("Enter")
    names = form.get_by_label("Name of treatment")
    for number in range(names.count()):
        names.nth(number).fill(f"N{number}")
    expect(form.locator(".map .legend")).to_contain_text("N1")
    (texts,) = check_legends(page)
    assert texts[:3] == ["Field", "N0", "N1"]
