"""A greenhouse controller read over Modbus TCP."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Mapping
from typing import Final

from edge.modbus.bus import BadResponse, ModbusBus
from edge.modbus.registers import (
    RegisterMap,
    Words,
    decode_clock,
    decode_values,
    find_map,
    is_simulator,
    load_map,
    place_words,
    plan_reads,
)
from edge.modbus.settings import ModbusSettings
from edge.poll import PollSchedule
from edge.reading import DeviceId, Reading, Sink
from edge.retry import DEVICE
from headland.contract.quantities import quantity_of, split_channel, unit_of_name
from headland.contract.records import ChannelInfo, Clock, Descriptor, Quality
from headland.errors import RetryLater, SettingsError

_LOGGER = logging.getLogger(__name__)

#: A device's clock before 2000-01-01 was never set.
_UNSET_BEFORE_MS: Final = 946_684_800_000


class ModbusSource:
    """Polls one device on a fixed grid and never gives it up.

    Rows carry the device's own clock (`rtc`) where its map names clock registers and they are set; else the gateway's
    clock, named by `clock` (`ntp` only where the caller knows it to be disciplined). A value outside its quantity's
    physical range is kept and flagged `fail`. What one failed request would have held is left out of the row.
    """

    def __init__(self, settings: ModbusSettings, gateway_id: str, site: str, *, clock: Clock = Clock.RTC) -> None:
        """Read the register map. Raises SettingsError."""
        del gateway_id  # a fixed sensor is named in its settings, within its gateway
        path = find_map(settings.registers)
        if path is None:
            raise SettingsError(f"there is no register map {settings.registers!r}")
        self.name = settings.name
        self._settings = settings
        site = settings.site or site
        self._site = site
        self._clock = clock
        self._map = load_map(path)
        self._reads = plan_reads(self._map)
        self._bus = ModbusBus(settings.host, settings.port, settings.unit, settings.timeout_s)
        self._stopping = threading.Event()
        self._device = DeviceId(settings.device, settings.kind, site, settings.simulated)
        self._said: Descriptor | None = None
        self._last: tuple[int, dict[str, float | None]] | None = None
        self._counters = dict.fromkeys(
            (
                "polls", "rows", "connects", "connect_failures", "lost", "missed_slots", "out_of_range",
                "repeated_rows", "clock_unset", "bad_exception_response", "bad_short_response",
            ),
            0,
        )  # fmt: skip

    def run(self, sink: Sink) -> None:
        """Poll until `stop`; a lost device is waited for with a growing back-off."""
        failures = 0
        schedule = PollSchedule(self._settings.poll_s, time.monotonic())
        try:
            while not self._stopping.wait(schedule.wait_s(time.monotonic())):
                try:
                    if not self._bus.is_open:
                        self._connect()
                    self._poll(sink)
                except RetryLater as error:
                    failures += 1
                    self._note_loss(error, failures)
                    self._stopping.wait(DEVICE.wait_s(failures, random.random()))  # noqa: S311 - jitter, not a secret
                else:
                    if failures:
                        _LOGGER.info("%s answers again", self.name)
                    failures = 0
                self._counters["missed_slots"] += schedule.advance(time.monotonic())
        finally:
            self._bus.close()

    def stop(self) -> None:
        """Make `run` return within a second."""
        self._stopping.set()
        self._bus.interrupt()

    def counters(self) -> Mapping[str, int]:
        """Return what was read, refused and lost so far, by name."""
        return dict(self._counters)

    def _connect(self) -> None:
        try:
            self._bus.open()
        except RetryLater:
            self._counters["connect_failures"] += 1
            raise
        self._counters["connects"] += 1

    def _poll(self, sink: Sink) -> None:
        """Ask for all registers once and hand on the row they make."""
        self._counters["polls"] += 1
        words: dict[tuple[int, int], int] = {}
        for read in self._reads:
            answer = self._bus.read(read)
            if isinstance(answer, BadResponse):
                self._counters[f"bad_{answer}"] += 1
            else:
                words.update(place_words(read, answer))
        self._describe(sink, words)
        values = decode_values(self._map, words)
        if not values:
            return
        clock, time_ms = self._stamp(words)
        if self._last == (time_ms, values):
            self._counters["repeated_rows"] += 1
            return
        self._last = (time_ms, values)
        flags = find_impossible(values)
        self._counters["out_of_range"] += len(flags)
        self._counters["rows"] += 1
        sink.reading(Reading(self._device, clock, time_ms, values, flags))

    def _stamp(self, words: Words) -> tuple[Clock, int]:
        time_ms = decode_clock(self._map, words)
        if time_ms is not None and time_ms >= _UNSET_BEFORE_MS:
            return Clock.RTC, time_ms
        self._counters["clock_unset"] += self._map.clock is not None
        return self._clock, time.time_ns() // 1_000_000

    def _describe(self, sink: Sink, words: Words) -> None:
        """Say what the device is, once, and again when it turns out to be a simulator: then it is one for ever."""
        if not self._device.simulated and is_simulator(self._map, words):
            settings = self._settings
            self._device = DeviceId(settings.device, settings.kind, self._site, simulated=True)
        descriptor = describe_device(self._settings, self._site, self._map, simulated=self._device.simulated)
        if descriptor != self._said:
            self._said = descriptor
            sink.describe(descriptor)

    def _note_loss(self, error: RetryLater, failures: int) -> None:
        if failures == 1:
            self._counters["lost"] += 1
            if not self._stopping.is_set():
                _LOGGER.warning("%s is lost and waited for: %s", self.name, error)


def describe_device(settings: ModbusSettings, site: str, registers: RegisterMap, *, simulated: bool) -> Descriptor:
    """Return the descriptor of the device: its channels with units and the interval they are asked at."""
    channels = {}
    for one in registers.register:
        parts = split_channel(one.channel)
        quantity = quantity_of(one.channel)
        unit = quantity.unit if quantity is not None else unit_of_name(parts[0]) if parts is not None else None
        channels[one.channel] = ChannelInfo(unit=unit or "1", interval_s=settings.poll_s * settings.clock_speed)
    return Descriptor(
        device=settings.device,
        kind=settings.kind,
        site=site,
        name=settings.name,
        model=registers.model,
        latitude_deg=settings.latitude_deg,
        longitude_deg=settings.longitude_deg,
        altitude_m=settings.altitude_m,
        channels=channels,
        simulated=simulated,
    )


def find_impossible(values: Mapping[str, float | None]) -> dict[str, int]:
    """Return the flag `fail` for each channel whose value lies outside its quantity's physical range."""
    flags = {}
    for channel, value in values.items():
        quantity = quantity_of(channel)
        if value is not None and quantity is not None and not quantity.low <= value <= quantity.high:
            flags[channel] = int(Quality.FAIL)
    return flags
