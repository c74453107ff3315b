"""Decoding of SenML packs by RFC 8428: refusals have a reason, nothing raises."""

from __future__ import annotations

import json
import time
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.contract.codec import MAX_PAYLOAD_BYTES, check_block, check_event
from headland.contract.quantities import QUANTITIES
from headland.contract.records import Block
from headland.contract.refusals import Reason, Refused
from headland.contract.senml.channel_names import MAX_NAME
from headland.contract.senml.decoder import Pack, decode_senml, encode_senml
from headland.contract.senml.units import SUFFIX_OF_UNIT, UNITS
from headland.contract.units import UNIT_BY_SUFFIX
from tests.contract.samples import blocks
from tests.examples import examples

T_S = 1_790_000_000


def decode(records: object) -> Pack | Refused:
    payload = records if isinstance(records, bytes) else json.dumps(records).encode()
    return decode_senml(payload, "bed-7", "soil_probe", "north")


def pack_of(records: object) -> Pack:
    pack = decode(records)
    assert isinstance(pack, Pack), pack
    return pack


def samples(records: object) -> dict[tuple[str, int], float | None]:
    """Return value by (channel, time) of a pack of which nothing was refused."""
    pack = pack_of(records)
    assert pack.refused == ()
    return {
        (channel, block.t0 + offset_ms): value
        for block in pack.blocks
        for channel, column in block.c.items()
        for offset_ms, value in zip(block.dt, column, strict=True)
    }


def refusals(records: object) -> list[Reason]:
    pack = pack_of(records)
    assert (pack.blocks, pack.events) == ((), ())
    return [refused.reason for refused in pack.refused]


@settings(max_examples=examples(100), deadline=None)
@given(blocks())
def test_samples_come_back_to_the_millisecond(block: Block) -> None:
    expected: dict[tuple[str, int], list[float]] = {}
    for channel, column in block.c.items():
        for offset_ms, value in zip(block.dt, column, strict=True):
            if value is not None:
                expected.setdefault((channel, block.t0 + offset_ms), []).append(value)
    payload = encode_senml(block)
    if not expected:
        assert decode(payload) == Refused(Reason.EMPTY, "the pack has no records")
        return
    pack = pack_of(payload)
    assert (pack.refused, pack.events) == ((), ())
    found: dict[tuple[str, int], list[float | None]] = {}
    for one in pack.blocks:
        assert check_block(one) is None
        for channel, column in one.c.items():
            for offset_ms, value in zip(one.dt, column, strict=True):
                found.setdefault((channel, one.t0 + offset_ms), []).append(value)
    assert found == expected


@settings(max_examples=examples(100), deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_give_a_value(payload: bytes) -> None:
    assert isinstance(decode(payload), Pack | Refused)


FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "bn": st.text(max_size=5),
        "bt": st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([T_S, 2**28, 1e12]),
        "bu": st.sampled_from(["Cel", "Pa", "?", ""]),
        "bv": st.floats(allow_nan=False, allow_infinity=False),
        "bver": st.integers(5, 11),
        "n": st.sampled_from(["air_temperature", "co2_ppm", "x", "", "door"]),
        "u": st.sampled_from(["Cel", "ppm", "?", ""]),
        "v": st.floats(allow_nan=False, allow_infinity=False),
        "vs": st.text(max_size=5),
        "vb": st.booleans(),
        "vd": st.just("AAAA"),
        "s": st.floats(0, 1),
        "t": st.floats(-1e9, 1e9),
    },
)


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(FIELDS, max_size=6))
def test_the_content_of_a_pack_is_valid_whatever_its_fields(records: list[dict[str, Any]]) -> None:
    pack = decode(records)
    if isinstance(pack, Pack):
        assert [check_block(block) for block in pack.blocks] == [None] * len(pack.blocks)
        assert [check_event(event) for event in pack.events] == [None] * len(pack.events)
        assert all(value is not None for block in pack.blocks for column in block.c.values() for value in column)


def test_the_multiple_measurements_example_of_the_rfc() -> None:
    # RFC 8428 section 5.1.3, the names mapped on ours by their units: base time and base unit are A and V apart.
    records = [
        {
            "bn": "urn:dev:ow:10e2073a0108006:",
            "bt": 1.276020076001e09,
            "bu": "A",
            "bver": 5,
            "n": "voltage",
            "u": "V",
            "v": 120.1,
        },
        {"n": "current", "t": -5, "v": 1.2},
        {"n": "current", "t": -4, "v": 1.3},
        {"n": "current", "t": 0, "v": 1.7},
    ]
    assert samples(records) == {
        ("voltage_v", 1_276_020_076_001): 120.1,
        ("current_a", 1_276_020_071_001): 1.2,
        ("current_a", 1_276_020_072_001): 1.3,
        ("current_a", 1_276_020_076_001): 1.7,
    }


def test_a_base_value_is_added_and_is_the_value_where_there_is_none() -> None:
    records = [{"bt": T_S, "bu": "Cel", "bv": 20, "n": "a_temperature", "v": 0.5}, {"n": "b_temperature"}]
    assert samples(records) == {
        ("a_temperature_degc", T_S * 1000): 20.5,
        ("b_temperature_degc", T_S * 1000): 20.0,
    }


def test_later_base_fields_replace_earlier_ones() -> None:
    records = [
        {"bn": "a/", "bt": T_S, "bu": "Cel", "n": "temperature", "v": 1},
        {"bn": "b/", "bt": T_S + 1, "bu": "%RH", "n": "humidity", "v": 2},
    ]
    assert samples(records) == {("temperature_degc", T_S * 1000): 1, ("humidity_pct", T_S * 1000 + 1000): 2}


@pytest.mark.parametrize(
    ("base", "name", "channel"),
    [
        ("", "air_temperature_degc", "air_temperature_degc"),
        ("urn:dev:mac:0a1b:", "air_temperature_degc", "air_temperature_degc"),
        ("urn:dev:mac:0a1b:", "air_temperature_degc:1", "air_temperature_degc:1"),
        ("https://x.example/a/", "b/air_temperature_degc", "air_temperature_degc"),
        ("urn:dev:mac:0a1b:air_", "temperature_degc", "air_temperature_degc"),
        ("urn:dev:mac:0a1b:", "air_temperature", "air_temperature_degc"),
        ("urn:dev:mac:0a1b:", "air_temperature:2", "air_temperature_degc:2"),
    ],
)
def test_a_name_is_its_last_word_and_keeps_its_instance(base: str, name: str, channel: str) -> None:
    assert list(samples([{"bn": base, "bt": T_S, "n": name, "u": "Cel", "v": 1}])) == [(channel, T_S * 1000)]


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("10air_temperature_degc", "Cel"),
        ("10e2073a", "Cel"),
        ("mood", None),
        ("mood", "/"),
        ("air_temperature_degc", "Pa"),
        ("air_temperature", "furlong"),
        ("Air_Temperature", "Cel"),
        ("", "Cel"),
        ("a:b:", "Cel"),
    ],
)
def test_an_ambiguous_name_and_unit_are_refused(name: str, unit: str | None) -> None:
    assert refusals([{"bt": T_S, "n": name, "u": unit, "v": 1}]) == [Reason.UNKNOWN_CHANNEL]


@pytest.mark.parametrize(
    ("name", "unit", "value", "channel", "expected"),
    [
        ("air_pressure", "Pa", 101_325, "air_pressure_hpa", 1013.25),
        ("vapour_deficit_kpa", "Pa", 1500, "vapour_deficit_kpa", 1.5),
        ("flow", "l/s", 0.5, "flow_l_min", 30),
        ("wind_speed", "km/h", 36, "wind_speed_m_s", 10),
        ("gap", "mm", 1500, "gap_m", 1.5),
        ("rain_total", "mm", 12.4, "rain_total_mm", 12.4),
        ("static_pressure", "Pa", 101_325, "static_pressure_hpa", 1013.25),
        ("moisture_pct", "/", 0.25, "moisture_pct", 25),
        ("leaf_count", "count", 7, "leaf_count", 7),
    ],
)
def test_a_value_is_converted_to_the_channels_unit(
    name: str, unit: str, value: float, channel: str, expected: float
) -> None:
    (found,) = samples([{"bt": T_S, "n": name, "u": unit, "v": value}]).items()
    assert found[0] == (channel, T_S * 1000)
    assert found[1] == pytest.approx(expected, rel=1e-12)


def test_every_senml_unit_leads_to_a_unit_of_ours() -> None:
    ours = set(UNIT_BY_SUFFIX.values()) | {quantity.unit for quantity in QUANTITIES.values()}
    for factors in UNITS.values():
        assert set(factors) <= ours
        assert all(factor > 0 for factor in factors.values())
    for unit, suffix in SUFFIX_OF_UNIT.items():
        assert UNIT_BY_SUFFIX[suffix] == unit


@pytest.mark.parametrize("time_s", [0, -5, 2**28 - 1, -1e308])
def test_a_relative_time_is_refused(time_s: float) -> None:
    assert refusals([{"n": "co2_ppm", "t": time_s, "v": 1}]) == [Reason.RELATIVE_TIME]
    assert refusals([{"n": "door", "t": time_s, "vs": "open"}]) == [Reason.RELATIVE_TIME]


def test_the_first_absolute_time_is_2_to_the_28() -> None:
    assert list(samples([{"n": "co2_ppm", "t": 2**28, "v": 1}])) == [("co2_ppm", 2**28 * 1000)]


@pytest.mark.parametrize("time_s", [1e12, 1e308])
def test_a_time_beyond_the_calendar_is_refused(time_s: float) -> None:
    assert refusals([{"bt": time_s, "t": time_s, "n": "co2_ppm", "v": 1}]) == [Reason.BAD_TIME]


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"n": "co2_ppm", "vd": "AAAA"}, Reason.WRONG_SHAPE),
        ({"n": "co2_ppm", "s": 5}, Reason.WRONG_SHAPE),
        ({"n": "co2_ppm", "v": 5, "vs": "five"}, Reason.WRONG_SHAPE),
        ({"n": "co2_ppm", "vs": "five", "vb": True}, Reason.WRONG_SHAPE),
        ({"n": "co2_ppm"}, Reason.EMPTY),
        ({"bv": 1.7e308, "n": "co2_ppm", "v": 1.7e308}, Reason.WRONG_SHAPE),
        ({"n": "flow_l_min", "u": "l/s", "v": 1.7e308}, Reason.WRONG_SHAPE),
        ({"n": "not a name", "vs": "x"}, Reason.BAD_NAME),
        ({"bn": "b" * MAX_NAME, "n": "co2_ppm", "v": 1}, Reason.BAD_NAME),
        ({"bu": "u" * 300, "n": "co2_ppm", "v": 1}, Reason.BAD_NAME),
    ],
)
def test_an_unacceptable_record_is_refused_alone(record: dict[str, Any], reason: Reason) -> None:
    assert refusals([{"bt": T_S, **record}]) == [reason]
    pack = pack_of([{"bt": T_S, "n": "air_temperature_degc", "v": 1}, record])
    assert [refused.reason for refused in pack.refused] == [reason]
    assert [list(block.c) for block in pack.blocks] == [["air_temperature_degc"]]


def test_text_and_booleans_are_events() -> None:
    pack = pack_of([{"bn": "urn:dev:x:", "bt": T_S, "n": "door", "vs": "open"}, {"n": "alarm", "vb": False, "t": 0.25}])
    assert [(event.kind, event.t, event.data) for event in pack.events] == [
        ("door", T_S * 1000, {"value": "open"}),
        ("alarm", T_S * 1000 + 250, {"value": False}),
    ]
    assert {(event.device, event.device_kind, event.site) for event in pack.events} == {
        ("bed-7", "soil_probe", "north")
    }


def test_channels_of_the_same_times_share_a_block() -> None:
    records = [
        {"bt": T_S, "n": channel, "t": row, "v": row}
        for channel in ("co2_ppm", "air_temperature_degc")
        for row in range(3)
    ]
    (block,) = pack_of(records).blocks
    assert (block.t0, block.dt, list(block.c)) == (T_S * 1000, [0, 1000, 2000], ["co2_ppm", "air_temperature_degc"])


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", Reason.NOT_JSON),
        (b"[", Reason.NOT_JSON),
        (b"[" * 10_000, Reason.WRONG_SHAPE),
        (b'[{"x":' + b"[" * 10_000, Reason.NOT_JSON),
        (b'[{"n":"co2_ppm","t":1790000000,"v":NaN}]', Reason.NOT_JSON),
        (b'[{"n":"co2_ppm","t":1790000000,"v":1e999}]', Reason.WRONG_SHAPE),
        (b'[{"n":"co2_ppm","t":1790000000,"v":"5"}]', Reason.WRONG_SHAPE),
        (b"{}", Reason.WRONG_SHAPE),
        (b"null", Reason.WRONG_SHAPE),
        (b"[]", Reason.EMPTY),
        (b"[7]", Reason.WRONG_SHAPE),
        (b'[{"bver":11,"n":"co2_ppm","t":1790000000,"v":1}]', Reason.WRONG_VERSION),
        (b'[{"n":"co2_ppm","t":1790000000,"v":1},{"bver":11}]', Reason.WRONG_VERSION),
        (b'[{"n":"co2_ppm","t":1790000000,"v":1,"must_":1}]', Reason.WRONG_SHAPE),
        (b'[{"n":"co2_ppm","t":1790000000,"v":1,"must_" : 1}]', Reason.WRONG_SHAPE),
        (b" " * (MAX_PAYLOAD_BYTES + 1), Reason.TOO_LARGE),
    ],
)
def test_a_pack_that_cannot_be_read_is_refused_whole(payload: bytes, reason: Reason) -> None:
    answer = decode(payload)
    assert isinstance(answer, Refused)
    assert answer.reason == reason


def test_a_field_that_may_be_ignored_is_ignored() -> None:
    assert samples([{"bt": T_S, "n": "co2_ppm", "v": 1, "ut": 60, "new": [1], "x": "y_"}]) == {
        ("co2_ppm", T_S * 1000): 1
    }


@pytest.mark.parametrize(
    "records",
    [
        [{"bt": T_S, "n": "a" * 100_000 + "!", "u": "Cel", "v": 1}],
        [{"bt": T_S, "n": "a:" * 50_000, "vs": "x"}],
        [{"bn": "b" * 60_000, "bt": T_S}, *({"n": f"a{number}", "v": 1} for number in range(2500))],
        [{"bn": "a:" * 30_000, "bt": T_S}, *({"n": f"{number}", "vb": True} for number in range(2500))],
    ],
)
def test_long_names_cost_no_more_than_their_length(records: list[dict[str, Any]]) -> None:
    payload = msgspec.json.encode(records)
    assert len(payload) <= MAX_PAYLOAD_BYTES
    started_s = time.thread_time()
    pack_of(payload)
    assert time.thread_time() - started_s < 1.0
