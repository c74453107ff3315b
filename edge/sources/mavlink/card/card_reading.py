"""Reading of one flight's gaps from one vehicle's card: which log, which bytes, and their samples.

Pure but for the files on the gateway's disk. A gap is looked for in one log after the other, the newest first, and the
log in which the last gap was found before the others. What an earlier attempt read is compared at one place, before it
is relied on: another log may have that place in the list now.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from edge.sources.mavlink.card.flight import Flight, Gap
from edge.sources.mavlink.card.healed_rows import HealedRows
from edge.sources.mavlink.card.span_reader import HistorySink, LogFormats, SpanResult, SpanRun
from edge.sources.mavlink.card.transfer.port import CardTransfer, LogEntry, NotAnswered
from edge.sources.mavlink.card.transfer.sparse_file import Range, SparseFile
from edge.sources.mavlink.protocol.encoder import Outgoing
from edge.sources.mavlink.vehicle.device_output import KIND
from edge.sources.source import DeviceId
from headland.contract.records import ChannelInfo

_LOGGER = logging.getLogger(__name__)

#: Bytes of a log that are decoded in one step of the link's thread.
_STEP_BYTES: Final = 32_768
#: Logs of a card that are looked into for one gap; a smaller log holds nothing.
_MOST_LOGS: Final = 12
_LEAST_LOG_BYTES: Final = 1024
#: The begin of a log, by which its format is known, and how much is compared of one that was read in part before.
_START_BYTES: Final = 8192
_WITNESS_BYTES: Final = 90


class CardReading:
    """One attempt. `is_done` when nothing of the flight is to be read any more."""

    def __init__(
        self,
        flight: Flight,
        transfer: CardTransfer,
        folder: Path,
        formats: LogFormats,
        *,
        least_gap_ms: int,
        most_bytes: int,
    ) -> None:
        self.flight = flight
        self.transfer = transfer
        self.is_done = False
        self.counts: Counter[str] = Counter()
        #: The channels of the logs that were read.
        self.channels: dict[str, ChannelInfo] = {}
        self._folder = folder
        self._formats = formats
        self._least_ms = least_gap_ms
        self._most_bytes = most_bytes
        self._logs: Sequence[LogEntry] = ()
        self._untried: list[LogEntry] = []
        self._gap: Gap | None = None
        self._rows: HealedRows | None = None
        self._log: LogEntry | None = None
        self._file: SparseFile | None = None
        self._run: SpanRun | None = None
        self._need: Range = (0, 0)
        #: Bytes that an earlier attempt read: they are read again and compared.
        self._witness = b""
        self._verified: set[str] = set()
        self._last_used = ""
        self._asked: tuple[str, Range] | None = None
        #: What ends transfers of logs that are done, to be sent.
        self._ending: list[Outgoing] = []
        self._reasons: list[str] = []

    @property
    def is_listed(self) -> bool:
        """Whether the list of the card's logs is there."""
        return bool(self._logs)

    @property
    def received_bytes(self) -> int:
        """How many bytes of logs came in this attempt."""
        return self.transfer.received_bytes

    def step(self, history: HistorySink, now_s: float) -> list[Outgoing]:
        """Decode what has come, and return what to send. Raises NotAnswered, and OSError of the gateway's disk."""
        if not self._logs:
            logs = self.transfer.logs()
            if logs is None:
                return self.transfer.due(now_s)
            self._logs = _readable(logs)
        self._read_on(history)
        ending, self._ending = self._ending, []
        return ending + (self.transfer.stop() if self.is_done else self.transfer.due(now_s))

    def save(self) -> None:
        """Write the parts to the disk. Raises OSError."""
        if self._file is not None:
            self._file.save()

    def close(self) -> None:
        """Stop; what is on the gateway's disk stays there until the flight is done."""
        self._close_file()
        if self.is_done:
            for path in self._folder.glob(f"{self.flight.key}-*"):
                path.unlink(missing_ok=True)

    def counters(self) -> Mapping[str, int]:
        """Return what was requested, received and read, by name."""
        return self.counts + Counter(self.transfer.counts)

    def _read_on(self, history: HistorySink) -> None:
        """Decode what is there, at most `_STEP_BYTES`; request what is needed next."""
        done = 0
        while done < _STEP_BYTES:
            if self._gap is None and not self._next_gap(history):
                return
            if self._file is None and not self._next_log(history):
                continue
            file, log = self._file, self._log
            if file is None or log is None:
                return
            data = file.read(*self._need)
            if data is None:
                if self.transfer.received_bytes > self._most_bytes:
                    raise NotAnswered("too_large")
                if file.total_bytes > self._most_bytes:
                    self._end_log(SpanResult(False, "too_large"))
                    continue
                if self._asked != (log.key, self._need):
                    self._asked = (log.key, self._need)
                    self.transfer.request(log, file, *self._need)
                return
            done += max(1024, len(data))
            self._take(file, log, data)

    def _next_gap(self, history: HistorySink) -> bool:
        self._gap = next((gap for gap in self.flight.gaps if gap.state == "open"), None)
        if self._gap is None:
            self.is_done = True
            return False
        history.finish()  # of an attempt that was interrupted
        self._rows = HealedRows(self._gap, self._least_ms, history)
        self._reasons = []
        self._untried = sorted(self._logs, key=lambda log: log.name != self._last_used)
        return True

    def _next_log(self, history: HistorySink) -> bool:
        """Open the next log for the gap; the gap is done where there is none, or where nothing remains of it."""
        if not self._untried:
            self._end_gap(history)
            return False
        log = self._log = self._untried.pop(0)
        file = self._open(log)
        self._run, self._witness, self._need = None, b"", (0, _START_BYTES)
        if log.key not in self._verified:
            begin, end = file.last_part(_START_BYTES, _WITNESS_BYTES)
            self._witness = file.take_out(begin, end)
            self._need = (begin, end) if self._witness else self._need
            self._verified.add(log.key)
        if self._rows is not None:
            self._rows.begin_log()
        return True

    def _open(self, log: LogEntry) -> SparseFile:
        self._folder.mkdir(parents=True, exist_ok=True)
        file = self._file = SparseFile(self._folder / f"{self.flight.key}-{log.key}.part")
        file.end = log.size_bytes
        return file

    def _take(self, file: SparseFile, log: LogEntry, data: bytes) -> None:
        """Take the bytes that were needed: the witness, the beginning, then what the reader asked for."""
        if self._witness:
            if data != self._witness:
                self.counts["card_other_log"] += 1
                self._ending += self.transfer.stop()
                self._asked = None
                file.delete()
                self._open(log)
            self._witness, self._need = b"", (0, _START_BYTES)
            return
        gap, rows, flight = self._gap, self._rows, self.flight
        try:
            if self._run is not None:
                self._need = self._run.send(data)
                return
            reader = next((each for each in self._formats if data.startswith(each.start)), None)
            if reader is None or gap is None or rows is None:
                self._end_log(SpanResult(False, "unknown_format"))
                return
            device = DeviceId(flight.device, KIND, flight.site, flight.simulated)
            self._run = reader.read(log.size_bytes, gap, device, rows)
            self._need = next(self._run)
        except StopIteration as stop:
            self._end_log(stop.value)
        except Exception:  # of a log that nobody has seen yet: it must not end the link
            self.counts["card_unreadable"] += 1
            _LOGGER.warning("%s of %s cannot be read", log.name, flight.device, exc_info=True)
            self._end_log(SpanResult(False, "unreadable"))

    def _end_log(self, result: SpanResult) -> None:
        gap, rows, log = self._gap, self._rows, self._log
        self._ending += self.transfer.stop()  # of the file, which is complete as far as it was needed
        self._close_file()
        self._asked = None
        if gap is None or rows is None or log is None:
            return
        if result.reason:
            self._reasons.append(result.reason)
        if result.is_of_flight:
            self._last_used = log.name
            self.channels.update(rows.channels)
            if gap.is_one_boot or gap.duration_ms - rows.covered_ms <= self._least_ms:
                self._untried.clear()

    def _end_gap(self, history: HistorySink) -> None:
        gap, rows = self._gap, self._rows
        if gap is None or rows is None:
            return
        history.finish()
        gap.covered_ms = rows.covered_ms
        is_whole = gap.covered_ms >= gap.duration_ms
        gap.state = "healed" if is_whole else "left"
        gap.reason = "" if is_whole else (self._reasons[-1] if self._reasons else "not_logged")
        self.counts["healed_gaps"] += is_whole
        self.counts["healed_samples"] += rows.samples
        self._gap = self._rows = None

    def _close_file(self) -> None:
        if self._run is not None:
            self._run.close()
        if self._file is not None:
            self._file.close()
        self._file = self._run = None


def _readable(logs: Sequence[LogEntry]) -> list[LogEntry]:
    """Return the logs that are long enough to be one; raises NotAnswered where there is none."""
    readable = [log for log in logs if log.size_bytes > _LEAST_LOG_BYTES]
    if not readable:
        raise NotAnswered("no_logs")
    return readable[:_MOST_LOGS]
