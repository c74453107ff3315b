from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymavlink.dialects.v20 import ardupilotmega as dialect
from shapely.geometry import Point, Polygon

from firmware_sim.drone.flight.fence import is_inside
from firmware_sim.drone.flight.mission.items import Item
from firmware_sim.drone.flight.modes import Mode
from tests.firmware_sim.drone.mavlink.station import Station, flown, upload

coordinates = st.floats(-100, 100)


def around(station: Station, *places: tuple[float, float], command: int = 5001, param1: float = 0.0) -> list[Item]:
    """Return fence items at places east and north of the home; a polygon's know its corners."""
    east, north = station.vehicle.autopilot.home
    items = []
    for x, y in places:
        latitude, longitude = station.vehicle.body.frame.to_degrees(east + x, north + y)
        items.append(Item(command, 0, param1 or len(places), x=round(latitude * 1e7), y=round(longitude * 1e7)))
    return items


def go_east(station: Station, seconds: float) -> list[Any]:
    """Fly east at 4 m/s, and return the texts, or fall back to what the fence does."""
    texts: list[Any] = []
    for _ in range(round(seconds)):
        target = dialect.MAVLink_set_position_target_local_ned_message(
            0, 1, 1, 1, 0xDC7, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0
        )
        station.ask(target)
        texts += station.texts(1)
    return texts


def mode_of(station: Station) -> Mode:
    return station.vehicle.autopilot.mode


def fenced(items: list[Item], station: Station, **parameters: float) -> Station:
    assert upload(station, items, 1) == 0
    for name, value in {"FENCE_ENABLE": 1, **parameters}.items():
        assert station.vehicle.parameters.set(name, value)
    return station


@pytest.mark.parametrize(
    ("places", "command", "radius_m"),
    [
        (((-30, -30), (15, -30), (15, 30), (-30, 30)), 5001, 0.0),
        (((15, -5), (25, -5), (25, 5), (15, 5)), 5002, 0.0),
        (((0, 0),), 5003, 15.0),
        (((25, 0),), 5004, 10.0),
    ],
)
def test_a_breached_shape_brings_it_home_and_is_told(
    places: tuple[tuple[float, float], ...], command: int, radius_m: float
) -> None:
    station = flown(Station())
    fenced(around(station, *places, command=command, param1=radius_m), station)
    assert go_east(station, 3) == []
    assert mode_of(station) is Mode.GUIDED
    assert "Polygon fence breached" in go_east(station, 4)
    assert mode_of(station) is Mode.RTL
    _, status = station.command(512, 162)
    assert (status.breach_count, status.breach_type) in {(1, 3), (1, 0)}


@pytest.mark.parametrize(
    ("action", "mode"), [(0, Mode.GUIDED), (2, Mode.LAND), (3, Mode.SMART_RTL), (4, Mode.BRAKE), (9, Mode.RTL)]
)
def test_what_a_breach_does_is_a_parameter(action: float, mode: Mode) -> None:
    station = flown(Station())
    fenced([], station, FENCE_ACTION=action, FENCE_RADIUS=8)
    assert "Circle fence breached" in go_east(station, 6)
    assert station.vehicle.autopilot.mode is mode


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"FENCE_ALT_MAX": 4}, "Max Alt fence breached"),
        ({"FENCE_TYPE": 8, "FENCE_ALT_MIN": 6}, "Min Alt fence breached"),
    ],
)
def test_heights_are_fences_too(parameters: dict[str, float], text: str) -> None:
    station = flown(Station())
    fenced([], station, **parameters)
    assert station.texts(0.1)[0] == text


@pytest.mark.parametrize("parameters", [{"FENCE_ENABLE": 0}, {"FENCE_TYPE": 1}])
def test_a_fence_that_is_off_breaks_nothing(parameters: dict[str, float]) -> None:
    station = flown(Station())
    fenced([], station, FENCE_RADIUS=5, **parameters)
    assert go_east(station, 4) == []
    assert station.vehicle.autopilot.mode is Mode.GUIDED


@given(corners=st.lists(st.tuples(coordinates, coordinates), min_size=3, max_size=8), x=coordinates, y=coordinates)
def test_inside_is_what_another_library_says(corners: list[tuple[float, float]], x: float, y: float) -> None:
    shape = Polygon(corners)
    if shape.is_valid and shape.exterior.distance(Point(x, y)) > 1e-6:
        assert is_inside((x, y), corners) == shape.contains(Point(x, y))
