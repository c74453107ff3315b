"""Real flight logs through a real farm: `headland edge import` as a user types it."""

import math
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.services.farm import Farm
from tests.waiting import wait_until

pytestmark = [pytest.mark.services("mosquitto"), pytest.mark.timeout(300)]


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    made = Farm(tmp_path / "farm", "--no-sim")
    made.wait_ready()
    yield made
    made.stop()


def import_log(farm: Farm, log: Path) -> str:
    result = farm.run("edge", "import", str(log))
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def series(farm: Farm, *channels: str) -> dict[str, Any]:
    drone = farm.devices("drone")[0]["id"]
    answer: dict[str, Any] = farm.get(
        f"/v1/devices/{drone}/series", channel=list(channels), start="2017-01-01T00:00:00Z", end="2026-11-01T00:00:00Z"
    )
    return answer


def length_m(latitudes_deg: list[float], longitudes_deg: list[float]) -> float:
    """Return a track's length on a sphere of the earth's mean radius (haversine)."""
    total_m = 0.0
    points = [(math.radians(lat), math.radians(lon)) for lat, lon in zip(latitudes_deg, longitudes_deg, strict=True)]
    for (lat1, lon1), (lat2, lon2) in pairwise(points):
        h = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
        total_m += 2 * 6_371_008.8 * math.asin(math.sqrt(h))
    return total_m


def check_phoenix(farm: Farm) -> None:
    stored = series(farm, "latitude_deg", "longitude_deg")
    latitudes, longitudes = stored["channels"]["latitude_deg"], stored["channels"]["longitude_deg"]
    assert len(latitudes) == 1616
    assert None not in latitudes
    assert length_m(latitudes, longitudes) == pytest.approx(1392, rel=0.01)
    # The first valid SYSTEM_TIME of the file: 1,537,915,008,469 ms UTC at 96,737 ms after boot; the first position is
    # 69 ms before it. The host's clock is 7.5 to 11.3 s ahead; the vehicle's own drifts 90 ms in the flight.
    assert stored["time_ms"][0] == pytest.approx(1_537_915_008_469 - 69, abs=100)
    assert stored["time_ms"][-1] == pytest.approx(1_537_916_401_192 + (1_489_922 - 1_489_513), abs=100)


def test_phoenix_is_stored_whole_in_vehicle_time_and_once(farm: Farm, real_data: Path) -> None:
    log = real_data / "flights" / "phoenix_mission2.tlog"
    import_log(farm, log)
    check_phoenix(farm)
    points = farm.get("/v1/devices")["items"]
    import_log(farm, log)
    check_phoenix(farm)
    assert farm.get("/v1/devices")["items"] == points


def test_killing_broker_and_station_in_the_middle_of_phoenix_loses_and_doubles_nothing(
    farm: Farm, real_data: Path
) -> None:
    importing = farm.start("edge", "import", str(real_data / "flights" / "phoenix_mission2.tlog"))
    wait_until(lambda: farm.devices("drone"), 60)
    farm.kill("broker")
    farm.kill("station")
    output, _ = importing.communicate(timeout=120)
    assert importing.returncode == 0, output
    farm.wait_ready()
    check_phoenix(farm)


@pytest.mark.parametrize("name", ["mavometer_test.tlog", "ardusub_small.tlog"])
def test_a_log_without_a_fix_stores_no_position_at_zero(farm: Farm, real_data: Path, name: str) -> None:
    import_log(farm, real_data / "flights" / name)
    drone = farm.devices("drone")[0]["id"]
    channels = farm.get(f"/v1/devices/{drone}/latest")["channels"]
    assert channels
    for prefix in ("", "gps_"):
        pair = (f"{prefix}latitude_deg", f"{prefix}longitude_deg")
        if pair[0] not in channels:
            continue
        stored = series(farm, *pair)["channels"]
        assert not [1 for lat, lon in zip(*(stored[channel] for channel in pair), strict=True) if lat == lon == 0]
