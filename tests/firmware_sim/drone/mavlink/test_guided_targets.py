from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymavlink.dialects.v20 import ardupilotmega as dialect

from firmware_sim.drone.flight.modes import Stage
from tests.examples import examples
from tests.firmware_sim.drone.mavlink.station import Station, flown

PLACE_ONLY, VELOCITY_ONLY, PLACE_AND_VELOCITY, ACCELERATION_ONLY = 0xDF8, 0xDC7, 0xDC0, 0xC3F
LOCAL, LOCAL_OFFSET, BODY, BODY_OFFSET = 1, 7, 8, 9
NO_VECTOR = (0.0, 0.0, 0.0)


def local(
    place: tuple[float, float, float] = NO_VECTOR,
    velocity: tuple[float, float, float] = NO_VECTOR,
    acceleration: tuple[float, float, float] = NO_VECTOR,
    *,
    mask: int,
    frame: int = LOCAL,
) -> Any:
    return dialect.MAVLink_set_position_target_local_ned_message(
        0, 1, 1, frame, mask, *place, *velocity, *acceleration, 0, 0
    )


def moved(station: Station) -> tuple[float, float, float]:
    """Return how far north, east and up of the home the vehicle is."""
    motion, home = station.vehicle.body.motion, station.vehicle.autopilot.home
    return motion.north_m - home[1], motion.east_m - home[0], motion.up_m


def test_a_place_north_east_and_down_of_the_home_is_flown_to() -> None:
    station = flown(Station())
    assert station.ask(local((20.0, 10.0, -8.0), mask=PLACE_ONLY)) == []
    station.fly(20)
    assert moved(station) == pytest.approx((20, 10, 8), abs=0.4)


def test_an_offset_counts_from_the_vehicle_and_a_body_frame_from_its_nose() -> None:
    station = flown(Station())
    station.ask(local((10.0, 0.0, 0.0), mask=PLACE_ONLY, frame=LOCAL_OFFSET))
    station.fly(10)
    assert moved(station) == pytest.approx((10, 0, 5), abs=0.4)
    # The nose points north after the flight there.
    station.ask(local((0.0, 12.0, -2.0), mask=PLACE_ONLY, frame=BODY_OFFSET))
    station.fly(12)
    assert moved(station) == pytest.approx((10, 12, 7), abs=0.5)


def test_a_velocity_is_followed_as_long_as_it_is_streamed() -> None:
    station = flown(Station())
    for _ in range(8):
        station.ask(local(velocity=(2.0, -1.0, -0.5), mask=VELOCITY_ONLY))
        station.fly(1)
    motion = station.vehicle.body.motion
    assert (motion.north_m_s, motion.east_m_s, motion.up_m_s) == pytest.approx((2.0, -1.0, 0.5), abs=0.25)
    station.fly(1.9)
    assert motion.speed_m_s > 1.5
    # GUID_TIMEOUT after the last one, 3 s, it stops.
    station.fly(4)
    assert motion.speed_m_s < 0.3
    north, east, up = moved(station)
    assert (north, east) == pytest.approx((20, -10), abs=3)
    assert up > 8


def test_a_velocity_is_limited_to_what_the_vehicle_may_fly() -> None:
    station = flown(Station())
    for _ in range(8):
        station.ask(local(velocity=(90.0, 0.0, 0.0), mask=VELOCITY_ONLY))
        station.fly(1)
    assert station.vehicle.body.motion.speed_m_s == pytest.approx(5.0, abs=0.4)


def test_a_place_with_a_velocity_moves_on_and_an_acceleration_speeds_up() -> None:
    station = flown(Station())
    station.ask(local((5.0, 0.0, -5.0), (0.0, 2.0, 0.0), mask=PLACE_AND_VELOCITY))
    station.fly(2.9)
    north, east, _ = moved(station)
    assert (north, east) == pytest.approx((5, 5.8), abs=2.5)
    station.fly(4)
    station.ask(local(acceleration=(0.0, 0.5, 0.0), mask=ACCELERATION_ONLY))
    station.fly(2.9)
    assert station.vehicle.body.motion.east_m_s == pytest.approx(1.2, abs=0.5)


@pytest.mark.parametrize(("frame", "alt", "up"), [(0, 30.0, 8.0), (5, 30.0, 8.0), (6, 9.0, 9.0), (11, 6.0, 6.0)])
def test_a_place_on_earth_has_a_height_above_sea_home_or_ground(frame: int, alt: float, up: float) -> None:
    station = flown(Station())
    east, north = station.vehicle.autopilot.home
    latitude, longitude = station.vehicle.body.frame.to_degrees(east + 10, north)
    x, y = round(latitude * 1e7), round(longitude * 1e7)
    station.ask(
        dialect.MAVLink_set_position_target_global_int_message(
            0, 1, 1, frame, PLACE_ONLY, x, y, alt, *NO_VECTOR, *NO_VECTOR, 0, 0
        )
    )
    station.fly(12)
    assert moved(station) == pytest.approx((0, 10, up), abs=0.5)


@pytest.mark.parametrize(
    "target",
    [
        local((1.0, 1.0, -5.0), mask=PLACE_ONLY, frame=4),
        local(velocity=(float("nan"), 0.0, 0.0), mask=VELOCITY_ONLY),
        local(velocity=(1001.0, 0.0, 0.0), mask=VELOCITY_ONLY),
        local((float("nan"), 0.0, -5.0), mask=PLACE_ONLY),
        local(mask=0xFFF),
        local(acceleration=(1.0, 0.0, 0.0), mask=ACCELERATION_ONLY | 1 << 9),
        local((5.0, 5.0, -5.0), acceleration=(1.0, 0.0, 0.0), mask=0xC38),
        # A place of which one part is ignored is ignored.
        local((50.0, 50.0, -5.0), mask=0xDF8 | 4),
        dialect.MAVLink_set_position_target_global_int_message(
            0, 1, 1, 6, PLACE_ONLY, 900_000_001, 0, 5, *NO_VECTOR, *NO_VECTOR, 0, 0
        ),
        dialect.MAVLink_set_position_target_global_int_message(
            0, 1, 1, 11, PLACE_AND_VELOCITY, 0, 0, 5, 1, 0, 0, *NO_VECTOR, 0, 0
        ),
    ],
)
def test_a_target_that_is_not_valid_stops_the_vehicle(target: Any) -> None:
    station = flown(Station())
    station.ask(local(velocity=(0.0, 3.0, 0.0), mask=VELOCITY_ONLY))
    station.fly(2)
    station.ask(target)
    assert station.vehicle.autopilot.stage is Stage.HOLD
    station.fly(4)
    assert station.vehicle.body.motion.speed_m_s < 0.3


@pytest.mark.parametrize("mode", [3, 5])
def test_outside_of_guided_nothing_follows_and_the_crew_flies_on(mode: int) -> None:
    station = Station(idle=False)
    station.fly(12)
    if mode == 5:
        station.result(176, 1, 5)
        station.fly(4)
    stage = station.vehicle.autopilot.stage
    station.ask(local((200.0, 0.0, -30.0), mask=PLACE_ONLY))
    assert station.vehicle.autopilot.stage is stage
    assert station.vehicle.crew.flies is (mode == 3)


def test_on_the_ground_nothing_follows() -> None:
    station = Station().ready()
    station.result(176, 1, 4)
    station.result(400, 1)
    station.ask(local(velocity=(1.0, 0.0, -1.0), mask=VELOCITY_ONLY))
    station.fly(2)
    assert station.vehicle.body.landed


@settings(max_examples=examples(60), deadline=None)
@given(
    mask=st.integers(0, 0xFFFF),
    frame=st.integers(0, 12),
    numbers=st.tuples(*[st.floats(width=32)] * 11),
    place=st.tuples(st.integers(-(2**31), 2**31 - 1), st.integers(-(2**31), 2**31 - 1)),
)
def test_any_target_leaves_it_flyable(
    mask: int, frame: int, numbers: tuple[float, ...], place: tuple[int, int]
) -> None:
    station = Station()
    autopilot = station.vehicle.autopilot
    station.fly(3.1)
    autopilot.set_mode(4)
    autopilot.arm()
    autopilot.take_off(5.0)
    station.fly(1)
    station.ask(dialect.MAVLink_set_position_target_local_ned_message(0, 1, 1, frame, mask, *numbers))
    station.fly(0.2)
    station.ask(dialect.MAVLink_set_position_target_global_int_message(0, 1, 1, frame, mask, *place, *numbers[:9]))
    station.listen(0.2)
    motion = station.vehicle.body.motion
    assert all(math.isfinite(value) for value in (motion.east_m, motion.north_m, motion.up_m))
