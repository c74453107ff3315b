"""One day of a house in every form: the climate of one name is one figure, to the digits that the form shows."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import pypdf
import pytest

from headland.contract.records import Descriptor
from headland.registry.models.models import Site
from headland.store.memory import MemoryStore
from tests.api.farm import OWN, write_series
from tests.api.registry_api import RegistryApi, ask
from tests.api.spread_field import serve_spread_field
from tests.api.test_reports import DAY_MS, MONDAY_MS, STEP_MS

HOUSE: Final = "gh-forms"
DATE: Final = "2026-11-18"
DAY: Final = 2
START_MS: Final = MONDAY_MS + DAY * DAY_MS
WEEK: Final = {"start": MONDAY_MS, "end": MONDAY_MS + 7 * DAY_MS}
#: Columns of the paper's tables by day, in their order.
AIR: Final = (
    "air_temperature_degc",
    "relative_humidity_pct",
    "vpd_kpa",
    "humidity_deficit_g_m3",
    "degree_days_single_sine",
)
LIGHT: Final = ("dli_mol_m2", "photoperiod_h", "ptr_mol_m2_degc_d")
#: The engine weighs samples by time, and half of the first and last step is another day's: a tenth of what is shown.
EDGES: Final = 0.005
Figures = Iterator[tuple[str, str, float, float]]


@pytest.fixture(scope="module")
def farm_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryApi]:
    """A house of which each day is another."""
    store, time_ms = MemoryStore(), MONDAY_MS + STEP_MS * np.arange(-3 * 144, 8 * 144)
    days = (time_ms - MONDAY_MS) / DAY_MS
    wave = np.sin(days * 2 * np.pi - 2.0)
    house = {
        "air_temperature_degc": 18.37 + 0.61 * days + 4.13 * wave,
        "relative_humidity_pct": 71.3 - 9.7 * wave + 1.3 * days,
        "par_umol_m2_s": (391.0 + 17.0 * days) * np.maximum(wave, 0.0),
    }
    write_series(store, OWN, "equator", "greenhouse", HOUSE, time_ms, house)
    store.describe(OWN, "gw-1", Descriptor(device=HOUSE, kind="greenhouse", site="equator", name="House"))
    with serve_spread_field(tmp_path_factory.mktemp("day"), store) as served:
        farm = served.repositories.farms.list()[0]
        served.repositories.sites.add(Site(farm=farm.id, name="equator", time_zone="Asia/Shanghai"))
        yield served


def of_answers(farm_api: RegistryApi) -> Figures:
    """Yield form, name, value and half of the last digit of the API's days, and of those that the page draws."""
    house = f"/v1/greenhouses/{HOUSE}"
    for about, names, more in (("climate", AIR, {"by": "day"}), ("light", LIGHT, {})):
        answers = ask(farm_api, f"{house}/{about}", **WEEK, **more)["items"][DAY]["answers"]
        for name in names:
            yield "API", name, answers[name]["value"], 0.0
    page = ask(farm_api, f"{house}/overview", **WEEK)["days"]["answers"]
    for name in (*AIR, *LIGHT):
        yield "page", name, page[name]["value"][DAY], 0.0


def of_papers(farm_api: RegistryApi) -> Figures:
    """Yield the figures of the week report as a table and as PDF."""
    path = f"/v1/greenhouses/{HOUSE}/report"
    text = farm_api.client.get(path, params={"format": "csv", "week": "2026-W47"}).content.decode("utf-8-sig")
    for row in csv.DictReader(io.StringIO(text)):
        if row["row"] == DATE and row["table"] in ("air_by_day", "light_by_day") and row["name"] in (*AIR, *LIGHT):
            yield "CSV", row["name"], float(row["value"]), 0.0
    content = farm_api.client.get(path, params={"format": "pdf", "week": "2026-W47", "lang": "en"}).content
    sheets = pypdf.PdfReader(io.BytesIO(content)).pages
    lines = [line.strip() for sheet in sheets for line in sheet.extract_text().splitlines()]
    starts = [at for at, line in enumerate(lines) if line.startswith(DATE)]
    for at, names in zip(starts, (AIR, LIGHT), strict=False):
        for line, name in zip(lines[at + 1 :], names, strict=False):
            (number,) = re.findall(r"^-?[0-9.,]+", line)
            yield "PDF", name, float(number), 0.5 * 10.0 ** -len(number.partition(".")[2])


def of_samples(farm_api: RegistryApi) -> Figures:
    """Yield the means that somebody else makes of the samples: of the series, and of the observations."""
    channels = ("air_temperature_degc", "relative_humidity_pct")
    query: dict[str, Any] = {"channel": channels, "start": START_MS, "end": START_MS + DAY_MS}
    series = ask(farm_api, f"/v1/devices/{HOUSE}/series", **query)
    first, last = (datetime.fromtimestamp(ms / 1000.0, UTC) for ms in (START_MS, START_MS + DAY_MS))
    between = f"phenomenonTime ge {first:%Y-%m-%dT%H:%M:%SZ} and phenomenonTime lt {last:%Y-%m-%dT%H:%M:%SZ}"
    for name in channels:
        yield "series", name, float(np.mean(series["channels"][name])), EDGES
        path = f"/sta/v1.1/Datastreams('{HOUSE}:{name}')/Observations"
        told = ask(farm_api, path, **{"$filter": between, "$top": 1000})["value"]
        assert len(told) == DAY_MS // STEP_MS
        yield "SensorThings", name, float(np.mean([each["result"] for each in told])), EDGES


def test_one_day_of_a_house_has_one_figure_of_a_name_in_every_form(farm_api: RegistryApi) -> None:
    told = [*of_answers(farm_api), *of_papers(farm_api), *of_samples(farm_api)]
    truth = {name: value for form, name, value, _ in told if form == "API"}
    assert set(truth) == {*AIR, *LIGHT}
    wrong = [
        (form, name, value, truth[name])
        for form, name, value, half in told
        if abs(value - truth[name]) > half * 1.0001 + 1e-6 * abs(truth[name])
    ]
    assert wrong == []
    forms = {name: {form for form, each, *_ in told if each == name} for name in truth}
    assert all({"API", "page", "CSV", "PDF"} <= own for own in forms.values())
    assert {"series", "SensorThings"} <= forms["air_temperature_degc"] & forms["relative_humidity_pct"]
