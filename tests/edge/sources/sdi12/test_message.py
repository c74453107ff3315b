"""SDI-12 messages, compared with the examples of the specification."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sources.sdi12.message import (
    AnswerReader,
    BadAnswer,
    Identity,
    Measuring,
    crc_of,
    measure_command,
    read_identity,
    read_measuring,
    read_values,
)


def test_the_checksum_is_the_specifications() -> None:
    assert crc_of("0+3.14") == "OqZ"  # SDI-12 1.4, section 4.4.12.2


def test_commands_are_the_specifications() -> None:
    assert measure_command("0", "M", crc=False) == "0M!"
    assert measure_command("0", "M1", crc=True) == "0MC1!"
    assert measure_command("a", "C9", crc=True) == "aCC9!"
    assert measure_command("Z", "R0", crc=True) == "ZRC0!"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("00005", Measuring(0, 5)),
        ("a0021", Measuring(2, 1)),
        ("005310", Measuring(53, 10)),
        ("0", BadAnswer.FORM),
        ("0+1.2", BadAnswer.FORM),
        ("0000512", BadAnswer.FORM),
        ("0٠٠٠٠", BadAnswer.FORM),
    ],
)
def test_a_measurement_states_when_how_many_values_are_ready(answer: str, expected: object) -> None:
    assert read_measuring(answer) == expected


@pytest.mark.parametrize(
    ("answer", "values"),
    [
        ("0+3.14", [3.14]),
        ("1+3.14-2.718+1.414", [3.14, -2.718, 1.414]),
        ("2+1234567-.5+7.", [1234567.0, -0.5, 7.0]),
        ("0", []),
        ("0+", BadAnswer.FORM),
        ("03.14", BadAnswer.FORM),
        ("0+3.14x", BadAnswer.FORM),
        ("0+3.1.4", BadAnswer.FORM),
        ("0+1e5", BadAnswer.FORM),
    ],
)
def test_data_are_signed_numbers_one_after_the_other(answer: str, values: object) -> None:
    assert read_values(answer, crc=False) == values
    assert read_values(answer + crc_of(answer), crc=True) == values


def test_a_wrong_checksum_is_no_value() -> None:
    assert read_values("0+3.14OqZ", crc=True) == [3.14]
    assert read_values("0+3.15OqZ", crc=True) is BadAnswer.CRC
    assert read_values("0+3.14", crc=True) is BadAnswer.CRC
    assert read_values("0", crc=True) is BadAnswer.CRC


def test_an_identity_is_split_as_in_the_specification() -> None:
    identity = read_identity("013NRSYSINC1000001.2101")
    assert identity == Identity("NRSYSINC", "100000", "1.2", "101")
    assert read_identity("0XXNRSYSINC1000001.2101") is BadAnswer.FORM
    assert read_identity("014SHORT") is BadAnswer.FORM


def read(*pieces: bytes, address: str = "0", command: str = "0M!") -> tuple[str | None, int]:
    reader = AnswerReader(address, command)
    answer = next((line for piece in pieces if (line := reader.feed(piece)) is not None), None)
    return answer, reader.stray


def test_an_answer_is_found_among_breaks_echo_parity_and_other_sensors() -> None:
    assert read(b"00005\r\n") == ("00005", 0)
    assert read(*[bytes([byte]) for byte in b"00005\r\n"]) == ("00005", 0)
    assert read(b"\x00\x00", b"\xff00005\r\n") == ("00005", 0)
    assert read(b"0M!", b"00005\r\n") == ("00005", 0)
    assert read(bytes(byte | 0x80 for byte in b"00005\r\n")) == ("00005", 0)
    assert read(b"1\r\n00005\r\n") == ("00005", 1)
    assert read(b"00005") == (None, 0)
    assert read(b"7\r\n", address="?", command="?!") == ("7", 0)


@given(st.lists(st.binary(max_size=30), max_size=8))
def test_noise_never_makes_an_answer_of_another_address(pieces: list[bytes]) -> None:
    answer, _ = read(*pieces)
    assert answer is None or answer[0] == "0"


@given(st.text(max_size=80), st.booleans())
def test_any_text_is_parsed_or_refused(text: str, crc: bool) -> None:
    read_values(text, crc=crc)
    read_measuring(text)
    read_identity(text)


@given(st.lists(st.decimals(-9999, 9999, places=2), max_size=9))
def test_written_values_are_read_unchanged(numbers: list[object]) -> None:
    answer = "0" + "".join(f"{number:+.2f}" for number in numbers)
    assert read_values(answer + crc_of(answer), crc=True) == [float(str(number)) for number in numbers]
