"""Conversion of foreign devices' named numbers to channels."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sources.mapping.field_map import UNKNOWN_UNIT, FieldMap, FieldSettings, Measurement, NotANumber, read_number
from headland.contract.quantities import QUANTITIES


def field(key: str | int, channel: str, **more: Any) -> FieldSettings:
    return msgspec.convert({"from": key, "channel": channel, **more}, FieldSettings)


def convert(
    *measurements: tuple[Any, ...], fields: list[FieldSettings] | None = None
) -> tuple[dict[str, float | None], Counter[str]]:
    counts: Counter[str] = Counter()
    return FieldMap(fields or [], counts).convert([Measurement(*measurement) for measurement in measurements]), counts


def test_a_mapped_number_is_scaled_and_converted() -> None:
    fields = [field("t", "air_temperature_degc", unit="degF", scale=0.1), field(3, "co2_ppm", offset=-10)]
    values, counts = convert(("t", "680"), (3, 410), fields=fields)
    assert values == {"air_temperature_degc": pytest.approx(20.0), "co2_ppm": 400.0}
    assert counts == {}


def test_the_unit_in_the_settings_overrides_the_devices_unit() -> None:
    stated = field("t", "air_temperature_degc", unit="degC")
    assert convert(("t", 20, "°F"), fields=[stated])[0] == {"air_temperature_degc": 20.0}
    assert convert(("t", 68, "°F"), fields=[field("t", "air_temperature_degc")])[0] == {
        "air_temperature_degc": pytest.approx(20.0)
    }


def test_a_unit_that_is_unknown_or_another_quantitys_is_refused() -> None:
    mapped = field("t", "air_temperature_degc")
    for unit in ("furlong", "ppm", "", UNKNOWN_UNIT):
        assert convert(("t", 20, unit), fields=[mapped]) == ({}, {"refused_unit": 1}), unit
    assert convert(("on", True, UNKNOWN_UNIT), fields=[field("on", "pump_on")])[0] == {"pump_on": 1.0}


def test_an_unmapped_number_is_accepted_where_its_name_is_a_channel() -> None:
    assert convert(("co2_ppm", 400))[0] == {"co2_ppm": 400.0}
    assert convert(("air_temperature", 68, "°F"))[0] == {"air_temperature_degc": pytest.approx(20.0)}
    assert convert(("air_temperature:2", 293.15, "K"))[0] == {"air_temperature_degc:2": pytest.approx(20.0)}
    assert convert(("wind_speed", 36, "km/h"))[0] == {"wind_speed_m_s": pytest.approx(10.0)}
    assert convert(("rain_total", 0.5, "in"))[0] == {"rain_total_mm": pytest.approx(12.7)}
    assert convert(("par_umol_m2_s", 1, UNKNOWN_UNIT))[0] == {"par_umol_m2_s": 1.0}


@pytest.mark.parametrize(
    ("measurement", "count"),
    [
        (("temperature", 20, "°C"), "unmapped"),  # of the air, the soil, the battery?
        (("air_temperature", 20), "unmapped"),
        (("air_temperature", 20, UNKNOWN_UNIT), "unmapped"),
        (("air_temperature", 20, "%"), "refused_unit"),
        (("co2_ppm", 20, "°C"), "refused_unit"),
        (("x" * 300, 20), "unmapped"),
        ((7, 20), "unmapped"),
        (("co2_ppm", "12ppm"), "refused_value"),
        (("co2_ppm", [1]), "refused_value"),
        (("co2_ppm", 10**400), "refused_value"),
    ],
)
def test_nothing_is_guessed(measurement: tuple[Any, ...], count: str) -> None:
    assert convert(measurement) == ({}, {count: 1})


def test_texts_for_a_missing_value_give_none() -> None:
    for text in (None, "", "nan", "NaN", "unavailable", " unknown ", math.nan, math.inf, "1e999"):
        assert convert(("co2_ppm", text))[0] == {"co2_ppm": None}, text
    assert convert(("t", -9999), fields=[field("t", "air_temperature_degc", invalid=[-9999])])[0] == {
        "air_temperature_degc": None
    }


def test_of_two_numbers_for_one_channel_one_is_refused() -> None:
    values, counts = convert(("co2_ppm", 400), ("c", 500), fields=[field("c", "co2_ppm")])
    assert (values, counts) == ({"co2_ppm": 400.0}, {"refused_double": 1})


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"channel": "warmth"}, "'warmth' is not a channel"),
        ({"channel": "co2_ppm", "unit": "degC"}, "'degC' cannot be converted to 'ppm'"),
        ({"channel": "co2_ppm", "unit": "gal"}, "the unit 'gal' is not known"),
        ({"channel": "co2_ppm", "scale": 0}, "scale of co2_ppm must be"),
    ],
)
def test_a_mistake_in_a_field_is_reported(table: dict[str, object], sentence: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=sentence):
        msgspec.convert({"from": "x", **table}, FieldSettings)


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers(), max_size=2)))
def test_any_value_is_a_finite_number_or_none_or_refused(value: object) -> None:
    number = read_number(value)
    assert number is None or isinstance(number, NotANumber) or math.isfinite(number)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_as_text_is_the_number(number: float) -> None:
    assert read_number(repr(number)) == number == read_number(number)


@given(st.text(max_size=30), st.one_of(st.none(), st.text(max_size=6)), st.floats(allow_nan=False))
def test_an_invented_name_never_makes_a_channel_outside_the_table(name: str, unit: str | None, value: float) -> None:
    values, counts = convert((name, value, unit))
    assert len(values) + counts.total() == 1
    assert all(channel.split(":")[0] in QUANTITIES for channel in values)
