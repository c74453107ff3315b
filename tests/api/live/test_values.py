import numpy as np

from api.live.values import LiveValue, Newest, Units, items_of, newest_of
from headland.contract.records import ChannelInfo, Descriptor
from headland.store.memory import MemoryStore
from headland.store.port import Latest, Points, Rejection, SeriesFilter, SeriesKey, WriteBatch, WriteResult
from tests.api.farm import DRONE, HOUSE, OWN, START_MS, fill_farm

CO2 = SeriesKey(OWN, "home", "greenhouse", "gh-1", "co2_ppm")
WIND = SeriesKey(OWN, "home", "weather", "wx-1", "wind_speed_m_s")


def batch(*rows: tuple[int, int, float], until_ms: int = 2**62) -> WriteBatch:
    index, time_ms, value = zip(*rows, strict=True)
    points = Points(
        [CO2, WIND], np.array(index, np.int32), np.array(time_ms), np.array(value), np.ones(len(rows), np.uint8)
    )
    return WriteBatch(points, latest_until_ms=until_ms)


def told(found: list[Latest]) -> list[tuple[str, int, float]]:
    return [(one.key.channel, one.time_ms, one.value) for one in found]


def test_the_newest_sample_of_each_series_of_a_batch_is_published() -> None:
    rows = [(0, 5, 1.0), (1, 9, 2.0), (0, 7, 3.0), (1, 8, 4.0), (0, 6, 5.0)]
    assert told(newest_of(batch(*rows), WriteResult(5))) == [("co2_ppm", 7, 3.0), ("wind_speed_m_s", 9, 2.0)]


def test_of_two_samples_at_one_instant_the_first_is_published_as_it_is_stored() -> None:
    assert told(newest_of(batch((0, 7, 1.0), (0, 7, 2.0)), WriteResult(1, conflicting=1))) == [("co2_ppm", 7, 1.0)]


def test_a_sample_from_the_future_is_not_published() -> None:
    found = newest_of(batch((0, 7, 1.0), (0, 900, 2.0), (1, 900, 3.0), until_ms=100), WriteResult(3))
    assert told(found) == [("co2_ppm", 7, 1.0)]


def test_a_sample_that_the_store_refused_is_not_published() -> None:
    refused = Rejection(WIND, 7, 1.0, 1, "no")
    found = newest_of(batch((0, 7, 1.0), (1, 7, 1.0)), WriteResult(1, rejected=1, rejections=(refused,)))
    assert told(found) == [("co2_ppm", 7, 1.0)]


def test_a_batch_without_samples_publishes_nothing() -> None:
    none = Points([], np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0), np.empty(0, np.uint8))
    assert newest_of(WriteBatch(none), WriteResult(0)) == []


def sample(key: SeriesKey, time_ms: int, value: float) -> tuple[Latest, str]:
    return Latest(key, time_ms, value, 1), "x"


def values(found: list[LiveValue]) -> list[tuple[str, int, float]]:
    return [(one.channel, one.time_ms, one.value) for one in found]


def test_only_what_is_newer_counts() -> None:
    newest = Newest()
    assert values(newest.advance([sample(CO2, 5, 1.0), sample(WIND, 5, 2.0)])) == [
        ("co2_ppm", 5, 1.0),
        ("wind_speed_m_s", 5, 2.0),
    ]
    assert values(newest.advance([sample(CO2, 4, 9.0), sample(WIND, 5, 9.0)])) == []
    assert values(newest.advance([sample(CO2, 6, 3.0)])) == [("co2_ppm", 6, 3.0)]
    assert values(newest.all()) == [("co2_ppm", 6, 3.0), ("wind_speed_m_s", 5, 2.0)]


def test_real_and_simulated_values_of_a_device_are_published_each_with_its_mark() -> None:
    newest = Newest()
    ghost = SeriesKey(OWN, "home", "greenhouse", "gh-1", "co2_ppm", simulated=True)
    newest.advance([sample(CO2, 5, 1.0)])
    assert [one.simulated for one in newest.advance([sample(CO2, 8, 1.0), sample(ghost, 3, 2.0)])] == [False]
    assert [one.simulated for one in newest.advance([sample(ghost, 9, 1.5), sample(CO2, 9, 1.0)])] == [True]
    assert [one.simulated for one in newest.advance([sample(CO2, 10, 1.0)])] == [False]
    (item,) = items_of([*newest.all()])
    assert (item["simulated"], item["channels"]["co2_ppm"]["simulated"]) == (False, False)


def test_a_unit_comes_from_the_nomenclature_or_from_the_descriptor() -> None:
    store = MemoryStore()
    channels = {"leaf_colour": ChannelInfo(unit="SPAD")}
    store.describe(OWN, "gw-1", Descriptor(device="gh-1", kind="greenhouse", site="home", name="1", channels=channels))
    units = Units(store, OWN)
    assert units.of(CO2) == "ppm"
    assert units.of(SeriesKey(OWN, "home", "greenhouse", "gh-1", "leaf_colour")) == "SPAD"
    assert units.of(SeriesKey(OWN, "home", "greenhouse", "gh-2", "leaf_colour")) == "1"


def test_items_have_the_shape_of_the_latest_list() -> None:
    assert items_of([LiveValue(HOUSE, "co2_ppm", False, START_MS, 640.0, "ppm", 1)]) == [
        {
            "device": HOUSE,
            "simulated": False,
            "channels": {
                "co2_ppm": {"value": 640.0, "time_ms": START_MS, "unit": "ppm", "quality": 1, "simulated": False}
            },
        }
    ]


def test_the_newest_values_of_the_store_are_published_for_every_device() -> None:
    newest, store = Newest(), fill_farm()
    found = newest.advance([(one, "x") for one in store.last(SeriesFilter(OWN))])
    assert {one.device for one in found} == {HOUSE, DRONE, "wx-1"}
