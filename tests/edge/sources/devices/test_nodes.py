"""Names and ids of the devices of one source."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from edge.sources.devices import nodes as room
from edge.sources.devices.nodes import Nodes, NodeSettings, name_device
from edge.sources.mapping.field_map import Measurement
from edge.sources.settings import PlaceSettings
from headland.contract.records import Clock, is_name
from tests.edge.sinks import ListSink

ROW = [Measurement("co2_ppm", 400.0)]


def make(counts: Counter[str], *, listed_only: bool = False) -> Nodes:
    listed = [NodeSettings(match="0x01", device="bench-1", kind="bench", interval_s=60.0)]
    place = PlaceSettings(simulated=True)
    return Nodes("zigbee", "home", counts, place, listed, [], listed_only=listed_only, interval_s=10.0)


def test_a_listed_device_has_its_own_name_and_place_and_others_the_sources() -> None:
    sink, nodes = ListSink(), make(Counter())
    for name in ("0x01", "0x02"):
        node = nodes.find(name)
        assert node is not None
        node.emit(sink, Clock.ARRIVAL, 1, ROW)
    assert [(row.source.device, row.source.kind, row.source.simulated) for row in sink.readings] == [
        ("bench-1", "bench", False),
        ("zigbee.0x02", "greenhouse", True),
    ]
    assert [descriptor.channels["co2_ppm"].interval_s for descriptor in sink.descriptors] == [60.0, 10.0]


def test_unlisted_devices_may_be_ignored_and_are_bounded() -> None:
    counts: Counter[str] = Counter()
    assert make(counts, listed_only=True).find("0x02") is None
    assert counts == {"unlisted": 1}
    nodes = make(counts)
    node_list = [nodes.find(str(number)) for number in range(room.MOST_UNLISTED + 5)]
    assert sum(node is None for node in node_list) == 5
    assert nodes.find("") is None
    assert counts["refused_device"] == 6


def test_a_listed_device_is_found_by_any_of_its_names() -> None:
    nodes = make(Counter(), listed_only=True)
    node = nodes.find("tent", ("", "0x01"))
    assert node is not None
    assert node.device.id.device == "bench-1"
    assert nodes.find("tent", ("0x02", "tent")) is None


@given(st.sets(st.text(min_size=1, max_size=80), max_size=20))
def test_every_name_makes_a_device_id_and_no_two_the_same(names: set[str]) -> None:
    devices = {name_device("zigbee", name) for name in names}
    assert len(devices) == len(names)
    assert all(is_name(device) for device in devices)
