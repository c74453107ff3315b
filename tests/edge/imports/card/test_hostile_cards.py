"""Cards that say anything: an attempt ends and is counted, others are read, and nothing grows without an end."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.sources.mavlink.card.flight import Flight
from edge.sources.mavlink.card.transfer.file_listing import FileListing
from edge.sources.mavlink.card.transfer.file_messages import END_OF_FILE, FILE_TRANSFER_PROTOCOL, FileAnswer
from edge.sources.mavlink.card.transfer.file_transfer import FileTransfer
from edge.sources.mavlink.card.transfer.log_transfer import LOG_ENTRY
from edge.sources.mavlink.card.transfer.port import LogEntry
from edge.sources.mavlink.card.transfer.sparse_file import SparseFile
from edge.sources.mavlink.protocol.encoder import (
    FILE_HEAD,
    OWN_COMPONENT,
    OWN_SYSTEM,
    FileRequest,
    Outgoing,
    RequestFile,
    RequestLogList,
)
from edge.sources.mavlink.protocol.frame import RawFrame
from tests.edge.imports.card.conftest import Landed
from tests.edge.imports.card.test_healing import FileCard, Play, is_healed
from tests.edge.sources.mavlink.card.transfer.test_log_transfer import Card
from tests.examples import examples

#: Sizes of a file that are no number of bytes, or one that no file of this protocol has.
SIZES = ["²", "1²", "٣", "𝟙𝟚", "9" * 200, "-5", "1_000", " 12", "+7", "0x10", "1e9", "nan", "", "4294967296"]
#: What an answer of the protocol is: an ACK.
ACK = 128
TARGET = bytes([0, OWN_SYSTEM, OWN_COMPONENT])
Listing = Callable[[RequestFile], bytes | None]


def file_answer(request: RequestFile, data: bytes, error: int = 0) -> RawFrame:
    """Return the answer to a request as the frame of a vehicle; of an error `data` is its first byte."""
    kind, data = (129, bytes([error])) if error else (ACK, data)
    head = FILE_HEAD.pack(request.number + 1 & 0xFFFF, 0, kind, len(data), request.request, 0, 0, request.offset)
    return (FILE_TRANSFER_PROTOCOL, 1, 1, 0, TARGET + head + data, 2, None)


class HostileCard(Card):
    """A card that lists by FTP what a test says, and nothing by LOG_REQUEST_LIST."""

    def __init__(self, listing: Listing) -> None:
        super().__init__({})
        self.listing, self.listed = listing, 0

    def answer(self, request: Outgoing) -> list[RawFrame]:
        if not isinstance(request, RequestFile):
            return []
        if request.request is not FileRequest.LIST:
            return [file_answer(request, b"", error=2)]
        self.listed += 1
        data = self.listing(request)
        return [file_answer(request, b"", error=END_OF_FILE) if data is None else file_answer(request, data)]


def once(data: bytes) -> Listing:
    return lambda request: None if request.offset else data


def ends(play: Play, seconds: float = 40_000) -> Flight:
    flight = play.heal(seconds)
    assert not flight.is_open
    return flight


@pytest.mark.parametrize("size", SIZES)
def test_a_size_that_is_no_size_is_no_log_and_ends_nothing(landed: Landed, tmp_path: Path, size: str) -> None:
    play = Play(landed, tmp_path, HostileCard(once(f"F00000001.BIN\t{size}".encode())))
    assert ends(play).gaps[0].reason in ("no_answer", "no_logs")


def test_an_endless_listing_is_bounded_in_names_and_answers_and_given_up(landed: Landed, tmp_path: Path) -> None:
    card = HostileCard(lambda request: b"\0".join(f"F{request.offset + i}.BIN\t9".encode() for i in range(12)))
    play = Play(landed, tmp_path, card)
    flight = ends(play)
    assert flight.attempts == 4
    assert card.listed <= 4 * 400


def test_a_listing_of_folders_without_an_end_keeps_few_of_them() -> None:
    listing = FileListing()
    for number in range(100_000):
        if listing.is_complete:
            break
        names = b"\0".join(f"D{number:06}-{i}".encode() for i in range(20))
        listing.take(FileAnswer(FileRequest.LIST, 0, 0, 0, ends_burst=False, data=names))
    assert listing.is_complete
    assert len(listing._days) <= 2000


@settings(max_examples=examples(400), deadline=None)
@given(st.lists(st.binary(max_size=239), max_size=40))
def test_any_listing_is_read_without_an_error(parts: list[bytes]) -> None:
    listing = FileListing()
    for data in parts:
        if not listing.is_complete:
            listing.take(FileAnswer(FileRequest.LIST, 0, 0, 0, ends_burst=False, data=data))
    for log in listing.logs():
        assert 0 <= log.size_bytes < 2**32
        assert len(log.name.encode()) < 200


def test_one_log_number_said_again_and_again_is_given_up(landed: Landed, tmp_path: Path) -> None:
    class Repeats(Card):
        def answer(self, request: Outgoing) -> list[RawFrame]:
            return self.again() if isinstance(request, RequestLogList) else []

        def again(self) -> list[RawFrame]:
            entry = struct.pack("<IIHHH", 0, 5000, 1, 65_535, 65_535)
            return [(LOG_ENTRY, 1, 1, 0, entry, 2, None)]

    card = Repeats({})
    play = Play(landed, tmp_path, card)
    before = play.healing.step
    for _ in range(200_000):
        play.now_s += 0.25
        before(play.vehicles, play.history, play.now_s)
        for frame in card.again():
            play.healing.take(("a", 1, 1, 0), frame, play.now_s)
        play.flights.step(play.live, play.now_s, round(play.now_s * 1000))
        if not play.flight.is_open:
            break
    assert (play.flight.gaps[0].state, play.flight.gaps[0].reason) == ("left", "endless_list")


def test_parts_at_places_that_nobody_asked_for_are_not_kept(tmp_path: Path) -> None:
    transfer, dice = FileTransfer(1, 1, 40_000.0), random.Random(5)
    log = LogEntry("logs/1.BIN", 2**32 - 1)
    with SparseFile(tmp_path / "log.part") as file:
        transfer._listing.is_complete = True
        transfer.request(log, file, 0, 8192)
        (opening,) = transfer.due(0.0)
        assert isinstance(opening, RequestFile)
        transfer.take(file_answer(opening, b""), 0.1)
        (burst,) = transfer.due(0.2)
        assert isinstance(burst, RequestFile)
        for _ in range(20_000):
            payload = FILE_HEAD.pack(0, 0, ACK, 200, burst.request, 0, 0, dice.randrange(2**32)) + bytes(200)
            transfer.take((FILE_TRANSFER_PROTOCOL, 1, 1, 0, TARGET + payload, 2, None), 0.3)
        assert len(file._ranges.all) <= 200


@pytest.mark.parametrize("error", [ValueError("a defect"), RecursionError("deep"), IndexError("short")])
def test_what_nobody_has_foreseen_is_one_vehicles_failed_attempt_and_is_given_up(
    landed: Landed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(FileListing, "take", fail)
    play = Play(landed, tmp_path, FileCard(landed.log))
    flight = ends(play)
    assert (flight.attempts, flight.gaps[0].reason) == (4, "unreadable")
    monkeypatch.undo()
    good = Play(landed, tmp_path / "good", FileCard(landed.log))
    good.heal()
    assert is_healed(good)


@pytest.mark.long
def test_a_vehicle_that_trickles_its_log_is_ended_in_bounded_time(landed: Landed, tmp_path: Path) -> None:
    """A byte every two seconds keeps each request alive, and would keep all others of the link waiting."""

    class Trickle(FileCard):
        def answer(self, request: Outgoing) -> list[RawFrame]:
            frames = super().answer(request)
            is_read = isinstance(request, RequestFile) and request.request in (FileRequest.READ, FileRequest.BURST_READ)
            if not is_read or not frames:
                return frames
            frame = frames[0]
            payload = frame[4].ljust(3 + FILE_HEAD.size, b"\0")
            head = list(FILE_HEAD.unpack_from(payload, 3))
            head[3] = min(1, head[3])  # the size of its data
            return [(*frame[:4], TARGET + FILE_HEAD.pack(*head) + payload[3 + FILE_HEAD.size :][:1], frame[5], None)]

    play = Play(landed, tmp_path, Trickle(landed.log))
    began_s = play.now_s
    flight = ends(play)
    assert flight.attempts == 4
    assert play.now_s - began_s < 4 * 1800 + 4000
