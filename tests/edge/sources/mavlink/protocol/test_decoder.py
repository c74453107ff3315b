from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymavlink.dialects.v20 import ardupilotmega as dialect

from edge.sources.mavlink.protocol.decoder import FrameDecoder
from edge.sources.mavlink.protocol.frame import MAX_FRAME_BYTES, STAMP_BYTES, Frame
from edge.sources.mavlink.protocol.signing import SignatureCheck
from tests.edge.sources.mavlink.stand_ins import NOON_MS, Autopilot, frames_of, make_tlog
from tests.examples import examples


def flight(count: int = 40, version: int = 2) -> list[bytes]:
    pilot = Autopilot(version=version)
    makers = (pilot.attitude, pilot.position, lambda _: pilot.hud(), lambda _: pilot.text(b"\xfd\xfe" * 20))
    return [makers[n % len(makers)](1000 + n * 100) for n in range(count)]


def decode_in_pieces(data: bytes, cuts: list[int], *, stamped: bool = False) -> tuple[list[Frame], FrameDecoder]:
    decoder = FrameDecoder(stamped=stamped)
    frames: list[Frame] = []
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    for start, end in itertools.pairwise(edges):
        frames += decoder.feed(data[start:end])
    return frames + decoder.finish(), decoder


def test_both_protocol_versions_give_the_header_and_the_payload_as_sent() -> None:
    for version in (1, 2):
        pilot = Autopilot(system=7, component=42, version=version)
        pilot.state.seq = 200
        (frame,) = frames_of(pilot.attitude(5000))
        assert (frame.message_id, frame.system, frame.component, frame.sequence) == (30, 7, 42, 200)
        assert frame.version == version
        # MAVLink 2 leaves off the 12 zero bytes of the three rates, MAVLink 1 sends them.
        assert len(frame.payload) == (28 if version == 1 else 16)


@settings(max_examples=examples(60), deadline=None)
@given(cuts=st.lists(st.integers(0, 4000), max_size=30), noise=st.lists(st.binary(max_size=20), max_size=6))
def test_the_same_bytes_give_the_same_frames_however_they_are_cut(cuts: list[int], noise: list[bytes]) -> None:
    pieces = [*flight(12), *flight(12, version=1), *noise]
    random.Random(len(cuts)).shuffle(pieces)
    data = b"".join(pieces)
    whole, one = decode_in_pieces(data, [])
    split, other = decode_in_pieces(data, cuts)
    assert split == whole
    assert {**one.counters()} == {**other.counters()}


@settings(max_examples=examples(60), deadline=None)
@given(noise=st.lists(st.binary(min_size=0, max_size=30), min_size=40, max_size=40))
def test_noise_between_frames_costs_no_frame(noise: list[bytes]) -> None:
    frames = flight(40)
    # A byte that looks like a frame's start may claim up to 280 bytes: the decoder must look inside them again.
    data = b"".join(bad + frame for bad, frame in zip(noise, frames, strict=True)) + bytes(MAX_FRAME_BYTES)
    assert [frame.payload for frame in frames_of(data)] == [frame.payload for frame in frames_of(b"".join(frames))]


def test_a_damaged_byte_costs_its_frame_only() -> None:
    frames = flight(20)
    bad = bytearray(frames[7])
    bad[12] ^= 0x10
    decoder = FrameDecoder()
    got = decoder.feed(b"".join([*frames[:7], bytes(bad), *frames[8:]])) + decoder.finish()
    assert [frame.sequence for frame in got] == [n for n in range(20) if n != 7]
    counters = decoder.counters()
    assert counters["bad_crc"] >= 1
    assert counters["junk_bytes"] == len(bad)
    assert counters["lost"] == 1


def test_a_damaged_length_does_not_swallow_the_frames_behind_it() -> None:
    frames = flight(20)
    bad = bytearray(frames[3])
    bad[1] = 255
    got = frames_of(b"".join([*frames[:3], bytes(bad), *frames[4:]]))
    assert [frame.sequence for frame in got] == [n for n in range(20) if n != 3]


@settings(max_examples=examples(80), deadline=None)
@given(data=st.binary(max_size=600))
def test_no_bytes_raise_an_exception(data: bytes) -> None:
    for stamped in (False, True):
        decoder = FrameDecoder(stamped=stamped)
        decoder.feed(data)
        decoder.finish()


def test_the_decoder_keeps_no_more_than_a_frame_and_its_stamps() -> None:
    for stamped in (False, True):
        decoder = FrameDecoder(stamped=stamped)
        for _ in range(200):
            decoder.feed(b"\xfd\xff" * 50)
            decoder.feed(b"no frame starts in this text" * 10)
            assert len(decoder._rest) <= MAX_FRAME_BYTES + 2 * STAMP_BYTES


def test_an_unknown_id_is_counted_and_skipped_whole() -> None:
    frames = flight(3)
    unknown = bytearray(frames[1])
    unknown[7:10] = (900_000).to_bytes(3, "little")
    decoder = FrameDecoder()
    got = decoder.feed(b"".join([frames[0], bytes(unknown), frames[2]]))
    assert [frame.sequence for frame in got] == [0, 2]
    assert decoder.counters()["unknown_id"] == 1
    assert decoder.counters()["lost"] == 0


def unknown_run(count: int, first: int, version: int = 2) -> list[bytes]:
    """Return frames of ids that no dialect here has, numbered as the sender of `flight` numbers its own."""
    frames: list[bytes] = []
    for n in range(count):
        payload = bytes((n * 7 + at) & 127 for at in range(5 + n % 40))
        if version == 2:
            head = bytes((len(payload), 0, 0, (first + n) & 255, 1, 1)) + (900_000 + n % 3).to_bytes(3, "little")
            frames.append(b"\xfd" + head + payload + bytes((n & 255, 0x5A)))
        else:
            frames.append(bytes((0xFE, len(payload), (first + n) & 255, 1, 1, 223)) + payload + b"\x11\x5a")
    return frames


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("stamped", [False, True])
@pytest.mark.parametrize("count", [2, 3, 7, 300])
@pytest.mark.parametrize("piece_bytes", [37, 100_000])
def test_unknown_ids_in_a_row_are_unknown_and_nothing_is_lost(
    version: int, stamped: bool, count: int, piece_bytes: int
) -> None:
    frames = flight(3, version)
    stream = [*frames, *unknown_run(count, 3, version)]
    pilot = Autopilot(version=version)
    pilot.state.seq = (3 + count) & 255
    stream += [pilot.attitude(9000), *unknown_run(count, 4 + count, version)]  # these end the stream
    data = make_tlog((NOON_MS + n, frame) for n, frame in enumerate(stream)) if stamped else b"".join(stream)
    cuts = list(range(piece_bytes, len(data), piece_bytes))
    got, decoder = decode_in_pieces(data, cuts, stamped=stamped)
    counters = decoder.counters()
    assert [frame.message_id for frame in got] == [30, 33, 74, 30]
    assert counters["unknown_id"] == 2 * count
    assert counters["lost"] == 0
    assert not {"bad_crc", "junk_bytes", "duplicate", "late"} & {name for name, count in counters.items() if count}


def test_a_frame_with_foreign_incompatibility_flags_is_dropped_and_counted() -> None:
    pilot = Autopilot()
    frame = bytearray(pilot.attitude(1000))
    frame[2] = 0x02
    checksum = dialect.x25crc(bytes(frame[1:-2]) + bytes([39])).crc
    frame[-2:] = checksum.to_bytes(2, "little")
    decoder = FrameDecoder()
    assert decoder.feed(bytes(frame) + pilot.attitude(1100))[0].sequence == 1
    assert decoder.counters()["incompatible"] == 1


def test_a_signature_is_skipped() -> None:
    pilot = Autopilot()
    pilot.state.signing.secret_key = b"k" * 32
    pilot.state.signing.sign_outgoing = True
    pilot.state.signing.link_id = 1
    pilot.state.signing.timestamp = 1
    data = b"".join(pilot.attitude(1000 + n) for n in range(5))
    assert data[2] == 0x01
    assert [frame.sequence for frame in frames_of(data)] == [0, 1, 2, 3, 4]


def test_loss_is_counted_by_source_from_the_sequence_numbers() -> None:
    pilot, companion = Autopilot(), Autopilot(component=100)
    sent, dropped = [], 0
    drop = random.Random(4)
    for n in range(1000):
        frame = pilot.attitude(n)
        if n in (0, 999) or drop.random() > 0.1:
            sent.append(frame)
        else:
            dropped += 1
        sent.append(companion.hud())
    decoder = FrameDecoder()
    decoder.feed(b"".join(sent))
    assert decoder.lost == {(1, 1): dropped}


def test_a_repeated_frame_is_a_duplicate_not_a_loss() -> None:
    decoder = FrameDecoder()
    frames = flight(10)
    got = decoder.feed(b"".join(frame for frame in frames for _ in range(2)))
    assert len(got) == 20
    assert decoder.counters()["duplicate"] == 10
    assert decoder.counters()["lost"] == 0


def test_a_late_frame_is_not_a_loss_of_250() -> None:
    frames = flight(12)
    frames[5], frames[6] = frames[6], frames[5]
    decoder = FrameDecoder()
    decoder.feed(b"".join(frames))
    assert decoder.counters()["late"] == 1
    assert decoder.counters()["lost"] == 1  # the late one, which is in both counts


def test_a_stamped_stream_gives_each_frame_its_stamp() -> None:
    frames = flight(30)
    data = make_tlog((NOON_MS + n, frame) for n, frame in enumerate(frames))
    got, decoder = decode_in_pieces(data, [1, 5, 100, 101, 333, 1000], stamped=True)
    assert [frame.stamp_us for frame in got] == [(NOON_MS + n) * 1000 for n in range(30)]
    assert decoder.counters().get("junk_bytes", 0) == 0


@settings(max_examples=examples(60), deadline=None)
@given(noise=st.lists(st.binary(max_size=12), min_size=20, max_size=20), cuts=st.lists(st.integers(0, 2000)))
def test_bad_bytes_in_a_stamped_stream_cost_no_frame_and_no_stamp(noise: list[bytes], cuts: list[int]) -> None:
    frames = flight(20)
    stamped = [make_tlog([(NOON_MS + n, frame)]) for n, frame in enumerate(frames)]
    data = b"".join(bad + piece for bad, piece in zip(noise, stamped, strict=True))
    got, _ = decode_in_pieces(data, cuts, stamped=True)
    assert [frame.sequence for frame in got] == list(range(20))
    assert [frame.stamp_us for frame in got] == [(NOON_MS + n) * 1000 for n in range(20)]


def test_a_recording_cut_in_a_frame_gives_all_frames_before() -> None:
    data = make_tlog((NOON_MS + n, frame) for n, frame in enumerate(flight(10)))
    got, _ = decode_in_pieces(data[:-3], [], stamped=True)
    assert len(got) == 9


@settings(max_examples=examples(80), deadline=None)
@given(
    cuts=st.lists(st.integers(0, 4000), max_size=8),
    flips=st.lists(st.integers(0, 4000), max_size=12),
    version=st.sampled_from([1, 2]),
    stamped=st.booleans(),
)
def test_plain_frames_are_read_as_by_the_general_scan(
    cuts: list[int], flips: list[int], version: int, stamped: bool
) -> None:
    others = [Autopilot(system=2).attitude(n) for n in range(6)]
    frames = [*flight(12), *others, *flight(12, version), *flight(12)]
    data = bytearray(make_tlog((NOON_MS + n, frame) for n, frame in enumerate(frames)) if stamped else b"".join(frames))
    for flip in flips:
        data[flip % len(data)] ^= 1 << flip % 8
    # With a signatures every frame goes the long way.
    guarded = FrameDecoder(stamped=stamped, signatures=SignatureCheck(bytes(32), accept_unsigned=True))
    plain = FrameDecoder(stamped=stamped)
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    for start, end in itertools.pairwise(edges):
        assert plain.feed(bytes(data[start:end])) == guarded.feed(bytes(data[start:end]))
    assert plain.finish() == guarded.finish()
    counts = guarded.counters()
    assert plain.counters().items() <= counts.items()
    assert plain.lost == guarded.lost


def test_the_end_of_each_frame_in_the_bytes_is_returned() -> None:
    frames = flight(9)
    data = b"".join(frames)
    decoder = FrameDecoder(wanted={30, 33})
    ends: list[int] = []
    decoder.read(data[:5])
    read = decoder.read(data[5:], ends)
    places = [len(b"".join(frames[: n + 1])) - 5 for n in range(9)]
    assert ends == [place for n, place in enumerate(places) if n % 4 < 2]
    assert len(ends) == len(read)
