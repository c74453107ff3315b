from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st
from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU

from firmware_sim.protocols.modbus_rtu import RtuLine, crc16, with_crc
from firmware_sim.protocols.modbus_table import register_table
from tests.examples import examples

TABLE = register_table({"air_temperature_degc": 21.5}, 1_795_000_000_000)
#: The request of the application protocol's example of function 3, registers 108 to 110, to unit 17.
REQUEST = bytes.fromhex("11 03 00 6B 00 03")


def line() -> RtuLine:
    return RtuLine(lambda unit: TABLE if unit == 1 else None)


def test_the_crc_is_that_of_the_serial_line_specification() -> None:
    assert with_crc(REQUEST).hex() == "1103006b00037687"
    assert crc16(0xFFFF, b"123456789") == 0x4B37


def test_pymodbus_understands_the_answer() -> None:
    (answer,) = line().feed(with_crc(bytes((1, 3, 0, 10, 0, 2))))
    used, unit, _, pdu = FramerRTU(DecodePDU(False)).decode(answer)
    assert (used, unit) == (len(answer), 1)
    assert pdu == bytes((3, 4)) + b"".join(word.to_bytes(2, "big") for word in TABLE[10:12])


def test_what_cannot_be_read_is_refused_with_its_code() -> None:
    refused = {
        bytes((1, 3, 0, 50, 0, 1)): (0x83, 2),
        bytes((1, 3, 0, 0, 0, 0)): (0x83, 3),
        bytes((1, 6, 0, 10, 0, 1)): (0x86, 1),
        bytes((1, 16, 0, 10, 0, 1, 2, 0, 5)): (0x90, 1),
    }
    for request, (function, code) in refused.items():
        assert line().feed(with_crc(request)) == [with_crc(bytes((1, function, code)))]


def test_a_stranger_gets_no_answer() -> None:
    assert line().feed(with_crc(bytes((9, 3, 0, 0, 0, 3)))) == []


@settings(max_examples=examples(60), deadline=None)
@given(noise=st.binary(max_size=20), cuts=st.lists(st.integers(1, 5), min_size=1, max_size=8))
def test_requests_are_found_in_pieces_and_behind_noise(noise: bytes, cuts: list[int]) -> None:
    request = with_crc(bytes((1, 3, 0, 0, 0, 30)))
    stream = noise + request * 40
    slave, answers, start = line(), [], 0
    for size in itertools.cycle(cuts):
        if start >= len(stream):
            break
        answers += slave.feed(stream[start : start + size])
        start += size
    whole = line().feed(request)[0]
    # Noise may look like the head of a long frame, at most 256 bytes, and swallow the requests within it.
    assert answers.count(whole) >= 40 - 33
