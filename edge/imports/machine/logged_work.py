"""Rows of a machine from an ISOXML time log: values by data dictionary identifier (ISO 11783-11) as channels. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from headland.contract.records import Clock
from headland.files.isoxml.task_data import Element, ElementKind, NamedLog, TaskData, TaskMachine
from headland.files.isoxml.time_log import LogRecord, TimeLog
from headland.units_of_time import HOUR_MS, MINUTE_MS

_WIDTH: Final = 0x0043
_WORK_STATE: Final = 0x008D
_MOISTURE: Final = 0x0063
_SPEED: Final = 0x018D
#: Factors to m, m/s and %.
_MM_M: Final = 1e-3
_PPM_PCT: Final = 1e-4
#: Of each flow: its channel, the identifier by time with its factor to kg/min or L/min, and that by area with its
#: factor to kg/m2 or L/m2.
_FLOWS: Final = (
    ("flow_l_min", 0x0025, 6e-5, 0x0002, 1e-8),
    ("mass_flow_kg_min", 0x002A, 6e-5, 0x0007, 1e-6),
    ("harvest_flow_kg_min", 0x0057, 6e-5, 0x0054, 1e-6),
)
_KNOWN: Final = frozenset((_WIDTH, _WORK_STATE, _MOISTURE, _SPEED, *(ddi for each in _FLOWS for ddi in each[1::2])))
#: Kinds of elements whose values are of the whole machine, the best first; sections are parts of these.
_BY_KIND: Final = (
    ElementKind.BIN,
    ElementKind.FUNCTION,
    ElementKind.DEVICE,
    None,
    ElementKind.UNIT,
    ElementKind.SECTION,
)
#: Raw values of what is not available.
_MOST_RAW: Final = 2**31 - 2
#: Positions without a fix, simulated, or in error. A terminal that does not know the fix (15) still logs places.
_NO_PLACE: Final = frozenset((0, 8, 14))
_EARTH_RADIUS_M: Final = 6_371_008.8
_MOST_GAP_MS: Final = 10_000
_MOST_SPEED_M_S: Final = 30.0
#: Zones are whole quarters of an hour, from 12 hours behind UTC to 14 ahead of it.
_ZONE_MS: Final = 15 * MINUTE_MS
_MOST_ZONE_MS: Final = 14 * HOUR_MS
#: A log begins and ends so near to its task's span at most.
_NEAR_MS: Final = 2 * MINUTE_MS

Row = tuple[int, Clock, dict[str, float | None]]


def offset_of(log: TimeLog, named: NamedLog | None) -> int | None:
    """Return the log's local time less UTC [ms], None where its task does not tell it.

    A zone that a terminal wrote is its own. Z may be written by one that logs local times: then the zone is what lies
    between the span of the task and the log, where both ends agree.
    """
    if named is None or not log.records:
        return None
    for span in named.spans:
        if span.offset_ms:
            return span.offset_ms
        if span.offset_ms == 0 and span.end_ms is not None:
            ends = [
                _zone_of(log.records[0].time_ms - span.start_ms),
                _zone_of(log.records[-1].time_ms - span.end_ms),
            ]
            if ends[0] is not None and ends[0] == ends[1]:
                return ends[0]
    return None


def rows_of(log: TimeLog, elements: Mapping[str, Element], offset_ms: int | None, lost: Counter[str]) -> Iterator[Row]:
    """Yield time [epoch ms], its clock and values by channel of each record with a place.

    A value stays until the log has another one. The receiver's UTC counts where a record has it, else the terminal's
    time less `offset_ms`; without both, records are counted as undated. Width and applied amounts are 0 while the
    machine says that it does not work; grain still arrives then.
    """
    state = _State(log, elements)
    before: tuple[int, float, float] | None = None
    for record in log.records:
        state.take(record, lost)
        utc_ms = record.utc_ms
        time_ms = utc_ms if utc_ms is not None else None if offset_ms is None else record.time_ms - offset_ms
        if time_ms is None:
            lost["undated_rows"] += 1
            continue
        latitude, longitude = record.latitude_deg, record.longitude_deg
        if latitude is None or longitude is None or record.position.get("status") in _NO_PLACE:
            lost["no_place"] += 1
            continue
        if (latitude, longitude) == (0.0, 0.0):
            lost["no_place"] += 1
            continue
        values: dict[str, float | None] = {"longitude_deg": longitude, "latitude_deg": latitude}
        here = (time_ms, latitude, longitude)
        speed = state.speed_m_s()
        if speed is None and before is not None:
            speed = _speed_between(before, here)
        before = here
        if speed is None:
            lost["without_speed"] += 1
        else:
            values["ground_speed_m_s"] = speed
        values |= state.work(speed)
        yield time_ms, Clock.RTC if utc_ms is None else Clock.GPS, values


def machine_of(log: TimeLog, about: TaskData) -> TaskMachine | None:
    """Return the machine that most of a log's known values are of; without any, the only one of the task data."""
    counts = Counter(
        about.elements[value.element].machine
        for value in log.header.values
        if value.ddi in _KNOWN and value.element in about.elements
    )
    if counts:
        return about.machines.get(counts.most_common(1)[0][0])
    return next(iter(about.machines.values())) if len(about.machines) == 1 else None


@dataclass(frozen=True, slots=True)
class _Place:
    """A known value of the header: its identifier and the kind of its element."""

    ddi: int
    kind: ElementKind | None


class _State:
    """The newest value of each place in the header."""

    def __init__(self, log: TimeLog, elements: Mapping[str, Element]) -> None:
        self._places: dict[int, _Place] = {}
        for at, value in enumerate(log.header.values):
            if value.ddi in _KNOWN:
                element = elements.get(value.element)
                self._places[at] = _Place(value.ddi, None if element is None else element.kind)
        self._raw: dict[int, int] = {}

    def take(self, record: LogRecord, lost: Counter[str]) -> None:
        """Take a record's values; impossible ones are counted and end the value before."""
        for at, raw in record.values.items():
            if at not in self._places:
                continue
            if 0 <= raw <= _MOST_RAW:
                self._raw[at] = raw
            else:
                self._raw.pop(at, None)
                lost["impossible_value"] += 1

    def speed_m_s(self) -> float | None:
        """Return the machine's own speed."""
        _, raw = self._of(_SPEED)
        speed = max(raw) * _MM_M if raw else None
        return speed if speed is not None and speed <= _MOST_SPEED_M_S else None

    def work(self, speed_m_s: float | None) -> dict[str, float | None]:
        """Return width, moisture, and what flows at a speed."""
        values: dict[str, float | None] = {}
        states = [raw & 3 for raw in self._of(_WORK_STATE)[1]]
        is_off = 0 in states and 1 not in states
        width_m: float | None = None
        is_part, widths = self._of(_WIDTH)
        if widths:
            # A boom has one width, also where two of its elements tell it; sections lie beside one another.
            width_m = 0.0 if is_off else (sum(widths) if is_part else max(widths)) * _MM_M
            values["working_width_m"] = width_m
        if moisture := self._of(_MOISTURE)[1]:
            values["grain_moisture_pct"] = max(moisture) * _PPM_PCT
        for channel, by_time, per_min, by_area, per_m2 in _FLOWS:
            if flows := self._of(by_time)[1]:
                values[channel] = sum(flows) * per_min
                continue
            is_part, rates = self._of(by_area)
            if rates and width_m is not None and speed_m_s is not None:
                # Each section has the rate of its own ground; two bins are spread on the same.
                rate = sum(rates) / len(rates) if is_part else sum(rates)
                values[channel] = rate * per_m2 * width_m * speed_m_s * 60.0
        return values

    def _of(self, ddi: int) -> tuple[bool, list[int]]:
        """Return the raw values of an identifier on elements of the best kind, and whether these are parts beside."""
        for kind in _BY_KIND:
            found = [
                raw for at, raw in self._raw.items() if self._places[at].ddi == ddi and self._places[at].kind is kind
            ]
            if found:
                return kind in (ElementKind.SECTION, ElementKind.UNIT), found
        return False, []


def _zone_of(difference_ms: int) -> int | None:
    zone_ms = round(difference_ms / _ZONE_MS) * _ZONE_MS
    is_zone = abs(difference_ms - zone_ms) <= _NEAR_MS and abs(zone_ms) <= _MOST_ZONE_MS
    return zone_ms if is_zone else None


def _speed_between(before: tuple[int, float, float], here: tuple[int, float, float]) -> float | None:
    """Return the speed between two places, None after a gap or where it is not possible."""
    gap_ms = here[0] - before[0]
    if not 0 < gap_ms <= _MOST_GAP_MS:
        return None
    north = math.radians(here[1] - before[1])
    east = math.radians(here[2] - before[2]) * math.cos(math.radians(here[1]))
    speed = _EARTH_RADIUS_M * math.hypot(north, east) * 1000.0 / gap_ms
    return speed if speed <= _MOST_SPEED_M_S else None
