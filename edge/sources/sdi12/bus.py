"""SDI-12 input and output: a command goes out, an answer or nothing comes back."""

from __future__ import annotations

import time
from collections import Counter
from typing import Final

from edge.sources.connection.serial_or_tcp import Wire, parse_wire
from edge.sources.sdi12.message import AnswerReader
from edge.sources.sdi12.settings import Sdi12Settings
from headland.errors import RetryLater

#: A break is at least 12 ms, the marking after it at least 8.33 ms (specification 1.4, section 7).
_BREAK_S: Final = 0.015
_MARKING_S: Final = 0.010
#: A command that is not answered is sent this often (section 7.2 wants three tries).
_TRIES: Final = 3


class NoAnswer(RetryLater):
    """A sensor does not answer; others on the line may."""


class Sdi12Bus:
    """One line. One thread uses it; `interrupt` may be called from another."""

    def __init__(self, settings: Sdi12Settings, counts: Counter[str]) -> None:
        self.wire = Wire(parse_wire(settings.url, settings.parity, settings.data_bits, settings.stop_bits))
        self._breaks = settings.adapter == "transparent"
        self._timeout_s = settings.timeout_s
        self._counts = counts
        self._reader = AnswerReader("?", "?!")

    def ask(self, address: str, command: str) -> str:
        """Return the answer of `address` to `command`. Raises NoAnswer, and RetryLater for a line that is lost."""
        for _ in range(_TRIES):
            self.wire.drain()
            if self._breaks:
                self.wire.send_break(_BREAK_S)
                time.sleep(_MARKING_S)
            self.wire.send(command.encode())
            self._reader = AnswerReader(address, command)
            answer = self.wait(self._timeout_s)
            if answer is not None:
                return answer
            self._counts["unanswered"] += 1
            if self.wire.interrupted:
                break
        raise NoAnswer(f"address {address} at {self.wire.address} does not answer {command!r}")

    def wait(self, wait_s: float) -> str | None:
        """Return the next line of whom was asked last, as of its service request, or None when `wait_s` is over."""
        deadline_s = time.monotonic() + wait_s
        answer = self._reader.feed(b"")
        while answer is None and (left_s := deadline_s - time.monotonic()) > 0:
            data = self.wire.receive(left_s)
            if not data:
                break
            answer = self._reader.feed(data)
        self._counts["stray_lines"] += self._reader.stray
        self._reader.stray = 0
        return answer
