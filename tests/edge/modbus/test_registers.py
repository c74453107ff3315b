"""The register map: planning requests, decoding words, and what its mistakes say."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.modbus.registers import (
    ClockRegisters,
    IdentityRegister,
    Read,
    Register,
    RegisterMap,
    find_map,
    load_map,
    plan_reads,
)
from edge.modbus.words import decode_clock, decode_values, is_simulator, place_words
from headland.errors import SettingsError


def register(address: int, kind: str = "uint16", **changes: Any) -> Register:
    return Register(**{"channel": "co2_ppm", "address": address, "type": kind, **changes})


def value(one: Register, *words: int, order: str = "high_first") -> float | None:
    registers = RegisterMap(register=[one], word_order=order)  # type: ignore[arg-type] # one of its two words
    read = Read(one.function, one.address, len(words))
    return decode_values(registers, place_words(read, words))[one.channel]


def test_the_shipped_map_reads_the_simulated_controller_in_one_request() -> None:
    path = find_map("greenhouse-sim.toml")
    assert path is not None
    registers = load_map(path)
    assert plan_reads(registers) == [Read(3, 0, 28)]
    assert [one.address for one in registers.register] == [*range(10, 23), *range(24, 28)]
    assert {one.channel: one.scale for one in registers.register}["heating_power_w_m2"] == 0.1


def test_words_become_values_by_type_scale_and_offset() -> None:
    assert value(register(1, "int16", scale=0.01), 0xFDF3) == -5.25
    assert value(register(1, "uint16", scale=0.01), 2153) == 21.53
    assert value(register(1, "uint16", scale=0.1, offset=-40.0), 653) == 65.3 - 40.0
    assert value(register(1, "uint16", scale=10.0), 7) == 70.0
    assert value(register(1, "int32", scale=0.001), 0xFFFF, 0xFFFE) == -0.002
    assert value(register(1, "uint32"), 0x0001, 0x0002) == 65538.0
    assert value(register(1, "uint32"), 0x0001, 0x0002, order="low_first") == 131073.0
    assert value(register(1, "float32"), *struct.unpack(">HH", struct.pack(">f", 21.5))) == 21.5


def test_longer_numbers_bits_and_swapped_bytes_are_understood() -> None:
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


def test_a_sentinel_and_a_float_that_is_no_number_are_no_value() -> None:
    assert value(register(1, "int16", sentinel=0x8000), 0x8000) is None
    assert value(register(1, "uint16", sentinel=0xFFFF), 0xFFFF) is None
    assert value(register(1, "float32"), 0x7FC0, 0) is None
    assert value(register(1, "float32"), 0xFF80, 0) is None
    assert value(register(1, "int16", invalid=[-9999.0]), 0x10000 - 9999) is None


def test_what_was_not_read_is_left_out() -> None:
    registers = RegisterMap(register=[register(1), register(5, "uint32", channel="par_umol_m2_s")])
    assert decode_values(registers, {(3, 1): 7, (3, 5): 1}) == {"co2_ppm": 7.0}
    assert decode_values(registers, {(4, 1): 7}) == {}


def test_the_clock_is_seconds_and_milliseconds_or_nothing() -> None:
    registers = RegisterMap(register=[register(9)], clock=ClockRegisters(seconds=0, milliseconds=2))
    words = {(3, 0): 0x6AB1, (3, 1): 0x3B80, (3, 2): 999}
    assert decode_clock(registers, words) == 0x6AB13B80 * 1000 + 999
    assert decode_clock(registers, {**words, (3, 2): 1000}) is None
    assert decode_clock(registers, {(3, 0): 1}) is None
    assert decode_clock(RegisterMap(register=[register(9)]), words) is None
    assert (
        decode_clock(RegisterMap(register=[register(9)], clock=ClockRegisters(seconds=0)), words) == 1790000000 * 1000
    )


def test_only_an_identity_that_means_it_makes_a_simulator() -> None:
    identity = IdentityRegister(address=3, value=0x484C, simulated=True)
    registers = RegisterMap(register=[register(9)], identity=identity)
    assert is_simulator(registers, {(3, 3): 0x484C})
    assert not is_simulator(registers, {(3, 3): 0})
    assert not is_simulator(registers, {})
    silent = RegisterMap(register=[register(9)], identity=IdentityRegister(address=3, value=0x484C))
    assert not is_simulator(silent, {(3, 3): 0x484C})


def test_adjacent_registers_share_a_request_and_gaps_only_where_allowed() -> None:
    items = [register(10), register(11, "uint32"), register(14), register(200), register(10, function=4)]
    assert plan_reads(RegisterMap(register=items)) == [Read(3, 10, 3), Read(3, 14, 1), Read(3, 200, 1), Read(4, 10, 1)]
    assert plan_reads(RegisterMap(register=items, max_gap=1))[0] == Read(3, 10, 5)


_ITEMS = st.lists(
    st.builds(
        register,
        st.integers(0, 400),
        st.sampled_from(["int16", "uint32", "float64"]),
        function=st.sampled_from([1, 2, 3, 4]),
    ),
    min_size=1,
    max_size=60,
)


@settings(max_examples=100, deadline=None)
@given(_ITEMS, st.integers(0, 100))
def test_every_item_lies_whole_in_one_request_of_a_legal_size(items: list[Register], max_gap: int) -> None:
    reads = plan_reads(RegisterMap(register=items, max_gap=max_gap))
    assert all(1 <= read.count <= (125 if read.function > 2 else 2000) for read in reads)
    for one in items:
        last = one.address + one.width - 1
        holders = [
            read
            for read in reads
            if read.function == one.function and read.address <= one.address and last < read.address + read.count
        ]
        assert holders
    named = {(one.function, one.address + at) for one in items for at in range(one.width)}
    for read in reads:
        span = [(read.function, read.address + at) in named for at in range(read.count)]
        assert span[0]
        assert span[-1]
        assert "0" * (max_gap + 1) not in "".join("1" if is_named else "0" for is_named in span)


HEAD = '[[register]]\nchannel = "co2_ppm"\naddress = 1\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('model = "x"\n', "own.toml:1: register is missing"),
        (HEAD + "scale = 0\n", "own.toml:4: scale of co2_ppm must be 1e-9..1e9"),
        (HEAD + "scale = inf\n", "own.toml:4: scale of co2_ppm must be 1e-9..1e9"),
        (HEAD + "sentinel = 0x10000\n", "own.toml:4: sentinel 0x10000 does not fit into uint16"),
        (HEAD + 'type = "int8"\n', 'own.toml:4: register[0].type must be "float32" or "float64"'),
        (HEAD + "mask = 0x10000\n", "own.toml:4: mask 0x10000 does not fit into uint16"),
        (HEAD + 'type = "int16"\nmask = 1\n', "own.toml:5: mask of co2_ppm takes bits out of a uint16 or uint32"),
        (HEAD + 'unit = "degC"\n', "own.toml:4: 'degC' cannot be converted to 'ppm'"),
        (HEAD + "function = 6\n", "own.toml:4: register[0].function must be 1..4, not 6"),
        (HEAD + "adress = 6\n", "own.toml:4: register[0].adress is not known; did you mean address?"),
        (HEAD + HEAD, "own.toml:5: 'co2_ppm' is mapped twice"),
        (HEAD.replace("1", "65535") + 'type = "uint32"\n', "own.toml:3: co2_ppm reaches beyond register 65535"),
        (HEAD.replace("1", "-1"), "own.toml:3: register[0].address must be 0..65535, not -1"),
        (HEAD.replace("co2_ppm", "CO2"), "own.toml:2: 'CO2' is no channel"),
        (HEAD + "[clock]\nseconds = 1.5\n", "own.toml:5: clock.seconds must be a whole number (0..65535), not 1.5"),
    ],
)
def test_a_mistake_in_a_map_is_said_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "own.toml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_map(tmp_path / "own.toml")
    assert str(caught.value).startswith(said)


def test_a_second_instance_of_a_quantity_is_a_channel_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(HEAD + HEAD.replace("co2_ppm", "co2_ppm:1").replace("= 1\n", "= 2\n"))
    assert [one.channel for one in load_map(tmp_path / "own.toml").register] == ["co2_ppm", "co2_ppm:1"]
