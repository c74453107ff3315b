"""A prescription's mission file flies on the simulated drone, and what really landed is what was prescribed.

The file is read by MAVSDK's own parser of QGroundControl plans, and the ground is the simulator's truth.
"""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

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

from firmware_sim.ground import read_grid
from firmware_sim.scenario import field_named
from tests.api.registry import Known, serve_registry
from tests.services.farm import HEADLAND
from tests.services.test_ground_stations import become

SPEED = 30
SCENARIO = field_named("jurong-wheat")
#: The feeder of the scenario lets go so much less than it is told to; its largest flow is 60 kg/min.
BIAS, MOST_KG_MIN = 0.92, 60.0
LOW_KG_HA, HIGH_KG_HA = 80.0, 120.0


@contextmanager
def spreader(port: int, truth: Path) -> Iterator[None]:
    link = f"udpout:127.0.0.1:{port}"
    words = ["--scenario", SCENARIO.name, "--idle", "--speed", str(SPEED), "--truth", str(truth)]
    process = subprocess.Popen([*HEADLAND, "sim", "drone", "--connect", link, *words], stdin=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        assert process.wait(timeout=10) == 0


def corners(low: tuple[float, float], high: tuple[float, float]) -> list[list[float]]:
    """Return a rectangle along the scenario's rows as a GeoJSON ring."""
    spots = [low, (high[0], low[1]), high, (low[0], high[1]), low]
    found = [SCENARIO.frame().to_degrees(*SCENARIO.to_east_north(*spot)) for spot in spots]
    ring = [[longitude, latitude] for latitude, longitude in found]
    return [*ring[:-1], ring[0]]


def prescribe(known: Known) -> tuple[dict[str, Any], str]:
    """Return a prescription of two rates on a plot with a pond, and its mission file."""
    pond = {"type": "Polygon", "coordinates": [corners((60.0, 16.0), (70.0, 27.0))]}
    body = {
        "farm": known.ids["farms"],
        "name": "plot 1",
        "geometry": {"type": "Polygon", "coordinates": [corners((15.0, 5.5), (95.0, 38.5))]},
        "zones": [{"kind": "exclusion", "name": "pond", "geometry": pond}],
    }
    field = known.client.post("/v1/fields", json=body).json()["id"]
    machine = {"name": "drone", "kind": "spreader", "swath_m": 5.5, "max_flow_kg_min": MOST_KG_MIN}
    implement = known.client.post("/v1/implements", json={**machine, "max_speed_m_s": 6, "tank_l": 66}).json()["id"]
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
        "product": known.ids["products"],
        "implement": implement,
        "rates_ha": [HIGH_KG_HA, LOW_KG_HA],
    }
    made = known.client.post("/v1/prescriptions", json=order)
    assert made.status_code == 201, made.text
    query: dict[str, Any] = {"format": "qgc-plan", "height_m": SCENARIO.height_m, "bearing_deg": SCENARIO.bearing_deg}
    plan = known.client.get(f"/v1/prescriptions/{made.json()['id']}/export", params=query)
    assert plan.status_code == 200, plan.text
    assert plan.json()["headland"]["height"] == "4 m above terrain, MAV_FRAME 10"
    assert len(plan.json()["headland"]["loads"]) == 1
    return {**made.json(), "flow": plan.json()["headland"]["steady_flow_min"]}, plan.text


async def fly(port: int, plan: str, flow_kg_min: float) -> None:
    async with Mavsdk(Configuration.create_with_component_type(ComponentType.GROUND_STATION)) as station:
        await station.add_any_connection(f"udpin://127.0.0.1:{port}")
        system = await station.first_autopilot(timeout_s=15.0)
        assert system is not None
        telemetry, action = TelemetryAsync(system), ActionAsync(system)
        mission, parameters = MissionRawAsync(system), ParamAsync(system)
        assert await become(telemetry.health_all_ok, bool)
        items = (await mission.import_qgroundcontrol_mission_from_string(plan)).mission_items
        if items[0].command != 16:  # an ArduPilot mission begins with home
            items = [MissionItem(0, 0, 16, 1, 1, 0, 0, 0, 0, 0, 0, 0.0, 0), *items]
            for seq, item in enumerate(items):
                item.seq = seq
        # A feeder that is held at one flow, whatever the speed.
        await parameters.set_param_int("SPRAY_PUMP_MIN", round(100 * flow_kg_min / MOST_KG_MIN))
        await parameters.set_param_float("SPRAY_PUMP_RATE", 0.0)
        await mission.upload_mission(items)
        await action.arm()
        assert await become(telemetry.armed, bool)
        await mission.start_mission()
        assert await become(telemetry.in_air, bool)
        await become(telemetry.armed, lambda armed: not armed, 60.0)


def test_the_mission_of_a_prescription_puts_each_rate_where_it_belongs(free_port: int, tmp_path: Path) -> None:
    with serve_registry(tmp_path) as known:
        made, plan = prescribe(known)
        prescription = known.estate.prescriptions.get(made["id"])
    with spreader(free_port, tmp_path):
        asyncio.run(fly(free_port, plan, made["flow"]))
    (path,) = tmp_path.glob("drone-1-ground-*.npz")
    per_m2, header = read_grid(path)
    east, north = ((np.arange(count) + 0.5) * header["cell_m"] for count in reversed(per_m2.shape))
    frame = SCENARIO.frame()
    origin = np.array(frame.to_east_north(header["latitude_deg"], header["longitude_deg"]))
    at = np.stack(np.meshgrid(east + origin[0], north + origin[1]))

    def mass_kg(low: tuple[float, float], high: tuple[float, float]) -> float:
        ring = [SCENARIO.to_east_north(*spot) for spot in (low, (high[0], low[1]), high, (low[0], high[1]))]
        within = shapely.contains_xy(shapely.Polygon(ring), at[0], at[1])
        return float(per_m2[within].sum() * header["cell_m"] ** 2)

    # Along 20 m of each half, away from its ends: all that came down there, also what wind and disc carried over the
    # edges, is what 33 m of swaths were to get. The parameter is a whole percentage of the largest flow.
    share = BIAS * round(100 * made["flow"] / MOST_KG_MIN) / (100 * made["flow"] / MOST_KG_MIN)
    for start_m, length_m, rate_kg_ha in ((27.0, 20.0, LOW_KG_HA), (78.0, 10.0, HIGH_KG_HA)):
        landed_kg = mass_kg((start_m, -5.0), (start_m + length_m, 50.0))
        assert landed_kg == pytest.approx(rate_kg_ha * share * 33.0 * length_m / 10_000, rel=0.06)
    assert mass_kg((63.0, 19.5), (67.0, 23.5)) < 0.1 * HIGH_KG_HA * 16.0 / 10_000
    # The pond's surroundings within half a swath get nothing, so less is let go than cells are prescribed.
    assert 0.85 * BIAS < header["released"] / prescription.total < 1.02 * BIAS
