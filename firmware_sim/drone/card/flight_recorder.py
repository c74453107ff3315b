"""Logger of a simulated autopilot: a log for each time that it is armed, kept on a temporary file each."""

from __future__ import annotations

import tempfile
import weakref
from abc import ABC, abstractmethod
from collections import deque
from dataclasses import dataclass, field
from typing import IO, Final

from firmware_sim.drone.flight.vehicle import SimulatedVehicle

#: Logs that a card holds; the oldest goes, and the others move up in the list, as ArduPilot's do.
MOST_LOGS: Final = 5


@dataclass(eq=False)
class Log:
    """One log: `utc_s` is when it was begun, 0 where the autopilot did not know."""

    utc_s: int
    file: IO[bytes] = field(default_factory=tempfile.TemporaryFile)
    size_bytes: int = 0
    #: Whether the file's place is its end: to seek it would write what is held back, for each message.
    _is_at_end: bool = True

    def __post_init__(self) -> None:
        """Close the file with its log."""
        weakref.finalize(self, self.file.close)

    def write(self, message: bytes) -> None:
        """Append a message."""
        if not self._is_at_end:
            self.file.seek(self.size_bytes)
            self._is_at_end = True
        self.size_bytes += self.file.write(message)

    def read(self, offset: int, count: int) -> bytes:
        """Return at most `count` bytes."""
        self.file.seek(offset)
        self._is_at_end = False
        return self.file.read(max(0, min(count, self.size_bytes - offset)))


class FlightRecorder(ABC):
    """Logs a vehicle's flights, one log for each; `logs` are those on its card, the oldest first."""

    #: The folder of the logs.
    folder = ""
    #: The number of the first log in the list that LOG_ENTRY gives.
    first_number = 1

    def __init__(self, vehicle: SimulatedVehicle, unique_id: bytes) -> None:
        self.logs: deque[Log] = deque()
        #: How many logs were begun.
        self.begun = 0
        self.vehicle = vehicle
        self.unique_id = unique_id
        self.log: Log | None = None
        self._boot_ms = vehicle.boot_ms

    def step(self) -> None:
        """Write what is due at this step."""
        vehicle = self.vehicle
        armed, has_rebooted = vehicle.autopilot.armed, self._boot_ms != vehicle.boot_ms
        if self.log is not None and (not armed or has_rebooted):
            if not has_rebooted:
                self.end_log()
            self.log = None
        self._boot_ms = vehicle.boot_ms
        if armed and self.log is None:
            while len(self.logs) >= MOST_LOGS:
                self.logs.popleft().file.close()
            self.log = Log(vehicle.utc_ms // 1000 if vehicle.body.receiver.knows_time else 0)
            self.logs.append(self.log)
            self.begun += 1
            self.begin_log()
        if self.log is not None:
            self.record()

    @abstractmethod
    def files(self) -> dict[str, Log]:
        """Return the logs by their paths on the card."""

    @abstractmethod
    def begin_log(self) -> None:
        """Write what a log begins with."""

    @abstractmethod
    def record(self) -> None:
        """Write what is due of a flight."""

    @abstractmethod
    def end_log(self) -> None:
        """Write what a log ends with."""

    def write(self, message: bytes) -> None:
        """Append a message to the log under way."""
        if self.log is not None:
            self.log.write(message)

    def numbered(self) -> list[tuple[int, Log]]:
        """Return the logs with the numbers of their files, which go on while the oldest are removed."""
        return list(enumerate(self.logs, self.begun - len(self.logs) + 1))

    def erase(self) -> None:
        """Remove all logs."""
        self.logs.clear()
        self.log = None
