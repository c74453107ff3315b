"""Real flight logs through a real farm: `headland edge import` as a user types it."""

import math
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.accept.conftest import Agreement
from tests.services.farm import Farm
from tests.waiting import wait_until

pytestmark = [pytest.mark.services("mosquitto"), pytest.mark.timeout(600)]


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


def test_a_pass_with_a_declared_implement_has_the_area_and_the_length_of_its_track(
    farm: Farm, real_data: Path, agree: Agreement
) -> None:
    import_log(farm, real_data / "flights" / "phoenix_mission2.tlog")
    stored = series(farm, "latitude_deg", "longitude_deg")
    latitudes, longitudes = stored["channels"]["latitude_deg"], stored["channels"]["longitude_deg"]
    url = farm.folder.read_state().api_url
    farm_id = farm.get("/v1/farms")["items"][0]["id"]
    south, north, west, east = 49.256, 49.2584, -123.2442, -123.241
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    field = {"farm": farm_id, "name": "Field", "geometry": {"type": "Polygon", "coordinates": [ring]}}
    machine = {"name": "spreader", "kind": "spreader", "swath_m": 2.0}
    ids = [httpx.post(f"{url}/v1/{path}", json=told, headers=farm.headers).json()["id"] for path, told in
           (("fields", field), ("implements", machine))]  # fmt: skip
    told = {
        "field": ids[0], "device": farm.devices("drone")[0]["id"], "implement": ids[1],
        "start_ms": stored["time_ms"][0], "end_ms": stored["time_ms"][-1] + 1,
    }  # fmt: skip
    made = httpx.post(f"{url}/v1/passes", json=told, headers=farm.headers, timeout=20)
    assert made.status_code == 201, made.text
    # Nothing was heard of any machine: the ground is where the vehicle moved, and no amount is said.
    assert made.json()["evidence"] == "declared"
    applied = farm.get(f"/v1/passes/{made.json()['id']}/as-applied", cell_m=1.0)
    assert (applied["amount"]["value"], applied["amount"]["reason"]) == (None, "no_flow_meter")
    # Where it moved, by the positions alone: neighbours at most 2 s apart and half a metre a second or faster.
    steps_m = [
        length_m([*pair], [*other]) for pair, other in zip(pairwise(latitudes), pairwise(longitudes), strict=True)
    ]
    waits_s = [(after - before) / 1000 for before, after in pairwise(stored["time_ms"])]
    moved_m = sum(step for step, wait in zip(steps_m, waits_s, strict=True) if wait <= 2 and step >= 0.5 * wait)
    agree("length worked", made.json()["work_m"], moved_m, "positions of the log", rel=0.03)
    # Straight swaths of 2 m: all that was treated, once or again, is the length times the width.
    cover = applied["cover"]
    treated_m2 = cover["covered_m2"] + cover["overlap_m2"]
    agree("area treated", treated_m2, 2.0 * made.json()["work_m"], "length times swath", rel=0.05)
