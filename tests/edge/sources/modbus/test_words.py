"""Decoding of words: types, orders, bits, sentinels, the device's clock and its identity."""

from __future__ import annotations

import math
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sources.modbus.registers import ClockRegisters, IdentityRegister, Read, Register, RegisterMap
from edge.sources.modbus.words import decode_clock, decode_values, is_simulator, place_words


def register(address: int, kind: str = "uint16", **changes: Any) -> Register:
    return Register(**{"channel": "co2_ppm", "address": address, "type": kind, **changes})


def value(register: Register, *words: int, order: str = "high_first") -> float | None:
    registers = RegisterMap(register=[register], word_order=order)  # type: ignore[arg-type] # one of its two words
    read = Read(register.function, register.address, len(words))
    return decode_values(registers, place_words(read, words))[register.channel]


def test_words_become_values_by_type_scale_and_offset() -> None:
    assert value(register(1, "int16", scale=0.01), 0xFDF3) == -5.25
    assert value(register(1, "uint16", scale=0.01), 2153) == 21.53
    assert value(register(1, "uint16", scale=0.1, offset=-40.0), 653) == 65.3 - 40.0
    assert value(register(1, "uint16", scale=10.0), 7) == 70.0
    assert value(register(1, "int32", scale=0.001), 0xFFFF, 0xFFFE) == -0.002
    assert value(register(1, "uint32"), 0x0001, 0x0002) == 65538.0
    assert value(register(1, "uint32"), 0x0001, 0x0002, order="low_first") == 131073.0
    assert value(register(1, "float32"), *struct.unpack(">HH", struct.pack(">f", 21.5))) == 21.5


def test_longer_numbers_bits_and_swapped_bytes_are_decoded() -> None:
    double = struct.unpack(">4H", struct.pack(">d", -12.5))
    assert value(register(1, "float64"), *double) == -12.5
    assert value(register(1, "float64"), *reversed(double), order="low_first") == -12.5
    assert value(register(1, "float64", word_order="low_first"), *reversed(double)) == -12.5
    assert value(register(1, "int64"), 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFE) == -2.0
    assert value(register(1, "uint16", mask=0x0004), 0b0110) == 1.0
    assert value(register(1, "uint16", mask=0x00F0), 0x1234) == 3.0
    assert value(register(1, function=1), 1) == 1.0
    swapped = RegisterMap(
        register=[register(1, "uint32"), register(9, function=2, channel="pump_on")], byte_order="little"
    )
    words = {(3, 1): 0x0200, (3, 2): 0x0100, (2, 9): 1}
    assert decode_values(swapped, words) == {"co2_ppm": 0x0002_0001, "pump_on": 1.0}


def test_a_foreign_unit_is_converted_after_the_scale() -> None:
    assert value(register(1, channel="air_temperature_degc", scale=0.1, unit="degF"), 680) == pytest.approx(20.0)


def test_a_sentinel_and_a_float_that_is_not_finite_give_none() -> None:
    assert value(register(1, "int16", sentinel=0x8000), 0x8000) is None
    assert value(register(1, "uint16", sentinel=0xFFFF), 0xFFFF) is None
    assert value(register(1, "float32"), 0x7FC0, 0) is None
    assert value(register(1, "float32"), 0xFF80, 0) is None
    assert value(register(1, "int16", invalid=[-9999.0]), 0x10000 - 9999) is None


def test_channels_that_were_not_read_are_absent() -> None:
    registers = RegisterMap(register=[register(1), register(5, "uint32", channel="par_umol_m2_s")])
    assert decode_values(registers, {(3, 1): 7, (3, 5): 1}) == {"co2_ppm": 7.0}
    assert decode_values(registers, {(4, 1): 7}) == {}


def test_the_clock_is_seconds_and_milliseconds_or_none() -> None:
    registers = RegisterMap(register=[register(9)], clock=ClockRegisters(seconds=0, milliseconds=2))
    words = {(3, 0): 0x6AB1, (3, 1): 0x3B80, (3, 2): 999}
    assert decode_clock(registers, words) == 0x6AB13B80 * 1000 + 999
    assert decode_clock(registers, {**words, (3, 2): 1000}) is None
    assert decode_clock(registers, {(3, 0): 1}) is None
    assert decode_clock(RegisterMap(register=[register(9)]), words) is None
    assert (
        decode_clock(RegisterMap(register=[register(9)], clock=ClockRegisters(seconds=0)), words) == 1790000000 * 1000
    )


def test_only_the_identity_of_a_simulator_makes_one() -> None:
    identity = IdentityRegister(address=3, value=0x484C, simulated=True)
    registers = RegisterMap(register=[register(9)], identity=identity)
    assert is_simulator(registers, {(3, 3): 0x484C})
    assert not is_simulator(registers, {(3, 3): 0})
    assert not is_simulator(registers, {})
    silent = RegisterMap(register=[register(9)], identity=IdentityRegister(address=3, value=0x484C))
    assert not is_simulator(silent, {(3, 3): 0x484C})


_PACKING = {"int16": "h", "uint16": "H", "int32": "i", "uint32": "I", "int64": "q", "uint64": "Q", "float32": "f",
            "float64": "d"}  # fmt: skip


@given(st.sampled_from(sorted(_PACKING)), st.sampled_from(["high_first", "low_first"]), st.booleans(), st.data())
def test_values_packed_by_struct_are_decoded_in_any_order(
    kind: str, order: str, little: bool, data: st.DataObject
) -> None:
    size = struct.calcsize(_PACKING[kind])
    raw = data.draw(st.binary(min_size=size, max_size=size))
    (number,) = struct.unpack(">" + _PACKING[kind], raw)
    words = [raw[at : at + 2] for at in range(0, size, 2)]
    sent = words[::-1] if order == "low_first" else words
    registers = RegisterMap(
        register=[register(7, kind)],
        word_order=order,  # type: ignore[arg-type] # one of its two words
        byte_order="little" if little else "big",
    )
    read = [int.from_bytes(word, "little" if little else "big") for word in sent]
    decoded = decode_values(registers, place_words(Read(3, 7, size // 2), read))["co2_ppm"]
    assert decoded == (float(number) if math.isfinite(number) else None)
