"""Foreign unit names are converted as documented by their systems, and never guessed."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headland.contract.foreign_units import Conversion, NoConversion, convert_to_channel, convert_unit
from headland.contract.quantities import QUANTITIES
from headland.contract.senml.units import UNITS
from headland.contract.units import UNIT_BY_SUFFIX


@pytest.mark.parametrize(
    ("name", "value", "unit", "wanted"),
    [
        # Fixed points of the scales, and exact definitions (NIST SP 811 appendix B) where one is a product of them.
        ("°C", 21.5, "degC", 21.5),
        ("℃", 21.5, "degC", 21.5),
        ("C", 21.5, "degC", 21.5),
        ("Cel", 21.5, "degC", 21.5),
        ("°F", 212, "degC", 100),
        ("F", 32, "degC", 0),
        ("[degF]", -40, "degC", -40),
        ("K", 273.15, "degC", 0),
        ("%", 55, "%", 55),
        ("%RH", 55, "%", 55),
        ("% RH", 55, "%", 55),
        ("m³/m³", 0.32, "%", 32),
        ("hPa", 1013.25, "kPa", 101.325),
        ("mbar", 1013.25, "hPa", 1013.25),
        ("Pa", 101325, "hPa", 1013.25),
        ("kPa", 101.325, "hPa", 1013.25),
        ("inHg", 29.921, "hPa", 1013.242),
        ("mmHg", 760, "hPa", 1013.25),
        ("lx", 900, "lx", 900),
        ("klx", 0.9, "lx", 900),
        ("W/m²", 800, "W/m2", 800),
        ("W m-2", 800, "W/m2", 800),
        ("W·m⁻²", 800, "W/m2", 800),
        ("µmol/s/m²", 412, "umol/m2/s", 412),
        ("μmol/m²·s", 412, "umol/m2/s", 412),
        ("umol m-2 s-1", 412, "umol/m2/s", 412),
        ("µmol/(m²·s)", 412, "umol/m2/s", 412),
        ("J/cm²", 1500, "MJ/m2", 15),
        ("m s**-1", 3, "m/s", 3),
        ("J m**-2", 1500, "J/m2", 1500),
        ("ppm", 420, "ppm", 420),
        ("PPM", 420, "ppm", 420),
        ("mS/cm", 2.1, "mS/cm", 2.1),
        ("dS/m", 2.1, "mS/cm", 2.1),
        ("S/m", 0.21, "mS/cm", 2.1),
        ("µS/cm", 2100, "mS/cm", 2.1),
        ("km/h", 36, "m/s", 10),
        ("mph", 100, "m/s", 44.704),
        ("kn", 3600, "m/s", 1852),
        ("mm", 12, "mm", 12),
        ("mm", 12, "m", 0.012),
        ("in", 1, "mm", 25.4),
        ("in", 100, "m", 2.54),
        ("l/min", 6, "L/min", 6),
        ("L/min", 6, "L/min", 6),
        ("m³/h", 6, "L/min", 100),
        ("L/h", 90, "L/min", 1.5),
        ("[gal_us]", 1, "L", 3.785411784),
        ("ml", 250, "L", 0.25),
        ("g/m³", 9.4, "g/m3", 9.4),
        ("mg/m3", 9400, "g/m3", 9.4),
        ("V", 12.6, "V", 12.6),
        ("mV", 12600, "V", 12.6),
        ("A", 0.5, "A", 0.5),
        ("mA", 500, "A", 0.5),
        ("kW", 1.5, "W", 1500),
        ("Wh", 250, "kWh", 0.25),
        ("kWh", 0.25, "Wh", 250),
        ("g", 250, "kg", 0.25),
        ("kg/h", 90, "kg/min", 1.5),
        ("kg/s", 0.5, "kg/min", 30),
        ("g/s", 50, "kg/min", 3),
        ("t/h", 6, "kg/min", 100),
        ("lb/s", 10, "kg/min", 272.155422),
        ("lb/min", 100, "kg/min", 45.359237),
        ("t", 1.25, "kg", 1250),
        ("lb", 100, "kg", 45.359237),
        ("dBm", -71, "dBm", -71),
        ("min", 2, "s", 120),
        ("°", 270, "deg", 270),
        ("pH", 5.8, "pH", 5.8),
    ],
)
def test_a_value_is_converted_to_our_unit(name: str, value: float, unit: str, wanted: float) -> None:
    conversion = convert_unit(name, unit)
    assert isinstance(conversion, Conversion), conversion
    assert conversion.unit == unit
    assert conversion.apply(value) == pytest.approx(wanted, rel=2e-6, abs=1e-9)


@pytest.mark.parametrize("name", ["", "gal", "MPG", "mv", "hpa", "furlong", "°", "m/s/s/s", "W/m²/", "µ", "%%"])
def test_an_unknown_name_is_not_converted(name: str) -> None:
    conversion = convert_unit(name, "degC")
    assert isinstance(conversion, NoConversion)
    assert repr(name) in conversion.sentence


@pytest.mark.parametrize(
    ("name", "unit"),
    [("lx", "umol/m2/s"), ("W/m²", "umol/m2/s"), ("°C", "%"), ("%", "degC"), ("kWh", "W"), ("mm", "L"), ("%", "1")],
)
def test_units_of_different_things_are_not_converted(name: str, unit: str) -> None:
    conversion = convert_unit(name, unit)
    assert isinstance(conversion, NoConversion)
    assert "cannot be converted" in conversion.sentence


def test_the_case_of_a_prefix_matters() -> None:
    milli, mega = convert_unit("mW", "W"), convert_unit("MW", "W")
    assert isinstance(milli, Conversion)
    assert isinstance(mega, Conversion)
    assert mega.scale / milli.scale == pytest.approx(1e9)
    assert isinstance(convert_unit("MV", "V"), NoConversion)


@pytest.mark.parametrize("unit", sorted(set(UNIT_BY_SUFFIX.values()) - {"1"}))
def test_each_of_our_units_converts_to_itself(unit: str) -> None:
    conversion = convert_unit(unit, unit)
    assert isinstance(conversion, Conversion)
    assert conversion.apply(7.25) == pytest.approx(7.25)


@pytest.mark.parametrize("name", UNITS)
def test_each_unit_of_senml_is_converted_as_ingest_converts_it(name: str) -> None:
    for unit, factor in UNITS[name].items():
        conversion = convert_unit(name, unit)
        assert isinstance(conversion, Conversion)
        assert conversion.scale == pytest.approx(factor)
        assert conversion.offset == 0


def test_the_unit_of_a_channel_follows_from_its_name() -> None:
    assert convert_to_channel("air_temperature_degc:2", "°C") == Conversion("degC")
    assert convert_to_channel("rail_pipe_temperature_degc", "K") == Conversion("degC", 1.0, -273.15)
    for channel in ("Temperature", "mood"):
        conversion = convert_to_channel(channel, "°C")
        assert isinstance(conversion, NoConversion)
        assert repr(channel) in conversion.sentence


@given(st.text(max_size=30), st.sampled_from(sorted({quantity.unit for quantity in QUANTITIES.values()})))
def test_any_text_gives_a_finite_conversion_or_a_sentence(name: str, unit: str) -> None:
    conversion = convert_unit(name, unit)
    if isinstance(conversion, Conversion):
        assert math.isfinite(conversion.scale)
        assert conversion.scale > 0
        assert math.isfinite(conversion.offset)
    else:
        assert conversion.sentence
