from __future__ import annotations

import math
import struct

from firmware_sim.protocols.modbus_table import (
    FLOATS_AT,
    IDENTITY,
    NO_INT16,
    NO_UINT16,
    SLOTS,
    SWAPPED_FLOATS_AT,
    encode_word,
    is_readable,
    register_table,
)

START_MS = 1_795_000_000_000


def test_the_clock_is_the_seconds_high_word_first() -> None:
    words = register_table({}, START_MS + 234)
    assert words[0] << 16 | words[1] == START_MS // 1000
    assert words[2] == 234
    assert words[3] == IDENTITY == 0x484C


def test_what_does_not_fit_or_is_not_there_is_no_value() -> None:
    assert encode_word(SLOTS["air_temperature_degc"], -12.34) == 0x10000 - 1234
    assert encode_word(SLOTS["air_temperature_degc"], 400.0) == NO_INT16
    assert encode_word(SLOTS["air_temperature_degc"], None) == NO_INT16
    assert encode_word(SLOTS["co2_ppm"], 70_000.0) == NO_UINT16
    assert encode_word(SLOTS["co2_ppm"], math.nan) == NO_UINT16
    assert encode_word(SLOTS["relative_humidity_pct"], 100.4) == 10_000
    assert encode_word(SLOTS["wind_speed_m_s"], -0.1) == 0


def test_floats_are_the_same_values_in_both_word_orders() -> None:
    words = register_table({"air_temperature_degc": -3.25, "co2_ppm": None}, START_MS)
    high, low = words[FLOATS_AT : FLOATS_AT + 2]
    assert struct.unpack(">f", struct.pack(">HH", high, low)) == (-3.25,)
    assert words[SWAPPED_FLOATS_AT : SWAPPED_FLOATS_AT + 2] == [low, high]
    place = 2 * list(SLOTS).index("co2_ppm")
    assert math.isnan(struct.unpack(">f", struct.pack(">HH", *words[FLOATS_AT + place : FLOATS_AT + place + 2]))[0])


def test_only_the_blocks_can_be_read() -> None:
    assert is_readable(0, 31)
    assert is_readable(100, 42)
    assert is_readable(200, 42)
    assert not is_readable(0, 32)
    assert not is_readable(99, 2)
    assert not is_readable(242, 1)
