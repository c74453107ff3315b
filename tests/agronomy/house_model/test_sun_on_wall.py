from __future__ import annotations

import math
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from headland.agronomy.house_model.sun_on_wall import diffuse_share, south_w_m2

#: Shouguang, the home of the Chinese solar greenhouse.
LATITUDE, LONGITUDE = 36.86, 118.74


def at(month: int, day: int, hour_utc: float) -> int:
    return round((datetime(2027, month, day, tzinfo=UTC).timestamp() + hour_utc * 3600) * 1000)


def test_at_a_clear_winter_noon_a_wall_has_more_light_than_the_ground_and_in_summer_less() -> None:
    # Solar noon there is five minutes past twelve of Beijing's clock.
    winter = south_w_m2(at(12, 22, 4.1), LATITUDE, LONGITUDE, 500.0)
    summer = south_w_m2(at(6, 21, 4.1), LATITUDE, LONGITUDE, 900.0)
    # The noon sun is 29.7 and 76.6 degrees high: the beam on the wall is its cotangent of that on the ground.
    diffuse = diffuse_share(500 / (1361 * math.sin(math.radians(29.7))))
    wall = 500 * ((1 - diffuse) / math.tan(math.radians(29.7)) + (diffuse + 0.2) / 2)
    assert winter == pytest.approx(wall, rel=0.01)
    assert winter > 700
    assert summer < 0.45 * 900


def test_an_overcast_sky_lights_a_wall_by_half_and_night_not_at_all() -> None:
    assert south_w_m2(at(12, 22, 4.1), LATITUDE, LONGITUDE, 60.0) == pytest.approx(60 * 0.6, rel=0.05)
    assert south_w_m2(at(12, 22, 16.0), LATITUDE, LONGITUDE, 0.0) == 0
    assert south_w_m2(at(12, 21, 23.4), LATITUDE, LONGITUDE, 30.0) <= 0.6 * 30


def test_the_other_hemisphere_is_the_mirror_half_a_year_later() -> None:
    north, south = (
        south_w_m2(at(12, 22, 4.1), 36.86, LONGITUDE, 500),
        south_w_m2(at(6, 21, 4.1), -36.86, LONGITUDE, 500),
    )
    assert north == pytest.approx(south, rel=0.01)


def test_the_diffuse_share_is_continuous_and_between_nothing_and_all() -> None:
    shares = [diffuse_share(k / 1000) for k in range(1001)]
    assert all(0 < share <= 1 for share in shares)
    assert max(abs(a - b) for a, b in pairwise(shares)) < 0.02
