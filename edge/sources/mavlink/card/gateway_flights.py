"""Flights of a gateway's vehicles, with their gaps: watched, reported and written to the disk.

All sources of a gateway share them, since one vehicle may be received over two links: then a gap is a silence of both.
Thread-safe. A restart of the gateway goes on where it was.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from edge.sources.mavlink.card.flight import Edge, Flight
from edge.sources.mavlink.card.flight_watch import FlightWatch
from edge.sources.mavlink.vehicle.device_output import KIND
from edge.sources.source import DeviceId, Readings, Sink
from headland.contract.records import Clock, Event

_LOGGER = logging.getLogger(__name__)

FLIGHTS_FILE: Final = "flights.json"
#: Flights that are remembered; the oldest that are done go first.
_MOST_FLIGHTS: Final = 200
#: How often the file is written while up to so many vehicles fly; with more it is written less often.
_SAVE_S: Final = 1.0
_SAVED_AT_ONCE: Final = 20
#: A flight of a vehicle that is silent for so long is over.
_LOST_S: Final = 7200.0


@dataclass(frozen=True, slots=True)
class VehicleNow:
    """A vehicle as a source receives it: its device, whether its motors are armed, and its clock.

    `offset_ms` is UTC less time since boot, `run` the source's run and the autopilot's session in it.
    """

    device: str
    armed: bool | None
    offset_ms: int | None
    clock: Clock
    run: str


class GatewayFlights:
    """The flights that are remembered, the oldest first. Times are monotonic seconds, `now_ms` is UTC."""

    def __init__(self, folder: Path, clock: Clock = Clock.RTC) -> None:
        self.folder = folder
        self._clock = clock
        self._path = folder / FLIGHTS_FILE
        self._lock = threading.RLock()
        kept = _read(self._path)
        self._flights = kept.flights
        #: What may have been received after the file was written: it counts as not received.
        self._margin_ms = 0 if kept.is_clean else kept.margin_ms
        self._watches: dict[str, FlightWatch] = {}
        self._devices: dict[str, DeviceId] = {}
        self._disarmed_s: dict[str, float] = {}
        self._noted_s: dict[str, float] = {}
        #: Which source reads the card for a flight, and the sources that may.
        self._claims: dict[str, str] = {}
        self._readers: set[str] = set()
        self._save_s = float("-inf")
        self._is_changed = True

    def add_reader(self, source: str, *, may_read: bool) -> None:
        """Note whether a source may read cards; without any, what is missing is left, and open again with one."""
        with self._lock:
            (self._readers.add if may_read else self._readers.discard)(source)
            for flight in self._flights:
                self._switch(flight)

    def note_rows(self, vehicle: VehicleNow, runs: Sequence[Readings], now_s: float, least_gap_ms: int) -> None:
        """Note rows of a vehicle that were just received; call it also without rows, when it is armed or disarmed."""
        device = vehicle.device
        own = [run for run in runs if run.source.device == device]
        with self._lock:
            if own:
                self._devices[device] = own[0].source
            watch = self._watches.get(device)
            if watch is None:
                if vehicle.armed is None or vehicle.offset_ms is None:
                    return
                watch = self._watches[device] = self._new_watch(device, least_gap_ms)
            self._noted_s[device] = now_s
            time_ms = own[-1].times_ms[-1] if own else 0
            edge = Edge(time_ms, time_ms - (vehicle.offset_ms or 0), vehicle.clock.value, vehicle.run)
            before = watch.flight
            ended = watch.note(own, edge, armed=vehicle.armed)
            if vehicle.armed or device not in self._disarmed_s:
                self._disarmed_s[device] = now_s
            if ended is not None:
                self._end(ended)
            elif watch.flight is not None and watch.flight is not before:
                self._begin(watch.flight)

    def all(self) -> list[Flight]:
        """Return the flights, the oldest first."""
        with self._lock:
            return list(self._flights)

    def claim(self, source: str, landed: Sequence[str], now_s: float, settle_s: float) -> list[Flight]:
        """Return the flights with open gaps of landed vehicles that no other source reads, the oldest first."""
        with self._lock:
            return [
                flight
                for flight in self._flights
                if flight.device in landed
                and flight.end_ms is not None
                and flight.is_open
                and now_s - self._disarmed_s.get(flight.device, now_s) >= settle_s
                and self._claims.get(flight.key, source) == source
            ]

    def begin_reading(self, flight: Flight, source: str) -> None:
        """Note that a source reads the card for a flight."""
        with self._lock:
            self._claims[flight.key] = source

    def end_reading(self, flight: Flight) -> None:
        """Note that the card is not read for a flight any more."""
        with self._lock:
            self._claims.pop(flight.key, None)
            self._is_changed = True

    def note_change(self) -> None:
        """Note that a flight has changed."""
        self._is_changed = True

    def step(self, sink: Sink, now_s: float, now_ms: int) -> None:
        """Report what is new of the flights that have ended, and write the file where it is due."""
        with self._lock:
            self._end_lost(now_s)
            for flight in self._flights:
                self._report(flight, sink, now_ms)
            flying = sum(watch.flight is not None for watch in self._watches.values())
            wait_s = _SAVE_S * max(1.0, flying / _SAVED_AT_ONCE)
            if (self._is_changed or flying) and now_s - self._save_s >= wait_s:
                self._save_s, self._is_changed = now_s, False
                self._write(is_clean=False, margin_ms=round(2000 * wait_s))

    def close(self) -> None:
        """Write everything to the disk: a source stops."""
        with self._lock:
            self._write(is_clean=True, margin_ms=0)

    def _new_watch(self, device: str, least_gap_ms: int) -> FlightWatch:
        watch = FlightWatch(device, least_gap_ms)
        unfinished = [flight for flight in self._flights if flight.device == device and flight.end_ms is None]
        for flight in unfinished[:-1]:
            flight.end_ms = flight.until_ms
        if unfinished:
            watch.resume(unfinished[-1], self._margin_ms)
        return watch

    def _begin(self, flight: Flight) -> None:
        self._describe(flight)
        self._flights.append(flight)
        if len(self._flights) > _MOST_FLIGHTS:
            done = (one for one in self._flights if one.end_ms is not None and not one.is_open)
            self._flights.remove(next(done, self._flights[0]))
        self._is_changed = True

    def _end(self, flight: Flight) -> None:
        self._describe(flight)
        self._switch(flight)
        self._is_changed = True

    def _describe(self, flight: Flight) -> None:
        source = self._devices.get(flight.device)
        if source is not None:
            flight.site, flight.simulated = source.site, source.simulated

    def _end_lost(self, now_s: float) -> None:
        """End the flights of vehicles that do not come back, or that have another device id now."""
        for device, noted_s in list(self._noted_s.items()):
            watch = self._watches[device]
            if watch.flight is not None and now_s - noted_s > _LOST_S:
                ended = watch.give_up()
                if ended is not None:
                    self._end(ended)

    def _switch(self, flight: Flight) -> None:
        """Leave open gaps where nothing is read from cards; open them again where that was the reason."""
        for gap in flight.gaps:
            if not self._readers and gap.state == "open" and flight.end_ms is not None:
                gap.state, gap.reason = "left", "off"
            elif self._readers and gap.reason == "off":
                gap.state, gap.reason = "open", ""

    def _report(self, flight: Flight, sink: Sink, now_ms: int) -> None:
        """Send the coverage of a flight that has ended, where it is another than the one sent last."""
        if flight.end_ms is None or not flight.site:
            return
        live_ms, healed_ms, left_ms = flight.coverage_ms()
        report = [flight.start_ms, flight.end_ms, live_ms, healed_ms, left_ms, int(flight.is_open)]
        if report == flight.reported:
            return
        flight.reported = report
        reasons = sorted({gap.reason for gap in flight.gaps if gap.reason})
        sink.event(
            Event(
                t=now_ms,
                device=flight.device,
                kind="flight_coverage",
                device_kind=KIND,
                site=flight.site,
                clock=self._clock,
                data={
                    "start_ms": flight.start_ms,
                    "end_ms": flight.end_ms,
                    "live_s": live_ms / 1000,
                    "healed_s": healed_ms / 1000,
                    "remaining_s": left_ms / 1000,
                    "gaps": len(flight.gaps),
                    "state": "open" if flight.is_open else "left" if left_ms > 0 else "complete",
                    "reason": ", ".join(reasons) or None,
                },
                simulated=flight.simulated,
            )
        )
        self._is_changed = True

    def _write(self, *, is_clean: bool, margin_ms: int) -> None:
        """Write the file; a full disk does not stop the gateway."""
        for watch in self._watches.values():
            watch.snapshot()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            new_path = self._path.with_suffix(".json.new")
            new_path.write_bytes(msgspec.json.encode(_Kept(self._flights, is_clean, margin_ms)))
            new_path.replace(self._path)
        except OSError as error:
            _LOGGER.warning("%s cannot be written (%s): a restart forgets which flights have gaps", self._path, error)


class _Kept(msgspec.Struct):
    """The file's content."""

    flights: list[Flight] = []
    is_clean: bool = True
    margin_ms: int = 0


def _read(path: Path) -> _Kept:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Kept)
    except FileNotFoundError:
        return _Kept()
    except (OSError, msgspec.MsgspecError) as error:
        _LOGGER.warning("%s cannot be read (%s): flights before this are not healed", path, error)
        return _Kept()
