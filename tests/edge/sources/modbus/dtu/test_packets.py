"""Packets of a DTU's byte stream: the same result however the stream is divided, against frames that pymodbus made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st
from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU
from pymodbus.pdu.register_message import ReadHoldingRegistersResponse

from edge.sources.modbus.bus import BadResponse
from edge.sources.modbus.dtu.frames import answer_shapes, decode_answer, encode_request
from edge.sources.modbus.dtu.packets import AnswerScanner, RegistrationScanner
from edge.sources.modbus.registers import Read
from tests.examples import examples

HEARTBEATS = [b"ping", b"\xfe", b"\x00\x00", b"862636050123456"]
_WORDS = st.lists(st.integers(0, 0xFFFF) | st.sampled_from([0, 0xFEFE, 0x7069]), min_size=1, max_size=12)
_CUTS = st.lists(st.integers(0, 400), max_size=12)


def pieces(stream: bytes, cuts: Iterable[int]) -> list[bytes]:
    places = sorted({0, len(stream), *(cut % (len(stream) + 1) for cut in cuts)})
    return [stream[first:last] for first, last in pairwise(places)]


def frame_of(words: Sequence[int], unit: int = 1) -> bytes:
    answer = ReadHoldingRegistersResponse(registers=list(words), dev_id=unit)
    return FramerRTU(DecodePDU(False)).buildFrame(answer)


def scan(stream: bytes, cuts: Iterable[int], read: Read, heartbeats: Sequence[bytes] = HEARTBEATS) -> bytes | None:
    scanner = AnswerScanner(answer_shapes("rtu", 1, read, 0), heartbeats)
    found = [frame for piece in pieces(stream, cuts) if (frame := scanner.feed(piece)) is not None]
    return found[0] if found else None


@settings(max_examples=examples(400), deadline=None)
@given(_WORDS, st.sampled_from(HEARTBEATS), st.integers(0, 40), st.binary(max_size=20), st.binary(max_size=20), _CUTS)
@example([0] * 12, b"\x00\x00", 9, b"", b"", [3])
@example([0xFEFE] * 12, b"\xfe", 5, b"\xfe", b"\xfe", [])
def test_an_answer_is_found_around_and_within_a_heartbeat_however_the_stream_is_divided(
    words: list[int], heartbeat: bytes, at: int, before: bytes, after: bytes, cuts: list[int]
) -> None:
    read, frame = Read(3, 0, len(words)), frame_of(words)
    place = 1 + at % len(frame)
    stream = before + heartbeat + frame[:place] + heartbeat + frame[place:] + after
    found = scan(stream, cuts, read)
    assert found == frame
    assert decode_answer("rtu", read, found) == words


@settings(max_examples=examples(400), deadline=None)
@given(st.lists(st.sampled_from([*HEARTBEATS, b"\x01", b"\x03\x02", frame_of([7]), b"\x83"]), max_size=9), _CUTS)
def test_any_stream_gives_the_same_answer_however_it_is_divided(parts: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(parts)
    assert scan(stream, cuts, Read(3, 0, 1)) == scan(stream, range(len(stream)), Read(3, 0, 1))


def test_a_wrong_checksum_another_unit_and_another_length_are_no_answer() -> None:
    frame, read = frame_of([1, 2]), Read(3, 0, 2)
    assert scan(frame, [], read) == frame
    assert scan(frame[:-1] + bytes([frame[-1] ^ 1]), [], read) is None
    assert scan(frame_of([1, 2], unit=2), [], read) is None
    assert scan(frame_of([1, 2, 3]), [], read) is None
    assert scan(frame[:4] + b"pong" + frame[4:], [], read) is None


def test_an_exception_is_an_answer() -> None:
    read = Read(4, 0, 2)
    frame = bytes.fromhex("018402c2c1")
    assert scan(b"ping" + frame, [2], read) == frame
    assert decode_answer("rtu", read, frame) == BadResponse(2)


def test_requests_are_those_of_the_specification() -> None:
    assert encode_request("rtu", 1, Read(3, 0, 10), 7) == bytes.fromhex("01030000000AC5CD")
    assert encode_request("tcp", 1, Read(3, 0, 10), 7) == bytes.fromhex("0007000000060103000000 0A".replace(" ", ""))


def test_a_modbus_tcp_answer_with_a_heartbeat_in_it_is_doubtful() -> None:
    read = Read(3, 0, 2)
    scanner = AnswerScanner(answer_shapes("tcp", 1, read, 9), [b"ping"])
    clean = bytes.fromhex("000900000007010304") + bytes.fromhex("00010002")
    assert scanner.feed(b"ping" + clean) == clean
    assert not scanner.is_doubtful(clean)
    scanner = AnswerScanner(answer_shapes("tcp", 1, read, 9), [b"ping"])
    torn = scanner.feed(clean[:9] + b"ping" + clean[9:])
    assert torn is not None
    assert scanner.is_doubtful(torn)
    stale = AnswerScanner(answer_shapes("tcp", 1, read, 10), [b"ping"])
    assert stale.feed(clean) is None


KNOWN = [b"dtu-1", b"dtu-22", b"\x0d\x0a\x01"]


def register(stream: bytes, cuts: Iterable[int]) -> tuple[bytes | None, bool, bytes]:
    scanner, rest = RegistrationScanner(KNOWN, [b"ping", b"\xfe"]), b""
    for piece in pieces(stream, cuts):
        rest += piece if scanner.found is not None else scanner.feed(piece)
    return scanner.found, scanner.is_stranger, rest


@settings(max_examples=examples(400), deadline=None)
@given(st.lists(st.sampled_from([*KNOWN, b"ping", b"\xfe", b"\r\n", b"dtu-3", b"d", b"\x01\x03"]), max_size=6), _CUTS)
def test_a_registration_is_the_same_however_the_stream_is_divided(parts: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(parts)
    assert register(stream, cuts) == register(stream, range(len(stream)))


def test_a_registration_is_found_behind_heartbeats_and_line_ends_and_what_follows_is_kept() -> None:
    assert register(b"ping\r\n\xfedtu-22ping\x01", []) == (b"dtu-22", False, b"ping\x01")
    assert register(b"dtu-2", [])[:2] == (None, False)
    assert register(b"dtu-3", [])[:2] == (None, True)
    assert register(b"\x0d\x0a\x01", [])[0] == b"\x0d\x0a\x01"


def test_a_stranger_is_named_by_what_it_sent_and_bytes_without_end_are_no_registration() -> None:
    scanner = RegistrationScanner(KNOWN, [b"ping"])
    for piece in (b"ping", b"dtu-", b"4711\r\n"):
        scanner.feed(piece)
    assert scanner.shown == b"dtu-4711"
    flooded = RegistrationScanner(KNOWN, [b"ping"])
    flooded.feed(b"ping" * 300)
    assert flooded.is_stranger
    flooded.feed(b"x" * 10_000)
    assert len(flooded.shown) <= 64
