"""Progress and reports of an import."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from edge.imports.sentences import Sentence, in_language
from edge.sources.source import DeviceId, Reading, Readings
from headland.i18n import Language

if TYPE_CHECKING:
    from edge.imports.table.table_lines import RefusedRow

#: How many refusals are listed.
_SHOWN: Final = 10
#: A longer silence of a vehicle is a gap in its log; many send only once a second.
_SILENCE_MS: Final = 1500
_VEHICLE: Final = "drone"
#: Time left is estimated from so much on: of seconds, and of the bytes.
_ESTIMATE_AFTER_S: Final = 1.0
_ESTIMATE_FROM: Final = 0.02


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress of an import. `waiting` is a sentence while there is none, else empty."""

    file: str
    bytes_read: int
    bytes_total: int
    records_total: int
    records_sent: int
    records_acked: int
    waiting: str = ""
    #: Seconds until the end, None while they cannot be said.
    left_s: float | None = None

    @property
    def fraction(self) -> float:
        """The part that is done, 0 to 1, never falling: reading is the first half, storing the second."""
        if self.bytes_read < self.bytes_total:
            return 0.5 * self.bytes_read / self.bytes_total
        return 0.5 + 0.5 * (self.records_acked / self.records_total if self.records_total else 1.0)

    @property
    def sentence(self) -> str:
        """The present activity, as a sentence."""
        if self.waiting:
            return self.waiting
        if self.bytes_read < self.bytes_total:
            return f"reading {self.file}"
        return f"stored {self.records_acked} of {self.records_total} messages"


def estimate_left_s(progress: Progress, elapsed_s: float) -> float | None:
    """Return how long reading or storing, whichever is later, will take at their mean rates; None near the beginning.

    The number of records of the whole is that of the part that was read, in proportion.
    """
    read, total, acked = progress.bytes_read, progress.bytes_total, progress.records_acked
    if elapsed_s < _ESTIMATE_AFTER_S or total <= 0 or read < _ESTIMATE_FROM * total:
        return None
    reading_left_s = elapsed_s * (total - read) / read
    if not progress.records_total:
        return reading_left_s
    if not acked:
        return None
    records = progress.records_total * total / read
    return max(reading_left_s, elapsed_s * (records - acked) / acked)


@dataclass(slots=True)
class Gaps:
    """Missing stretches of time: their number and total length."""

    count: int = 0
    total_ms: int = 0

    def add(self, length_ms: int) -> None:
        """Add a gap."""
        self.count += 1
        self.total_ms += length_ms

    def sentence(self, kind: Literal["gap", "dropout"], language: Language = "en") -> str:
        """Return the sentence of the report; a dropout is a gap that the logger itself tells."""
        identifier = kind if self.count == 1 else f"{kind}s"
        return Sentence(identifier, count=f"{self.count:,}", seconds=f"{self.total_ms / 1000:,.2f}").text(language)


class SilenceFinder:
    """Finds silences of a vehicle of more than 1.5 s. Rows come in the order of their times."""

    def __init__(self) -> None:
        self.gaps = Gaps()
        self._last_ms: dict[str, int] = {}

    def note(self, reading: Reading) -> None:
        """Note a row."""
        self._note(reading.source, (reading.time_ms,))

    def note_all(self, runs: Iterable[Readings]) -> None:
        """Note rows that were read together: rows of all kinds of a device count."""
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
    """Report of one file: what was imported and left out, by reason; `error` where it could not be read.

    `messages` are those of a log that were read, `gaps` silences of a vehicle in it, `dropouts` losses that its
    logger reports, `notes` sentences about the whole file. `refusals` are sentences, one for each of the first rows and
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
    #: The same refusals of a table with line, column and reason.
    refused_rows: tuple[RefusedRow, ...] = ()
    flags: Mapping[str, int] | None = None
    messages: int = 0
    gaps: Gaps | None = None
    dropouts: Gaps | None = None
    notes: tuple[str, ...] = ()
    error: str = ""

    def sentence(self, language: Language = "en") -> str:
        """Return the file's line of the report."""
        if self.error:
            error = in_language(self.error, language)
            return error if error.startswith(self.path.name) else f"{self.path.name}: {error}"
        devices = ", ".join(self.devices) or Sentence("no_vehicle").text(language)
        text = Sentence(
            "report",
            name=self.path.name,
            points=f"{self.points:,}",
            rows=f"{self.rows:,}",
            events=f"{self.events:,}",
            devices=devices,
        ).text(language)
        if self.messages:
            text += Sentence("of_messages", count=f"{self.messages:,}").text(language)
        if self.first_ms is not None and self.last_ms is not None:
            text += Sentence("span", first=_show_time(self.first_ms), last=_show_time(self.last_ms)).text(language)
        parts = [text]
        if self.gaps is not None and self.gaps.count:
            parts.append(self.gaps.sentence("gap", language))
        if self.dropouts is not None and self.dropouts.count:
            parts.append(self.dropouts.sentence("dropout", language))
        for what, counts in (("left_out", self.ignored), ("flagged", self.flags)):
            if counts:
                listed = ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items()))
                parts.append(Sentence(what, counts=listed).text(language))
        return "; ".join((*parts, *(in_language(note, language) for note in self.notes)))

    def refused(self, language: Language = "en") -> list[str]:
        """Return a line for each of the first refusals, and the number of the others."""
        lines = [f"  {refusal}" for refusal in self.refusals[:_SHOWN]]
        more = sum((self.ignored or {}).values()) - len(lines)
        if lines and more > 0:
            lines.append(f"  {Sentence('and_more', count=f'{more:,}').text(language)}")
        return lines


@dataclass(frozen=True, slots=True)
class ImportReport:
    """Result of an import. `finished`: the store has all of it; else the next import finishes it first."""

    files: tuple[FileReport, ...]
    finished: bool
    records_waiting: int = 0
    #: Epochs of the spool whose records it sent: a quarantined message names its own.
    epochs: tuple[str, ...] = ()

    def sentences(self, language: Language = "en") -> list[str]:
        """Return the lines of the report."""
        lines = [line for file in self.files for line in (file.sentence(language), *file.refused(language))]
        if not self.finished:
            lines.append(Sentence("stopped_early", count=str(self.records_waiting)).text(language))
        return lines


def _show_time(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
