"""A mission file that finishes a pass: QGroundControl's .plan (plan file format, version 1)."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from headland.agronomy.plane import Plane
from headland.agronomy.resume import Rest

_WAYPOINT: Final = 16
_RETURN: Final = 20
_TAKE_OFF: Final = 22
_CHANGE_SPEED: Final = 178
_DO_SPRAYER: Final = 216
#: Heights are above home.
_RELATIVE: Final = 3
_MISSION_FRAME: Final = 2
_ARDUPILOT: Final = 3
_MULTIROTOR: Final = 2


def resume_plan(
    rest: Rest, plane: Plane, home_deg: tuple[float, float], *, height_m: float, speed_m_s: float
) -> dict[str, Any]:
    """Return a .plan that treats the rest of a field: the sprayer is on along each line and off on every other way."""
    items = [
        _item(_TAKE_OFF, (0.0, 0.0, 0.0, None, *home_deg, height_m), _RELATIVE),
        _item(_CHANGE_SPEED, (1.0, speed_m_s, -1.0, 0.0, 0.0, 0.0, 0.0), _MISSION_FRAME),
        _spray(on=False),
    ]
    for start, end in rest.lines:
        items += [
            _go(plane, start, height_m),
            _spray(on=True),
            _go(plane, end, height_m),
            _spray(on=False),
        ]
    items.append(_item(_RETURN, (0.0,) * 7, _MISSION_FRAME))
    for number, item in enumerate(items, start=1):
        item["doJumpId"] = number
    return {
        "fileType": "Plan",
        "version": 1,
        "groundStation": "Headland",
        "geoFence": {"version": 2, "circles": [], "polygons": []},
        "rallyPoints": {"version": 2, "points": []},
        "mission": {
            "version": 2,
            "firmwareType": _ARDUPILOT,
            "vehicleType": _MULTIROTOR,
            "cruiseSpeed": speed_m_s,
            "hoverSpeed": speed_m_s,
            "plannedHomePosition": [*home_deg, 0.0],
            "items": items,
        },
    }


def _go(plane: Plane, place: tuple[float, float], height_m: float) -> dict[str, Any]:
    latitude, longitude = plane.to_degrees(np.array([place[0]]), np.array([place[1]]))
    spot = (round(float(latitude[0]), 9), round(float(longitude[0]), 9))
    return _item(_WAYPOINT, (0.0, 0.0, 0.0, None, *spot, height_m), _RELATIVE)


def _spray(*, on: bool) -> dict[str, Any]:
    return _item(_DO_SPRAYER, (float(on), 0.0, 0.0, 0.0, 0.0, 0.0, 0.0), _MISSION_FRAME)


def _item(command: int, params: tuple[float | None, ...], frame: int) -> dict[str, Any]:
    return {"type": "SimpleItem", "autoContinue": True, "command": command, "frame": frame, "params": list(params)}
