"""The panel of what another setting would have done, in a real browser: its model, a question and the answer."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np
import pytest
from playwright.sync_api import FilePayload, expect

from headland.agronomy.house_twin.base import glasshouse
from headland.agronomy.house_twin.drive import HUMIDITY, TEMPERATURE
from headland.agronomy.house_twin.held_out import LaterErrors
from headland.contract.records import Descriptor
from headland.registry.models.models import Greenhouse, Site
from headland.units_of_time import DAY_MS
from station.simulation.house_fit import model_of
from tests.api.farm import OWN, write_series
from tests.dashboard.conftest import Open
from tests.dashboard.farm import Farm, serve_farm

pytestmark = pytest.mark.services("chromium")


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    """A farm of its own: the site and the house of this test are in no other."""
    with serve_farm(tmp_path_factory.mktemp("what-if")) as served:
        yield served


def test_what_if_is_computed_by_a_chosen_structure_and_by_the_file_of_a_fit(farm: Farm, visit: Open) -> None:
    repositories = farm.repositories
    owner = repositories.farms.list()[0].id
    site = repositories.sites.add(
        Site(farm=owner, name="what-if", time_zone="Asia/Shanghai", latitude_deg=36.86, longitude_deg=118.74)
    )
    record = repositories.greenhouses.add(Greenhouse(farm=owner, site=site.id, name="gh-what-if"))
    times = farm.now_ms() - 4 * DAY_MS + 600_000 * np.arange(4 * 144)
    sun = np.maximum(0.0, -np.cos((times % DAY_MS / DAY_MS + 8 / 24) * 2 * np.pi))
    outdoors = {
        "outside_temperature_degc": np.asarray(-3.0 + 6.0 * sun, np.float64),
        "global_radiation_w_m2": np.asarray(450.0 * sun, np.float64),
    }
    write_series(farm.store, OWN, "what-if", "greenhouse", "gh-what-if", times, outdoors)
    descriptor = Descriptor(device="gh-what-if", kind="greenhouse", site="what-if", name="what-if box")
    farm.store.describe(OWN, "gw-1", descriptor)
    repositories.record_descriptor("gw-1", descriptor)
    page = visit(f"#/greenhouse/{record.id}?data=open")
    page.get_by_label("Structure").select_option("solar-brick-wall")
    page.locator("form", has=page.get_by_label("Structure")).get_by_role("button", name="Save").click()
    expect(page.locator("[data-model]")).to_have_attribute("data-model", "solar-brick-wall")
    page.get_by_role("button", name="Compute").click()
    result = page.locator("[data-answer='what-if']")
    expect(result).to_have_attribute("data-basis", "declared", timeout=60_000)
    expect(result.locator("[data-quantity='lowest_degc']")).to_contain_text("°C")
    errors = LaterErrors(96, 1.3, 0.0, 0.9, 0.0, 2.0)
    judged_ms = (farm.now_ms() - 20 * DAY_MS, farm.now_ms() - 10 * DAY_MS)
    model = model_of(glasshouse(), (), {TEMPERATURE: errors, HUMIDITY: errors}, judged_ms)
    page.get_by_text("Change the model").click()
    file = FilePayload(name="house.json", mimeType="application/json", buffer=msgspec.json.encode(model))
    page.locator(f"#what-if-file-{record.id}").set_input_files(file)
    expect(page.locator("[data-model]")).to_have_attribute("data-model", "multispan")
    expect(page.locator("[data-model]")).to_contain_text("96 h")
