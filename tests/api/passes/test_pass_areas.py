"""Areas of a pass at every door: the same union of swaths, whatever the cells, the field and the form."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from headland.analysis.cooperative.treated_ground import pack_mask
from headland.analysis.inputs.field_geometry import plane_of
from headland.contract.records import ChannelInfo, Descriptor
from headland.registry.models.geometry import Geometry
from headland.registry.models.models import Device, Field, FieldZone, Implement, ImplementKind, ZoneKind
from headland.registry.models.people import Holding, HoldingKind, Person
from headland.store.memory import MemoryStore
from tests.api.farm import EAST_DEG_M, NORTH_DEG_M, NOW_MS, OWN, START_MS, land, write_series
from tests.api.registry_api import RegistryApi
from tests.api.spread_field import box, declaration, serve_spread_field

MU_M2 = 2000.0 / 3.0
PERIOD = {"start_ms": START_MS - 60_000, "end_ms": NOW_MS + 60_000}
#: Random fields are as far from one another, so that each has one pass [m].
APART_M = 2000.0


@pytest.fixture(scope="module")
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture(scope="module")
def farm_api(store: MemoryStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryApi]:
    with serve_spread_field(tmp_path_factory.mktemp("areas"), store) as served:
        yield served


def ask(farm_api: RegistryApi, method: str, path: str, **more: Any) -> Any:
    answer = farm_api.client.request(method, path, timeout=120, **more)
    assert answer.status_code < 300, (path, answer.text[:500])
    return answer


def declare(farm_api: RegistryApi, field: str, **more: object) -> str:
    order = {**declaration(farm_api), "field": field, **more}
    return str(ask(farm_api, "POST", "/v1/passes", json=order).json()["id"])


def settled_m2(farm_api: RegistryApi, pass_id: str, field: str, **query: object) -> float:
    rows = csv.DictReader(io.StringIO(ask(farm_api, "GET", f"/v1/passes/{pass_id}/settlement", params=query).text))
    (own,) = [row for row in rows if row["field"] == field]
    return float(own["treated_ha"]) * 10_000.0


def test_one_pass_is_settled_alike_at_every_size_of_the_cells(farm_api: RegistryApi) -> None:
    pass_id = declare(farm_api, farm_api.ids["field"])
    for cell_m in (0.5, 1.0, 2.0, 5.0):
        path = f"/v1/passes/{pass_id}"
        cover = ask(farm_api, "GET", f"{path}/as-applied", params={"cell_m": cell_m}).json()
        areas, evidence_m2 = cover["cover"], cover["evidence_m2"]
        # Seven swaths of 195 m by 5 m; the eighth is on the buffer strip.
        assert areas["covered_m2"] == pytest.approx(7 * 195 * 5, rel=1e-3)
        assert areas["covered_m2"] + areas["skipped_m2"] == pytest.approx(areas["field_m2"], rel=1e-5)
        assert sum(evidence_m2.values()) == pytest.approx(areas["covered_m2"], rel=1e-6)
        assert settled_m2(farm_api, pass_id, "Equator", cell_m=cell_m) == pytest.approx(areas["covered_m2"], abs=0.5)
        deviation = ask(farm_api, "GET", f"{path}/deviation", params={"cell_m": cell_m}).json()
        assert_closed(deviation)
        assert sum(deviation["class_m2"].values()) == pytest.approx(areas["field_m2"], rel=1e-6)


def assert_closed(deviation: dict[str, Any]) -> None:
    """Assert that parts add up to their whole and none is larger."""
    class_m2, cause_m2, cover = deviation["class_m2"], deviation["cause_m2"], deviation["cover"]
    others = deviation["unknown_m2"] + deviation["not_to_treat_m2"] + deviation["unplanned_m2"]
    assert sum(class_m2.values()) + others == pytest.approx(cover["field_m2"], rel=5e-3)
    assert class_m2["skip"] == pytest.approx(cover["skipped_m2"], rel=1e-6, abs=0.5)
    treated = sum(m2 for name, m2 in class_m2.items() if name != "skip")
    assert treated == pytest.approx(cover["covered_m2"], rel=1e-6)
    assert sum(cause_m2.values()) == pytest.approx(sum(class_m2.values()) - class_m2["on_target"], abs=0.5)
    assert cause_m2.get("not_covered", 0.0) <= cover["skipped_m2"] + 0.5
    for region in deviation["regions"]:
        assert region["area_m2"] <= class_m2[region["kind"]] + 0.01
        assert region["area_m2"] <= cause_m2[region["cause"]] + 0.01


def test_one_flight_is_entered_alike_on_a_field_of_any_size(farm_api: RegistryApi, store: MemoryStore) -> None:
    """Fields of 0.5, 25 and 250 ha hold the same 20 rows: their cells are 1, 2 and 5 m."""
    device, north_m = "uav-small", 40_000.0
    fly(store, device, [((5.0, north_m + 2.5 * row), (85.0, north_m + 2.5 * row)) for row in range(20)])
    entered, charged = {}, {}
    implement = farm_api.repositories.implements.add(
        Implement(name="narrow", kind=ImplementKind.SPREADER, swath_m=2.4, max_flow_kg_min=60.0)
    ).id
    for hectares, side_m in ((0.5, 0.0), (25.0, 500.0), (250.0, 1581.0)):
        half_m = side_m / 2.0
        outline = box(45.0 - half_m, north_m + 25.0 - half_m, 45.0 + half_m, north_m + 25.0 + half_m)
        if hectares < 1.0:
            outline = box(0.0, north_m - 2.0, 92.0, north_m + 52.0)
        field = add_field(farm_api, f"{hectares} ha", outline)
        pass_id = declare(farm_api, field, device=device, implement=implement)
        items = ask(farm_api, "POST", f"/v1/passes/{pass_id}/treated").json()["items"]
        entered[hectares] = next(item["area_m2"] for item in items if item["field"] == field)
        charged[hectares] = settled_m2(farm_api, pass_id, f"{hectares} ha")
    assert set(entered.values()) == {entered[0.5]}
    assert entered[0.5] == pytest.approx(20 * 80 * 2.4, rel=0.02)
    assert list(charged.values()) == pytest.approx([entered[0.5]] * 3, abs=0.6)


def test_a_pass_over_two_plots_is_shared_without_loss(farm_api: RegistryApi, store: MemoryStore) -> None:
    device, north_m = "uav-wide", 60_000.0
    fly(store, device, [((0.0, north_m + 5.0 * row), (190.0, north_m + 5.0 * row)) for row in range(6)])
    whole = add_field(farm_api, "whole", box(0.0, north_m - 2.5, 190.0, north_m + 27.5))
    pass_id = declare(farm_api, whole, device=device)
    treated_m2 = ask(farm_api, "GET", f"/v1/passes/{pass_id}/as-applied").json()["cover"]["covered_m2"]
    # The common edge runs across the rows, off the lines of all cells. Telemetry shows each plot a pass of its own.
    parts = []
    for name, first_m, last_m in (("west", 0.0, 77.3), ("east", 77.3, 190.0)):
        plot = add_field(farm_api, name, box(first_m, north_m - 2.5, last_m, north_m + 27.5))
        window = {"start": PERIOD["start_ms"], "end": PERIOD["end_ms"]}
        (detected,) = ask(farm_api, "GET", f"/v1/fields/{plot}/passes", params=window).json()["items"]
        pass_id = declare(farm_api, plot, device=device, start_ms=detected["start_ms"], end_ms=detected["end_ms"])
        (item,) = ask(farm_api, "POST", f"/v1/passes/{pass_id}/treated").json()["items"]
        assert item["area_m2"] == pytest.approx(settled_m2(farm_api, pass_id, name), abs=0.6)
        parts.append(item["area_m2"])
    assert sum(parts) == pytest.approx(treated_m2, abs=1.0)
    assert parts[0] / parts[1] == pytest.approx(77.3 / 112.7, rel=0.01)


def fly(store: MemoryStore, device: str, rows: list[tuple[tuple[float, float], tuple[float, float]]]) -> None:
    """Spread 18 kg/min along rows of (east, north) at 5 m/s, four positions a second, with the spreader off between."""
    places, on = [np.array(rows[0][0])], [False]
    for start, end in rows:
        ways = ((places[-1], np.array(start), False), (np.array(start), np.array(end), True))
        for begin, finish, is_on in ways:
            steps = max(int(np.hypot(*(finish - begin)) / 1.25), 1)
            places += [begin + (finish - begin) * (step + 1) / steps for step in range(steps)]
            on += [is_on] * steps
    east, north = np.array(places).T
    flow = np.where(on, 18.0, 0.0)
    seconds = 0.25 * np.arange(len(on))
    columns = {
        "latitude_deg": north / NORTH_DEG_M,
        "longitude_deg": 10.0 + east / EAST_DEG_M,
        "pump_on": np.array(on, np.float64),
        "hopper_kg": 900.0 - np.concatenate(([0.0], np.cumsum((flow[1:] + flow[:-1]) / 120 * 0.25))),
        "mass_flow_kg_min": flow,
    }
    channels = {name: ChannelInfo(unit="kg/min" if name == "mass_flow_kg_min" else "1") for name in columns}
    time_ms = START_MS + np.rint(1000 * seconds * min(1.0, 390.0 / seconds[-1])).astype(np.int64)
    write_series(store, OWN, "home", "drone", device, time_ms, columns)
    land(store, device, int(time_ms[-1]))
    store.describe(OWN, "gw-1", Descriptor(device=device, kind="drone", site="home", name=device, channels=channels))


def add_field(farm_api: RegistryApi, name: str, geometry: Geometry, *zones: FieldZone) -> str:
    farm = farm_api.repositories.farms.list()[0]
    return farm_api.repositories.fields.add(Field(farm=farm.id, name=name, geometry=geometry, zones=zones)).id


def random_pass(farm_api: RegistryApi, store: MemoryStore, number: int) -> tuple[str, str]:
    """Fly rows at random over a field of a random shape, perhaps with a buffer strip and a pond; return field, pass."""
    rng = np.random.default_rng(number)
    north_m = 100_000.0 + number * APART_M
    wide, high = rng.uniform(40.0, 120.0), rng.uniform(30.0, 90.0)
    gap_m, swath_m = rng.uniform(3.0, 7.0), rng.uniform(3.0, 7.0)
    slant = rng.uniform(-0.2, 0.2)
    rows = []
    for number_of_row, north in enumerate(np.arange(rng.uniform(-3.0, 6.0), high + 2.0, gap_m)):
        first, last = rng.uniform(-12.0, 15.0), wide + rng.uniform(-15.0, 12.0)
        ends = [(x, north_m + north + slant * x) for x in (first, last)]
        if rng.random() > 0.1:
            rows.append((ends[0], ends[1]) if number_of_row % 2 == 0 else (ends[1], ends[0]))
    fly(store, f"uav-random-{number}", rows)
    zones = []
    if number % 2:
        strip = box(0.0, north_m, wide, north_m + 4.0)
        zones.append(FieldZone(kind=ZoneKind.BUFFER, name="ditch", geometry=strip, width_m=4.0))
    if number % 3 == 0:
        pond = box(wide / 2, north_m + high / 2, wide / 2 + 7.0, north_m + high / 2 + 9.0)
        zones.append(FieldZone(kind=ZoneKind.EXCLUSION, name="pond", geometry=pond))
    field = add_field(farm_api, f"random {number}", box(0.0, north_m, wide, north_m + high), *zones)
    implement = farm_api.repositories.implements.add(
        Implement(name=f"disc {number}", kind=ImplementKind.SPREADER, swath_m=swath_m, max_flow_kg_min=60.0)
    ).id
    rate_ha = float(rng.uniform(60, 200))
    pass_id = declare(farm_api, field, device=f"uav-random-{number}", implement=implement, planned_rate_ha=rate_ha)
    return field, pass_id


def by_cells_of(fresh: dict[str, Any], device: str) -> tuple[dict[str, Any], NDArray[np.bool_]]:
    """Return an entry as it was written before: every cell on which product lay, 13 % more."""
    cells = np.zeros((90, 120), np.bool_)
    cells.flat[: round(fresh["area_m2"] * 1.13)] = True
    return {
        "device": device, "start_ms": START_MS, "end_ms": NOW_MS, "product": "Urea", **lattice_of(cells),
        "area_m2": float(cells.sum()), "evidence_m2": {"measured_flow": float(cells.sum())}, "grams": fresh["grams"],
        "amount": 1.0, "unit": "kg", "night": False, "field_version": 1, "method": "as_applied_deposit 3",
        "simulated": False,
    }, cells  # fmt: skip


def lattice_of(cells: NDArray[np.bool_]) -> dict[str, Any]:
    return {"cell_m": 1.0, "rows": cells.shape[0], "columns": cells.shape[1], "cells": pack_mask(cells)}


def test_an_entry_by_cells_is_corrected_by_a_new_one_that_names_it_and_only_when_asked(
    farm_api: RegistryApi, store: MemoryStore
) -> None:
    field, pass_id = random_pass(farm_api, store, 100)
    ledger = farm_api.repositories.ledger
    (fresh,) = ask(farm_api, "GET", f"/v1/passes/{pass_id}/treated").json()["items"]
    assert (fresh["seq"], fresh["corrects"]) == (None, None)
    old, cells = by_cells_of(fresh, "uav-random-100")
    before = ledger.append("treated", field, pass_id, old)
    person = farm_api.repositories.people.add(Person(name="王芳")).id
    farm_api.repositories.holdings.add(Holding(field=field, person=person, kind=HoldingKind.LEASE, parts=1, of_parts=1))
    tariff = ask(farm_api, "POST", "/v1/tariffs", json={"name": "by cells", "per_mu_fen": 800}).json()["id"]

    def stated() -> tuple[str, int]:
        run = ask(farm_api, "POST", "/v1/statement-runs", json={"tariff": tariff, **PERIOD}).json()["id"]
        (own,) = ask(farm_api, "GET", f"/v1/statements?run={run}&person={person}").json()["items"]
        return run, own["area_m2"]

    first_run, by_cells_m2 = stated()
    assert by_cells_m2 == cells.sum()
    window = f"start={PERIOD['start_ms']}&end={PERIOD['end_ms']}&field={field}"
    (listed,) = ask(farm_api, "GET", f"/v1/statement-passes?{window}").json()["items"]
    assert (listed["recorded"], listed["by_cells"]) == (1, 1)
    # Seen before it is written, and nothing is written by looking.
    (seen,) = ask(farm_api, "GET", f"/v1/passes/{pass_id}/treated").json()["items"]
    assert (seen["seq"], seen["area_m2"]) == (None, fresh["area_m2"])
    assert seen["corrects"] == {"seq": before.seq, "area_m2": float(cells.sum()), "by": "treated_ground_union 1"}
    assert [entry.seq for entry in ledger.read(pass_id=pass_id, kind="treated")] == [before.seq]
    (item,) = ask(farm_api, "POST", f"/v1/passes/{pass_id}/treated").json()["items"]
    assert (item["seq"] > before.seq, item["corrects"], item["area_m2"]) == (True, seen["corrects"], seen["area_m2"])
    for _ in range(2):
        (again,) = ask(farm_api, "POST", f"/v1/passes/{pass_id}/treated").json()["items"]
        assert again == item
    (listed,) = ask(farm_api, "GET", f"/v1/statement-passes?{window}").json()["items"]
    assert (listed["recorded"], listed["by_cells"]) == (1, 0)
    # The statement of before is kept; the next run is by the corrected entry.
    second_run, corrected_m2 = stated()
    assert corrected_m2 == fresh["area_m2"]
    (kept,) = ask(farm_api, "GET", f"/v1/statements?run={first_run}&person={person}").json()["items"]
    assert (second_run != first_run, kept["area_m2"]) == (True, by_cells_m2)
    assert ledger.check().broken_at is None


def test_the_area_worked_by_a_device_is_by_the_swath_of_its_mounted_implement(
    farm_api: RegistryApi, store: MemoryStore
) -> None:
    fly(store, "uav-mounted", [((0.0, 80_000.0), (100.0, 80_000.0))])
    path, window = "/v1/devices/uav-mounted/application", {"start": START_MS, "end": NOW_MS}
    assert farm_api.client.get(path, params=window).json()["type"].endswith("no-implement")
    known = Device(name="uav-mounted", kind="drone", gateway="gw-1", site="home")
    device = farm_api.repositories.devices.add(known).id
    farm_api.repositories.implements.add(
        Implement(name="mounted", kind=ImplementKind.SPREADER, swath_m=4.0, max_flow_kg_min=60.0, device=device)
    )
    answer = ask(farm_api, "GET", path, params=window).json()
    assert (answer["swath_m"], answer["swath_basis"]) == (4.0, "implement")
    assert answer["area_treated_m2"]["value"] == pytest.approx(400.0, rel=0.02)
    given = ask(farm_api, "GET", path, params={**window, "swath_m": 4.0}).json()
    assert given == {**answer, "swath_basis": "given"}
    # The pass that was declared then names its implement, whatever is assumed.
    small = path.replace("mounted", "small")
    declared = ask(farm_api, "GET", small, params={**window, "assumed_swath_m": 3.0}).json()
    assert (declared["swath_m"], declared["swath_basis"]) == (2.4, "pass")
    fly(store, "uav-bare", [((0.0, 82_000.0), (100.0, 82_000.0))])
    bare = path.replace("mounted", "bare")
    assumed = ask(farm_api, "GET", bare, params={**window, "assumed_swath_m": 3.0}).json()
    assert (assumed["swath_m"], assumed["swath_basis"]) == (3.0, "assumed")


def test_a_kept_claim_by_cells_is_corrected_by_a_new_entry_whose_money_follows_the_ground(
    farm_api: RegistryApi, store: MemoryStore
) -> None:
    field, pass_id = random_pass(farm_api, store, 101)
    ledger = farm_api.repositories.ledger
    rule = {"name": "kept by cells", "fen_per_mu": 1500, "least_coverage_pct": 1, "repeat_days": 30}
    order = {"rule": ask(farm_api, "POST", "/v1/subsidy-rules", json=rule).json()["id"]}
    (fresh,) = ask(farm_api, "GET", f"/v1/passes/{pass_id}/treated").json()["items"]
    whole = np.ones((120, 160), np.bool_)
    claimed = {
        "rule": order["rule"], "rule_version": 1, "start_ms": START_MS, "operator": "a", "product": "Urea",
        # All of the field, and 20 m around it, in the field's own plane.
        **lattice_of(whole), **place_of_field(farm_api, field, -80.0, -60.0), "area_m2": 19_200, "coverage_pct": 100.0,
        "evidence": "measured_flow", "fen": 43_200, "simulated": False,
    }  # fmt: skip
    before = ledger.append("subsidy_claim", field, pass_id, claimed)
    # The ground of the pass comes first.
    path = "/v1/subsidy-claims/corrections"
    ledger.append("treated", field, pass_id, by_cells_of(fresh, "uav-random-101")[0])
    assert ask(farm_api, "POST", path, json=order).json()["items"] == []
    ask(farm_api, "POST", f"/v1/passes/{pass_id}/treated")
    seen = ask(farm_api, "POST", path, json=order).json()
    (item,) = seen["items"]
    assert (item["seq"], item["before_m2"], item["before_fen"], seen["kept"]) == (before.seq, 19_200, 43_200, False)
    assert item["area_m2"] == fresh["area_m2"]
    assert item["fen"] == seen["fen"] == round(43_200 * fresh["area_m2"] / 19_200)
    assert len(ledger.read(kind="subsidy_claim", pass_id=pass_id)) == 1
    assert ask(farm_api, "POST", f"{path}?keep=true", json=order).json()["items"] == [item]
    assert ask(farm_api, "POST", path, json=order).json()["items"] == []
    entries = ledger.read(kind="subsidy_claim", pass_id=pass_id)
    corrected = json.loads(entries[-1].body)
    assert entries[0].seq == before.seq
    assert corrected["corrects"] == {
        "seq": before.seq,
        "area_m2": 19_200,
        "fen": 43_200,
        "by": "treated_ground_union 1",
    }
    # What the rule asks today holds for the correction, too.
    strict = ask(farm_api, "GET", f"/v1/subsidy-rules/{order['rule']}").json()
    ask(farm_api, "PUT", f"/v1/subsidy-rules/{order['rule']}", json={**strict, "least_coverage_pct": 100.0})
    ledger.append("subsidy_claim", field, pass_id, claimed)
    (item,) = ask(farm_api, "POST", path, json=order).json()["items"]
    assert (item["area_m2"], item["fen"], item["reason"]) == (0, 0, "coverage_too_low")


def place_of_field(farm_api: RegistryApi, field: str, west_m: float, south_m: float) -> dict[str, float]:
    """Return the place of cells whose corner is so far from the middle of a field."""
    plane = plane_of(farm_api.repositories.fields.get(field))
    return {"latitude_deg": plane.latitude_deg, "longitude_deg": plane.longitude_deg, "west_m": west_m,
            "south_m": south_m}  # fmt: skip
