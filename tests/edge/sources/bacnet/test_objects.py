"""Rows of what a BACnet device says of its objects: status, reliability, unit, without a device."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from edge.sources.bacnet.objects import Objects, ObjectValue, sentences_of
from edge.sources.mapping.field_map import FieldSettings
from headland.contract.records import Quality

AIR, CO2, VENT = "analog-input,1", "analog-input,2", "binary-input,1"
AIR_CHANNEL, CO2_CHANNEL, VENT_CHANNEL = "air_temperature_degc", "co2_ppm", "vent_open_pct"


def objects(counts: Counter[str] | None = None) -> Objects:
    fields = [
        FieldSettings(key=AIR, channel=AIR_CHANNEL),
        FieldSettings(key=CO2, channel=CO2_CHANNEL, unit="ppm"),
        FieldSettings(key=VENT, channel=VENT_CHANNEL, unit="1"),
    ]
    return Objects(fields, Counter() if counts is None else counts)


def air(value: object, unit: str | None = "degrees-celsius", **said: Any) -> ObjectValue:
    return ObjectValue(AIR, value, unit=unit, **said)


@pytest.mark.parametrize(
    ("unit", "number"), [("degrees-celsius", 20.0), ("degrees-fahrenheit", 68.0), ("degrees-kelvin", 293.15)]
)
def test_a_number_is_converted_from_the_unit_that_the_object_states(unit: str, number: float) -> None:
    assert objects().row([air(number, unit)]).values == {AIR_CHANNEL: pytest.approx(20.0)}


@pytest.mark.parametrize(
    ("unit", "sentence"),
    [
        ("btus-per-pound", "'btus-per-pound' is not known"),
        ("kilopascals", "'kilopascals' cannot be converted to 'degC'"),
        ("300", "'300' is not known"),
        ("no-units", "it states no unit"),
        (None, "it states no unit"),
    ],
)
def test_a_unit_that_is_not_the_channels_is_refused_with_a_sentence(unit: str | None, sentence: str) -> None:
    of = objects(counts := Counter[str]())
    assert of.row([air(20.0, unit)]).values == {}
    assert counts["refused_unit"] == 1
    (said,) = sentences_of({"gh-1": of})
    assert said.startswith(f"gh-1: {AIR} is left out: ")
    assert sentence in said


def test_a_refused_unit_that_becomes_a_known_one_is_read_and_no_longer_named() -> None:
    of = objects()
    of.row([air(20.0, "no-units")])
    assert of.row([air(20.0)]).values == {AIR_CHANNEL: 20.0}
    assert sentences_of({"gh-1": of}) == []


def test_the_tables_unit_is_used_whatever_the_object_states() -> None:
    of = objects()
    assert of.row([ObjectValue(CO2, 612, unit="no-units")]).values == {CO2_CHANNEL: 612.0}
    assert of.refused == {}


def test_a_state_is_one_or_zero() -> None:
    assert objects().row([ObjectValue(VENT, True)]).values == {VENT_CHANNEL: 100.0}


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"reliability": "no-sensor"}, "no-sensor"),
        ({"fault": True, "reliability": "communication-failure"}, "communication-failure"),
        ({"fault": True}, "fault"),
        ({"fault": True, "reliability": "no-fault-detected"}, "fault"),
        ({"out_of_service": True}, "out-of-service"),
        ({"error": "unknown-object"}, "unknown-object"),
    ],
)
def test_a_value_that_the_device_does_not_vouch_for_is_null_and_named(said: dict[str, Any], why: str) -> None:
    of = objects(counts := Counter[str]())
    assert of.row([air(20.0, **said)]).values == {AIR_CHANNEL: None}
    assert counts["bad_status"] == 1
    assert counts["refused_unit"] == 0
    assert [sentence for sentence in sentences_of({"gh-1": of}) if f"{AIR} is {why}:" in sentence]


def test_an_object_that_stays_bad_is_null_once_and_a_good_one_again_is_a_sample() -> None:
    of = objects(counts := Counter[str]())
    bad = air(20.0, fault=True)
    assert [of.row([bad]).values for _ in range(3)] == [{AIR_CHANNEL: None}, {}, {}]
    assert counts["unchanged"] == 2
    assert of.row([air(21.0)]).values == {AIR_CHANNEL: 21.0}
    assert of.bad == {}
    assert of.row([bad]).values == {AIR_CHANNEL: None}


def test_an_overridden_value_is_suspect_and_the_one_beside_it_is_not() -> None:
    of = objects(counts := Counter[str]())
    row = of.row([air(20.0, overridden=True), ObjectValue(CO2, 612.0)])
    assert row.values == {AIR_CHANNEL: 20.0, CO2_CHANNEL: 612.0}
    assert row.flags == {AIR_CHANNEL: Quality.SUSPECT}
    assert counts["overridden"] == 1


def test_a_flag_of_a_value_that_is_left_out_is_left_out_too() -> None:
    assert objects().row([air(20.0, "no-units", overridden=True)]).flags == {}


def test_a_value_in_alarm_without_a_fault_is_good() -> None:
    assert objects().row([air(41.0, reliability="no-fault-detected")]).values == {AIR_CHANNEL: 41.0}


def test_what_is_no_number_is_counted_and_no_sample_and_nan_is_null() -> None:
    of = objects(counts := Counter[str]())
    assert of.row([air([20.0])]).values == {}
    assert counts["refused_value"] == 1
    assert of.row([air(float("nan"))]).values == {AIR_CHANNEL: None}


def test_an_object_of_another_device_is_left_to_it() -> None:
    assert objects().row([ObjectValue("analog-input,9", 1.0)]).values == {}


def test_sentences_are_few() -> None:
    of = objects()
    of.row([air(1.0, fault=True), ObjectValue(CO2, error="unknown-object")])
    assert len(sentences_of({"gh-1": of})) == 2
    assert len(sentences_of({"gh-1": of}, most=1)) == 1
