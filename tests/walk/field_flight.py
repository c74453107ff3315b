"""A simulated flight over a field: its bytes decoded as a gateway decodes them, its rows in a store, its truth beside.

One process and no clock, so that a flight of ten minutes takes seconds; the API answers about it as about any other.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray

from edge.sources.mavlink.spray.profile import SprayerSettings, resolve_profile
from firmware_sim.drone.field_model import FieldScenario, SprayerPlan, SpreaderPlan
from firmware_sim.drone.physics.deposition import _CARRIED, _CHUTE_S, _GRANULE_FALL_M_S
from firmware_sim.drone.physics.kinematics import MAX_ACCELERATION_M_S2
from firmware_sim.drone.physics.sprayer import Sprayer
from firmware_sim.drone.physics.vehicle_body import STEP_MS, Body
from firmware_sim.drone.scenarios import field_named
from firmware_sim.drone.simulator import Drone, DroneSettings
from headland.agronomy.geometry.local_plane import Plane
from headland.contract.records import Descriptor
from headland.registry.models.models import Field
from headland.store.memory import MemoryStore
from tests.api.farm import OWN, write_series
from tests.api.registry_api import fill_registry
from tests.api.server import body_of, own_app, serve
from tests.edge.sources.mavlink.test_simulated import PARAMETERS, START_MS, Gateway, request_parameter, request_version

#: Channels that an as-applied map reads.
CHANNELS = frozenset({
    "latitude_deg", "longitude_deg", "pump_on", "pump_command_us", "relative_altitude_m", "rangefinder_distance_m",
    "height_above_terrain_m", "wind_speed_m_s", "wind_from_deg", "mass_flow_kg_min", "hopper_kg", "flow_l_min",
    "flow_volume_total_l", "tank_l",
})  # fmt: skip
_REQUEST_STEP = 60
_READ_MS = 200
_AFTER_LANDING_MS = 15_000
_LONGEST_MS = 3_600_000

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LandedRows:
    """Where product of each instant came down along the track (degrees), and the machine's flow then."""

    latitude_deg: Floats
    longitude_deg: Floats
    flow: Floats

    def cover(self, scenario: FieldScenario) -> tuple[float, float, float]:
        """Return covered, overlapped and skipped ground [m2]: the swath wherever half of a row's flow came down."""
        plane = Plane(scenario.latitude_deg, scenario.longitude_deg)
        metres = np.column_stack(plane.to_metres(self.latitude_deg, self.longitude_deg))
        edges = np.flatnonzero(np.diff(np.concatenate(([False], self.flow > 0.0, [False])).astype(np.int8)))
        swaths = []
        for first, last in zip(edges[::2], edges[1::2], strict=True):
            flow, line = self.flow[first:last], metres[first:last]
            line = line[flow >= np.median(flow) / 2.0]
            if len(line) > 1:
                swaths.append(shapely.LineString(line[::5]).buffer(scenario.swath_m / 2.0, cap_style="flat"))
        plots = shapely.union_all(
            [
                shapely.Polygon(np.column_stack(plane.to_metres(*(np.array(axis) for axis in zip(*ring, strict=True)))))
                for ring in scenario.corners_deg()
            ]
        )
        inside = [swath.intersection(plots) for swath in swaths]
        covered = shapely.union_all(inside)
        overlapped = sum(part.area for part in inside) - covered.area
        return float(covered.area), float(overlapped), float(plots.area - covered.area)


@dataclass(frozen=True)
class FieldFlight:
    """One pass over a field, its ground truth [kg or L per m2], and where that begins."""

    scenario: FieldScenario
    store: MemoryStore
    device: str
    end_ms: int
    per_m2: Floats
    low_deg: tuple[float, float]
    cell_m: float
    released: float
    landed: LandedRows

    @property
    def is_liquid(self) -> bool:
        """Whether the machine sprays."""
        return isinstance(self.scenario.machine, SprayerPlan)

    def truth_on(self, grid: dict[str, Any]) -> Floats:
        """Return what landed on the cells of an answer's grid, per hectare."""
        header = {"latitude_deg": self.low_deg[0], "longitude_deg": self.low_deg[1], "cell_m": self.cell_m}
        return truth_on(grid, self.per_m2, header)


def truth_on(grid: dict[str, Any], landed: Floats, header: dict[str, Any]) -> Floats:
    """Return what landed on the cells of a grid [per ha], from the simulator's finer ones."""
    plane = Plane(grid["south_deg"], grid["west_deg"])
    east, north = plane.to_metres(np.array([header["latitude_deg"]]), np.array([header["longitude_deg"]]))
    rows = _parts(landed.shape[0], float(north[0]), header["cell_m"], grid["rows"], grid["cell_m"])
    columns = _parts(landed.shape[1], float(east[0]), header["cell_m"], grid["columns"], grid["cell_m"])
    sums = rows @ (landed * header["cell_m"] ** 2) @ columns.T
    return np.asarray(sums / (grid["cell_m"] ** 2 / 10_000.0), np.float64)


def _parts(fine: int, first_m: float, fine_m: float, coarse: int, coarse_m: float) -> Floats:
    """Return the part of each fine line of cells, which begin at `first_m`, within each coarse one (coarse, fine)."""
    low_m, line_m = first_m + np.arange(fine) * fine_m, np.arange(coarse)[:, None] * coarse_m
    shared_m = np.minimum(low_m + fine_m, line_m + coarse_m) - np.maximum(low_m, line_m)
    return np.asarray(np.clip(shared_m, 0.0, None) / fine_m, np.float64)


def fly_field(name: str, seed: int) -> FieldFlight:
    """Fly a scenario's whole pass, refills included, and return it with its truth."""
    scenario = field_named(name)
    profile = "sprayer-batt-flow" if isinstance(scenario.machine, SprayerPlan) else "spreader-hopper"
    drone = Drone(DroneSettings(scenario=name, seed=seed, truth_dir=Path("unused")), START_MS)
    gateway = Gateway(resolve_profile(SprayerSettings(profile=profile), Path()))
    vehicle, frames, step, landed_ms = drone.vehicle, list[bytes](), 0, 0
    flown: list[tuple[float, ...]] = []
    while vehicle.time_ms < START_MS + _LONGEST_MS:
        frames += drone.step()
        step += 1
        flown.append(_release_of(vehicle.body))
        if step == _REQUEST_STEP:
            frames += drone.respond([request_version(), *map(request_parameter, PARAMETERS)])
        if vehicle.time_ms % _READ_MS < STEP_MS:
            gateway.receive(frames, vehicle.time_ms)
            frames = []
        is_done = vehicle.body.machine.applied > 0.0 and vehicle.crew._next_row == 0 and not vehicle.autopilot.armed
        landed_ms = landed_ms or (vehicle.time_ms if is_done else 0)
        if landed_ms and vehicle.time_ms > landed_ms + _AFTER_LANDING_MS:
            break
    gateway.finish(vehicle.time_ms)
    deposition = vehicle.body.deposition
    assert deposition is not None
    store, device = MemoryStore(), _store_rows(gateway, scenario)
    device.write(store)
    return FieldFlight(
        scenario, store, device.name, vehicle.time_ms, deposition.grid.per_m2(),
        vehicle.body.frame.to_degrees(*deposition.grid.low), deposition.grid.cell_m, vehicle.body.machine.applied,
        _landed_of(np.array(flown), scenario),
    )  # fmt: skip


def _release_of(body: Body) -> tuple[float, ...]:
    """Return what of an instant says where its product comes down: place, velocity, height and flow."""
    flow = body.machine.flow_l_min if isinstance(body.machine, Sprayer) else body.machine.flow_kg_min
    motion = body.motion
    return motion.east_m, motion.north_m, motion.east_m_s, motion.north_m_s, body.height_m, flow


def _landed_of(flown: Floats, scenario: FieldScenario) -> LandedRows:
    """Return where product came down along the track: droplets below, granules after the chute and ahead of it."""
    east, north, east_m_s, north_m_s, height_m, flow = flown.T
    if isinstance(scenario.machine, SpreaderPlan):
        steps = round(_CHUTE_S * 1000 / STEP_MS)
        carried_s = _CARRIED * np.maximum(height_m, 0.0) / _GRANULE_FALL_M_S
        flow = np.concatenate((np.zeros(steps), flow[:-steps]))
        east, north = east + carried_s * east_m_s, north + carried_s * north_m_s
    latitude, longitude = scenario.frame().to_degrees(east, north)
    return LandedRows(np.asarray(latitude), np.asarray(longitude), flow)


@dataclass(frozen=True)
class _Rows:
    name: str
    descriptor: Descriptor
    columns: dict[str, tuple[NDArray[np.int64], Floats]]

    def write(self, store: MemoryStore) -> None:
        for channel, (time_ms, value) in self.columns.items():
            write_series(store, OWN, "home", "drone", self.name, time_ms, {channel: value}, simulated=True)
        store.describe(OWN, "gw-1", self.descriptor)


def _store_rows(gateway: Gateway, scenario: FieldScenario) -> _Rows:
    """Return the columns that the gateway would have sent, by the vehicle that has positions."""
    values: dict[str, list[tuple[int, float]]] = {}
    rows = [row for row in gateway.rows if CHANNELS & row.values.keys()]
    name = next(row.source.device for row in rows if "latitude_deg" in row.values)
    for row in rows:
        for channel in CHANNELS & row.values.keys() if row.source.device == name else ():
            value = row.values[channel]
            if value is not None:
                values.setdefault(channel, []).append((row.time_ms, value))
    columns = {}
    for channel, pairs in values.items():
        distinct = dict(sorted(pairs))
        columns[channel] = (np.array(list(distinct), np.int64), np.array(list(distinct.values()), np.float64))
    told = [output for output in gateway.out if isinstance(output, Descriptor) and output.device == name]
    descriptor = msgspec.structs.replace(told[-1], site="home", simulated=True)
    return _Rows(name, descriptor, columns)


def outline_of(scenario: FieldScenario) -> tuple[tuple[tuple[tuple[float, float], ...], ...], ...]:
    """Return the plots as the geometry of a field: rings of (longitude, latitude)."""
    rings = []
    for corners in scenario.corners_deg():
        ring = [(longitude, latitude) for latitude, longitude in corners]
        rings.append(((*ring, ring[0]),))
    return tuple(rings)


def weighing_error_kg(hopper_kg: float, released_kg: float) -> float:
    """Return by how much the difference of a hopper's weights at the ends of a pass may be wrong [kg].

    A tenth of the vertical acceleration is in a weight, and a pass may begin or end in a climb; 0.3 kg are the cells'.
    """
    # What was released beyond a hopper was filled in on the way.
    left_kg = hopper_kg - released_kg if released_kg <= hopper_kg else hopper_kg
    return 0.1 * MAX_ACCELERATION_M_S2 / 9.80665 * (hopper_kg + left_kg) + 0.3


def measured_pattern(plan: SpreaderPlan) -> list[dict[str, float]]:
    """Return the machine's lateral pattern as trays half a metre apart show it, positive to the right."""
    offsets = np.arange(-6.0, 6.01, 0.5)

    def lobe(middle_m: float) -> Floats:
        bell = np.exp(-((offsets - middle_m) ** 2) / (2 * plan.lobe_sd_m**2))
        return np.asarray(bell / (plan.lobe_sd_m * np.sqrt(2 * np.pi)), np.float64)

    flat = np.clip((plan.reach_m - np.abs(offsets)) / (plan.reach_m / 2), 0, 1) / (1.5 * plan.reach_m)
    lobes = plan.left_share * lobe(-plan.lobe_m) + (1 - plan.left_share) * lobe(plan.lobe_m)
    rates = plan.flat_share * flat + (1 - plan.flat_share) * lobes
    return [{"offset_m": float(x), "rate": float(r)} for x, r in zip(offsets, rates, strict=True)]


def planned_cover(scenario: FieldScenario) -> tuple[float, float, float]:
    """Return covered, overlapped and skipped ground [m2] of the rows as planned, by exact geometry."""
    rows = [
        shapely.box(
            min(row.start[0], row.end[0]), row.start[1] - scenario.swath_m / 2,
            max(row.start[0], row.end[0]), row.start[1] + scenario.swath_m / 2,
        )
        for row in scenario.rows()
    ]  # fmt: skip
    plots = shapely.union_all(
        [
            shapely.box(plot.along_m, plot.across_m, plot.along_m + plot.length_m, plot.across_m + plot.width_m)
            for plot in scenario.plots
        ]
    )
    inside = [row.intersection(plots) for row in rows]
    covered = shapely.union_all(inside)
    overlapped = sum(part.area for part in inside) - covered.area
    return float(covered.area), float(overlapped), float(plots.area - covered.area)


@dataclass(frozen=True)
class FlownField:
    """An API that has the flight, its declared pass, and the truth."""

    flight: FieldFlight
    client: httpx.Client
    pass_id: str

    def get(self, what: str, **params: Any) -> Any:
        """Return an answer about the pass."""
        return body_of(self.client.get(f"/v1/passes/{self.pass_id}/{what}", params=params))


@contextmanager
def serve_flight(flight: FieldFlight, folder: Path, implement: dict[str, Any] | None = None) -> Iterator[FlownField]:
    """Yield an API on a flight whose pass is declared; `implement` replaces fields of the usual one."""
    registry, repositories, _ = fill_registry(folder)
    farm = repositories.farms.list()[0]
    scenario = flight.scenario
    place = {"longitude_deg": scenario.longitude_deg, "latitude_deg": scenario.latitude_deg}
    repositories.farms.change(msgspec.structs.replace(farm, **place))
    field = repositories.fields.add(Field(farm=farm.id, name="Flown", geometry=outline_of(scenario), owner="Wang"))
    app = own_app(flight.store, now_ms=lambda: flight.end_ms, registry=registry)
    machine: dict[str, Any] = {"name": "machine", "swath_m": scenario.swath_m}
    if isinstance(scenario.machine, SpreaderPlan):
        machine |= {
            "kind": "spreader", "max_flow_kg_min": 60.0, "on_latency_s": 0.3,
            "pattern": measured_pattern(scenario.machine),
        }  # fmt: skip
    else:
        machine |= {"kind": "sprayer", "max_flow_l_min": scenario.machine.pump_max_l_min}
    with serve(app) as client:
        client.timeout = httpx.Timeout(60.0)
        made = client.post("/v1/implements", json={**machine, **(implement or {})})
        assert made.status_code == 201, made.text
        window = {"start": START_MS - 60_000, "end": flight.end_ms + 60_000}
        found = client.get(f"/v1/fields/{field.id}/passes", params=window).json()["items"]
        told = {
            "field": field.id, "device": flight.device, "implement": made.json()["id"],
            "start_ms": found[0]["start_ms"], "end_ms": found[-1]["end_ms"],
            "planned_rate_ha": scenario.machine.rate_ha,
        }  # fmt: skip
        declared = client.post("/v1/passes", json=told)
        assert declared.status_code == 201, declared.text
        yield FlownField(flight, client, declared.json()["id"])
    registry.close()


@dataclass(frozen=True)
class MapErrors:
    """Errors of a map: of the total [%], of cells against their mean [% RMS], of overlap and skip [% of the field].

    Overlap and skip against the rows as their product came down; `late_pct` is how much more ground the rows as planned
    cover than those.
    """

    total_pct: float
    cells_rms_pct: float
    overlap_pct: float
    skip_pct: float
    late_pct: float


def errors_of(flown: FlownField, cell_m: float = 2.0) -> MapErrors:
    """Return how far the map of a pass is from the truth."""
    answer = flown.get("as-applied", cell_m=cell_m)
    flight, grid = flown.flight, answer["grid"]
    inside = np.array(grid["place"]) == 1
    shown = np.nan_to_num(np.array(grid["rate_ha"], dtype=float))[inside]
    true = flight.truth_on(grid)[inside]
    covered, overlapped, skipped = flight.landed.cover(flight.scenario)
    cover, field_m2 = answer["cover"], covered + skipped
    return MapErrors(
        total_pct=100.0 * (answer["amount"]["value"] / flight.released - 1.0),
        cells_rms_pct=100.0 * float(np.sqrt(np.mean((shown - true) ** 2)) / true.mean()),
        overlap_pct=100.0 * (cover["overlap_m2"] - overlapped) / field_m2,
        skip_pct=100.0 * (cover["skipped_m2"] - skipped) / field_m2,
        late_pct=100.0 * (planned_cover(flight.scenario)[0] - covered) / field_m2,
    )
