"""A ground station over a simulated vehicle, and plans that it transfers."""

from __future__ import annotations

from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as dialect

from firmware_sim.drone.flight.mission.items import Item
from firmware_sim.drone.flight.vehicle import SimulatedVehicle
from firmware_sim.drone.simulator import DroneSettings, SimulatedFleet
from tests.firmware_sim.recording import START_MS, read_frames

PLACE = (319_500_000, 1_191_700_000)
WAYPOINT = Item(16, 3, x=PLACE[0], y=PLACE[1], z=5.0)


class Station:
    """A ground station made of pymavlink alone, over one vehicle that waits for it."""

    def __init__(self, **settings: Any) -> None:
        self.fleet = SimulatedFleet(DroneSettings(**{"idle": True, **settings}), START_MS)
        self.drone = self.fleet.drones[0]
        self.mav = dialect.MAVLink(None, srcSystem=245, srcComponent=191)

    @property
    def vehicle(self) -> SimulatedVehicle:
        return self.drone.vehicle

    def ask(self, message: Any) -> list[Any]:
        return read_frames(self.fleet.receive(message.pack(self.mav)))

    def command(self, number: int, param1: float = 0, param2: float = 0, param7: float = 0) -> list[Any]:
        return self.ask(dialect.MAVLink_command_long_message(1, 1, number, 0, param1, param2, 0, 0, 0, 0, param7))

    def result(self, number: int, param1: float = 0, param2: float = 0, param7: float = 0) -> int:
        """Send a command and return its MAV_RESULT."""
        return int(self.command(number, param1, param2, param7)[0].result)

    def send(self, message: Any, system_id: int, component_id: int = 190) -> list[Any]:
        """Send a message of another ground station; return the responses."""
        other = dialect.MAVLink(None, srcSystem=system_id, srcComponent=component_id)
        return read_frames(self.fleet.receive(message.pack(other)))

    def fly(self, seconds: float) -> None:
        """Let the vehicle fly without its messages, which are not needed."""
        for _ in range(round(seconds * 50)):
            self.vehicle.step()

    def texts(self, seconds: float) -> list[str]:
        return [m.text for m in self.listen(seconds) if m.get_type() == "STATUSTEXT"]

    def ready(self) -> Station:
        """Wait for the fix."""
        self.listen(4)
        return self

    def listen(self, seconds: float) -> list[Any]:
        return read_frames([frame for _ in range(round(seconds * 50)) for frame in self.fleet.step()])


def flown(station: Station) -> Station:
    """Take a station's vehicle up to five metres."""
    station.ready()
    assert station.result(176, 1, 4) == 0
    assert station.result(400, 1) == 0
    assert station.result(22, param7=5) == 0
    station.listen(8)
    return station


def encode(item: Item, seq: int, *, mission_type: int = 0) -> Any:
    """Return MISSION_ITEM_INT of an item."""
    params = (item.param1, item.param2, item.param3, item.param4)
    return dialect.MAVLink_mission_item_int_message(
        1, 1, seq, item.frame, item.command, 0, 1, *params, item.x, item.y, item.z, mission_type
    )


def begin(station: Station, count: int, mission_type: int = 0) -> list[Any]:
    """Announce an upload."""
    return station.ask(dialect.MAVLink_mission_count_message(1, 1, count, mission_type))


def upload(station: Station, items: list[Item], mission_type: int = 0) -> int:
    """Upload as the protocol wants and return the MAV_MISSION_RESULT."""
    return answer_requests(station, begin(station, len(items), mission_type), items, mission_type)


def answer_requests(station: Station, answers: list[Any], items: list[Item], mission_type: int = 0) -> int:
    """Send the items that are requested, and return the MAV_MISSION_RESULT."""
    (request,) = answers
    while request.get_type() == "MISSION_REQUEST_INT":
        assert request.mission_type == mission_type
        (request,) = station.ask(encode(items[request.seq], request.seq, mission_type=mission_type))
    assert (request.get_type(), request.mission_type) == ("MISSION_ACK", mission_type)
    return int(request.type)


def download(station: Station, mission_type: int = 0) -> list[Item]:
    """Download a plan."""
    (count,) = station.ask(dialect.MAVLink_mission_request_list_message(1, 1, mission_type))
    answers = [
        station.ask(dialect.MAVLink_mission_request_int_message(1, 1, seq, mission_type))[0]
        for seq in range(count.count)
    ]
    assert {m.mission_type for m in answers} <= {mission_type}
    return [Item(m.command, m.frame, m.param1, m.param2, m.param3, m.param4, x=m.x, y=m.y, z=m.z) for m in answers]
