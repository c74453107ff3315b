"""Proposal of what the columns of a table are, by their names and by all cells of its beginning. Pure.

Everything here is a proposal, which a person confirms: a quantity by the names of the catalogue; a unit that stands
behind a name, else the first one in which every cell is possible; the time's column with the format in which its rows
follow one another most closely.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final, Literal

from edge.imports.table.clock import read_time
from edge.imports.table.map import EPOCH_MS, EPOCH_S, EXCEL_DAYS, ISO
from headland.contract.file_imports import ProposedColumn, ProposedTime, TableProposal
from headland.contract.foreign_names import meaning_of, split_unit
from headland.contract.foreign_units import Conversion, convert_to_channel
from headland.contract.quantities import QUANTITIES
from headland.plain_numbers import read_decimal

_System = Literal["WGS-84", "GCJ-02", "BD-09"]
_Mark = Literal[".", ","]

_CLOCKS: Final = (" %H:%M", " %H:%M:%S", " %I:%M %p")
_DATES: Final = (
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y年%m月%d日",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%d-%m-%Y",
    "%m/%d/%Y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d.%m.%y",
)
#: Formats as people have them; numbers are tried where no date is read.
FORMATS: Final = (ISO, *(date + clock for date in _DATES for clock in _CLOCKS))
_NUMBERS: Final = (EPOCH_MS, EPOCH_S, EXCEL_DAYS)
_TIME_NAME: Final = re.compile(
    r"^\W*(?:date|time|datetime|date ?time|timestamp|time ?stamp|datestamp|ts|zeit|datum|uhrzeit)\b|时间|日期|时刻",
    re.IGNORECASE,
)
_UTC: Final = re.compile(r"\b(?:UTC|GMT)(?:\s*([+-])\s*([0-9]{1,2})(?::?([0-9]{2}))?)?\b|(北京时间)", re.IGNORECASE)
_GCJ_02: Final = re.compile(r"gcj|火星|高德|腾讯|amap", re.IGNORECASE)
_BD_09: Final = re.compile(r"bd-?09|百度", re.IGNORECASE)
_SYSTEM: Final = re.compile(r"[(\[（]?\s*(?:gcj-?02|bd-?09|wgs-?84)\s*[)\]）]?", re.IGNORECASE)
_WITH_COMMA: Final = re.compile(r"\s*[+-]?[0-9]+,[0-9]+\s*")
_WITH_POINT: Final = re.compile(r"\s*[+-]?[0-9]*\.[0-9]+\s*")
_MISSING: Final = frozenset({"", "nan", "na", "n/a", "null", "-", "--"})
#: Years in which a table of a farm may be; a counter of seconds is no date.
_FIRST_MS: Final = 631_152_000_000
_LAST_MS: Final = 4_102_444_800_000
#: Units in which tables do not have a quantity as often as in another one: heights are in feet, too.
_OFTEN_OTHER: Final = ("m",)
#: A table with one of these is a combine's: its moisture is the grain's.
_OF_COMBINES: Final = ("harvest_flow_kg_min", "yield_")


def propose_table(
    names: Sequence[str],
    rows: Sequence[Sequence[str]],
    units: Callable[[str], list[str]],
    *,
    stated: Sequence[str] = (),
    is_plain: Sequence[bool] = (),
) -> TableProposal:
    """Return what the columns of a table probably are; `units` gives the units of a quantity, its own first.

    `stated` are the units of a line below the headings, by place; a column that `is_plain` denies is a sum, an extreme
    or a spread, which is no quantity.
    """
    below = [stated[at] if at < len(stated) else "" for at in range(len(names))]
    cells = [[row[at].strip() if at < len(row) else "" for row in rows] for at in range(len(names))]
    decimal = _find_decimal(cells)
    time = _find_time(names, cells)
    meanings = [
        ""
        if (time is not None and name == time.column) or not (at >= len(is_plain) or is_plain[at])
        else _meaning(name, below[at], cells[at], decimal)
        for at, name in enumerate(names)
    ]
    if any(meaning.startswith(_OF_COMBINES) for meaning in meanings):
        meanings = ["grain_moisture_pct" if meaning == "substrate_moisture_pct" else meaning for meaning in meanings]
    channels = number_channels(names, meanings)
    columns = tuple(
        _column(name, unit, channel, values, decimal, units)
        for name, unit, channel, values in zip(names, below, channels, cells, strict=True)
    )
    header = " ".join(names)
    system: _System = "GCJ-02" if _GCJ_02.search(header) else "BD-09" if _BD_09.search(header) else "WGS-84"
    return TableProposal(columns=columns, time=time, decimal=decimal, coordinates=system)


def _meaning(name: str, unit: str, values: Sequence[str], decimal: str) -> str:
    """Return the quantity of a column; "" where none is certain, or where its cells are no numbers."""
    channel = meaning_of(_bare(name), unit).channel
    numbers = _numbers(values, decimal)
    if channel not in QUANTITIES or len(numbers) < sum(value.lower() not in _MISSING for value in values):
        return ""
    if channel == "rain_total_mm" and not (unit or split_unit(name)[1]) and numbers and set(numbers) <= {0.0, 1.0}:
        return "rain_on"
    return channel


def _bare(name: str) -> str:
    """Return a heading without the system of coordinates in it."""
    return _SYSTEM.sub("", name.strip())


def number_channels(names: Sequence[str], meanings: Sequence[str]) -> list[str]:
    """Return the channels of columns: several of one quantity get instances, the one with the plain name none."""
    count = Counter(meaning for meaning in meanings if meaning)
    first = {
        meaning: next(name for name, each in zip(names, meanings, strict=True) if each == meaning) for meaning in count
    }
    given: Counter[str] = Counter()
    channels = []
    for meaning in meanings:
        has_plain = all(
            each.strip().startswith(first[meaning].strip())
            for each, other in zip(names, meanings, strict=True)
            if meaning and other == meaning
        )
        at = given[meaning] + (0 if has_plain else 1)
        given[meaning] += bool(meaning)
        channels.append(meaning if count[meaning] < 2 or at == 0 else f"{meaning}:{at}")
    return channels


def _column(
    name: str, unit: str, channel: str, values: Sequence[str], decimal: str, units: Callable[[str], list[str]]
) -> ProposedColumn:
    """Return a column with its unit: the one behind its name, else the first in which every cell is possible."""
    quantity = QUANTITIES.get(channel.partition(":")[0])
    if quantity is None:
        return ProposedColumn(name=name)
    offered = units(quantity.name)
    stated = meaning_of(_bare(name), unit).unit
    if stated and quantity.unit != "1":
        wanted = convert_to_channel(channel, stated)
        same = (unit for unit in offered if convert_to_channel(channel, unit) == wanted)
        return ProposedColumn(name=name, channel=channel, unit=next(same, ""), is_unit_stated=True)
    if quantity.unit in _OFTEN_OTHER:
        return ProposedColumn(name=name, channel=channel)
    numbers = _numbers(values, decimal)
    possible = (unit for unit in offered if _is_possible(channel, unit, numbers, quantity.low, quantity.high))
    return ProposedColumn(name=name, channel=channel, unit=next(possible, ""), is_unit_stated=quantity.unit == "1")


def _is_possible(channel: str, unit: str, numbers: Iterable[float], low: float, high: float) -> bool:
    conversion = convert_to_channel(channel, unit)
    return isinstance(conversion, Conversion) and all(low <= conversion.apply(number) <= high for number in numbers)


def _numbers(values: Iterable[str], decimal: str) -> list[float]:
    plain = (value.replace(",", ".") if decimal == "," else value for value in values)
    return [number for value in plain if (number := read_decimal(value)) is not None]


def _find_decimal(cells: Sequence[Sequence[str]]) -> _Mark:
    """Return the decimal mark: a comma where numbers have it, and none has a point."""
    filled = [value for values in cells for value in values]
    commas = any(_WITH_COMMA.fullmatch(value) for value in filled)
    return "," if commas and not any(_WITH_POINT.fullmatch(value) for value in filled) else "."


def _find_time(names: Sequence[str], cells: Sequence[Sequence[str]]) -> ProposedTime | None:
    """Return the column of the time with its format, and its zone where the table states one."""
    named = [at for at, name in enumerate(names) if _TIME_NAME.search(name.strip())]
    for at in named:
        values = [value for value in cells[at] if value]
        found = find_format(values)
        if found is not None:
            return ProposedTime(column=names[at], format=found, zone=_find_zone(names[at], values))
    return None


def find_format(values: Sequence[str]) -> str | None:
    """Return the format by which times follow one another most closely; "" where two do alike, None for none."""
    fitting = [(steps, text) for text in FORMATS if (steps := _largest_step(values, text)) is not None]
    if not fitting:
        fitting = [(steps, text) for text in _NUMBERS if (steps := _largest_step(values, text)) is not None]
    if not fitting:
        return None
    best = min(fitting, key=lambda item: item[0])
    # Of two formats that read all cells alike neither is the right one.
    rivals = [text for steps, text in fitting if steps == best[0] and text != best[1]]
    return "" if rivals else best[1]


def _largest_step(values: Sequence[str], time_format: str) -> int | None:
    """Return the largest step [ms] between rows that follow one another; None where a cell is no time of the format."""
    times = []
    for value in values:
        time_ms = read_time(value, time_format, UTC, None)
        if not isinstance(time_ms, int) or not _FIRST_MS <= time_ms <= _LAST_MS:
            return None
        times.append(time_ms)
    if len(times) < 2:
        return 0 if times else None
    return max(abs(after - before) for before, after in pairwise(times))


def _find_zone(name: str, values: Sequence[str]) -> str:
    """Return the zone that cells or heading state; "" for none."""
    try:
        offsets = {offset for value in values if (offset := datetime.fromisoformat(value).utcoffset()) is not None}
    except ValueError:
        offsets = set()
    if len(offsets) == 1:
        minutes = int(next(iter(offsets)).total_seconds() // 60)
        return _offset(minutes)
    match = _UTC.search(name)
    if match is None:
        return ""
    if match[4]:
        return "+08:00"
    minutes = int(match[2] or 0) * 60 + int(match[3] or 0)
    return _offset(-minutes if match[1] == "-" else minutes)


def _offset(minutes: int) -> str:
    sign = "-" if minutes < 0 else "+"
    return "UTC" if minutes == 0 else f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
