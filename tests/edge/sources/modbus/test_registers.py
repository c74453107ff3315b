"""Register maps: planned requests, and the sentence for each mistake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.sources.modbus.registers import Read, Register, RegisterMap, find_map, load_map, plan_reads
from headland.errors import SettingsError
from tests.examples import examples


def register(address: int, kind: str = "uint16", **changes: Any) -> Register:
    return Register(**{"channel": "co2_ppm", "address": address, "type": kind, **changes})


def test_the_built_in_map_reads_the_simulated_controller_in_one_request() -> None:
    path = find_map("greenhouse-sim.toml")
    assert path is not None
    registers = load_map(path)
    assert plan_reads(registers) == [Read(3, 0, 31)]
    assert [register.address for register in registers.register] == [*range(10, 23), *range(24, 28), 30]
    assert {register.channel: register.scale for register in registers.register}["heating_power_w_m2"] == 0.1


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


@settings(max_examples=examples(100), deadline=None)
@given(_ITEMS, st.integers(0, 100))
def test_every_item_is_whole_in_one_request_of_a_legal_size(items: list[Register], max_gap: int) -> None:
    reads = plan_reads(RegisterMap(register=items, max_gap=max_gap))
    assert all(1 <= read.count <= (125 if read.function > 2 else 2000) for read in reads)
    for item in items:
        last = item.address + item.width - 1
        holders = [
            read
            for read in reads
            if read.function == item.function and read.address <= item.address and last < read.address + read.count
        ]
        assert holders
    named = {(item.function, item.address + at) for item in items for at in range(item.width)}
    for read in reads:
        span = [(read.function, read.address + at) in named for at in range(read.count)]
        assert span[0]
        assert span[-1]
        assert "0" * (max_gap + 1) not in "".join("1" if is_named else "0" for is_named in span)


HEAD = '[[register]]\nchannel = "co2_ppm"\naddress = 1\n'


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('model = "x"\n', "own.toml:1: register is missing"),
        (HEAD + "scale = 0\n", "own.toml:4: scale of co2_ppm must be 1e-9..1e9"),
        (HEAD + "scale = inf\n", "own.toml:4: scale of co2_ppm must be 1e-9..1e9"),
        (HEAD + "sentinel = 0x10000\n", "own.toml:4: sentinel 0x10000 does not fit into uint16"),
        (HEAD + 'type = "int8"\n', 'own.toml:4: register[0].type must be "float32" or "float64"'),
        (HEAD + "mask = 0x10000\n", "own.toml:4: mask 0x10000 does not fit into uint16"),
        (HEAD + 'type = "int16"\nmask = 1\n', "own.toml:5: mask of co2_ppm needs the type uint16 or uint32"),
        (HEAD + 'unit = "degC"\n', "own.toml:4: 'degC' cannot be converted to 'ppm'"),
        (HEAD + "function = 6\n", "own.toml:4: register[0].function must be 1..4, not 6"),
        (HEAD + "adress = 6\n", "own.toml:4: register[0].adress is not known; did you mean address?"),
        (HEAD + HEAD, "own.toml:5: 'co2_ppm' is mapped twice"),
        (HEAD.replace("1", "65535") + 'type = "uint32"\n', "own.toml:3: co2_ppm reaches beyond register 65535"),
        (HEAD.replace("1", "-1"), "own.toml:3: register[0].address must be 0..65535, not -1"),
        (HEAD.replace("co2_ppm", "CO2"), "own.toml:2: 'CO2' is not a channel"),
        (HEAD + "[clock]\nseconds = 1.5\n", "own.toml:5: clock.seconds must be a whole number (0..65535), not 1.5"),
    ],
)
def test_a_mistake_in_a_map_is_reported_with_its_line(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "own.toml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_map(tmp_path / "own.toml")
    assert str(caught.value).startswith(sentence)


def test_a_second_instance_of_a_quantity_is_a_channel_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(HEAD + HEAD.replace("co2_ppm", "co2_ppm:1").replace("= 1\n", "= 2\n"))
    assert [register.channel for register in load_map(tmp_path / "own.toml").register] == ["co2_ppm", "co2_ppm:1"]
