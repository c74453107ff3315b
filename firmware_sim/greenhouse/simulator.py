"""Simulated greenhouse as a process, stepped in simulated time and served on all its buses."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from firmware_sim.core.clock import SimClock
from firmware_sim.greenhouse.house import STEP_MS, Compartments
from firmware_sim.greenhouse.house_file import with_house
from firmware_sim.greenhouse.scenarios import HouseScenario, house_named
from firmware_sim.greenhouse.truth import HouseTruth
from firmware_sim.greenhouse.weather import Weather, WeatherSource
from firmware_sim.greenhouse.weather_file import WeatherFile
from firmware_sim.links.link_faults import NO_FAULTS, LinkFaults
from firmware_sim.protocols.bacnet import BacnetBus
from firmware_sim.protocols.buses import Bus, LinesBus, ModbusTcpBus, MqttBus, RtuBus, Sdi12PtyBus
from firmware_sim.protocols.dtu import DtuBus, DtuTarget
from firmware_sim.protocols.mqtt_publisher import EVERY_KIND, KINDS, BrokerLogin, MqttDevices
from firmware_sim.protocols.opcua import OpcUaBus
from firmware_sim.protocols.readings import Readings
from firmware_sim.protocols.text_lines import LINES
from headland.clock import wall_clock_ms
from headland.errors import SettingsError

_LOGGER = logging.getLogger(__name__)

_TICK_S = 0.1
#: Maximum number of steps between two turns of the event loop, which serves the readers; below 0.1 s of work.
_MAX_STEPS = 120


@dataclass(frozen=True, slots=True)
class LinesLink:
    """A serial port that prints lines: their format (json, csv or kv) and the path of the port's link."""

    form: str
    link: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class GreenhouseSettings:
    """Settings of a simulated greenhouse. Without `start_ms` it starts now, and `speed` has no effect.

    `port` 0 turns Modbus/TCP off; a link DTU or broker of None is not served. Periods are in simulated seconds.
    """

    host: str = "127.0.0.1"
    port: int = 5020
    scenario: str = "hubei-tomato"
    #: Number of compartments; None: the scenario's own number.
    scale: int | None = None
    weather_path: Path | None = None
    #: Parameters of a real house, by `headland sim fit`, for every compartment.
    house_path: Path | None = None
    #: Seed of the weather, shared by the greenhouses of a farm; None: `seed`.
    weather_seed: int | None = None
    seed: int = 1
    speed: float = 1.0
    start_ms: int | None = None
    truth_dir: Path | None = None
    rtu_link: Path | None = None
    lines: Sequence[LinesLink] = ()
    lines_period_s: float = 1.0
    sdi12_link: Path | None = None
    dtu: DtuTarget | None = None
    #: Port of OPC UA; 0 turns it off.
    opcua_port: int = 0
    #: UDP port of BACnet/IP; 0 turns it off.
    bacnet_port: int = 0
    broker: BrokerLogin | None = None
    fleet: MqttDevices = EVERY_KIND
    mqtt_period_s: float = 10.0
    faults: LinkFaults = NO_FAULTS

    def __post_init__(self) -> None:
        """Validate all values; raises SettingsError."""
        self.house()
        SimClock(self.speed, 0, 0)
        for port in (self.port, self.opcua_port, self.bacnet_port):
            if not 0 <= port <= 65535:
                raise SettingsError(f"The port {port} is not valid: give 1 to 65535, or 0 for none.")
        for seed in (self.seed, self.weather_seed or 0):
            if not 0 <= seed < 2**63:
                raise SettingsError(f"The seed {seed} is not valid: give an integer from 0.")
        for lines in self.lines:
            if lines.form not in LINES:
                raise SettingsError(f"Unknown line format {lines.form!r}: choose one of {', '.join(LINES)}.")
        unknown = sorted(set(self.fleet.kinds) - set(KINDS))
        if unknown:
            raise SettingsError(f"Unknown kind of MQTT device {unknown[0]}: choose from {', '.join(KINDS)}.")
        for period_s in (self.lines_period_s, self.mqtt_period_s):
            if not 0 < period_s <= 86_400:
                raise SettingsError(f"The period {period_s:g} s is not valid: give seconds above 0, up to a day.")

    def house(self) -> HouseScenario:
        """Return the scenario at its scale; raises SettingsError for an unknown name, a wrong size or house file."""
        scenario = house_named(self.scenario).scaled(self.scale)
        if self.house_path is None:
            return scenario
        path = self.house_path
        return replace(scenario, compartments=tuple(with_house(each, path) for each in scenario.compartments))

    def weather(self) -> WeatherSource:
        """Return the source of weather; raises SettingsError for an invalid file."""
        if self.weather_path is not None:
            return WeatherFile(self.weather_path)
        house = self.house()
        seed = self.seed if self.weather_seed is None else self.weather_seed
        return Weather(house.place, seed, house.frost_every_days)


def run_greenhouse(settings: GreenhouseSettings, stop: threading.Event) -> None:
    """Serve the greenhouse until `stop` is set; returns within a second.

    Raises RetryLater where the port is in use, SettingsError where a link cannot be created.
    """
    asyncio.run(_serve(settings, stop))


class SimulatedHouse:
    """The greenhouse with its clock, its truth files and the faults of its units, for the buses."""

    def __init__(self, settings: GreenhouseSettings) -> None:
        real_ms = wall_clock_ms()
        self._clock = SimClock(settings.speed, real_ms if settings.start_ms is None else settings.start_ms, real_ms)
        scenario = settings.house()
        self._house = Compartments(scenario, settings.seed, self._clock.now_ms(real_ms), settings.weather())
        self._faults = settings.faults
        self._first: dict[int, Readings] = {}
        self._truth = None
        if settings.truth_dir is not None:
            self._truth = HouseTruth(Path(settings.truth_dir), scenario, settings.seed, self._house)

    @property
    def units(self) -> range:
        """Numbers of the compartments."""
        return range(1, self._house.units + 1)

    def catch_up(self) -> bool:
        """Step towards the current simulated time; return whether it was reached."""
        return advance(self._house, self._clock.now_ms(wall_clock_ms()), self._truth)

    def now_ms(self) -> int:
        """Return the simulated time; it is less than a step ahead of the last measurement."""
        return min(self._clock.now_ms(wall_clock_ms()), self._house.time_ms + STEP_MS - 1)

    def read(self, unit: int) -> Readings | None:
        """Return the readings of a unit for its buses; None for a silent or unknown unit."""
        if unit not in self.units or str(unit) in self._faults.silent:
            return None
        self.catch_up()
        readings = self._house.readings(unit)
        if str(unit) in self._faults.stuck:
            return self._first.setdefault(unit, readings)
        return readings

    def close(self) -> None:
        """Close the truth files."""
        if self._truth is not None:
            self._truth.close()


async def _serve(settings: GreenhouseSettings, stop: threading.Event) -> None:
    house = SimulatedHouse(settings)
    buses: list[Bus] = []
    try:
        for bus in _buses(settings, house):
            await bus.open()
            buses.append(bus)
        _LOGGER.info("Serving greenhouse %s on %d buses", settings.scenario, len(buses))
        await _run(house, buses, stop)
    finally:
        for bus in buses:
            await bus.close()
        house.close()


async def _run(house: SimulatedHouse, buses: Sequence[Bus], stop: threading.Event) -> None:
    """Step the greenhouse and its buses until `stop` is set."""
    while not stop.is_set():
        caught_up = house.catch_up()
        now_s = time.monotonic()
        for bus in buses:
            bus.tick(now_s)
        await asyncio.sleep(min([_TICK_S, *(bus.period_s for bus in buses)]) if caught_up else 0)


def _buses(settings: GreenhouseSettings, house: SimulatedHouse) -> list[Bus]:
    buses: list[Bus] = []
    if settings.port:
        buses.append(ModbusTcpBus(house, settings.host, settings.port))
    if settings.opcua_port:
        buses.append(OpcUaBus(house, settings.host, settings.opcua_port))
    if settings.bacnet_port:
        buses.append(BacnetBus(house, settings.host, settings.bacnet_port))
    if settings.rtu_link is not None:
        buses.append(RtuBus(house, settings.rtu_link, settings.faults, settings.seed))
    for lines in settings.lines:
        period_s = settings.lines_period_s / settings.speed
        buses.append(LinesBus(house, lines.link, LINES[lines.form], period_s, settings.faults, settings.seed))
    if settings.sdi12_link is not None:
        buses.append(Sdi12PtyBus(house, settings.sdi12_link, settings.speed, settings.faults, settings.seed))
    if settings.dtu is not None:
        buses.append(DtuBus(house, settings.dtu, settings.faults, settings.seed))
    if settings.broker is not None:
        period_s = settings.mqtt_period_s / settings.speed
        faults = replace(settings.faults, lost=max(settings.faults.lost, settings.house().radio_lost))
        buses.append(MqttBus(house, settings.broker, settings.fleet, period_s, faults, settings.seed))
    return buses


def advance(house: Compartments, until_ms: int, truth: HouseTruth | None) -> bool:
    """Step up to `until_ms`, at most `_MAX_STEPS` steps; return whether it was reached."""
    for _ in range(_MAX_STEPS):
        if house.time_ms + STEP_MS > until_ms:
            return True
        house.step()
        if truth is not None:
            truth.record(house)
    return False
