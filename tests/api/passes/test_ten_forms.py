"""One pass in ten forms, each read by somebody else's code: figures of one name are one figure to the digits shown."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import openpyxl
import pypdf
import pytest
from isoxml.util.isoxml_io import isoxml_from_path
from rasterio.io import MemoryFile

from headland.registry.models.people import Holding, HoldingKind, Person
from headland.store.memory import MemoryStore
from tests.api.passes.test_pass_areas import MU_M2, PERIOD, add_field, ask, declare, fly
from tests.api.registry_api import RegistryApi
from tests.api.spread_field import box, serve_spread_field

NORTH_M: Final = 120_000.0
FIELD: Final = "Ten forms"
DEVICE: Final = "uav-forms"
#: What a figure in a unit is of a square metre or a kilogram.
BASE: Final = {"m2": 1.0, "m²": 1.0, "ha": 1e4, "mu": MU_M2, "kg": 1.0, "kg/ha": 1.0, "kg/mu": 15.0, "亩": MU_M2}
#: Labels of papers, in English, by the figure that they name.
LABELS: Final = {
    "amount released by the machine": "released",
    "mean rate on the treated ground": "mean rate",
    "treated ground": "treated",
    "skipped ground": "skipped",
    "remaining ground": "remaining",
    "overlap": "overlap",
    "swaths beside the usable area": "beside",
    "usable area": "usable",
    "area of the field": "field",
    "charged ground": "charged",
    "product on the usable area": "amount on usable",
    "amount on the usable area": "amount on usable",
    "area worked": "area worked",
    "compared ground within 10 % of the plan": "on target, %",
}


@dataclass(frozen=True)
class Told:
    """A figure at a form: its name, its value in m2, kg or kg/ha, and half of its last digit."""

    form: str
    name: str
    value: float
    half: float = 0.0


@dataclass(frozen=True)
class Work:
    """A declared pass of five rows of seven, with its neighbours' rows missing, and a run of statements."""

    api: RegistryApi
    pass_id: str
    field: str
    run: str

    def json(self, path: str, **query: Any) -> Any:
        return ask(self.api, "GET", path, params=query).json()

    def content(self, path: str, **query: Any) -> bytes:
        content: bytes = ask(self.api, "GET", path, params=query).content
        return content

    @property
    def path(self) -> str:
        return f"/v1/passes/{self.pass_id}"


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    store = MemoryStore()
    rows = [((-7.3, NORTH_M + 5.0 * row), (190.0, NORTH_M + 5.0 * row)) for row in (0, 1, 4, 5, 6)]
    fly(store, DEVICE, rows)
    with serve_spread_field(tmp_path_factory.mktemp("ten"), store) as api:
        field = add_field(api, FIELD, box(0.4, NORTH_M - 1.7, 187.7, NORTH_M + 31.3))
        person = api.repositories.people.add(Person(name="李梅")).id
        share = Holding(field=field, person=person, kind=HoldingKind.LEASE, parts=1, of_parts=1)
        api.repositories.holdings.add(share)
        pass_id = declare(api, field, device=DEVICE)
        ask(api, "POST", f"/v1/passes/{pass_id}/treated")
        tariff = ask(api, "POST", "/v1/tariffs", json={"name": "ten", "per_mu_fen": 800, "repeat_days": 7}).json()
        run = ask(api, "POST", "/v1/statement-runs", json={"tariff": tariff["id"], **PERIOD}).json()["id"]
        yield Work(api, pass_id, field, run)


def shown(text: str) -> tuple[float, float]:
    """Return a printed number, and half of its last digit."""
    plain = text.replace(",", "")
    return float(plain), 0.5 * 10.0 ** -len(plain.partition(".")[2])


def name_of(label: str) -> str | None:
    """Return the figure that a label of a paper names; None for another."""
    text = re.split(r" \(| \[|,", label.strip().casefold(), maxsplit=1)[0].strip()
    return LABELS.get(text)


def page(work: Work) -> Iterator[Told]:
    """Yield the figures that the pass's page draws: verdict, amounts, comparison, settlement."""
    verdict = work.json(f"{work.path}/verdict")
    for name, told in (("treated", "covered_m2"), ("skipped", "skipped_m2"), ("usable", "field_m2")):
        yield Told("page, verdict", name, verdict[told])
    yield Told("page, verdict", "released", verdict["amount"]["value"])
    yield Told("page, verdict", "on target", verdict["on_target_m2"])
    (on_target, compared), text = re.findall(r"([0-9.]+) ha", verdict["text"]), verdict["text_zh"]
    yield Told("page, sentence", "on target", shown(on_target)[0] * 1e4, 5.0)
    yield Told("page, sentence", "usable", shown(compared)[0] * 1e4, 5.0)
    whole, part = re.findall(r"([0-9.]+) 亩", text)
    yield Told("page, sentence zh", "on target", shown(part)[0] * MU_M2, 0.005 * MU_M2)
    yield Told("page, sentence zh", "usable", shown(whole)[0] * MU_M2, 0.005 * MU_M2)
    applied = work.json(f"{work.path}/as-applied", format="summary")
    cover = {"treated": "covered", "usable": "field"}
    for name in ("treated", "usable", "skipped", "remaining", "overlap", "beside"):
        yield Told("page, amounts", name, applied["cover"][f"{cover.get(name, name)}_m2"])
    yield Told("page, amounts", "released", applied["amount"]["value"])
    yield Told("page, amounts", "mean rate", applied["rate"]["value"])
    yield Told("page, amounts", "amount on usable", applied["places"]["usable"])
    yield Told("page, amounts", "amount beside", sum(applied["places"][name] for name in ("buffer", "outside")))
    deviation = work.json(f"{work.path}/deviation")
    yield Told("page, comparison", "on target", deviation["class_m2"]["on_target"])
    yield Told("page, comparison", "skipped", deviation["class_m2"]["skip"], 0.5)
    yield Told("page, comparison", "released", deviation["balance"]["released"])
    yield Told("page, comparison", "amount on usable", deviation["balance"]["usable"])
    rest = work.json(f"{work.path}/resume")
    yield Told("page, rest", "remaining", rest["remaining_m2"])
    assert rest["lines"] == verdict["strips"] == 2


def card(work: Work) -> Iterator[Told]:
    """Yield the figures of the device's card: its area is that of the flight, and is named so."""
    answer = work.json(f"/v1/devices/{DEVICE}/application", start=PERIOD["start_ms"], end=PERIOD["end_ms"])
    yield Told("card", "area worked", answer["area_treated_m2"]["value"])


def pdf(work: Work) -> Iterator[Told]:
    """Yield the figures of the printed report: a label, and its number on the next line."""
    reader = pypdf.PdfReader(io.BytesIO(work.content(f"{work.path}/report", format="pdf", lang="en")))
    lines = [line.strip() for sheet in reader.pages for line in sheet.extract_text().splitlines()]
    for at, line in enumerate(lines):
        found = re.fullmatch(r"(-?[0-9.,]+) (m²|ha|mu|kg|kg/ha|kg/mu)", line)
        label = next((named for back in (1, 2) if (named := name_of(lines[at - back]))), None)
        if found is None or label is None:
            continue
        number, half = shown(found[1])
        base = BASE[found[2]]
        yield Told("PDF", label, number * base, half * base)
    at = lines.index("Plots that this pass treated")
    hectares, mu, kilograms = lines[at + 8 : at + 11]
    for name, text, base in (("treated", hectares, 1e4), ("treated", mu, MU_M2), ("amount on usable", kilograms, 1.0)):
        number, half = shown(text)
        yield Told("PDF, settlement", name, number * base, half * base)


def table(work: Work) -> Iterator[Told]:
    """Yield the figures of the report's CSV, of the settlement's, and the sums of the map's."""
    text = work.content(f"{work.path}/report", format="csv", lang="en").decode("utf-8-sig")
    for row in csv.DictReader(io.StringIO(text)):
        if row["table"] in ("", "plots") and row["unit"] in BASE and row["value"] and (name := name_of(row["label"])):
            yield Told("CSV, report", name, float(row["value"]) * BASE[row["unit"]])
    text = ask(work.api, "GET", f"{work.path}/settlement", headers={"Accept": "text/csv"}).text
    (row,) = [row for row in csv.DictReader(io.StringIO(text)) if row["field"] == FIELD]
    yield Told("CSV, settlement", "treated", float(row["treated_ha"]) * 1e4, 0.5)
    yield Told("CSV, settlement", "treated", float(row["treated_mu"]) * MU_M2, 0.35)
    yield Told("CSV, settlement", "amount on usable", float(row["applied_kg"]), 0.005)
    cells = list(csv.DictReader(io.StringIO(work.content(f"{work.path}/as-applied", format="csv").decode("utf-8-sig"))))
    amounts = dict.fromkeys(("usable", "outside", "buffer", "exclusion"), 0.0)
    for cell in cells:
        amounts[cell["place"]] += float(cell["amount_kg"])
    # Six decimals of each cell.
    half = 5e-7 * len(cells)
    yield Told("CSV, map", "released", sum(amounts.values()), half)
    yield Told("CSV, map", "amount on usable", amounts["usable"], half)


def spreadsheet(work: Work) -> Iterator[Told]:
    content = work.content(f"/v1/statement-runs/{work.run}", format="xlsx", lang="en")
    heads, *lines = openpyxl.load_workbook(io.BytesIO(content)).worksheets[1].iter_rows(values_only=True)
    for line in lines:
        for head, value in zip(heads, line, strict=True):
            if FIELD in line and (name := name_of(str(head))) in ("treated", "charged"):
                yield Told("XLSX", str(name), float(str(value)) * MU_M2, 0.005 * MU_M2)


def geotiff(work: Work) -> Iterator[Told]:
    """Yield the amount of the raster: its rates over the cells' side of 1 m."""
    content = work.content(f"{work.path}/as-applied", format="geotiff")
    with MemoryFile(content) as file, file.open() as opened:
        rates = np.nan_to_num(opened.read(1).astype(np.float64))
    yield Told("GeoTIFF", "released", float(rates.sum()) / 1e4, 1e-7 * float(rates.sum()))


def isoxml(work: Work, folder: Path) -> Iterator[Told]:
    with zipfile.ZipFile(io.BytesIO(work.content(f"{work.path}/as-applied", format="isoxml"))) as archive:
        archive.extractall(folder)
    document, files = isoxml_from_path(folder / "TASKDATA" / "TASKDATA.XML")
    grid = document.tasks[0].grids[0]
    values = np.frombuffer(files[grid.filename], "<i4")
    # In mg/m2: a hundredth of a kg/ha; whole ones, so that half of one a cell is lost.
    yield Told("ISOXML", "released", float(values.sum()) / 1e6, 0.5e-6 * len(values))
    (field,) = document.partfields
    yield Told("ISOXML", "field", float(field.area), 0.5)


def ogc(work: Work) -> Iterator[Told]:
    answer = work.json("/ogc/collections/as-applied/items", pass_id=work.pass_id, limit=10_000)
    features = answer["features"]
    assert len(features) == answer["numberMatched"], "one page has all cells"
    amounts = [(each["properties"]["place"], each["properties"]["amount_kg"]) for each in features]
    half = 5e-7 * len(amounts)
    yield Told("OGC", "released", sum(amount for _, amount in amounts), half)
    yield Told("OGC", "amount on usable", sum(amount for place, amount in amounts if place == "usable"), half)


def sensorthings(work: Work) -> Iterator[Told]:
    """Yield the amount by the flow meter's own observations: trapezoids over time."""
    path = f"/sta/v1.1/Datastreams('{DEVICE}:mass_flow_kg_min')/Observations"
    told = work.json(path, **{"$top": 10_000, "$orderby": "phenomenonTime asc"})["value"]
    times = np.array([np.datetime64(each["phenomenonTime"].rstrip("Z")) for each in told])
    minutes = (times - times[0]) / np.timedelta64(1, "ms") / 60_000.0
    flow = np.array([each["result"] for each in told])
    yield Told("SensorThings", "released", float(np.trapezoid(flow, minutes)), 1e-3)


def statement(work: Work) -> Iterator[Told]:
    (told,) = work.json("/v1/statements", run=work.run)["items"]
    (line,) = [line for line in told["lines"] if line["pass_id"] == work.pass_id]
    yield Told("statement", "treated", line["area_m2"] + line["repeated_m2"], 0.5)
    yield Told("statement", "charged", line["area_m2"], 0.5)
    yield Told("statement", "amount on usable", line["grams"] / 1000.0, 0.0005)
    content = work.content(f"/v1/statements/{told['id']}", format="pdf", lang="en")
    text = " ".join(sheet.extract_text() for sheet in pypdf.PdfReader(io.BytesIO(content)).pages)
    mu = f"{line['area_m2'] / MU_M2:.2f}"
    assert mu in text, "the statement on paper charges another area"


def test_one_pass_has_one_figure_of_a_name_in_ten_forms(work: Work, tmp_path: Path) -> None:
    forms = {
        "page": page(work), "card": card(work), "PDF": pdf(work), "CSV": table(work), "XLSX": spreadsheet(work),
        "GeoTIFF": geotiff(work), "ISOXML": isoxml(work, tmp_path), "OGC": ogc(work),
        "SensorThings": sensorthings(work), "statement": statement(work),
    }  # fmt: skip
    figures = {form: list(told) for form, told in forms.items()}
    assert {form for form, told in figures.items() if not told} == set()
    by_name: dict[str, list[Told]] = {}
    for each in (each for told in figures.values() for each in told):
        by_name.setdefault(each.name, []).append(each)
    wrong = []
    for name, told in by_name.items():
        truth = told[0]
        wrong += [
            f"{name}: {truth.value:.4f} at {truth.form}, {each.value:.4f} at {each.form}"
            for each in told
            if abs(each.value - truth.value) > each.half + truth.half + 1e-6 * abs(truth.value) + 1e-9
        ]
    assert wrong == []
    # Each of the names is in so many forms: what is compared with nothing agrees with everything.
    counts = {name: len({each.form.partition(",")[0] for each in told}) for name, told in by_name.items()}
    assert counts["treated"] >= 5
    assert counts["released"] >= 7
    assert counts["amount on usable"] >= 5
    assert {counts[name] for name in ("skipped", "remaining", "overlap", "beside", "mean rate", "usable")} == {3}
    # An area with another figure has another name.
    worked, treated = by_name["area worked"][0].value, by_name["treated"][0].value
    assert abs(worked - treated) > 10.0
