from __future__ import annotations

import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import firmware_sim.drone.card.file_server as file_server
from edge.sources.mavlink.card.transfer.file_listing import FileListing
from edge.sources.mavlink.card.transfer.file_messages import END_OF_FILE, FileAnswer
from edge.sources.mavlink.card.transfer.file_transfer import FileTransfer
from edge.sources.mavlink.card.transfer.port import LogEntry, NotAnswered
from edge.sources.mavlink.card.transfer.sparse_file import SparseFile
from edge.sources.mavlink.protocol.decoder import FrameDecoder
from edge.sources.mavlink.protocol.encoder import Encoder, FileRequest, Outgoing, RequestFile
from tests.examples import examples
from tests.firmware_sim.drone.card.served_card import ServedCard

LINE_BYTES_S, NETWORK_BYTES_S = 1440.0, 40_000.0


class Talk:
    """A transfer with a simulated autopilot; `loss` of its answers is lost, the others may come twice or late."""

    def __init__(self, card: ServedCard, bytes_s: float, loss: float = 0.0, seed: int = 0) -> None:
        self.card, self.transfer = card, FileTransfer(1, 1, bytes_s)
        self.now_s = 0.0
        self.sent: list[tuple[float, Outgoing]] = []
        self.answered_bytes = 0
        self._loss, self._dice = loss, random.Random(seed)
        self._encoder, self._decoder = Encoder(), FrameDecoder()
        self._late: list[bytes] = []

    def tick(self) -> None:
        requests = self.transfer.due(self.now_s)
        self.sent += [(self.now_s, request) for request in requests]
        frames = [frame for request in requests for frame in self.card.ask(self._encoder.encode(request))]
        frames += self.card.step(0.24)
        self.answered_bytes += sum(map(len, frames))
        dice = self._dice
        kept = [frame for frame in frames if dice.random() >= self._loss]
        if self._loss:
            kept += [frame for frame in kept if dice.random() < 0.2] + self._late
            self._late = [frame for frame in kept if dice.random() < 0.1]
            dice.shuffle(kept)
        for frame in self._decoder.read(b"".join(kept)):
            self.transfer.take(frame, self.now_s)
        self.now_s += 0.25

    def list(self) -> list[LogEntry]:
        while self.transfer.logs() is None:
            self.tick()
        return self.transfer.logs() or []

    def list_without_loss(self) -> None:
        loss, self._loss = self._loss, 0.0
        self.list()
        self._loss = loss

    def fetch(self, log: LogEntry, file: SparseFile, begin: int, end: int) -> str:
        """Fetch a range; return why that failed."""
        self.transfer.request(log, file, begin, end)
        while file.missing(begin, end):
            try:
                self.tick()
            except NotAnswered as failure:
                return failure.reason
        return ""


@settings(max_examples=examples(25), deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.1, 0.3]), st.booleans(), st.integers(0, 30_000), st.booleans())
def test_any_loss_order_and_repetition_ends_with_the_exact_bytes(
    seed: int, loss: float, may_burst: bool, size: int, is_shorter_than_listed: bool
) -> None:
    dice = random.Random(seed)
    content = dice.randbytes(size)
    talk = Talk(ServedCard(content), NETWORK_BYTES_S if may_burst else 8000.0, loss, seed)
    log = LogEntry("/APM/LOGS/00000001.BIN", size + 400 * is_shorter_than_listed)
    talk.list_without_loss()
    with tempfile.TemporaryDirectory() as folder, SparseFile(Path(folder) / "a.part") as file:
        file.end = log.size_bytes
        begin, end = sorted((dice.randrange(size + 500), dice.randrange(size + 500)))
        failure = talk.fetch(log, file, begin, end)
        assert failure == "" or (failure == "no_data" and loss > 0.1)
        assert failure or file.read(begin, end) == content[begin:end]


def test_the_rate_of_a_slow_line_holds_part_by_part(tmp_path: Path) -> None:
    content = random.Random(1).randbytes(40_000)
    talk = Talk(ServedCard(content), LINE_BYTES_S)
    (log,) = talk.list()
    before_s, before_bytes = talk.now_s, talk.answered_bytes
    with SparseFile(tmp_path / "a.part") as file:
        talk.fetch(log, file, 0, 12_000)
    rate_bytes_s = (talk.answered_bytes - before_bytes) / (talk.now_s - before_s)
    assert 0.6 * LINE_BYTES_S < rate_bytes_s < 1.2 * LINE_BYTES_S
    kinds = {request.request for _, request in talk.sent if isinstance(request, RequestFile)}
    assert kinds == {FileRequest.LIST, FileRequest.OPEN_TO_READ, FileRequest.READ}


def test_a_burst_that_goes_on_to_the_end_of_a_long_file_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_server, "_BURST_PARTS", 1 << 30)
    content = random.Random(2).randbytes(300_000)
    talk = Talk(ServedCard(content), NETWORK_BYTES_S)
    (log,) = talk.list()
    with SparseFile(tmp_path / "a.part") as file:
        talk.fetch(log, file, 50_000, 90_000)
        assert file.read(50_000, 90_000) == content[50_000:90_000]
        fetched_bytes = file.total_bytes
        talk.card.ask(talk._encoder.encode(talk.transfer.stop()[0]))
        assert talk.card.step(1.0) == []
    assert fetched_bytes < 80_000
    kinds = [request.request for _, request in talk.sent if isinstance(request, RequestFile)]
    assert FileRequest.TERMINATE in kinds
    assert FileRequest.BURST_READ in kinds


def test_a_session_that_the_vehicle_gave_up_is_opened_again(tmp_path: Path) -> None:
    content = random.Random(3).randbytes(9000)
    talk = Talk(ServedCard(content), LINE_BYTES_S)
    (log,) = talk.list()
    with SparseFile(tmp_path / "a.part") as file:
        talk.fetch(log, file, 0, 2000)
        talk.card.step(60.0)
        talk.fetch(log, file, 2000, 4000)
        assert file.read(0, 4000) == content[:4000]


@pytest.mark.parametrize("is_silent", [True, False])
def test_a_vehicle_without_file_transfer_is_given_up(is_silent: bool) -> None:
    card = ServedCard()
    talk = Talk(card, LINE_BYTES_S)
    if is_silent:
        card.drone.handler._messages.clear()
    else:
        card.drone.handler._messages["FILE_TRANSFER_PROTOCOL"] = card.drone.handler._refuse_file
    with pytest.raises(NotAnswered, match="no_answer"):
        talk.list()
    assert len(talk.sent) <= 7


def test_a_card_without_logs_is_an_answer() -> None:
    assert Talk(ServedCard(), LINE_BYTES_S).list() == []


def answers(*entries: str) -> FileAnswer:
    data = b"".join(entry.encode() + b"\0" for entry in entries)
    return FileAnswer(FileRequest.LIST, 0 if entries else END_OF_FILE, 0, 0, True, data)


def walk(folders: dict[str, list[str]]) -> FileListing:
    """Return the listing of a card whose folders are listed two entries at a time."""
    listing = FileListing()
    while not listing.is_complete:
        entries = folders.get(listing.path, [])
        listing.take(answers(*entries[listing.offset : listing.offset + 2]))
    return listing


def test_the_logs_of_days_are_listed_newest_first() -> None:
    listing = walk({
        "/fs/microsd/log": ["D.", "D..", "D2026-11-2", "D2026-11-26", "D2026-11-27", "D2026-10-01", "Fdata.txt\t3"],
        "/fs/microsd/log/2026-11-27": ["F07_00_00.ulg\t500", "F09_30_00.ulg\t900", "S"],
        "/fs/microsd/log/2026-11-26": ["F23_59_59.ulg\t100"],
        "/fs/microsd/log/2026-10-01": ["F12_00_00.ulg\t1"],
    })  # fmt: skip
    assert [log.name.removeprefix("/fs/microsd/log/") for log in listing.logs()] == [
        "2026-11-27/09_30_00.ulg", "2026-11-27/07_00_00.ulg", "2026-11-26/23_59_59.ulg",
    ]  # fmt: skip
    assert listing.logs()[0].size_bytes == 900


def test_numbered_logs_are_read_back_from_the_hole_where_numbers_wrapped() -> None:
    names = [f"F{number:08}.BIN\t{number}" for number in (1, 2, 3, 480, 481, 500)]
    listing = walk({"/APM/LOGS": [*names, "FLASTLOG.TXT\t2", "Fnotes.txt\t9", "F00000009.BIN\tmany"]})
    assert [log.size_bytes for log in listing.logs()] == [3, 2, 1, 500, 481, 480]
