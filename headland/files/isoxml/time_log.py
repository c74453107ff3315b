"""Time logs of ISO 11783-10 (TLG): the records of a tractor, sprayer or combine, read, salvaged and written.

A log is a header in XML, which says what is in each record, and a binary file of records: time, position, and values by
their place in the header. Versions 3 and 4 have the same records. A damaged log is read record by record: what cannot
be read is skipped to the next place from which records follow one another, and each loss is named.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final, Literal
from xml.sax.saxutils import quoteattr

from headland.files.isoxml.task_data import RefusedTimeLog, parse_xml
from headland.units_of_time import DAY_MS

Reason = Literal["truncated", "time", "date", "position", "value_count", "value_index", "order"]

#: 1980-01-01 as epoch days: dates count from there.
_EPOCH_DAYS: Final = 3652
_MOST_DAYS: Final = 65_535
_MOST_HEADER_BYTES: Final = 1_000_000
_MOST_VALUES: Final = 255
#: Fields of a position by their attribute: name and binary form.
_POSITION: Final = {
    "A": ("north_e7", "i"), "B": ("east_e7", "i"), "C": ("up_mm", "i"), "D": ("status", "B"), "E": ("pdop_10", "H"),
    "F": ("hdop_10", "H"), "G": ("satellites", "B"), "H": ("utc_ms_of_day", "I"), "I": ("utc_days", "H"),
}  # fmt: skip
_NOT_KNOWN: Final = 0x7FFFFFFF
#: The status of a position: 0 none to 8 simulated; 14 error, 15 not available.
_STATUSES: Final = frozenset((*range(9), 14, 15))
#: A record never begins more than this before the one before it: logs are written in time order.
_MOST_BACK_MS: Final = 0


@dataclass(frozen=True, slots=True)
class LoggedValue:
    """A value of the header: its data dictionary identifier (DDI) and the device element that it is of."""

    ddi: int
    element: str


@dataclass(frozen=True, slots=True)
class LogHeader:
    """What each record has: the position's attributes in the binary file, and the values.

    `fixed` are position attributes that the header itself gives, for every record.
    """

    position: tuple[str, ...]
    values: tuple[LoggedValue, ...]
    fixed: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class LogRecord:
    """A record: `time_ms` is the terminal's local time as if it were UTC; raw position by name, values by place."""

    time_ms: int
    position: dict[str, int]
    values: dict[int, int]

    @property
    def latitude_deg(self) -> float | None:
        """The latitude; None where it is not known."""
        return _degrees(self.position.get("north_e7"))

    @property
    def longitude_deg(self) -> float | None:
        """The longitude; None where it is not known."""
        return _degrees(self.position.get("east_e7"))

    @property
    def utc_ms(self) -> int | None:
        """The receiver's UTC, epoch ms; None where the log does not have it."""
        days, ms = self.position.get("utc_days"), self.position.get("utc_ms_of_day")
        return None if days is None or ms is None else (days + _EPOCH_DAYS) * DAY_MS + ms


@dataclass(frozen=True, slots=True)
class LogLoss:
    """Bytes that are no record: where, how many, and why the first of them is none."""

    offset: int
    length: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class TimeLog:
    """A log with what was lost; the records and losses together cover the whole file."""

    header: LogHeader
    records: tuple[LogRecord, ...]
    losses: tuple[LogLoss, ...] = ()


def read_header(data: bytes) -> LogHeader:
    """Return the header of a log; raises RefusedTimeLog."""
    root = parse_xml(data, _MOST_HEADER_BYTES)
    if root.tag != "TIM" or root.get("A") != "":
        raise RefusedTimeLog("the header does not say that each record has a time (TIM with an empty A)")
    points = root.findall("PTN")
    position: tuple[str, ...] = ()
    fixed: list[tuple[str, int]] = []
    if points:
        position = tuple(name for name in _POSITION if points[0].get(name) == "")
        for name in _POSITION:
            text = points[0].get(name)
            if text:
                try:
                    fixed.append((_POSITION[name][0], round(float(text) * (1e7 if name in "AB" else 1))))
                except (ValueError, OverflowError) as error:
                    raise RefusedTimeLog(f"the header's position {name} is no number: {text[:40]!r}") from error
    values = []
    for entry in root.findall("DLV"):
        try:
            values.append(LoggedValue(int(entry.get("A", ""), 16), entry.get("C", "")))
        except ValueError as error:
            raise RefusedTimeLog(f"a DDI of the header is no number: {entry.get('A')!r}") from error
    if len(values) > _MOST_VALUES:
        raise RefusedTimeLog(f"a record has at most {_MOST_VALUES} values")
    return LogHeader(position, tuple(values), tuple(fixed))


def read_time_log(header_data: bytes, data: bytes) -> TimeLog:
    """Return the records of a log, and what was lost of it; raises RefusedTimeLog for a header that is none."""
    header = read_header(header_data)
    reader = _Reader(header, data)
    records: list[LogRecord] = []
    losses: list[LogLoss] = []
    at, last_ms = 0, None
    while at < len(data):
        found = reader.record(at, last_ms)
        if not isinstance(found, str):
            record, at = found
            last_ms = record.time_ms
            records.append(record)
            continue
        following = reader.resume(at + 1, last_ms)
        losses.append(LogLoss(at, following - at, found))
        at = following
    return TimeLog(header, tuple(records), tuple(losses))


def write_time_log(log: TimeLog) -> tuple[bytes, bytes]:
    """Return the header and the binary file of a log, as versions 3 and 4 have them."""
    header = log.header
    fixed = dict(header.fixed)
    attributes = []
    for name, (field, _) in _POSITION.items():
        if name in header.position:
            attributes.append(f'{name}=""')
        elif field in fixed:
            attributes.append(f'{name}="{fixed[field] / 1e7 if name in "AB" else fixed[field]:.9g}"')
    point = f"  <PTN {' '.join(attributes)}/>\n" if attributes else ""
    values = "".join(f'  <DLV A="{value.ddi:04X}" B="" C={quoteattr(value.element)}/>\n' for value in header.values)
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<TIM A="" D="4">\n{point}{values}</TIM>\n'
    forms = "".join(_POSITION[name][1] for name in header.position)
    packed = bytearray()
    for record in log.records:
        days, ms = divmod(record.time_ms, DAY_MS)
        packed += struct.pack("<IH", ms, days - _EPOCH_DAYS)
        packed += struct.pack(f"<{forms}", *(record.position[_POSITION[name][0]] for name in header.position))
        packed += struct.pack("<B", len(record.values))
        for place, value in record.values.items():
            packed += struct.pack("<Bi", place, value)
    return text.encode(), bytes(packed)


class _Reader:
    """Reads records of one header from one file."""

    def __init__(self, header: LogHeader, data: bytes) -> None:
        self._data = data
        self._names = [_POSITION[name][0] for name in header.position]
        self._head = struct.Struct("<IH" + "".join(_POSITION[name][1] for name in header.position) + "B")
        self._fixed = dict(header.fixed)
        self._count = len(header.values)

    def record(self, at: int, last_ms: int | None) -> tuple[LogRecord, int] | Reason:
        """Return the record at a place with the place after it, or why there is none."""
        end = at + self._head.size
        if end > len(self._data):
            return "truncated"
        ms, days, *position, count = self._head.unpack_from(self._data, at)
        if ms >= DAY_MS:
            return "time"
        if not 0 < days < _MOST_DAYS:
            return "date"
        time_ms = (days + _EPOCH_DAYS) * DAY_MS + ms
        if last_ms is not None and not -_MOST_BACK_MS <= time_ms - last_ms <= DAY_MS:
            return "order"
        fields = dict(zip(self._names, position, strict=True))
        if not _is_position(fields):
            return "position"
        if count > self._count:
            return "value_count"
        if end + 5 * count > len(self._data):
            return "truncated"
        values: dict[int, int] = {}
        for place, value in struct.iter_unpack("<Bi", self._data[end : end + 5 * count]):
            if place >= self._count or place in values:
                return "value_index"
            values[place] = value
        return LogRecord(time_ms, {**self._fixed, **fields}, values), end + 5 * count

    def resume(self, at: int, last_ms: int | None) -> int:
        """Return the next place from which two records follow one another, or one ends the file; else its end."""
        for place in range(at, len(self._data)):
            found = self.record(place, last_ms)
            if isinstance(found, str):
                continue
            record, end = found
            if end == len(self._data) or not isinstance(self.record(end, record.time_ms), str):
                return place
        return len(self._data)


def _is_position(fields: dict[str, int]) -> bool:
    north, east = fields.get("north_e7", 0), fields.get("east_e7", 0)
    return (
        (abs(north) <= 900_000_000 or north == _NOT_KNOWN)
        and (abs(east) <= 1_800_000_000 or east == _NOT_KNOWN)
        and fields.get("status", 0) in _STATUSES
        and fields.get("utc_ms_of_day", 0) < DAY_MS
    )


def _degrees(value: int | None) -> float | None:
    return None if value is None or value == _NOT_KNOWN else value / 1e7
