"""Suite of every engine: events, marks and devices."""

from __future__ import annotations

import msgspec
import pytest

from headland.contract.records import ChannelInfo, Descriptor
from headland.store.port import Mark, MarkState, Store
from tests.store.batches import ORG, batch, event, key

HOUSE = Descriptor(
    device="gh-1",
    kind="greenhouse",
    site="home",
    name="North house",
    model="Sim 1",
    latitude_deg=52.1,
    channels={"air_temperature_degc": ChannelInfo(unit="degC", interval_s=1.0, sensor="top")},
)


def test_events_come_in_time_order_inside_the_window(store: Store) -> None:
    later, first, outside = event(20, mode="AUTO"), event(10, mode="GUIDED"), event(30, mode="RTL")
    store.write(batch(events=[later, first, outside]))
    assert store.events(ORG, 10, 30) == [first.event, later.event]
    assert store.events(ORG, 10, 31, limit=1) == [first.event]
    assert store.events(ORG, 31, 99) == []


def test_events_are_stored_once_by_all_their_fields(store: Store) -> None:
    same, other = event(10, mode="AUTO", by="pilot"), event(10, mode="AUTO", by="mission")
    turned = event(10, by="pilot", mode="AUTO")
    store.write(batch(events=[same, same, other]))
    store.write(batch(events=[other, turned, event(11, mode="AUTO", by="pilot")]))
    assert sorted(str(found.data["by"]) for found in store.events(ORG, 0, 11)) == ["mission", "pilot"]
    assert len(store.events(ORG, 0, 99)) == 3


def test_an_events_data_may_have_every_type_and_script(store: Store) -> None:
    written = event(5, text="喷雾 Ø \x00 \u2028 'q' \"z\"", on=True, nothing=None, count=3, share=0.25)
    store.write(batch(events=[written]))
    assert store.events(ORG, 0, 10) == [written.event]


def test_events_are_found_by_device_and_never_across_organisations(store: Store) -> None:
    mine, second, theirs = event(1), event(2, device="uav-2"), event(1, organisation="other")
    store.write(batch(events=[mine, second, theirs]))
    assert store.events(ORG, 0, 10, device="uav-2") == [second.event]
    assert store.events("other", 0, 10) == [theirs.event]
    assert store.events("nobody", 0, 10) == []


def test_delete_before_deletes_an_organisations_old_events(store: Store) -> None:
    store.write(batch(events=[event(1), event(5), event(1, organisation="other")]))
    assert store.delete_before(ORG, 5) == 0
    assert [found.t for found in store.events(ORG, 0, 10)] == [5]
    assert [found.t for found in store.events("other", 0, 10)] == [1]


def test_marks_are_stored_by_gateway_and_epoch(store: Store) -> None:
    store.write(batch(marks=[Mark("gw-1", "e1", 1, 3), Mark("gw-1", "e2", 1, 1), Mark("gw-2", "e1", 5, 6)]))
    store.write(batch(marks=[Mark("gw-1", "e1", 4, 4), Mark("gw-2", "e1", 9, 9)]))
    assert store.marks() == {
        ("gw-1", "e1"): MarkState(4),
        ("gw-1", "e2"): MarkState(1),
        ("gw-2", "e1"): MarkState(0, ((5, 6), (9, 9))),
    }
    store.write(batch(marks=[Mark("gw-2", "e1", 1, 4), Mark("gw-2", "e1", 7, 8)]))
    assert store.marks()["gw-2", "e1"] == MarkState(9)


def test_a_described_device_is_listed_before_its_first_sample(store: Store) -> None:
    store.describe(ORG, "gw-1", HOUSE)
    (record,) = store.devices(ORG)
    assert (record.organisation, record.gateway, record.descriptor) == (ORG, "gw-1", HOUSE)
    assert record.last_seen_ms is None
    assert store.devices("other") == []


def test_a_device_with_samples_and_no_descriptor_is_listed(store: Store) -> None:
    store.write(batch((key(device="gh-2", site="south", simulated=True), 40, 1.0)))
    store.describe(ORG, "gw-1", HOUSE)
    first, second = store.devices(ORG)
    assert first.descriptor == HOUSE
    assert second.descriptor == Descriptor(device="gh-2", kind="greenhouse", site="south", name="gh-2", simulated=True)
    assert (second.gateway, second.last_seen_ms) == ("", 40)


def test_last_seen_is_the_newest_of_a_devices_samples_but_no_future_one(store: Store) -> None:
    store.describe(ORG, "gw-1", HOUSE)
    store.write(batch((key(), 10, 1.0), (key("relative_humidity_pct"), 30, 1.0), (key(), 90, 1.0), latest_until_ms=50))
    assert [record.last_seen_ms for record in store.devices(ORG)] == [30]


def test_the_newest_descriptor_replaces_the_last(store: Store) -> None:
    store.describe(ORG, "gw-1", HOUSE)
    renamed = Descriptor(device="gh-1", kind="greenhouse", site="home", name="South house")
    store.describe(ORG, "gw-2", renamed)
    (record,) = store.devices(ORG)
    assert (record.gateway, record.descriptor) == ("gw-2", renamed)


def test_one_device_is_asked_for_by_its_name_and_found_in_no_other_organisation(store: Store) -> None:
    store.describe(ORG, "gw-1", HOUSE)
    store.describe("other", "gw-1", msgspec.structs.replace(HOUSE, device="gh-9"))
    store.write(batch((key(), 10, 1.0), (key(device="uav-1", kind="uav"), 20, 1.0), (key(device="gh"), 30, 1.0)))
    for record in store.devices(ORG):
        assert store.devices(ORG, record.descriptor.device) == [record]
    assert [record.descriptor.device for record in store.devices(ORG)] == ["gh", "gh-1", "uav-1"]
    assert [store.devices(ORG, name) for name in ("gh-9", "g", "", "nobody")] == [[], [], [], []]
    assert store.devices("nobody", "gh-1") == []


@pytest.mark.parametrize("described_first", [True, False])
def test_simulated_once_remains_simulated(store: Store, *, described_first: bool) -> None:
    simulated = Descriptor(device="gh-1", kind="greenhouse", site="home", name="Sim", simulated=True)
    if described_first:
        store.describe(ORG, "gw-1", simulated)
    else:
        store.write(batch((key(simulated=True), 1, 1.0)))
    store.describe(ORG, "gw-1", HOUSE)
    store.describe(ORG, "gw-1", HOUSE)
    (record,) = store.devices(ORG)
    assert record.descriptor.simulated
    assert record.descriptor.name == "North house"


def test_an_administrator_unmarks_a_device_but_not_its_simulated_samples(store: Store) -> None:
    simulated = Descriptor(device="gh-1", kind="greenhouse", site="home", name="Sim", simulated=True)
    store.describe(ORG, "gw-1", simulated)
    store.describe(ORG, "gw-2", HOUSE, unmark=True)
    assert [(record.gateway, record.descriptor) for record in store.devices(ORG)] == [("gw-2", HOUSE)]
    store.write(batch((key(simulated=True), 1, 1.0)))
    store.describe(ORG, "gw-2", HOUSE, unmark=True)
    assert [record.descriptor.simulated for record in store.devices(ORG)] == [True]


def test_every_organisation_with_data_is_listed(store: Store) -> None:
    assert store.organisations() == []
    store.write(batch((key(organisation="by-sample"), 1, 1.0), events=[event(1, organisation="by-event")]))
    store.describe("by-device", "gw-1", HOUSE)
    assert store.organisations() == ["by-device", "by-event", "by-sample"]
    store.delete_before("by-sample", 99)
    assert store.organisations() == ["by-device", "by-event"]
