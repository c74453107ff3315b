"""The simulated greenhouse computer as a process: its registers over Modbus/TCP, stepped in simulated time."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from firmware_sim.clock import SimClock
from firmware_sim.controller import REGISTER_COUNT, STEP_MS, TRUTH_COLUMNS, Controller, stamp
from firmware_sim.house_scenario import house_named
from firmware_sim.truth import TruthFile
from headland.errors import RetryLater, SettingsError

_LOGGER = logging.getLogger(__name__)

UNIT = 1
_TICK_S = 0.1
#: Steps between two turns of the event loop: an hour of simulated time, so that readers are served in between.
_MAX_STEPS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class GreenhouseSettings:
    """What a simulated greenhouse is told; `start_ms` None means now, and then `speed` has nothing to catch up."""

    host: str = "127.0.0.1"
    port: int = 5020
    scenario: str = "hubei-tomato"
    seed: int = 1
    speed: float = 1.0
    start_ms: int | None = None
    truth_dir: Path | None = None

    def __post_init__(self) -> None:
        """Check every bound once; raises SettingsError."""
        house_named(self.scenario)
        SimClock(self.speed, 0, 0)
        if not 1 <= self.port <= 65535:
            raise SettingsError(f"The greenhouse's port is {self.port}: give 1 to 65535.")
        if not 0 <= self.seed < 2**63:
            raise SettingsError(f"The seed is {self.seed}: give a whole number from 0.")


def run_greenhouse(settings: GreenhouseSettings, stop: threading.Event) -> None:
    """Serve the house until `stop` is set; returns within a second of it.

    Raises RetryLater where the port is taken.
    """
    asyncio.run(_serve(settings, stop))


async def _serve(settings: GreenhouseSettings, stop: threading.Event) -> None:
    real_ms = _real_ms()
    clock = SimClock(settings.speed, real_ms if settings.start_ms is None else settings.start_ms, real_ms)
    house = Controller(house_named(settings.scenario), settings.seed, clock.now_ms(real_ms))
    truth = None
    if settings.truth_dir is not None:
        truth = TruthFile(Path(settings.truth_dir) / f"greenhouse-{settings.seed}.csv", TRUTH_COLUMNS)

    def catch_up() -> bool:
        return advance(house, clock.now_ms(_real_ms()), truth)

    def read() -> list[int]:
        catch_up()
        return read_table(house, clock.now_ms(_real_ms()))

    server = ModbusTcpServer(_devices(read), address=(settings.host, settings.port))
    try:
        await _listen(server, settings)
        while not stop.is_set():
            caught_up = catch_up()
            await asyncio.sleep(_TICK_S if caught_up else 0)
    finally:
        await server.shutdown()  # type: ignore[no-untyped-call]  # pymodbus leaves it untyped
        if truth is not None:
            truth.close()


def advance(house: Controller, until_ms: int, truth: TruthFile | None) -> bool:
    """Step up to `until_ms`, at most `_MAX_STEPS`; tell whether it was reached."""
    for _ in range(_MAX_STEPS):
        if house.time_ms + STEP_MS > until_ms:
            return True
        house.step()
        if truth is not None:
            values = house.truth()
            truth.append(house.time_ms, [f"{values[name]:.5f}" for name in TRUTH_COLUMNS[1:]])
    return False


async def _listen(server: ModbusTcpServer, settings: GreenhouseSettings) -> None:
    try:
        await server.serve_forever(background=True)
    except RuntimeError as error:
        raise RetryLater(
            f"The greenhouse simulator cannot listen on {settings.host}:{settings.port}: free it or give another port."
        ) from error
    _LOGGER.info("greenhouse %s on %s:%d", settings.scenario, settings.host, settings.port)


def _devices(read: Callable[[], list[int]]) -> list[SimDevice]:
    """Return unit 1, read-only and filled at the moment it is read, and unit 0 that answers "nobody" for all others."""

    async def fill(
        function_code: int,
        start_address: int,
        address: int,
        count: int,
        registers: list[int],
        set_values: list[int] | list[bool] | None,
    ) -> ExcCodes | None:
        del function_code, start_address, address, count, set_values
        registers[:REGISTER_COUNT] = read()
        return None

    async def refuse(*_: object) -> ExcCodes | None:
        return ExcCodes.GATEWAY_NO_RESPONSE

    def table() -> SimData:
        return SimData(0, values=[0] * REGISTER_COUNT, datatype=DataType.REGISTERS, readonly=True)

    return [SimDevice(UNIT, simdata=[table()], action=fill), SimDevice(0, simdata=[table()], action=refuse)]


def read_table(house: Controller, now_ms: int) -> list[int]:
    """Return the registers at `now_ms`; the clock never runs ahead of what the sensors measured by a step or more."""
    return stamp(house.registers, min(now_ms, house.time_ms + STEP_MS - 1))


def _real_ms() -> int:
    return time.time_ns() // 1_000_000
