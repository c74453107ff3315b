"""Message values to rows in the units that the channels' names end in; wire sentinels become None.

The values of many messages of one kind become rows together, by column: `row_compiler` for messages in the table of
`field_table`, `numbered_channels` for those whose channels are numbered within one message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from edge.sources.mavlink.mapping.field_table import ROWS, SYSTEM_BATTERY, FieldChannel, Row
from edge.sources.mavlink.mapping.numbered_channels import ESC_RUNS, RC_RUNS, SERVO_RUNS
from edge.sources.mavlink.mapping.row_compiler import (
    FieldSpan,
    HasRow,
    Raw,
    compile_condition,
    compile_row,
    flat_fields,
)

#: A time stamp of a receiver or an estimator above this is UTC, below it is time since boot (1e15 us is 31 years).
UNIX_FROM_US: Final = 10**15

Values = Mapping[str, float | None]
Columns = Mapping[str, Sequence[float | None]]
#: Rows with the same channels, by column: their times and values.
Run = tuple[Sequence[int], Columns]
#: Function from the times and values of messages to their rows, in runs.
MakeRuns = Callable[[Sequence[int], Sequence[Any]], list[Run]]


class Stamp:
    """Meaning of a message's own time stamp (plain numbers: they are compared for every message)."""

    NONE: Final = 0
    BOOT_MS: Final = 1
    #: Microseconds since boot that wrap after 2**32.
    WRAPPED_US: Final = 2
    #: Microseconds since boot, or UTC; repeated while there is nothing new.
    FIX_US: Final = 3


class RowKind:
    """How messages become rows: the function `runs`, their series, and the places of stamp and instance.

    A series is the rows of one kind of message (and instance) of one vehicle; times are unique in it.
    """

    __slots__ = ("_others", "_vary", "has_instances", "has_row", "instance_at", "runs", "series", "stamp", "stamp_at")

    def __init__(
        self,
        series: str,
        runs: MakeRuns,
        *,
        stamp: int = Stamp.NONE,
        stamp_at: int = 0,
        instance_at: int = 0,
        vary: Callable[[int], RowKind] | None = None,
        has_row: HasRow | None = None,
    ) -> None:
        self.series = series
        self.runs = runs
        self.stamp = stamp
        self.stamp_at = stamp_at
        #: Place of the field that distinguishes several of a kind.
        self.instance_at = instance_at
        self.has_instances = vary is not None
        #: Whether a message is a row; None where all are.
        self.has_row = has_row
        self._vary = vary
        self._others: dict[int | str, RowKind] = {}

    def variant(self, instance: int) -> RowKind:
        """Return the kind for one instance of an instanced message; 0 is the first and has no suffix."""
        if not instance or self._vary is None:
            return self
        return self._others.get(instance) or self._others.setdefault(instance, self._vary(instance))

    def of_part(self, component: int) -> RowKind:
        """Return the kind for measurements of another component of the vehicle, without a stamp of their own."""
        series = f"{component}/{self.series}"
        return self._others.get(series) or self._others.setdefault(series, RowKind(series, self.runs))

    def with_more(self, more: Callable[[Sequence[Raw]], Columns]) -> RowKind:
        """Return the kind whose rows also have the columns that `more` computes."""
        return RowKind(self.series, _runs_with_more(self.runs, more), stamp=self.stamp, stamp_at=self.stamp_at)

    def make(self, values: Raw) -> Values | None:
        """Return the row of one message, None where it has none."""
        if self.has_row is not None and not self.has_row(values):
            return None
        for _, columns in self.runs((0,), (values,)):
            return {channel: column[0] for channel, column in columns.items()}
        return None


def compile_kind(message_id: int, row: Row) -> RowKind:
    """Return the kind that `row` describes."""
    fields, make_rows = flat_fields(message_id), compile_row(message_id, row)
    stamp = Stamp.NONE
    if row.stamp:
        stamp = Stamp.FIX_US if row.stamp == "time_usec" else Stamp.BOOT_MS
    stamp_at = fields[row.stamp].start if row.stamp else 0

    places = _plain_places(row, fields)

    def runs_of(suffix: str) -> MakeRuns:
        channels = [column.channel + suffix for column in row.columns]

        def runs(times_ms: Sequence[int], raws: Sequence[Raw]) -> list[Run]:
            if places:
                fields_values = tuple(zip(*raws))  # noqa: B905 - a struct's values
                columns = [fields_values[place] for place in places]
                total = sum(map(sum, columns))
                if total - total == 0.0:  # a sum is finite where all its terms are
                    return [(times_ms, dict(zip(channels, columns)))]  # noqa: B905 - one for each
            return [(times_ms, dict(zip(channels, zip(*make_rows(raws)))))]  # noqa: B905 - compiled of the channels

        return runs

    def vary(instance: int) -> RowKind:
        return RowKind(f"{row.series}:{instance}", runs_of(f":{instance}"), stamp=stamp, stamp_at=stamp_at)

    return RowKind(
        row.series,
        runs_of(row.suffix),
        stamp=stamp,
        stamp_at=stamp_at,
        instance_at=fields[row.instance].start if row.instance else 0,
        vary=vary if row.instance else None,
        has_row=compile_condition(message_id, row.when) if row.when else None,
    )


def _plain_places(row: Row, fields: Mapping[str, FieldSpan]) -> tuple[int, ...]:
    """Return the places of the fields of a row without scales and conditions; empty for any other row."""
    plain = [
        column
        for column in row.columns
        if isinstance(column, FieldChannel) and column == FieldChannel(column.channel, column.field)
    ]
    return tuple(fields[column.field].start for column in plain) if len(plain) == len(row.columns) else ()


def _runs_with_more(runs: MakeRuns, more: Callable[[Sequence[Raw]], Columns]) -> MakeRuns:
    def runs_with_more(times_ms: Sequence[int], raws: Sequence[Raw]) -> list[Run]:
        made = runs(times_ms, raws)
        if made and len(made[0][0]) < len(times_ms):  # not all have the same channels: one by one
            pairs = zip(times_ms, raws, strict=True)
            return [run for time_ms, raw in pairs for run in runs_with_more((time_ms,), (raw,))]
        return [(times_ms, {**(made[0][1] if made else {}), **more(raws)})]

    return runs_with_more


def _runs_of_values(times_ms: Sequence[int], rows: Sequence[Values]) -> list[Run]:
    """Return rows that are computed already, by column."""
    pairs: Iterator[tuple[int, Values]] = zip(times_ms, rows, strict=True)
    runs: list[Run] = []
    for channels, group in groupby(pairs, lambda pair: tuple(pair[1])):
        times, same = zip(*group, strict=True)
        runs.append((times, {channel: [row[channel] for row in same] for channel in channels}))
    return runs


def kind_of_values(series: str, stamp: int = Stamp.NONE, stamp_at: int = 0) -> RowKind:
    """Return the kind of rows that are computed elsewhere: its messages are the rows."""
    return RowKind(series, _runs_of_values, stamp=stamp, stamp_at=stamp_at)


def _servos(port: int) -> RowKind:
    runs = SERVO_RUNS.get(port, lambda _times, _raws: [])
    return RowKind(f"servos:{port}" if port else "servos", runs, stamp=Stamp.WRAPPED_US, instance_at=9, vary=_servos)


#: The kind of each message that becomes a row, by message id.
ROW_KINDS: Final[dict[int, RowKind]] = {
    **{message_id: compile_kind(message_id, row) for message_id, row in ROWS.items()},
    36: _servos(0),
    65: RowKind("rc", RC_RUNS, stamp=Stamp.BOOT_MS),
    **{11030 + number: RowKind(f"escs:{4 * number}", runs) for number, runs in enumerate(ESC_RUNS)},
}
#: SYS_STATUS as a battery.
SYSTEM_BATTERY_KIND: Final = compile_kind(1, SYSTEM_BATTERY)
