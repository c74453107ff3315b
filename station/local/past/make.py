"""Making of a farm's past: simulated tables and logs, imported as the farm's own gateway, and what a person declared.

The simulators write what a climate computer's log and a ground station's recording would hold. The import sends it
through the gateway's own steps, spool and uplink to the broker and ingest, and waits for the commit ack. Whatever was
interrupted is made again: the same files give the same samples, which the store has once.
"""

from __future__ import annotations

import logging
import os
import shutil
import threading
import time
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from edge.agent.settings import EdgeSettings, load_settings
from edge.imports.importer import import_files
from edge.imports.report import FileReport, Progress
from edge.imports.table.map import load_map
from edge.sources.mavlink.settings import MavlinkSettings
from edge.sources.modbus.registers import find_map
from edge.sources.modbus.registers import load_map as load_register_map
from firmware_sim.drone.flight_log import record_treatment
from firmware_sim.drone.simulator import DroneSettings
from firmware_sim.greenhouse.past_table import CONTROLLER_STEPS, NODE_STEPS, TIME_COLUMN, write_past
from firmware_sim.greenhouse.scenarios import house_named
from headland.clock import wall_clock_ms
from headland.contract.quantities import unit_of_channel
from headland.errors import HeadlandError, RetryLater
from station.local.folder import FarmFolder
from station.local.past.declared import PastRecords
from station.local.past.issues import add_issues
from station.local.past.plan import (
    EVERY_MS,
    FlightJob,
    ForecastJob,
    HouseJob,
    PastPlan,
    read_plan,
    work_folder,
    write_plan,
)
from station.local.past.progress import PastTeller
from station.local.simulators import SIMULATED_MAP, drone_source
from station.server.scenarios import FarmDrone
from station.server.storage.registries import REGISTRY_URL, registry_url

_LOGGER = logging.getLogger(__name__)

#: What the first page does not wait for leaves the processor to whoever looks at the farm.
_NICE: Final = 10


def make_past(folder: FarmFolder, stop: threading.Event) -> str:
    """Make what the running farm still lacks of its past; return a sentence about it.

    Raises RetryLater where the farm does not run or `stop` came first: the next call makes the rest.
    """
    plan = read_plan(folder)
    if plan is None or plan.finished_ms is not None:
        return "This farm needs no simulated past."
    began_s, work = time.monotonic(), work_folder(folder)
    work.mkdir(mode=0o700, exist_ok=True)
    settings = load_settings(folder.edge_dir / "edge.toml", os.environ)
    # A spool of its own: the gateway's is in use.
    gateway = msgspec.structs.replace(settings.gateway, data_dir=str(work))
    settings = msgspec.structs.replace(settings, gateway=gateway)
    samples, is_nice = 0, False
    teller = PastTeller(folder, plan.house_jobs(), plan.done)
    with PastRecords(folder, plan.language) as records:
        for job in plan.jobs():
            part_s = time.monotonic()
            if not is_nice and not (isinstance(job, HouseJob) and job.is_newest):
                os.nice(_NICE)
                is_nice = True
            if isinstance(job, HouseJob):
                reports = _make_house(job, plan, settings, work, stop, teller)
                records.enter_house(job.house, stop)
            elif isinstance(job, ForecastJob):
                reports = []
                add_issues(job, plan.seed, registry_url(os.environ.get(REGISTRY_URL), folder.registry_path), stop)
            else:
                reports = _make_flight(job, plan, settings, work, stop, records)
            plan = msgspec.structs.replace(plan, done=(*plan.done, job.name))
            write_plan(folder, plan)
            if isinstance(job, HouseJob):
                teller.end()
            samples += sum(report.points for report in reports)
            _LOGGER.info("%s: %.1f s", job.name, time.monotonic() - part_s)
    write_plan(folder, msgspec.structs.replace(plan, finished_ms=wall_clock_ms()))
    shutil.rmtree(work, ignore_errors=True)
    took_s = time.monotonic() - began_s
    return (
        f"The simulated past is in the store: {samples:,} samples, made in {took_s:.0f} s, "
        f"{time.process_time():.0f} s of a processor."
    )


def _make_house(
    job: HouseJob, plan: PastPlan, settings: EdgeSettings, work: Path, stop: threading.Event, teller: PastTeller
) -> list[FileReport]:
    """Simulate the compartments of a house and import their tables."""
    house = job.house
    steps = NODE_STEPS if house.radio else controller_steps()
    paths = [work / f"{device}.csv" for device in house.devices]
    scenario = house_named(house.scenario).scaled(house.compartments)
    teller.begin(job.name)
    is_whole = write_past(
        scenario,
        seed=plan.seed + job.number - 1,
        weather_seed=plan.seed,
        start_ms=job.start_ms,
        end_ms=job.end_ms,
        every_ms=EVERY_MS,
        steps=steps,
        paths=paths,
        is_stopped=stop.is_set,
        written=teller.note_written,
    )
    if not is_whole:
        raise RetryLater("The simulated past is not made yet: the farm stopped.")
    reports = []
    teller.note_stored(0)
    for number, (device, path) in enumerate(zip(house.devices, paths, strict=True), 1):
        map_path = path.with_suffix(".toml")
        write_map(map_path, device, house.kind, house.site, tuple(steps))
        reports += _import([path], settings, stop, map_path, lambda _: teller.note_waiting())
        path.unlink()
        teller.note_stored(number)
    return reports


def _make_flight(
    job: FlightJob, plan: PastPlan, settings: EdgeSettings, work: Path, stop: threading.Event, records: PastRecords
) -> list[FileReport]:
    """Simulate a flight, import its log and declare the pass."""
    drone, path = job.drone, work / f"{job.name}.tlog"
    simulated = DroneSettings(scenario=drone.scenario, seed=plan.seed + job.number - 1, system_id=job.number)
    flight = record_treatment(simulated, job.start_ms, path, stop.is_set)
    if flight is None:
        raise RetryLater("The simulated past is not made yet: the farm stopped.")
    reports = _import([path], msgspec.structs.replace(settings, source=[log_source(drone, job.number)]), stop)
    path.unlink()
    for device in reports[0].devices:
        records.declare(drone, job.flight, device, flight.start_ms, flight.end_ms)
    return reports


def log_source(drone: FarmDrone, number: int) -> MavlinkSettings:
    """Return the settings of a drone's log: those of its live source, with the profile of its sprayer or spreader."""
    table = tomllib.loads(drone_source(drone, number, "127.0.0.1", 1))["source"][0]
    return msgspec.convert(table, MavlinkSettings).resolve(Path())


def _import(
    paths: Sequence[Path],
    settings: EdgeSettings,
    stop: threading.Event,
    map_path: Path | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
) -> list[FileReport]:
    """Import files; raises RetryLater where `stop` came first, DataDamaged where a file of our own is refused."""
    table_map = None if map_path is None else load_map(map_path)
    report = import_files(paths, settings, progress=progress, stop=stop, table_map=table_map)
    if not report.finished:
        raise RetryLater("The simulated past is not stored yet: the farm stopped.")
    for file in report.files:
        if file.error or file.refusals:
            raise HeadlandError(f"The simulated past cannot be imported: {file.sentence()}")
    return list(report.files)


def controller_steps() -> dict[str, float]:
    """Return the channels of a controller that the gateway reads now: another one would seem to be silent since."""
    path = find_map(SIMULATED_MAP)
    read = set() if path is None else {register.channel for register in load_register_map(path).register}
    return {channel: step for channel, step in CONTROLLER_STEPS.items() if channel in read}


def write_map(path: Path, device: str, kind: str, site: str, channels: Sequence[str]) -> None:
    """Write the column map of a house's table; the device itself is described by the gateway that reads it now."""
    lines = [
        f'device = "{device}"',
        f'kind = "{kind}"',
        f'site = "{site}"',
        "simulated = true",
        "describes = false",
        f'time = {{ name = "{TIME_COLUMN}", format = "epoch_ms", zone = "UTC" }}',
    ]
    for channel in channels:
        lines += ["[[column]]", f'name = "{channel}"', f'channel = "{channel}"', f'unit = "{_unit_of(channel)}"']
    path.write_text("\n".join(lines) + "\n")


def _unit_of(channel: str) -> str:
    return unit_of_channel(channel) or "1"
