"""A simulated autopilot on the ground whose card holds given logs, asked over MAVLink frames."""

from __future__ import annotations

from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as dialect

from firmware_sim.drone.card.flight_recorder import Log
from firmware_sim.drone.simulator import Drone, DroneSettings
from tests.edge.sources.mavlink.test_simulated import START_MS


class ServedCard:
    """The simulator's own servers; requests and answers are frames."""

    def __init__(self, *logs: bytes, utc_s: int = 0) -> None:
        self.drone = Drone(DroneSettings(idle=True), START_MS)
        for content in logs:
            log = Log(utc_s)
            log.write(content)
            self.drone.recorder.logs.append(log)
            self.drone.recorder.begun += 1
        self._parser = dialect.MAVLink(None)

    def ask(self, frame: bytes) -> list[bytes]:
        """Return the answers to a request."""
        return self.drone.respond(self._parser.parse_buffer(frame) or ())

    def step(self, seconds: float = 0.02) -> list[bytes]:
        """Return what the servers send by themselves in a time."""
        handler, sent = self.drone.handler, list[Any]()
        for _ in range(round(seconds / 0.02)):
            self.drone.vehicle.time_ms += 20
            sent += handler.repeat_requests()
        return [self.drone.encoder.pack(message) for message in sent]
