"""Flight of a mission: its items in order, with jumps, waits and what is executed on the way."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

from firmware_sim.drone.flight.camera import Camera
from firmware_sim.drone.flight.mission import commands
from firmware_sim.drone.flight.mission.items import Circle, Item, height_of, list_waypoints
from firmware_sim.drone.flight.mission.program import Program
from firmware_sim.drone.flight.modes import MISSION_MODES, Stage
from firmware_sim.drone.flight.outputs import ServoOutputs
from firmware_sim.drone.flight.sprayer_control import AcSprayer
from firmware_sim.drone.flight.steering import MAX_QUEUED, Steering
from firmware_sim.drone.flight.traits import Traits
from firmware_sim.drone.parameters import Parameters
from firmware_sim.drone.physics.vehicle_body import STEP_S, Body

_LAND_START: Final = 189
#: Value of DIGICAM_CONTROL's x that takes a picture.
_SHOOT: Final = 1


class MissionFlight(Steering):
    """Mission of a vehicle, and the machine, outputs and camera that its items control."""

    def __init__(self, body: Body, parameters: Parameters, traits: Traits) -> None:
        super().__init__(body, parameters, traits)
        self.outputs = ServoOutputs(parameters)
        self.sprayer = AcSprayer(parameters, self.outputs, STEP_S)
        self.camera = Camera(parameters)
        self.seq = 0
        self.mission_complete = False
        #: Mission items reached and not reported yet.
        self.reached: deque[int] = deque(maxlen=MAX_QUEUED)
        self._program = Program()

    @property
    def items(self) -> tuple[Item, ...]:
        """Items of the mission; the first one is home."""
        return self._program.items

    @property
    def in_mission_mode(self) -> bool:
        """Whether the mode is one that flies the mission."""
        return self.mode in MISSION_MODES

    @property
    def in_mission(self) -> bool:
        """Whether the vehicle flies its mission."""
        return self.mode in MISSION_MODES and self.armed and self.airborne

    @property
    def mission_state(self) -> int:
        """MAVLink's MISSION_STATE: none, not started, active, paused, complete."""
        if len(self.items) < 2:
            return 1
        if self.mission_complete:
            return 5
        if self.mode in MISSION_MODES and self.armed:
            return 3
        return 4 if self.seq > 1 else 2

    def load(self, items: Sequence[Item]) -> None:
        """Load a mission; item 0 is home. A running mission continues with the same number of its items, or holds."""
        self._program = Program(items)
        self.mission_complete = False
        self.parameters.put("MIS_TOTAL", len(items))
        if not self.in_mission:
            self.seq = 0
        elif 0 < self.seq < len(items):
            self.send_text(6, "Auto mission changed, restarted command")
            self._start_item(self.seq)
        else:
            self.seq = 0
            self._hold_position()

    def set_current(self, seq: int, restart: bool = False) -> bool:
        """Continue the mission at another item; `restart` forgets the jumps taken."""
        if not 0 <= seq < len(self.items):
            return False
        if restart:
            self._program.restart()
        self.seq, self.mission_complete = seq, False
        if self.in_mission:
            self._start_item(max(1, seq))
        return True

    def landing_start(self) -> int | None:
        """Return the item after which the mission's landing begins, None without DO_LAND_START."""
        return next((seq for seq, item in enumerate(self.items) if seq and item.command == _LAND_START), None)

    def _restart_mission(self) -> None:
        self.seq, self.mission_complete = 0, False
        self._program.restart()

    def _first_flown(self) -> Item | None:
        """Return the next item that takes time."""
        return next((item for item in self.items[max(1, self.seq) :] if item.command in commands.NAV_COMMANDS), None)

    def _item(self) -> Item | None:
        """Return the current item of a mission that is flown."""
        return self.items[self.seq] if self.mode in MISSION_MODES and self.seq < len(self.items) else None

    def _finish_item(self, item: Item) -> None:
        """Report the item as reached, and wait, land or continue."""
        self.reached.append(self.seq)
        if item.command == commands.LOITER:
            self._hold_position()
        elif item.command in commands.LANDINGS:
            self._descend()
        elif item.command in commands.WAITING and item.param1 > 0:
            self._hold_position()
            self._wait(item.param1)
        else:
            self._start_item(self.seq + 1)

    def _pass_items(self, seq: int) -> None:
        """Record the waypoints passed without a stop and execute the items after them."""
        while self.seq < seq:
            self.reached.append(self.seq)
            following = self._do_from(self.seq + 1)
            self.seq = seq if following is None else following

    def _do_from(self, seq: int) -> int | None:
        """Execute what comes at once from `seq` on; return the next item that takes time, None at the end."""
        step = self._program.advance(seq)
        for text in step.texts:
            self.send_text(6, text)
        for done in step.done:
            self._execute(self.items[done])
        return step.next_seq

    def _execute(self, item: Item) -> None:
        """Execute an item that takes no time; one that the vehicle does not know is passed over."""
        command = item.command
        if command == commands.SPRAYER:
            self.sprayer.run(item.param1 >= 0.5)
        elif command == commands.SPEED and item.param2 > 0:
            self._speed_m_s = item.param2
        elif command == commands.SERVO:
            reason = self.outputs.set(item.param1, item.param2)
            if reason is not None:
                self.send_text(6, reason)
        elif command == commands.SET_HOME:
            self.set_home(None if item.param1 == 1 else self.body.frame.to_east_north(item.x / 1e7, item.y / 1e7))
        elif command == commands.CAMERA_DISTANCE:
            self.camera.trigger_each(item.param1)
            if item.param3 == 1:
                self.camera.take()
        elif command == commands.IMAGES_START:
            self.take_pictures(item.param2, item.param3)
        elif command == commands.IMAGES_STOP:
            self.camera.stop()
        elif command == commands.DIGICAM and item.x == _SHOOT:
            self.camera.take()

    def take_pictures(self, interval_s: float, count: float) -> bool:
        """Execute IMAGE_START_CAPTURE: one picture, or a series; return whether there is a camera."""
        if count == 1 or (interval_s == 0 and count == 0):
            return self.camera.take()
        return self.camera.take_series(max(0.0, interval_s), max(0, int(count)))

    def _start_item(self, seq: int) -> None:
        """Start item `seq`, or the item after those at `seq` that take no time."""
        following = self._do_from(seq)
        if following is None:
            self.mission_complete = True
            self.send_text(6, "Mission complete")
            self._hold_position()
            return
        self.seq = following
        item = self.items[following]
        if item.command in commands.TAKEOFFS and self.traits.drives:
            self._finish_item(item)
        elif item.command in commands.TAKEOFFS:
            self._climb_to(height_of(item, self.body.scenario).height_m)
        elif item.command == commands.RETURN:
            self._return()
        elif item.command == commands.DELAY:
            self._hold_position()
            self._wait(item.param1)
        else:
            self._fly_items(following)

    def _fly_items(self, first: int, pace_m_s: float = 0.0) -> None:
        """Fly the waypoints from `first` up to the next stop."""
        here, up = self._navigator.place(), self._navigator.up
        circle = self._circle()
        waypoints = list_waypoints(self.items, first, self.body.scenario, here, up, self._speed_m_s, circle)
        self._fly(waypoints, pace_m_s)

    def _circle(self) -> Circle:
        return Circle(self.parameters["CIRCLE_RADIUS"] / 100, self.parameters["CIRCLE_RATE"])

    def _is_due(self) -> bool:
        """Return whether a wait has just ended."""
        if self.stage is not Stage.HOLD or not self._wait_ms or self._now_ms < self._wait_ms:
            return False
        self._wait_ms = 0
        return True
