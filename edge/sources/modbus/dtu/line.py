"""Line behind one DTU: what is asked of its units, and what their answers say. Bytes in, bytes out; no socket."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from edge.sources.connection.reconnect import Attempts
from edge.sources.modbus.bus import UNREACHABLE, BadResponse, NoAnswer
from edge.sources.modbus.dtu.frames import answer_shapes, decode_answer, encode_request
from edge.sources.modbus.dtu.packets import AnswerScanner
from edge.sources.modbus.dtu.settings import DtuSettings, ModbusDtuSettings, read_packet, show_packet
from edge.sources.modbus.source import PolledUnit
from edge.sources.source import Sink
from headland.contract.records import Clock
from headland.errors import RetryLater

#: A DTU that is not connected is named after so long, and again as often [s].
_ABSENT_S: Final = 10.0
#: The most bytes of one DTU between two answers: heartbeats of a day are fewer.
_MOST_UNASKED: Final = 65_536


class LineLost(RetryLater):
    """The connection of a DTU is of no more use: close it, and the DTU connects again."""


class DtuLine:
    """Units behind one DTU, asked one after the other while it is connected.

    RTU has no number of a request: an answer that comes late would be taken for that of the next one. After a time-out
    a unit is asked again only once another unit has answered, which shows that nothing is under way; else the
    connection is given up. Modbus TCP numbers its requests and goes on.
    """

    def __init__(
        self, dtu: DtuSettings, source: ModbusDtuSettings, site: str, clock: Clock, counts: Counter[str]
    ) -> None:
        """Read the register maps. Raises SettingsError."""
        self.registration = read_packet(dtu.registration)
        self._heartbeats = source.heartbeats(dtu)
        self._framing = source.framing_of(dtu)
        self._timeout_s = source.timeout_s
        self._counts = counts
        self._name = f"{source.name} {show_packet(self.registration)}"
        self.attempts = Attempts(self._name, counts)
        self._units = [
            PolledUnit(
                node,
                source.poll_s if node.poll_s is None else node.poll_s,
                source.clock_speed,
                site,
                clock,
                f"{source.name} {node.device}",
                counts,
            )
            for node in dtu.node
        ]
        self._absent_s: float | None = 0.0
        self._asked: PolledUnit | None = None
        self._read = 0
        self._scanner = AnswerScanner((), ())
        self._deadline_s = 0.0
        self._transaction = 0
        self._owing: set[int] = set()
        self._unasked = 0

    @property
    def peers(self) -> Sequence[Attempts]:
        """The DTU, and the units behind it."""
        return (self.attempts, *(unit.attempts for unit in self._units))

    def start(self, now_s: float) -> None:
        """Start the grids of slots; the DTU is expected from now on."""
        self._absent_s = now_s
        for unit in self._units:
            unit.start(now_s)

    def open(self) -> None:
        """Begin with a new connection: nothing is under way on it."""
        self._absent_s = None
        self._asked, self._unasked = None, 0
        self._owing.clear()
        self.attempts.succeed()

    def close(self, now_s: float) -> None:
        """End with the connection; a poll that is under way fails."""
        self._absent_s = now_s
        self.attempts.fail(NoAnswer("it has disconnected"))
        if self._asked is not None:
            self._fail(NoAnswer(f"{self._name} has disconnected"), now_s)

    def expect(self, now_s: float) -> None:
        """Note where the DTU has not been connected for a while."""
        if self._absent_s is not None and now_s >= self._absent_s + _ABSENT_S:
            self._absent_s = now_s
            self.attempts.fail(NoAnswer("it has not connected to this gateway"))

    def turn(self, now_s: float) -> bytes:
        """Return the request that is due, if any. Raises LineLost."""
        if self._asked is not None:
            if now_s < self._deadline_s:
                return b""
            if self._framing == "rtu":
                self._owing.add(self._asked.unit)
            self._fail(NoAnswer(f"unit {self._asked.unit} behind {self._name} is silent"), now_s)
        unit = min(self._units, key=lambda polled: polled.due_s)
        if unit.due_s > now_s:
            return b""
        if unit.unit in self._owing:
            raise LineLost(f"{self._name}: a late answer of unit {unit.unit} could be taken for the next one")
        unit.begin()
        self._asked, self._read = unit, 0
        return self._ask(unit, now_s)

    def take(self, data: bytes, now_s: float, sink: Sink) -> bytes:
        """Read bytes of the DTU; return the next request, if any. Raises LineLost."""
        self._unasked += len(data)
        unit = self._asked
        frame = None if unit is None else self._scanner.feed(data)
        if unit is None or frame is None:
            if self._unasked > _MOST_UNASKED:
                self._counts["floods"] += 1
                raise LineLost(f"{self._name} sends without being asked")
            return b""
        self._unasked = 0
        self._owing.clear()
        read = unit.reads[self._read]
        answer = BadResponse() if self._scanner.is_doubtful(frame) else decode_answer(self._framing, read, frame)
        if isinstance(answer, BadResponse) and answer.exception in UNREACHABLE:
            sentence = f"unit {unit.unit} behind {self._name} does not answer"
            self._fail(NoAnswer(sentence, answer.exception), now_s)
            return self.turn(now_s)
        unit.take(read, answer)
        self._read += 1
        if self._read < len(unit.reads):
            return self._ask(unit, now_s)
        self._asked = None
        unit.finish(sink)
        unit.attempts.succeed()
        unit.skip(now_s, 0.0)
        return self.turn(now_s)

    def _ask(self, unit: PolledUnit, now_s: float) -> bytes:
        self._transaction = (self._transaction + 1) & 0xFFFF
        asked = (self._framing, unit.unit, unit.reads[self._read], self._transaction)
        self._scanner = AnswerScanner(answer_shapes(*asked), self._heartbeats)
        self._deadline_s = now_s + self._timeout_s
        return encode_request(*asked)

    def _fail(self, error: NoAnswer, now_s: float) -> None:
        unit, self._asked = self._asked, None
        if unit is not None:
            unit.skip(now_s, unit.fail(error))
