"""SDI-12 bus: sends commands and receives answers."""

from __future__ import annotations

import time
from collections import Counter
from typing import Final

from edge.sources.connection.serial_or_tcp import SerialOrTcpLink, parse_link
from edge.sources.sdi12.message import AnswerReader
from edge.sources.sdi12.settings import Sdi12Settings
from headland.errors import RetryLater

#: A break is at least 12 ms, the marking after it at least 8.33 ms (specification 1.4, section 7).
_BREAK_S: Final = 0.015
_MARKING_S: Final = 0.010
#: How often an unanswered command is sent (section 7.2 requires three tries).
_TRIES: Final = 3


class NoAnswer(RetryLater):
    """A sensor does not answer; others on the line may answer."""


class Sdi12Bus:
    """One line. One thread uses it; `link.interrupt` may be called from another."""

    def __init__(self, settings: Sdi12Settings, counts: Counter[str]) -> None:
        self.link = SerialOrTcpLink(parse_link(settings.url, settings.parity, settings.data_bits, settings.stop_bits))
        self._breaks = settings.adapter == "transparent"
        self._timeout_s = settings.timeout_s
        self._counts = counts
        self._reader = AnswerReader("?", "?!")

    def ask(self, address: str, command: str) -> str:
        """Return the answer of `address` to `command`. Raises NoAnswer, and RetryLater for a line that is lost."""
        for _ in range(_TRIES):
            self.link.drain()
            if self._breaks:
                self.link.send_break(_BREAK_S)
                time.sleep(_MARKING_S)
            self.link.send(command.encode())
            self._reader = AnswerReader(address, command)
            answer = self.wait(self._timeout_s)
            if answer is not None:
                return answer
            self._counts["unanswered"] += 1
            if self.link.interrupted:
                break
        raise NoAnswer(f"address {address} at {self.link.address} does not answer {command!r}")

    def wait(self, wait_s: float) -> str | None:
        """Return the next line of the sensor asked last, such as its service request; None after `wait_s`."""
        deadline_s = time.monotonic() + wait_s
        answer = self._reader.feed(b"")
        while answer is None and (left_s := deadline_s - time.monotonic()) > 0:
            data = self.link.receive(left_s)
            if not data:
                break
            answer = self._reader.feed(data)
        self._counts["stray_lines"] += self._reader.stray
        self._reader.stray = 0
        return answer
