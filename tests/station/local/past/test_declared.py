"""Records of a simulated past: the crop of a greenhouse, and its device in the zone once it is known."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from headland.errors import RetryLater
from headland.registry.models.models import Device, Greenhouse
from station.local.folder import FarmFolder, FarmState
from station.local.past.declared import PastRecords
from station.server.scenarios import FarmHouse
from tests.dashboard.farm import Farm, serve_farm

LATE = FarmHouse("jurong-houses", "home", device="late-house", crops=(("tomato", "fruiting"),))

NODE = Device(name=LATE.device, kind="greenhouse", gateway="gw-1", site="home")


@pytest.fixture
def late(tmp_path: Path) -> Iterator[tuple[Farm, PastRecords]]:
    """A farm with a greenhouse whose device has sent nothing yet, and what enters its past."""
    folder = FarmFolder(tmp_path / "farm")
    folder.create()
    folder.api_key_path.write_text("any")
    with serve_farm(tmp_path) as farm, folder.hold():
        folder.write_state(FarmState(api_url=farm.base, broker_host="127.0.0.1", broker_port=1, broker="none"))
        home, site = next(iter(farm.repositories.farms.all())), next(iter(farm.repositories.sites.all()))
        farm.repositories.greenhouses.add(Greenhouse(farm=home.id, site=site.id, name=LATE.device))
        with PastRecords(folder) as records:
            yield farm, records


def test_a_house_without_live_data_is_entered_later_and_has_its_device_then(late: tuple[Farm, PastRecords]) -> None:
    farm, records = late
    stop = threading.Event()
    stop.set()
    with pytest.raises(RetryLater, match="late-house has sent no live data yet"):
        records.enter_house(LATE, stop)
    assert list(farm.repositories.zones.all()) == []

    farm.repositories.devices.add(NODE)
    for _ in range(2):  # what is there already stays
        records.enter_house(LATE, threading.Event())
    (zone,) = farm.repositories.zones.all()
    assert (zone.crop, zone.stage) == ("tomato", "fruiting")
    assert [device.zone for device in farm.repositories.devices.list(name=LATE.device)] == [zone.id]


def test_a_device_that_an_interrupted_start_left_without_its_zone_gets_it(late: tuple[Farm, PastRecords]) -> None:
    farm, records = late
    farm.repositories.devices.add(NODE)
    records.enter_house(LATE, threading.Event())
    device = farm.repositories.devices.list(name=LATE.device)[0]
    farm.repositories.devices.change(msgspec.structs.replace(device, zone=None))
    records.enter_house(LATE, threading.Event())
    (zone,) = farm.repositories.zones.all()
    assert [each.zone for each in farm.repositories.devices.list(name=LATE.device)] == [zone.id]
