"""Transfer of logs by LOG_REQUEST_LIST, LOG_REQUEST_DATA, LOG_ENTRY and LOG_DATA; pure: frames in, requests out.

One block is under way at a time, as long as a second of the allowed rate, so that telemetry is not held up and an
autopilot that refuses to arm during a transfer is free between blocks. Parts of a block may come in any order, twice or
not at all; what is missing of it is requested again. A short part inside a block may be the end of a log or an old
answer, so a log ends where its entry says, or where a request from there on is answered by nothing. Numbers of logs are
positions in a list, and wrap on old boards: `last_log_num` is the newest.
"""

from __future__ import annotations

import struct
from typing import Final

from edge.sources.mavlink.card.transfer.port import LogEntry, NotAnswered
from edge.sources.mavlink.card.transfer.sparse_file import SparseFile
from edge.sources.mavlink.mapping.dialect import PAYLOAD_BYTES, id_of
from edge.sources.mavlink.protocol.encoder import Outgoing, RequestLogData, RequestLogEnd, RequestLogList
from edge.sources.mavlink.protocol.frame import RawFrame

LOG_ENTRY: Final = id_of("LOG_ENTRY")
LOG_DATA: Final = id_of("LOG_DATA")
DATA_BYTES: Final = 90
#: time_utc, size, id, num_logs, last_log_num; ofs, id, count.
_ENTRY: Final = struct.Struct("<IIHHH")
_DATA: Final = struct.Struct("<IHB")
#: What a LOG_DATA takes on the link besides its data.
_OVERHEAD: Final = 1.25
#: After so long without a part the missing ones are requested again, and after so many times in a row it is given up.
_SILENCE_S: Final = 2.0
_TRIES: Final = 6
#: More than any card lists.
_MOST_LOGS: Final = 2000


class LogTransfer:
    """The transfer from one vehicle; `max_bytes_s` counts what is on the link."""

    def __init__(self, system: int, component: int, max_bytes_s: float) -> None:
        self._system = system
        self._component = component
        self._rate_bytes_s = max_bytes_s / _OVERHEAD
        self._entries: dict[int, LogEntry] = {}
        self._listed = 0  # how many logs there are
        self._last = 0  # the newest one's number
        self._is_listed = False
        self._log: LogEntry | None = None
        self._file: SparseFile | None = None
        self._range = (0, 0)
        self._block: tuple[int, int] | None = None
        self._sent_s = float("-inf")
        self._received_s = float("-inf")
        self._next_s = float("-inf")
        self._tries = 0
        self._short_at = -1
        self.received_bytes = 0
        self.counts = dict.fromkeys(("card_parts", "card_parts_again", "card_requests", "card_repeats"), 0)

    def take(self, frame: RawFrame, now_s: float) -> None:
        """Read a LOG_ENTRY or LOG_DATA."""
        message_id, payload = frame[0], frame[4].ljust(PAYLOAD_BYTES[frame[0]], b"\0")
        if message_id == LOG_ENTRY:
            self._take_entry(payload, now_s)
        elif message_id == LOG_DATA:
            self._take_data(payload, now_s)

    def due(self, now_s: float) -> list[Outgoing]:
        """Return the request that is due, if one is. Raises NotAnswered after the last repetition."""
        if not self._is_listed:
            return self._due_list(now_s)
        if self._log is None or self._file is None:
            return []
        if self._block is not None:
            missing = self._file.missing(*self._block)
            if missing:
                return self._repeat(missing[0], now_s)
            self._block = None
        missing = self._file.missing(*self._range)
        if not missing or now_s < self._next_s:
            return []
        begin, end = missing[0]
        self._tries = 0
        return [self._send_block(begin, end, now_s)]

    def logs(self) -> list[LogEntry] | None:
        """Return the logs, the newest first: by their times where all have one, else back from the last number."""
        if not self._is_listed:
            return None
        numbers = sorted(self._entries, key=lambda number: (number > self._last, -number))
        entries = [self._entries[number] for number in numbers]
        if entries and all(entry.utc_s for entry in entries):
            entries.sort(key=lambda entry: -entry.utc_s)
        return entries

    def request(self, log: LogEntry, file: SparseFile, begin: int, end: int) -> None:
        """Request a range; what was under way of another one is dropped."""
        if log is not self._log:
            self._short_at = -1
        self._log, self._file, self._range, self._block = log, file, (begin, end), None
        self._tries = 0

    def stop(self) -> list[Outgoing]:
        """End the transfer."""
        self._log, self._file, self._block = None, None, None
        return [RequestLogEnd(self._system, self._component)]

    # The list

    def _take_entry(self, payload: bytes, now_s: float) -> None:
        utc_s, size_bytes, number, listed, last = _ENTRY.unpack_from(payload)
        self._received_s = now_s
        if number not in self._entries:
            self._tries = 0
        self._listed, self._last = listed, last
        if listed == 0:
            self._is_listed = True
        elif len(self._entries) < _MOST_LOGS:
            self._entries[number] = LogEntry(str(number), size_bytes, utc_s)
        self._is_listed = self._is_listed or len(self._entries) >= min(self._listed, _MOST_LOGS)

    def _due_list(self, now_s: float) -> list[Outgoing]:
        if now_s - max(self._sent_s, self._received_s) < _SILENCE_S:
            return []
        if self._tries >= _TRIES:
            if not self._entries:
                raise NotAnswered("no_answer")
            self._is_listed = True  # with those that came
            return []
        self._tries += 1
        self._sent_s = now_s
        self._count("card_repeats" if self._tries > 1 else "card_requests")
        return [RequestLogList(self._system, self._component)]

    # The data

    def _take_data(self, payload: bytes, now_s: float) -> None:
        offset, number, count = _DATA.unpack_from(payload)
        file, log = self._file, self._log
        if file is None or log is None or str(number) != log.name or count > DATA_BYTES:
            return
        begin, end = self._block or self._range
        if not begin <= offset <= end:
            return
        data = payload[_DATA.size : _DATA.size + count]
        self.received_bytes += len(data)
        is_new = file.add(offset, data) > 0
        self._count("card_parts" if is_new else "card_parts_again")
        if is_new:
            self._tries = 0
        self._received_s = now_s
        stop = offset + count
        if count < DATA_BYTES and stop < end:
            self._short_at = stop
            if stop >= log.size_bytes or (count == 0 and self._block is not None and offset == begin):
                file.note_end(stop)

    def _repeat(self, missing: tuple[int, int], now_s: float) -> list[Outgoing]:
        """Request what is missing of a block again, once no part of it comes any more."""
        if now_s - max(self._sent_s, self._received_s) < _SILENCE_S:
            return []
        self._tries += 1
        if self._tries > _TRIES:
            if missing[0] == self._short_at and self._file is not None:
                self._file.note_end(missing[0])
                return []
            raise NotAnswered("no_data")
        self._count("card_repeats")
        return [self._send_block(*missing, now_s)]

    def _send_block(self, begin: int, end: int, now_s: float) -> Outgoing:
        log = self._log
        assert log is not None  # noqa: S101 - a block is one of a log's
        parts = max(1, min(-(-(end - begin) // DATA_BYTES), int(self._rate_bytes_s // DATA_BYTES)))
        end = min(end, begin + parts * DATA_BYTES)
        self._block = (begin, end)
        self._sent_s = now_s
        self._next_s = now_s + (end - begin) / self._rate_bytes_s
        self._count("card_requests")
        return RequestLogData(self._system, self._component, int(log.name), begin, end - begin)

    def _count(self, name: str) -> None:
        self.counts[name] += 1
