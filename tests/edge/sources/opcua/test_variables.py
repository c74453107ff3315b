"""Rows of what an OPC UA server says of its variables: time, status, number, without a server."""

from __future__ import annotations

from collections import Counter

import pytest

from edge.sources.mapping.field_map import FieldSettings
from edge.sources.opcua.variables import StatusSeverity, VariableRow, Variables, VariableValue, sentences_of
from headland.contract.records import Quality

NOW_MS = 1_772_366_400_000
AIR, CO2 = "ns=2;s=air", "ns=2;s=co2"
AIR_CHANNEL, CO2_CHANNEL = "air_temperature_degc", "co2_ppm"
GOOD, UNCERTAIN, BAD, RESERVED = 0, 0x40900000, 0x808C0000, 0xC0000000


def variables(counts: Counter[str] | None = None, *, has_own_time: bool = True) -> Variables:
    fields = [
        FieldSettings(key=AIR, channel=AIR_CHANNEL, unit="degF"),
        FieldSettings(key=CO2, channel=CO2_CHANNEL, unit="ppm"),
    ]
    return Variables(fields, Counter() if counts is None else counts, has_own_time=has_own_time)


def co2(value: object, status: int = GOOD, time_ms: int | None = NOW_MS) -> VariableValue:
    return VariableValue(CO2, value, status, time_ms)


def rows(of: Variables, *values: VariableValue, now_ms: int = NOW_MS) -> list[VariableRow]:
    return of.rows(values, now_ms)


def test_values_of_one_time_are_one_row_in_the_channels_units() -> None:
    read = rows(variables(), VariableValue(AIR, 68.0, GOOD, NOW_MS), co2(612))
    assert read == [VariableRow(NOW_MS, {AIR_CHANNEL: 20.0, CO2_CHANNEL: 612.0}, {})]


def test_rows_are_in_the_order_of_their_times_those_without_one_last() -> None:
    air = VariableValue(AIR, 68.0, GOOD, None)
    read = rows(variables(), air, co2(2, time_ms=NOW_MS - 1000), co2(1, time_ms=NOW_MS - 2000))
    assert [row.time_ms for row in read] == [NOW_MS - 2000, NOW_MS - 1000, None]


def test_a_value_read_again_is_no_new_sample() -> None:
    of = variables(counts := Counter[str]())
    assert len(rows(of, co2(612))) == 1
    assert rows(of, co2(612)) == []
    assert rows(of, co2(612)) == []
    assert counts["unchanged"] == 2


def test_the_same_number_at_a_later_time_is_a_sample() -> None:
    of = variables()
    rows(of, co2(612))
    assert rows(of, co2(612, time_ms=NOW_MS + 500), now_ms=NOW_MS + 600)[0].time_ms == NOW_MS + 500


@pytest.mark.parametrize("second", [co2(613), co2(612, UNCERTAIN), co2(None, BAD)])
def test_another_number_or_status_at_the_same_time_has_the_gateways_time(second: VariableValue) -> None:
    of = variables()
    rows(of, co2(612))
    assert [row.time_ms for row in rows(of, second)] == [None]


@pytest.mark.parametrize("time_ms", [None, 0, NOW_MS + 86_400_000])
def test_without_a_credible_time_each_reading_is_a_sample_at_the_gateways_time(time_ms: int | None) -> None:
    of = variables(counts := Counter[str]())
    assert [row.time_ms for _ in range(3) for row in rows(of, co2(612, time_ms=time_ms))] == [None] * 3
    assert counts["clock_unset"] == (0 if time_ms is None else 3)


def test_where_the_gateways_time_is_chosen_each_reading_is_a_sample() -> None:
    of = variables(has_own_time=False)
    assert [row.time_ms for _ in range(3) for row in rows(of, co2(612))] == [None] * 3


@pytest.mark.parametrize("status", [BAD, RESERVED])
def test_a_bad_value_is_null_whatever_number_the_server_still_has(status: int) -> None:
    of = variables(counts := Counter[str]())
    assert rows(of, co2(612.0, status)) == [VariableRow(NOW_MS, {CO2_CHANNEL: None}, {})]
    assert counts["bad_status"] == 1
    assert of.bad == {CO2: status}


def test_a_variable_that_stays_bad_is_null_once_also_without_a_time() -> None:
    of = variables()
    assert len(rows(of, co2(1.0, BAD, None))) == 1
    assert rows(of, co2(2.0, BAD, None)) == []


def test_a_bad_variable_that_becomes_good_is_a_sample_and_is_no_longer_named() -> None:
    of = variables()
    rows(of, co2(None, BAD))
    assert rows(of, co2(612, time_ms=NOW_MS + 1), now_ms=NOW_MS + 1)[0].values == {CO2_CHANNEL: 612.0}
    assert of.bad == {}


def test_an_uncertain_value_is_suspect_and_the_one_beside_it_is_not() -> None:
    of = variables(counts := Counter[str]())
    (row,) = rows(of, VariableValue(AIR, 68.0, GOOD, NOW_MS), co2(612, UNCERTAIN))
    assert row.flags == {CO2_CHANNEL: Quality.SUSPECT}
    assert counts["uncertain_status"] == 1


@pytest.mark.parametrize(
    ("value", "values"),
    [(True, {CO2_CHANNEL: 1.0}), ("612", {CO2_CHANNEL: 612.0}), (float("nan"), {CO2_CHANNEL: None})],
)
def test_numbers_in_other_types_are_read_and_nan_is_null(value: object, values: dict[str, float | None]) -> None:
    assert [row.values for row in rows(variables(), co2(value))] == [values]


@pytest.mark.parametrize("value", [[612.0], "open", b"612"])
def test_what_is_no_number_is_counted_and_no_sample(value: object) -> None:
    of = variables(counts := Counter[str]())
    assert rows(of, co2(value)) == []
    assert counts["refused_value"] == 1


def test_a_variable_of_another_device_is_left_to_it() -> None:
    assert rows(variables(), VariableValue("ns=2;s=other", 1.0, GOOD, NOW_MS)) == []


def test_severities_are_the_two_highest_bits() -> None:
    severities = [VariableValue(CO2, 1, status, None).severity for status in (GOOD, UNCERTAIN, BAD, RESERVED)]
    assert severities == [StatusSeverity.GOOD, StatusSeverity.UNCERTAIN, StatusSeverity.BAD, StatusSeverity.BAD]


def test_sentences_name_device_variable_and_status_and_are_few() -> None:
    of = variables()
    rows(of, co2(None, BAD), VariableValue(AIR, None, 0x80340000, NOW_MS))
    sentences = sentences_of({"gh-1": of}, {0x80340000: "BadNodeIdUnknown"}, most=2)
    assert len(sentences) == 2
    assert any("gh-1: ns=2;s=air has the status BadNodeIdUnknown" in sentence for sentence in sentences)
    assert any("0x808c0000" in sentence for sentence in sentences)
    assert len(sentences_of({"gh-1": of}, {}, most=1)) == 1
