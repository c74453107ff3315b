"""Twenty passes at every door: areas of one name are one figure, in both languages, on paper and in money."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import openpyxl
import pytest

from headland.contract.records import ChannelInfo, Descriptor
from headland.registry.models.geometry import Geometry
from headland.registry.models.models import FieldZone, Implement, ImplementKind, Product, ProductKind, ZoneKind
from headland.registry.models.people import Holding, HoldingKind, Person
from headland.store.memory import MemoryStore
from tests.api.farm import EAST_DEG_M, NORTH_DEG_M, NOW_MS, OWN, START_MS, land, write_series
from tests.api.passes.test_pass_areas import MU_M2, PERIOD, add_field, ask, assert_closed, declare
from tests.api.registry_api import RegistryApi
from tests.api.spread_field import box, serve_spread_field

#: Fields are as far from one another, so that each has one pass [m].
APART_M: Final = 2000.0
#: Half of a square metre of the money, of 0.0001 ha and of 0.001 mu in tables: 0.002 mu together.
ROUNDED_M2: Final = 1.35
LIQUID: Final = Product(name="UAN", kind=ProductKind.LIQUID, n_pct=32, p2o5_pct=0, k2o_pct=0, density_kg_l=1.32)
#: Positions by which the flow is behind the signal.
LAG: Final = 4
UNIT_M2: Final = {"m2": 1.0, "ha": 10_000.0, "mu": MU_M2}
#: The glossary's words for the areas of a pass, as doors for people begin their labels.
WORDS: Final = {
    "treated": ("Treated ground", "作业面积"),
    "skipped": ("Skipped ground", "漏施面积"),
    "remaining": ("Remaining ground", "剩余面积"),
    "overlap": ("Overlap", "重叠面积"),
    "beside": ("Swaths beside the usable area", "可施用范围外的作业幅面积"),
    "usable": ("Usable area", "可施用面积"),
    "charged": ("Charged ground", "计费面积"),
}
KINDS: Final = {word.casefold(): kind for kind, words in WORDS.items() for word in words}


@dataclass(frozen=True)
class Flown:
    """A pass: its field, its machine, and how it was flown."""

    number: int

    @property
    def name(self) -> str:
        return f"plot {self.number}"

    @property
    def device(self) -> str:
        return f"uav-plot-{self.number}"

    @property
    def machine(self) -> str:
        return ("flow", "hopper", "sprayer")[self.number % 3]

    @property
    def flights(self) -> int:
        return 2 if self.number % 4 == 1 else 1

    @property
    def is_interrupted(self) -> bool:
        return self.number % 5 == 3

    @property
    def cell_m(self) -> float | None:
        return (None, 0.5, 1.0, 2.0, 5.0)[self.number % 5]


@dataclass(frozen=True)
class Figure:
    """An area at a door: whose, by which name, and how large [m2]."""

    door: str
    name: str
    m2: float


def outline_of(flown: Flown, wide: float, high: float, north_m: float) -> Geometry:
    """Return a rectangle, a quadrilateral, an L or a triangle."""
    corners = (
        [(0, 0), (1, 0), (1, 1), (0, 1)],
        [(0, 0.1), (0.9, 0), (1, 0.95), (0.15, 1)],
        [(0, 0), (1, 0), (1, 0.55), (0.6, 0.55), (0.6, 1), (0, 1)],
        [(0, 0), (1, 0.15), (0.35, 1)],
    )[flown.number // 2 % 4]
    ring = [(10.0 + x * wide / EAST_DEG_M, (north_m + y * high) / NORTH_DEG_M) for x, y in corners]
    return (((*ring, ring[0]),),)


def fly(store: MemoryStore, flown: Flown, rows: list[tuple[tuple[float, float], tuple[float, float]]]) -> None:
    """Work along rows of (east, north), four positions a second; with two flights the second begins after a silence."""
    places, on, gap_at = [np.array(rows[0][0])], [False], 0
    for number, (start, end) in enumerate(rows):
        if flown.flights == 2 and number == len(rows) // 2:
            gap_at = len(places)
        ways = ((places[-1], np.array(start), False), (np.array(start), np.array(end), True))
        for begin, finish, is_on in ways:
            steps = max(int(np.hypot(*(finish - begin)) / 1.25), 1)
            places += [begin + (finish - begin) * (step + 1) / steps for step in range(steps)]
            on += [is_on] * steps
    if flown.is_interrupted:
        # The link is lost at work.
        last = max(at for at in range(len(on) * 3 // 4) if on[at])
        places, on = places[: last + 1], on[: last + 1]
    seconds = 0.25 * np.arange(len(on))
    seconds *= min(1.0, (230.0 if flown.is_interrupted else 290.0) / max(seconds[-1], 1.0))
    if gap_at:
        seconds[gap_at:] += 65.0
    east, north = np.array(places).T
    # The flow comes a second behind the signal: the starts of rows are skipped, and do not remain to be flown.
    flow = np.concatenate((np.zeros(LAG), np.where(on, 18.0, 0.0)[:-LAG]))
    applied = np.concatenate(([0.0], np.cumsum((flow[1:] + flow[:-1]) / 120.0 * np.minimum(np.diff(seconds), 1.0))))
    columns = {
        "latitude_deg": north / NORTH_DEG_M,
        "longitude_deg": 10.0 + east / EAST_DEG_M,
        "pump_on": np.array(on, np.float64),
        **{
            "flow": {"hopper_kg": 900.0 - applied, "mass_flow_kg_min": flow},
            "hopper": {"hopper_kg": 900.0 - applied},
            "sprayer": {"flow_l_min": flow, "flow_volume_total_l": 100.0 + applied},
        }[flown.machine],
    }
    units = {"mass_flow_kg_min": "kg/min", "flow_l_min": "L/min"}
    channels = {name: ChannelInfo(unit=units.get(name, "1")) for name in columns}
    time_ms = START_MS + np.rint(1000.0 * seconds).astype(np.int64)
    write_series(store, OWN, "home", "drone", flown.device, time_ms, columns)
    if not flown.is_interrupted:
        land(store, flown.device, int(time_ms[-1]))
    told = Descriptor(device=flown.device, kind="drone", site="home", name=flown.device, channels=channels)
    store.describe(OWN, "gw-1", told)


def make_pass(
    farm_api: RegistryApi, store: MemoryStore, flown: Flown, liquid: str, people: list[str]
) -> tuple[str, str]:
    """Fly over a field of a shape, with gaps, overlaps, and beside it; return the field and the declared pass."""
    rng = np.random.default_rng(500 + flown.number)
    north_m = 200_000.0 + flown.number * APART_M
    wide, high = rng.uniform(60.0, 130.0), rng.uniform(40.0, 90.0)
    gap_m, swath_m = rng.uniform(3.0, 7.0), rng.uniform(3.0, 7.0)
    slant = rng.uniform(-0.2, 0.2)
    rows = []
    for number, north in enumerate(np.arange(rng.uniform(-3.0, 6.0), high + 2.0, gap_m)):
        ends = [(x, north_m + north + slant * x) for x in (rng.uniform(-12.0, 15.0), wide + rng.uniform(-15.0, 12.0))]
        if rng.random() > 0.1:
            rows.append((ends[0], ends[1]) if number % 2 == 0 else (ends[1], ends[0]))
    fly(store, flown, rows)
    zones = []
    if flown.number % 2:
        strip = box(0.0, north_m, wide, north_m + 4.0)
        zones.append(FieldZone(kind=ZoneKind.BUFFER, name="ditch", geometry=strip, width_m=4.0))
    if flown.number % 3 == 0:
        pond = box(wide / 3, north_m + high / 3, wide / 3 + 7.0, north_m + high / 3 + 9.0)
        zones.append(FieldZone(kind=ZoneKind.EXCLUSION, name="pond", geometry=pond))
    field = add_field(farm_api, flown.name, outline_of(flown, wide, high, north_m), *zones)
    holders = people if flown.number % 3 == 1 else people[:1]
    for part, person in enumerate(holders, 1):
        of_parts = 1 if len(holders) == 1 else 3
        share = Holding(field=field, person=person, kind=HoldingKind.LEASE, parts=part, of_parts=of_parts)
        farm_api.repositories.holdings.add(share)
    is_liquid = flown.machine == "sprayer"
    implement = Implement(
        name=f"machine {flown.number}",
        kind=ImplementKind.SPRAYER if is_liquid else ImplementKind.SPREADER,
        swath_m=swath_m,
        max_flow_l_min=60.0 if is_liquid else None,
        max_flow_kg_min=None if is_liquid else 60.0,
    )
    order = {"implement": farm_api.repositories.implements.add(implement).id, "device": flown.device}
    if is_liquid:
        order["product"] = liquid
    return field, declare(farm_api, field, **order, planned_rate_ha=float(rng.uniform(60, 200)))


def kind_of(label: str) -> str:
    """Return which area a label names; a label that is no word of the glossary's is its own."""
    text = re.split(r"（| \(| \[|, ", label, maxsplit=1)[0].strip()
    return KINDS.get(text.casefold(), text)


def figures_on_paper(text: str, door: str) -> Iterator[Figure]:
    """Yield every area of a report by its label; of tables the plots' alone have labels of their own."""
    for row in csv.DictReader(io.StringIO(text.lstrip("\ufeff"))):
        if row["unit"] not in UNIT_M2 or row["value"] == "":
            continue
        is_named = row["table"] in ("", "plots")
        name = kind_of(row["label"]) if is_named else f"{row['table']}: {row['row']}"
        yield Figure(f"{door} {row['name']}", name, float(row["value"]) * UNIT_M2[row["unit"]])


def figures_of_cover(cover: dict[str, Any], door: str) -> Iterator[Figure]:
    names = {"treated": "covered_m2", "usable": "field_m2"}
    for kind in ("treated", "skipped", "remaining", "overlap", "beside", "usable"):
        if (m2 := cover.get(names.get(kind, f"{kind}_m2"))) is not None:
            yield Figure(f"{door} {kind}", kind, m2)


def figures_of_pass(farm_api: RegistryApi, flown: Flown, field: str, pass_id: str) -> Iterator[Figure]:
    """Yield the areas of a pass at all doors that are about it alone."""
    path = f"/v1/passes/{pass_id}"
    query = {} if flown.cell_m is None else {"cell_m": flown.cell_m}
    applied = ask(farm_api, "GET", f"{path}/as-applied", params={**query, "format": "summary"}).json()
    yield from figures_of_cover(applied["cover"], "as-applied")
    usual = ask(farm_api, "GET", f"{path}/as-applied").json()
    yield from figures_of_cover(usual["cover"], "as-applied, usual cells")
    yield Figure("evidence", "treated", sum(applied["evidence_m2"].values()))
    deviation = ask(farm_api, "GET", f"{path}/deviation", params=query).json()
    assert_closed(deviation)
    yield from figures_of_cover(deviation["cover"], "deviation")
    yield Figure("class skip", "skipped", deviation["class_m2"]["skip"])
    yield Figure("treated classes", "treated", sum(m2 for name, m2 in deviation["class_m2"].items() if name != "skip"))
    rest = ask(farm_api, "GET", f"{path}/resume").json()
    yield Figure("resume", "remaining", rest["remaining_m2"])
    yield Figure("resume by zone", "remaining", sum(zone["open_m2"] for zone in rest["zones"]))
    assert rest["planned_m2"] + rest["unflown_m2"] == pytest.approx(rest["remaining_m2"], abs=0.1)
    known = ask(farm_api, "GET", f"/v1/fields/{field}").json()
    yield Figure("field", "usable", known["usable_area_m2"])
    settlement = ask(farm_api, "GET", f"{path}/settlement", params=query, headers={"Accept": "text/csv"}).text
    for row in csv.DictReader(io.StringIO(settlement)):
        if row["field"] == flown.name:
            yield Figure("settlement ha", "treated", float(row["treated_ha"]) * 10_000.0)
            yield Figure("settlement mu", "treated", float(row["treated_mu"]) * MU_M2)
    (entry,) = ask(farm_api, "POST", f"{path}/treated").json()["items"]
    yield Figure("entry", "treated", entry["area_m2"])
    density_kg_l = LIQUID.density_kg_l if flown.machine == "sprayer" else 1.0
    assert entry["grams"] == pytest.approx(usual["places"]["usable"] * 1000.0 * (density_kg_l or 0.0), rel=1e-3)
    ask(farm_api, "POST", f"{path}/close")
    for each in ask(farm_api, "GET", f"/v1/ledger?field={field}").json()["items"]:
        body = json.loads(each["body"])
        if each["kind"] == "as_applied":
            yield from figures_of_cover(body, "ledger as_applied")
        if each["kind"] == "treated":
            yield Figure("ledger treated", "treated", body["area_m2"])
            yield Figure("ledger usable", "usable", body["field_m2"])
    for language in ("en", "zh"):
        paper = ask(farm_api, "GET", f"{path}/report", params={**query, "format": "csv", "lang": language}).text
        yield from figures_on_paper(paper, f"report {language}")
    assert_one_mean_rate(farm_api, flown, applied, pass_id)
    for cell_m in (1.0, 3.0):
        order = {"field": field, "name": "all of it", "zones": {"by": "one_rate"}, "rates_ha": [90.0], "cell_m": cell_m}
        preview = ask(farm_api, "POST", "/v1/prescriptions/preview", json=order).json()
        yield Figure(
            f"prescription of {cell_m} m", "usable", sum(zone["area_ha"] for zone in preview["zones"]) * 10_000.0
        )


def assert_one_mean_rate(farm_api: RegistryApi, flown: Flown, applied: dict[str, Any], pass_id: str) -> None:
    """Assert that what is called the mean rate on the treated ground is one figure at all doors."""
    rate_ha = applied["places"]["usable"] / applied["cover"]["covered_m2"] * 10_000.0
    assert applied["rate"]["value"] == pytest.approx(rate_ha, rel=1e-9)
    query = {"format": "csv", "lang": "en", **({} if flown.cell_m is None else {"cell_m": flown.cell_m})}
    paper = ask(farm_api, "GET", f"/v1/passes/{pass_id}/report", params=query).text
    rows = csv.DictReader(io.StringIO(paper.lstrip("\ufeff")))
    told = {row["name"]: row for row in rows if row["name"] in ("mean_rate_ha", "mean_rate_mu")}
    assert {row["label"] for row in told.values()} == {"Mean rate on the treated ground"}
    assert float(told["mean_rate_ha"]["value"]) == pytest.approx(rate_ha, rel=1e-6)
    assert float(told["mean_rate_mu"]["value"]) == pytest.approx(rate_ha / 15.0, rel=1e-6)


def figures_of_flight(farm_api: RegistryApi, flown: Flown, swath_m: float) -> Iterator[Figure]:
    """Yield the area worked of the device's card, by the implement of the pass; its name is another."""
    path = f"/v1/devices/{flown.device}/application"
    answer = ask(farm_api, "GET", path, params={"start": START_MS, "end": NOW_MS}).json()
    assert (answer["swath_m"], answer["swath_basis"]) == (pytest.approx(swath_m), "pass")
    labels = json.loads((Path(__file__).parents[3] / "headland" / "contract" / "catalogue.json").read_text())
    rows = {row["name"]: row for row in labels["indices"] if row["name"] in ("area_treated_ha", "overlap_m2")}
    for language in ("en", "zh"):
        for name, answered in (("area_treated_ha", "area_treated_m2"), ("overlap_m2", "overlap_m2")):
            # None where too little of the flight is known.
            if (m2 := answer[answered]["value"]) is not None:
                yield Figure(f"card {language}", kind_of(rows[name][language]), m2)


def figures_of_money(farm_api: RegistryApi, passes: dict[str, tuple[Flown, str]]) -> Iterator[tuple[str, Figure]]:
    """Yield pass and area of statements and of their spreadsheets."""
    by_field = {flown.name: pass_id for pass_id, (flown, _) in passes.items()}
    tariff = ask(farm_api, "POST", "/v1/tariffs", json={"name": "areas", "per_mu_fen": 800, "repeat_days": 7}).json()
    run = ask(farm_api, "POST", "/v1/statement-runs", json={"tariff": tariff["id"], **PERIOD}).json()
    stated: dict[str, list[float]] = {pass_id: [0.0, 0.0] for pass_id in passes}
    charged_fen = dict.fromkeys(passes, 0)
    for statement in ask(farm_api, "GET", f"/v1/statements?run={run['id']}").json()["items"]:
        for line in statement["lines"]:
            if line["pass_id"] in passes:
                stated[line["pass_id"]][0] += line["area_m2"] + line["repeated_m2"]
                stated[line["pass_id"]][1] += line["area_m2"]
                charged_fen[line["pass_id"]] -= line["amount_fen"]
    for pass_id, (treated_m2, charged_m2) in stated.items():
        yield pass_id, Figure("statement", "treated", treated_m2)
        yield pass_id, Figure("statement", "charged", charged_m2)
        assert charged_fen[pass_id] == pytest.approx(800 * charged_m2 / MU_M2, abs=0.51)
    for language in ("en", "zh"):
        file = ask(farm_api, "GET", f"/v1/statement-runs/{run['id']}?format=xlsx&lang={language}").content
        heads, *lines = openpyxl.load_workbook(io.BytesIO(file)).worksheets[1].iter_rows(values_only=True)
        named = {kind_of(str(head)): at for at, head in enumerate(heads)}
        for field, pass_id in by_field.items():
            for kind in ("treated", "charged"):
                mu = sum(float(str(line[named[kind]])) for line in lines if line[3] == field)
                yield pass_id, Figure(f"spreadsheet {language}", kind, mu * MU_M2)


def figures_of_claims(farm_api: RegistryApi, passes: dict[str, tuple[Flown, str]]) -> Iterator[tuple[str, Figure]]:
    """Yield pass and area of claims, and of the pack for the office."""
    by_field = {flown.name: pass_id for pass_id, (flown, _) in passes.items()}
    rule = {"name": "areas", "fen_per_mu": 100, "least_coverage_pct": 0, "repeat_days": 30}
    order = {"rule": ask(farm_api, "POST", "/v1/subsidy-rules", json=rule).json()["id"], **PERIOD}
    for item in ask(farm_api, "POST", "/v1/subsidy-claims", json=order).json()["items"]:
        if item["pass_id"] in passes:
            yield item["pass_id"], Figure("claim", "treated", item["area_m2"] + item["repeated_m2"])
            yield item["pass_id"], Figure("claim", "usable", item["field_m2"])
            whole_m2 = item["area_m2"] + item["repeated_m2"]
            assert item["coverage_pct"] == pytest.approx(100.0 * whole_m2 / item["field_m2"], abs=0.02)
    packed = ask(farm_api, "POST", "/v1/subsidy-claims", json=order, params={"format": "zip"}).content
    with zipfile.ZipFile(io.BytesIO(packed)) as pack:
        for language in ("en", "zh"):
            heads, *rows = csv.reader(io.StringIO(pack.read(f"claims-{language}.csv").decode("utf-8-sig")))
            for row in rows:
                for head, value in zip(heads, row, strict=True):
                    if row[0] in by_field and (kind := kind_of(head)) in WORDS:
                        yield by_field[row[0]], Figure(f"claims-{language}", kind, float(value) * MU_M2)


def figures_of_farmos(farm_api: RegistryApi, passes: dict[str, tuple[Flown, str]]) -> Iterator[tuple[str, Figure]]:
    """Yield pass and area of the export to farmOS."""
    by_field = {flown.name: pass_id for pass_id, (flown, _) in passes.items()}
    window = {"filter[start]": PERIOD["start_ms"], "filter[end]": PERIOD["end_ms"]}
    asked = {**window, "filter[type]": "log--input", "page[size]": 100}
    document = ask(farm_api, "GET", "/v1/export/farmos", params=asked).json()
    included = {each["id"]: each["attributes"] for each in document["included"]}
    for log in document["data"]:
        pass_id = by_field.get(log["attributes"]["name"].partition(" on ")[2])
        for quantity in log["relationships"]["quantity"]["data"]:
            told = included[quantity["id"]]
            if pass_id is not None and kind_of(told["label"]) == "treated":
                yield pass_id, Figure("farmOS", "treated", float(told["value"]["decimal"]) * 10_000.0)


def disagreements(figures: list[Figure]) -> list[str]:
    """Return the names under which doors show different areas."""
    by_name: dict[str, list[Figure]] = {}
    for figure in figures:
        by_name.setdefault(figure.name, []).append(figure)
    told = []
    for name, own in by_name.items():
        least, most = min(own, key=lambda each: each.m2), max(own, key=lambda each: each.m2)
        if most.m2 - least.m2 > ROUNDED_M2:
            told.append(f"{name}: {least.m2:.2f} m2 at {least.door}, {most.m2:.2f} at {most.door}")
    return told


@pytest.mark.parametrize("passes", [4, pytest.param(20, marks=pytest.mark.long)])
def test_areas_of_one_name_are_one_figure_at_every_door(tmp_path: Path, passes: int) -> None:
    store = MemoryStore()
    with serve_spread_field(tmp_path, store) as farm_api:
        repositories = farm_api.repositories
        product = repositories.products.add(LIQUID).id
        people = [repositories.people.add(Person(name=name)).id for name in ("李梅", "王强")]
        made: dict[str, tuple[Flown, str]] = {}
        figures: dict[str, list[Figure]] = {}
        for number in range(passes):
            flown = Flown(number)
            field, pass_id = make_pass(farm_api, store, flown, product, people)
            made[pass_id] = flown, field
            figures[pass_id] = list(figures_of_pass(farm_api, flown, field, pass_id))
            width_m = ask(farm_api, "GET", f"/v1/passes/{pass_id}/as-applied?format=summary").json()["swath_m"]
            figures[pass_id] += figures_of_flight(farm_api, flown, width_m)
            state = ask(farm_api, "GET", f"/v1/passes/{pass_id}").json()["state"]
            assert state == ("interrupted" if flown.is_interrupted else "finished")
        for pass_id, figure in (
            *figures_of_money(farm_api, made),
            *figures_of_claims(farm_api, made),
            *figures_of_farmos(farm_api, made),
        ):
            figures[pass_id].append(figure)
        wrong = {made[key][0].name: found for key, own in figures.items() if (found := disagreements(own))}
        assert wrong == {}
        late = 0
        for own in figures.values():
            of = {figure.door: figure.m2 for figure in own}
            assert of["as-applied treated"] > 0.0
            assert of["as-applied treated"] + of["as-applied skipped"] == pytest.approx(
                of["as-applied usable"], rel=1e-5
            )
            assert of["as-applied remaining"] <= of["as-applied skipped"] + 0.01
            late += of["as-applied skipped"] - of["as-applied remaining"] > 10.0
            assert {"statement", "claim", "farmOS", "ledger treated", "entry", "resume"} <= set(of)
            # Every word of the glossary was found at more than one door.
            assert set(WORDS) <= {figure.name for figure in own}
        # Where product lands behind the signal, skipped and remaining ground are two figures.
        assert late >= passes // 2
