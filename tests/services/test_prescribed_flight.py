"""The loop, closed: a prescription's mission flies, and what a farm heard of it is what was prescribed and what landed.

The mission file is read by MAVSDK's own parser of QGroundControl plans and flown by the simulated drone. A gateway
hears the same link beside the ground station, and its records go through broker, ingest and store. The simulator's
ground is the truth.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import shapely
from mavsdk.asyncio.mavsdk import Configuration, Mavsdk
from mavsdk.asyncio.plugins.action import ActionAsync
from mavsdk.asyncio.plugins.mission_raw import MissionRawAsync
from mavsdk.asyncio.plugins.param import ParamAsync
from mavsdk.asyncio.plugins.telemetry import TelemetryAsync
from mavsdk.component_type import ComponentType
from mavsdk.plugins.mission_raw import MissionItem
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from firmware_sim.drone.physics.deposition import read_grid
from firmware_sim.drone.scenarios import field_named
from station.server.scenarios import FARMS
from tests.ports import find_free_port
from tests.services.farm import HEADLAND, Farm
from tests.services.test_ground_stations import become
from tests.walk.field_flight import measured_pattern, truth_on, weighing_error_kg

pytestmark = [pytest.mark.long, pytest.mark.services("mosquitto"), pytest.mark.timeout(600)]

SPEED = 30
SCENARIO = field_named("jurong-wheat")
#: The feeder of the scenario lets go so much less than it is told to, which its user has found out by weighing; its
#: largest flow is 60 kg/min.
BIAS, MOST_KG_MIN = 0.92, 60.0
LOW_KG_HA, HIGH_KG_HA = 80.0, 120.0
CALM_AFTER_S = max(gust.start_s + gust.length_s for gust in SCENARIO.gusts) + 5.0
#: Eight swaths on 33 m: with the scenario's 5.5 m its pattern leaves every second cell off target.
SWATH_M = 33 / 8


@contextmanager
def spreader(port: int, truth: Path) -> Iterator[None]:
    link = f"tcpin:127.0.0.1:{port}"
    words = ["--scenario", SCENARIO.name, "--idle", "--speed", str(SPEED), "--truth", str(truth)]
    process = subprocess.Popen([*HEADLAND, "sim", "drone", "--connect", link, *words], stdin=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        assert process.wait(timeout=120) == 0


def corners(low: tuple[float, float], high: tuple[float, float]) -> list[list[float]]:
    """Return a rectangle along the scenario's rows as a GeoJSON ring."""
    spots = [low, (high[0], low[1]), high, (low[0], high[1]), low]
    found = [SCENARIO.frame().to_degrees(*SCENARIO.to_east_north(*spot)) for spot in spots]
    ring = [[longitude, latitude] for latitude, longitude in found]
    return [*ring[:-1], ring[0]]


def prescribe(client: httpx.Client) -> tuple[dict[str, Any], str]:
    """Return a prescription of two rates on a plot with a pond, and its mission file."""

    def add(repository: str, **told: Any) -> str:
        made = client.post(f"/v1/{repository}", json=told)
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    pond = {"type": "Polygon", "coordinates": [corners((60.0, 16.0), (70.0, 27.0))]}
    field = add(
        "fields",
        farm=add("farms", name="Plot farm"),
        name="plot 1",
        geometry={"type": "Polygon", "coordinates": [corners((15.0, 5.5), (95.0, 38.5))]},
        zones=[{"kind": "exclusion", "name": "pond", "geometry": pond}],
    )
    implement = add(
        "implements", name="drone", kind="spreader", swath_m=SWATH_M, tank_l=66,
        max_flow_kg_min=MOST_KG_MIN, max_speed_m_s=6,
        # From the mass-flow sensor's word, which lags by 0.3 s, to the ground.
        on_latency_s=0.3, pattern=measured_pattern(SCENARIO.machine),  # type: ignore[arg-type]
    )  # fmt: skip
    urea = {"n_pct": 46, "p2o5_pct": 0, "k2o_pct": 0, "nitrate_n_pct": 0, "ammonium_n_pct": 0, "amide_n_pct": 46}
    product = add("products", name="Urea", kind="granular", density_kg_l=0.75, **urea)
    ends = corners((15.0, 5.5), (95.0, 38.5))
    middle = np.mean(ends[:4], axis=0)
    east = np.linspace(middle[0] - 5e-4, middle[0] + 5e-4, 40)
    raster = {
        "kind": "raster",
        "name": "ndvi",
        "north_deg": middle[1] + 5e-4,
        "west_deg": east[0],
        "cell_north_deg": 1e-3,
        "cell_east_deg": float(east[1] - east[0]),
        "values": [[0.7 if longitude < middle[0] else 0.4 for longitude in east[:-1]]],
    }
    order = {
        "field": field,
        "name": "two rates",
        "layers": [raster],
        "zones": {"count": 2},
        "cell_m": 1.0,
        "product": product,
        "implement": implement,
        "rates_ha": [HIGH_KG_HA, LOW_KG_HA],
    }
    made = client.post("/v1/prescriptions", json=order)
    assert made.status_code == 201, made.text
    query: dict[str, Any] = {"format": "qgc-plan", "height_m": SCENARIO.height_m, "bearing_deg": SCENARIO.bearing_deg}
    plan = client.get(f"/v1/prescriptions/{made.json()['id']}/export", params=query)
    assert plan.status_code == 200, plan.text
    assert plan.json()["headland"]["height"] == "4 m above terrain, MAV_FRAME 10"
    assert len(plan.json()["headland"]["loads"]) == 1
    return {**made.json(), "flow": plan.json()["headland"]["steady_flow_min"]}, plan.text


def pump_pct(flow_kg_min: float) -> int:
    """Return the feeder's setting for a flow: whole percent of its largest."""
    return round(100 * flow_kg_min / BIAS / MOST_KG_MIN)


async def fly(port: int, plan: str, flow_kg_min: float) -> None:
    async with Mavsdk(Configuration.create_with_component_type(ComponentType.GROUND_STATION)) as station:
        await station.add_any_connection(f"tcpout://127.0.0.1:{port}")
        system = await station.first_autopilot(timeout_s=120.0)
        assert system is not None
        telemetry, action = TelemetryAsync(system), ActionAsync(system)
        mission, parameters = MissionRawAsync(system), ParamAsync(system)
        assert await become(telemetry.health_all_ok, bool)
        # The gust comes at an instant after power-up: how quick this machine is would decide where it strikes.
        assert await become(
            telemetry.attitude_euler, lambda attitude: (attitude.timestamp_us or 0) > CALM_AFTER_S * 1e6
        )
        items = (await mission.import_qgroundcontrol_mission_from_string(plan)).mission_items
        if items[0].command != 16:  # an ArduPilot mission begins with home
            items = [MissionItem(0, 0, 16, 1, 1, 0, 0, 0, 0, 0, 0, 0.0, 0), *items]
            for seq, item in enumerate(items):
                item.seq = seq
        # A feeder that is held at one flow, whatever the speed, and set by what it was weighed to let go.
        await parameters.set_param_int("SPRAY_PUMP_MIN", pump_pct(flow_kg_min))
        await parameters.set_param_float("SPRAY_PUMP_RATE", 0.0)
        await mission.upload_mission(items)
        await action.arm()
        assert await become(telemetry.armed, bool)
        await mission.start_mission()
        assert await become(telemetry.in_air, bool)
        await become(telemetry.armed, lambda armed: not armed, 300.0)


@dataclass(frozen=True)
class Flown:
    """A prescription that was flown, as its farm knows it and as the ground is."""

    farm: Farm
    made: dict[str, Any]
    per_m2: NDArray[np.float64]
    header: dict[str, Any]

    @property
    def share(self) -> float:
        """How much of what the mission meant the feeder let go: its setting is a whole percentage."""
        return BIAS * pump_pct(self.made["flow"]) * MOST_KG_MIN / 100 / float(self.made["flow"])

    def declare(self) -> dict[str, Any]:
        """Return the pass that the farm found by itself, declared with its prescription."""
        field, made = self.made["field"], self.made
        start_ms = self.header["time_ms"] - 3_600_000
        (found,) = self.farm.get(f"/v1/fields/{field}/passes", start=start_ms, end=start_ms + 7_200_000)["items"]
        told = {name: found[name] for name in ("field", "device", "start_ms", "end_ms")}
        told |= {"implement": made["implement"], "product": made["product"], "prescription": made["id"]}
        url = self.farm.folder.read_state().api_url

        def register() -> httpx.Response | None:
            """Register the pass; None while its vehicle is still at work."""
            answer = httpx.post(f"{url}/v1/passes", json=told, headers=self.farm.headers, timeout=120)
            return None if answer.status_code == 409 and "pass-under-way" in answer.text else answer

        declared = self.farm.wait_until(register, every_s=2.0)
        assert declared is not None
        assert declared.status_code == 201, declared.text
        return dict(declared.json())


@pytest.fixture(scope="module")
def flown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flown]:
    """A farm whose gateway listens while a ground station flies the mission; the truth of the ground behind it."""
    root, port = tmp_path_factory.mktemp("loop"), find_free_port()
    source = f'[[source]]\ntype = "mavlink"\nname = "plot"\nurl = "tcp:127.0.0.1:{port}"\nsimulated = true\n'
    # The spreader's words, as the farms of the simulator have them.
    source += FARMS["jurong-wheat"].drones[0].profile
    (root / "farm").mkdir()
    (root / "farm" / "sources.toml").write_text(source, encoding="utf-8")
    farm = Farm(root / "farm", "--no-sim")
    try:
        farm.wait_ready()
        url = farm.folder.read_state().api_url
        with httpx.Client(base_url=url, headers=farm.headers, timeout=120) as client:
            made, plan = prescribe(client)
        with spreader(port, root):
            farm.wait_until(lambda: farm.devices("drone"))
            asyncio.run(fly(port, plan, made["flow"]))
            farm.wait_until(lambda: list(root.glob("drone-1-ground-*.npz")))
            (path,) = root.glob("drone-1-ground-*.npz")
            per_m2, header = read_grid(path)
            drone = farm.devices("drone")[0]["id"]
            farm.wait_until(lambda: farm.reached_ms(drone, "latitude_deg", "hopper_kg") > header["time_ms"] + 5000)
        yield Flown(farm, made, per_m2, header)
    finally:
        if farm.process.poll() is None:
            farm.stop()


def test_the_mission_of_a_prescription_puts_each_rate_where_it_belongs(flown: Flown) -> None:
    per_m2, header = flown.per_m2, flown.header
    east, north = ((np.arange(count) + 0.5) * header["cell_m"] for count in reversed(per_m2.shape))
    frame = SCENARIO.frame()
    origin = np.array(frame.to_east_north(header["latitude_deg"], header["longitude_deg"]))
    at = np.stack(np.meshgrid(east + origin[0], north + origin[1]))

    def mass_kg(low: tuple[float, float], high: tuple[float, float]) -> float:
        ring = [SCENARIO.to_east_north(*spot) for spot in (low, (high[0], low[1]), high, (low[0], high[1]))]
        within = shapely.contains_xy(shapely.Polygon(ring), at[0], at[1])
        return float(per_m2[within].sum() * header["cell_m"] ** 2)

    # Along 20 m of each half, away from its ends: all that came down there, also what wind and disc carried over the
    # edges, is what 33 m of swaths were to get.
    for start_m, length_m, rate_kg_ha in ((27.0, 20.0, LOW_KG_HA), (78.0, 10.0, HIGH_KG_HA)):
        landed_kg = mass_kg((start_m, -5.0), (start_m + length_m, 50.0))
        assert landed_kg == pytest.approx(rate_kg_ha * flown.share * 33.0 * length_m / 10_000, rel=0.06)
    assert mass_kg((63.0, 19.5), (67.0, 23.5)) < 0.1 * HIGH_KG_HA * 16.0 / 10_000
    # The pond's surroundings within half a swath get nothing, so less is let go than cells are prescribed.
    assert 0.85 * flown.share < header["released"] / flown.made["total"] < 1.02 * flown.share


def test_what_the_farm_heard_of_the_flight_closes_on_the_ground_and_on_the_prescription(flown: Flown) -> None:
    one = flown.declare()
    answer = flown.farm.get(f"/v1/passes/{one['id']}/as-applied", cell_m=2)
    assert (answer["amount"]["evidence"], answer["simulated"]) == ("measured_flow", True)
    assert answer["amount"]["value"] == pytest.approx(flown.header["released"], rel=0.01)
    assert answer["places"]["closure"] < 1e-3
    error_kg = weighing_error_kg(SCENARIO.machine.capacity, flown.header["released"])
    assert answer["reconciliation"]["by_tank"] == pytest.approx(answer["amount"]["value"], abs=error_kg)
    # On cells of 2 m the gusts that a flight in real time meets take this to 10 % (tests/walk/test_field_truth.py).
    coarser = flown.farm.get(f"/v1/passes/{one['id']}/as-applied", cell_m=3)["grid"]
    inside = np.array(coarser["place"]) == 1
    shown = np.array(coarser["rate_ha"], dtype=float)[inside]
    true = truth_on(coarser, flown.per_m2, flown.header)[inside]
    assert float(np.sqrt(np.mean((shown - true) ** 2))) <= 0.10 * true.mean()
    told = flown.farm.get(f"/v1/passes/{one['id']}/deviation", cell_m=2)
    assert told["plan"]["source"] == "pass_prescription"
    assert told["applied"] + told["unplanned"] == pytest.approx(answer["places"]["usable"], rel=1e-6)
    assert told["unplanned"] < 0.03 * told["applied"]
    assert [zone["planned_rate_ha"] for zone in told["zones"]] == [HIGH_KG_HA, LOW_KG_HA]
    # Away from edges, where swaths lack their neighbours, and from where the rate changes: 7 m and more within a zone.
    grid = flown.farm.get(f"/v1/passes/{one['id']}/cells", cell_m=2, format="json")["grid"]
    zone, rate, kind = (np.array(grid[name], float) for name in ("zone", "applied_ha", "kind"))
    around = sliding_window_view(np.pad(zone, 3, constant_values=-1), (7, 7))
    inner = (around.min(axis=(2, 3)) == around.max(axis=(2, 3))) & (zone >= 0)
    # The wind of the moment decides how many cells get what was meant (44 to 73 %): what is told is what came down. In
    # 13 flights cells were 6 to 8 % beside their ground, and so a fifth of them across the tolerance of 10 %.
    landed = truth_on(answer["grid"], flown.per_m2, flown.header)
    meant = np.where(zone == 0, HIGH_KG_HA, LOW_KG_HA)
    for number in range(2):
        within = inner & (zone == number)
        assert rate[within].mean() == pytest.approx(landed[within].mean(), rel=0.04)
    assert np.isin(kind[inner], [1, 2, 6]).mean() < 0.05  # skip, far under, double
    assert float(np.sqrt(np.mean(((rate - landed) / meant)[inner] ** 2))) <= 0.10
    # Ground that no swath covers is skipped, whatever drifted onto it.
    assert ((kind == 4) == (np.abs(rate / meant - 1) <= 0.1))[inner & (kind != 1)].all()
    # A prescription that was flown to its end leaves only what is too narrow for a swath.
    rest = flown.farm.get(f"/v1/passes/{one['id']}/resume")
    assert rest["amount"] <= 0.05 * flown.made["total"]
    assert sum(each["open"] for each in rest["zones"]) < 0.15 * flown.made["total"]


def test_a_cell_is_explained_by_what_was_heard_and_the_pass_is_kept_in_the_ledger(flown: Flown) -> None:
    one = flown.declare()
    path = f"/v1/passes/{one['id']}"
    spots = [SCENARIO.frame().to_degrees(*SCENARIO.to_east_north(*spot)) for spot in ((35.0, 20.0), (84.0, 20.0))]
    for number, (latitude_deg, longitude_deg) in enumerate(reversed(spots)):
        cell = flown.farm.get(f"{path}/cell", latitude_deg=latitude_deg, longitude_deg=longitude_deg, cell_m=2)
        assert (cell["planned"]["zone"], cell["clock"]) == (number, "gps")
        assert sum(visit["amount"] for visit in cell["visits"]) == pytest.approx(cell["applied"]["amount"], rel=1e-9)
        chief = max(cell["visits"], key=lambda visit: visit["amount"])
        assert chief["segments"][0]["kind"] == "work"
        # The rate is made by the speed at one flow.
        assert chief["flow_per_min"] == pytest.approx(flown.made["flow"], rel=0.15)
        assert chief["speed_m_s"] == pytest.approx(6.0 * LOW_KG_HA / (HIGH_KG_HA, LOW_KG_HA)[number], rel=0.1)
        assert chief["height_m"] == pytest.approx(SCENARIO.height_m, abs=1.0)
        roles = {each["channel"]: (each["role"], each["n"] > 0) for each in chief["samples"]}
        assert roles["mass_flow_kg_min"] == ("amount", True)
        assert roles["pump_command_us"][0] == "command"
    url = flown.farm.folder.read_state().api_url
    closed = httpx.post(f"{url}{path}/close", headers=flown.farm.headers, timeout=120)
    assert closed.status_code == 200, closed.text
    checked = flown.farm.run("ledger", "check", "--json")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    (ledger,) = [each for each in json.loads(checked.stdout)["ledgers"] if each["entries"]]
    kept = {entry["kind"]: entry for entry in closed.json()["items"]}
    assert (ledger["hash"], ledger["broken_at"]) == (kept["deviation"]["hash"], None)
    assert json.loads(kept["deviation"]["body"])["prescription"] == flown.made["id"]
