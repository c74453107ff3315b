"""Transfer of logs by MAVLink FTP, as autopilots with a file system serve them; pure: frames in, requests out.

A log is opened to read. Longer ranges are read by bursts where the allowed rate has room for one (ArduPilot sends up
to 100 parts of 239 bytes, PX4 goes on to the file's end, so a burst that goes on is ended with its session), others
part by part, so that the rate holds on a slow line, too. Parts may come in any order, twice or not at all. Source:
MAVLink's description of the protocol, ArduPilot's GCS_FTP and PX4's mavlink_ftp.
"""

from __future__ import annotations

from typing import Final

from edge.sources.mavlink.card.transfer.file_listing import FileListing
from edge.sources.mavlink.card.transfer.file_messages import (
    DATA_BYTES,
    END_OF_FILE,
    INVALID_SESSION,
    NO_SESSIONS,
    UNKNOWN_COMMAND,
    FileAnswer,
    FileRequests,
    read_answer,
)
from edge.sources.mavlink.card.transfer.port import LogEntry, NotAnswered
from edge.sources.mavlink.card.transfer.sparse_file import SparseFile
from edge.sources.mavlink.protocol.encoder import FileRequest, Outgoing, RequestFile
from edge.sources.mavlink.protocol.frame import RawFrame

#: A part on the link, and a burst.
_FRAME_BYTES: Final = 280
_BURST_PARTS: Final = 100
#: A shorter range is not worth a burst.
_LEAST_BURST_BYTES: Final = 4000
#: Parts that are requested at once, without a burst.
_MOST_PARTS: Final = 20
#: After so long without an answer a request is repeated, and after so many times in a row it is given up.
_SILENCE_S: Final = 2.0
_TRIES: Final = 6


class FileTransfer:
    """The transfer from one vehicle; `max_bytes_s` counts what is on the link."""

    def __init__(self, system: int, component: int, max_bytes_s: float) -> None:
        self._requests = FileRequests(system, component)
        self._rate_bytes_s = max_bytes_s
        self._may_burst = max_bytes_s >= _BURST_PARTS * _FRAME_BYTES
        self._listing = FileListing()
        self._log: LogEntry | None = None
        self._file: SparseFile | None = None
        self._range = (0, 0)
        self._session: int | None = None
        #: The range that was requested last, and how far the burst under way may go; -1 without one.
        self._asked: tuple[int, int] | None = None
        self._burst_until = -1
        #: Where the vehicle said that the file ends, of which one answer is no proof: parts are lost.
        self._end_at = -1
        self._sent_s = float("-inf")
        self._received_s = float("-inf")
        self._next_s = float("-inf")
        self._tries = 0
        self._failure = ""
        self._is_waiting = False
        self._last: RequestFile | None = None
        self._pending: list[Outgoing] = []
        self.received_bytes = 0
        self.counts = dict.fromkeys(("card_parts", "card_parts_again", "card_requests", "card_repeats"), 0)

    def take(self, frame: RawFrame, now_s: float) -> None:
        """Read a FILE_TRANSFER_PROTOCOL that is for this gateway."""
        answer = read_answer(frame)
        if answer is None:
            return
        self._received_s = now_s
        if answer.error == UNKNOWN_COMMAND:
            self._failure = "no_answer"
        elif answer.request == FileRequest.LIST and self._is_waiting and not self._listing.is_complete:
            self._listing.take(answer)
            self._note_answered()
        elif answer.request == FileRequest.OPEN_TO_READ and self._is_waiting and self._session is None:
            self._take_opening(answer)
        elif answer.request in (FileRequest.READ, FileRequest.BURST_READ):
            self._take_part(answer)

    def due(self, now_s: float) -> list[Outgoing]:
        """Return the requests that are due. Raises NotAnswered after the last repetition."""
        if self._failure:
            raise NotAnswered(self._failure)
        pending, self._pending = self._pending, []
        if not self._listing.is_complete:
            return pending + self._due_simple(FileRequest.LIST, self._listing.path, self._listing.offset, now_s)
        file, log = self._file, self._log
        if file is None or log is None:
            return pending
        if not file.missing(*self._range):
            self._asked = None
            return pending
        if self._session is None:
            return pending + self._due_simple(FileRequest.OPEN_TO_READ, log.name, 0, now_s)
        return pending + self._due_parts(file, self._session, now_s)

    def logs(self) -> list[LogEntry] | None:
        """Return the logs, the newest first."""
        return self._listing.logs() if self._listing.is_complete else None

    def request(self, log: LogEntry, file: SparseFile, begin: int, end: int) -> None:
        """Request a range; a burst beyond it is ended."""
        if self._log is not None and log.name != self._log.name:
            self._close()
        self._log, self._file, self._range = log, file, (begin, end)
        self._asked, self._tries, self._is_waiting = None, 0, False
        self._failure = ""

    def stop(self) -> list[Outgoing]:
        """End the transfer."""
        self._close()
        self._log = self._file = None
        pending, self._pending = self._pending, []
        return pending

    # One request, one answer

    def _due_simple(self, request: FileRequest, path: str, offset: int, now_s: float) -> list[Outgoing]:
        """Return the request of a path, which is repeated until its answer comes."""
        if self._is_waiting:
            if now_s - self._sent_s < _SILENCE_S:
                return []
            self._tries += 1
        if self._tries > _TRIES:
            raise NotAnswered("no_answer" if request is FileRequest.LIST else "no_data")
        self._sent_s = now_s
        if self._is_waiting:
            self._count("card_repeats")
        if self._is_waiting and self._last is not None:
            return [self._last]  # with its number, by which the vehicle knows that its answer was lost
        self._count("card_requests")
        self._is_waiting, self._last = True, self._requests.of_path(request, path, offset)
        return [self._last]

    def _note_answered(self) -> None:
        self._is_waiting, self._tries = False, 0

    def _take_opening(self, answer: FileAnswer) -> None:
        if answer.error == NO_SESSIONS:  # somebody reads the card now, or an old session lasts some seconds
            self._last = None
            return
        if answer.error:
            self._failure = "no_data"
            return
        self._session = answer.session
        self._note_answered()

    # Parts

    def _due_parts(self, file: SparseFile, session: int, now_s: float) -> list[Outgoing]:
        """Return the requests of the next parts, or of those that did not come."""
        begin, end = file.missing(*self._range)[0]
        is_under_way = self._burst_until > begin or (self._asked is not None and bool(file.missing(*self._asked)))
        if is_under_way:
            if now_s - max(self._sent_s, self._received_s) < _SILENCE_S:
                return []
            self._tries += 1
            if self._tries > _TRIES:
                raise NotAnswered("no_data")
            self._count("card_repeats")
        elif now_s < self._next_s:
            return []
        is_burst = self._may_burst and end - begin >= _LEAST_BURST_BYTES
        at_once = _BURST_PARTS if is_burst else max(1, min(_MOST_PARTS, int(self._rate_bytes_s // _FRAME_BYTES)))
        end = min(end, begin + at_once * DATA_BYTES)
        parts = at_once if is_burst else -(-(end - begin) // DATA_BYTES)
        self._asked, self._sent_s = (begin, end), now_s
        self._next_s = now_s + parts * _FRAME_BYTES / self._rate_bytes_s
        self._count("card_requests")
        if is_burst:
            self._burst_until = begin + _BURST_PARTS * DATA_BYTES
            return [self._requests.of_session(FileRequest.BURST_READ, session, begin, DATA_BYTES)]
        self._burst_until = -1
        return [
            self._requests.of_session(FileRequest.READ, session, at, min(DATA_BYTES, end - at))
            for at in range(begin, end, DATA_BYTES)
        ]

    def _take_part(self, answer: FileAnswer) -> None:
        file, log = self._file, self._log
        if file is None or log is None or answer.session != self._session:
            return
        if answer.error == INVALID_SESSION:
            self._session, self._asked, self._burst_until = None, None, -1
        elif answer.error == END_OF_FILE:
            self._take_end(answer, file, log)
        elif not answer.error:
            self._take_data(answer, file, log)

    def _take_data(self, answer: FileAnswer, file: SparseFile, log: LogEntry) -> None:
        end = answer.offset + len(answer.data)
        begin, asked_end = self._range
        ahead = _BURST_PARTS * DATA_BYTES  # of a burst that goes on, or of one for the range before
        if end > log.size_bytes + DATA_BYTES or not begin - ahead <= answer.offset <= asked_end + ahead:
            return  # parts that nobody asked for, each at a place of its own, would be a list without an end
        self.received_bytes += len(answer.data)
        is_new = file.add(answer.offset, answer.data) > 0
        self._count("card_parts" if is_new else "card_parts_again")
        if is_new:
            self._tries = 0
        if answer.request != FileRequest.BURST_READ:
            return
        if answer.ends_burst:
            self._asked, self._burst_until = None, -1
        elif end >= self._burst_until:
            self._close()  # it would go on

    def _take_end(self, answer: FileAnswer, file: SparseFile, log: LogEntry) -> None:
        """Note that the file ends where nothing came from a request on, twice or as its size says."""
        asked = self._asked
        if asked is None or (answer.request == FileRequest.READ and answer.offset != asked[0]):
            return
        missing = file.missing(*asked)
        if missing and missing[0][0] == asked[0]:
            if asked[0] >= log.size_bytes or self._end_at == asked[0]:
                file.note_end(asked[0])
            self._end_at = asked[0]
        self._asked, self._burst_until = None, -1

    def _close(self) -> None:
        if self._session is not None:
            self._pending.append(self._requests.of_session(FileRequest.TERMINATE, self._session))
        self._session, self._asked, self._burst_until, self._is_waiting = None, None, -1, False

    def _count(self, name: str) -> None:
        self.counts[name] += 1
