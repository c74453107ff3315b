"""The table of quantities is valid: names end in units, ranges have a low and a high end."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.contract.catalogue import Quantity
from headland.contract.quantities import QUANTITIES, quantity_of, split_channel, unit_of_name
from headland.contract.units import UNIT_BY_SUFFIX
from tests.examples import examples


@pytest.mark.parametrize("quantity", QUANTITIES.values(), ids=QUANTITIES)
def test_a_quantity_is_valid(quantity: Quantity) -> None:
    assert unit_of_name(quantity.name) == quantity.unit
    assert split_channel(quantity.name) == (quantity.name, None)
    assert math.isfinite(quantity.low)
    assert math.isfinite(quantity.high)
    assert quantity.low < quantity.high
    assert quantity.kind in ("gauge", "total", "state")
    assert quantity.meaning.strip() == quantity.meaning != ""
    assert quantity.kind != "total" or quantity.low == 0


def test_a_name_is_in_the_table_once() -> None:
    assert [quantity.name for quantity in QUANTITIES.values()] == list(QUANTITIES)


def test_a_suffix_is_made_of_whole_lowercase_words() -> None:
    for suffix in UNIT_BY_SUFFIX:
        assert split_channel(f"x_{suffix}") == (f"x_{suffix}", None)


def test_the_longest_ending_gives_the_unit() -> None:
    assert unit_of_name("speed_m_s") == "m/s"
    assert unit_of_name("radiation_mj_m2") == "MJ/m2"
    assert unit_of_name("delay_s") == "s"
    assert unit_of_name("height_m") == "m"
    assert unit_of_name("m") is None
    assert unit_of_name("mood") is None
    assert unit_of_name("") is None


@pytest.mark.parametrize("unit", sorted(set(UNIT_BY_SUFFIX.values())))
def test_a_unit_symbol_is_plain_ascii(unit: str) -> None:
    assert unit.isascii()
    assert " " not in unit


def test_an_instance_is_another_channel_of_the_same_quantity() -> None:
    assert split_channel("battery_voltage_v:12") == ("battery_voltage_v", 12)
    assert quantity_of("battery_voltage_v:12") is QUANTITIES["battery_voltage_v"]


@pytest.mark.parametrize(
    "channel",
    [
        "",
        ":1",
        "a:",
        "a:1234",
        "a:-1",
        "a:1:2",
        "A_degc",
        "1a_degc",
        "_a",
        "a b",
        "a-b",
        "a.b",
        "a\n",
        "a:1\n",
        "a:١",
        "x" * 65,
    ],
)
def test_an_invalid_channel_name_has_no_quantity(channel: str) -> None:
    assert split_channel(channel) is None
    assert quantity_of(channel) is None


@settings(max_examples=examples(100), deadline=None)
@given(st.text(max_size=40))
def test_any_text_gives_a_value(text: str) -> None:
    split_channel(text)
    quantity_of(text)
    unit_of_name(text)
