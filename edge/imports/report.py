"""What an import says: while it runs, and at its end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from edge.sources.source import DeviceId, Reading, Readings

#: So many refusals are told one by one.
_SHOWN: Final = 10
#: A vehicle that says nothing for longer has a gap in its log; many say something once a second and no more.
_SILENCE_MS: Final = 1500
_VEHICLE: Final = "drone"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is. `waiting` is a sentence while nothing moves, else empty."""

    file: str
    bytes_read: int
    bytes_total: int
    records_total: int
    records_sent: int
    records_acked: int
    waiting: str = ""

    @property
    def fraction(self) -> float:
        """The part that is done, 0 to 1, never falling: reading is one half, storing the other."""
        if self.bytes_read < self.bytes_total:
            return 0.5 * self.bytes_read / self.bytes_total
        return 0.5 + 0.5 * (self.records_acked / self.records_total if self.records_total else 1.0)

    @property
    def sentence(self) -> str:
        """What it does now, for a person."""
        if self.waiting:
            return self.waiting
        if self.bytes_read < self.bytes_total:
            return f"reading {self.file}"
        return f"stored {self.records_acked} of {self.records_total} messages"


@dataclass(slots=True)
class Gaps:
    """Stretches of time that are missing: how many, and how long in all."""

    count: int = 0
    total_ms: int = 0

    def add(self, length_ms: int) -> None:
        """Take one more."""
        self.count += 1
        self.total_ms += length_ms

    def sentence(self, name: str) -> str:
        """Return it for a person; `name` is what one of them is called."""
        return f"{self.count:,} {name}{'' if self.count == 1 else 's'} of {self.total_ms / 1000:,.2f} s in all"


class Silences:
    """Finds where a vehicle said nothing for longer than 1.5 s. Rows come in the order of their times."""

    def __init__(self) -> None:
        self.gaps = Gaps()
        self._last_ms: dict[str, int] = {}

    def note(self, reading: Reading) -> None:
        """Take a row."""
        self._note(reading.source, (reading.time_ms,))

    def note_all(self, runs: Iterable[Readings]) -> None:
        """Take rows that were read in one go: what one kind does not say another may."""
        times_ms: dict[DeviceId, list[int]] = {}
        for run in runs:
            times_ms.setdefault(run.source, []).extend(run.times_ms)
        for source, times in times_ms.items():
            self._note(source, sorted(times))

    def _note(self, source: DeviceId, times_ms: Iterable[int]) -> None:
        if source.kind != _VEHICLE:
            return
        last_ms = self._last_ms.get(source.device)
        for time_ms in times_ms:
            if last_ms is not None and time_ms - last_ms > _SILENCE_MS:
                self.gaps.add(time_ms - last_ms)
            if last_ms is None or time_ms > last_ms:
                last_ms = time_ms
        if last_ms is not None:
            self._last_ms[source.device] = last_ms


@dataclass(frozen=True, slots=True)
class FileReport:
    """What one file held and what was left out of it, by reason; `error` where it could not be read.

    `messages` are those of a log that were read, `gaps` where a vehicle in it said nothing, `dropouts` what its logger
    says it lost, `notes` sentences on the whole of it. `refusals` are sentences, one for each of the first rows and
    cells that were left out. `flags` counts the samples that a quality test flagged, by test and flag.
    """

    path: Path
    rows: int = 0
    points: int = 0
    events: int = 0
    devices: tuple[str, ...] = ()
    first_ms: int | None = None
    last_ms: int | None = None
    ignored: Mapping[str, int] | None = None
    refusals: tuple[str, ...] = ()
    flags: Mapping[str, int] | None = None
    messages: int = 0
    gaps: Gaps | None = None
    dropouts: Gaps | None = None
    notes: tuple[str, ...] = ()
    error: str = ""

    def sentence(self) -> str:
        """Return the file's line for a person."""
        if self.error:
            return self.error if self.error.startswith(self.path.name) else f"{self.path.name}: {self.error}"
        whose = ", ".join(self.devices) or "no vehicle"
        text = f"{self.path.name}: {self.points:,} points in {self.rows:,} rows and {self.events:,} events of {whose}"
        if self.messages:
            text += f", of {self.messages:,} messages"
        if self.first_ms is not None and self.last_ms is not None:
            text += f", {_show_time(self.first_ms)} to {_show_time(self.last_ms)} UTC"
        if self.gaps is not None and self.gaps.count:
            text += f"; {self.gaps.sentence('gap')}"
        if self.dropouts is not None and self.dropouts.count:
            text += f"; {self.dropouts.sentence('dropout')}, as its logger says"
        if self.ignored:
            text += f"; left out: {', '.join(f'{count:,} {name}' for name, count in sorted(self.ignored.items()))}"
        if self.flags:
            text += f"; flagged: {', '.join(f'{count:,} {name}' for name, count in sorted(self.flags.items()))}"
        return "; ".join((text, *self.notes))

    def refused(self) -> list[str]:
        """Return a line for each of the first things that were left out, and how many more there are."""
        lines = [f"  {one}" for one in self.refusals[:_SHOWN]]
        more = sum((self.ignored or {}).values()) - len(lines)
        if lines and more > 0:
            lines.append(f"  and {more:,} more")
        return lines


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of an import. `finished`: all of it is in the store; else the next import finishes it first."""

    files: tuple[FileReport, ...]
    finished: bool
    records_waiting: int = 0

    def sentences(self) -> list[str]:
        """Return the lines for a person."""
        lines = [line for one in self.files for line in (one.sentence(), *one.refused())]
        if not self.finished:
            lines.append(
                f"Stopped early: {self.records_waiting} messages wait on disk and go first at the next import; "
                "repeat the command to finish it."
            )
        return lines


def _show_time(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
