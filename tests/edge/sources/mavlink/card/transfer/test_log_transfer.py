from __future__ import annotations

import contextlib
import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymavlink.dialects.v20 import ardupilotmega as dialect

from edge.sources.mavlink.card.transfer.file_transfer import FileTransfer
from edge.sources.mavlink.card.transfer.log_transfer import LogTransfer
from edge.sources.mavlink.card.transfer.port import LogEntry, NotAnswered
from edge.sources.mavlink.card.transfer.sparse_file import Ranges, SparseFile
from edge.sources.mavlink.protocol.decoder import FrameDecoder
from edge.sources.mavlink.protocol.encoder import Outgoing, RequestLogData, RequestLogEnd, RequestLogList
from edge.sources.mavlink.protocol.frame import RawFrame
from tests.examples import examples

RATE_BYTES_S = 9000.0


class Card:
    """An autopilot with logs, its answers encoded by pymavlink. `last` is the newest log's number."""

    def __init__(self, logs: dict[int, bytes], last: int | None = None, utc_s: int = 0) -> None:
        self.logs = logs
        self.last = max(logs, default=0) if last is None else last
        self.utc_s = utc_s
        self._mav = dialect.MAVLink(None, srcSystem=1, srcComponent=1)
        self._decoder = FrameDecoder()

    def answer(self, request: Outgoing) -> list[RawFrame]:
        if isinstance(request, RequestLogList):
            return self.frames([self.entry(number) for number in self.logs] or [self.entry(0)])
        if not isinstance(request, RequestLogData):
            return []
        log, messages = self.logs[request.log], []
        for at in range(request.offset, request.offset + request.count, 90):
            part = log[at : min(at + 90, request.offset + request.count)]
            messages.append(dialect.MAVLink_log_data_message(request.log, at, len(part), list(part.ljust(90, b"\0"))))
            if len(part) < 90:
                break
        return self.frames(messages)

    def entry(self, number: int) -> dialect.MAVLink_log_entry_message:
        utc_s = self.utc_s + number if self.utc_s else 0
        size = len(self.logs.get(number, b""))
        return dialect.MAVLink_log_entry_message(number, len(self.logs), self.last, utc_s, size)

    def frames(self, messages: list[dialect.MAVLink_message]) -> list[RawFrame]:
        return self._decoder.read(b"".join(each.pack(self._mav) for each in messages))


def transfer() -> LogTransfer:
    return LogTransfer(1, 1, RATE_BYTES_S)


def listed(card: Card) -> list[LogEntry]:
    reader = transfer()
    (request,) = reader.due(0.0)
    for frame in card.answer(request):
        reader.take(frame, 0.1)
    logs = reader.logs()
    assert logs is not None
    return logs


def test_logs_without_times_are_read_back_from_the_last_number_also_where_numbers_wrapped() -> None:
    card = Card({number: bytes(number) for number in (1, 2, 498, 499, 500)}, last=2)
    assert [log.name for log in listed(card)] == ["2", "1", "500", "499", "498"]
    assert [log.size_bytes for log in listed(card)][:2] == [2, 1]


def test_logs_with_times_are_read_newest_first_whatever_their_numbers() -> None:
    card = Card({3: b"abc", 1: b"a", 2: b"bb"}, last=1, utc_s=1_700_000_000)
    assert [log.name for log in listed(card)] == ["3", "2", "1"]


def test_an_empty_card_is_an_answer() -> None:
    assert listed(Card({})) == []


def test_a_vehicle_that_never_answers_is_given_up_after_a_bounded_number_of_requests() -> None:
    reader = transfer()
    sent = [request for tick in range(48) for request in reader.due(tick / 4)]
    assert len(sent) == 6
    with pytest.raises(NotAnswered, match="no_answer"):
        reader.due(12.0)


def test_a_list_of_which_entries_are_lost_is_requested_again_and_then_used_as_it_is() -> None:
    card, reader = Card({number: bytes(90) for number in range(1, 6)}), transfer()
    for tick in range(200):
        for request in reader.due(tick / 4):
            for frame in card.answer(request)[:3]:
                reader.take(frame, tick / 4)
        if reader.logs() is not None:
            break
    assert [log.name for log in reader.logs() or ()] == ["3", "2", "1"]


Pattern = st.tuples(
    st.integers(0, 2**32), st.sampled_from([0.0, 0.1, 0.5, 0.95]), st.booleans(), st.integers(0, 4000), st.booleans()
)


@settings(max_examples=examples(60), deadline=None)
@given(Pattern)
def test_any_loss_order_and_repetition_ends_with_the_exact_bytes_or_a_named_failure(
    pattern: tuple[int, float, bool, int, bool],
) -> None:
    seed, loss, is_shuffled, size, entry_is_larger = pattern
    dice = random.Random(seed)
    content = dice.randbytes(size)
    card, reader = Card({7: content}), transfer()
    log = LogEntry("7", size + (500 if entry_is_larger else 0))
    for frame in card.answer(RequestLogList(1, 1)):
        reader.take(frame, 0.0)
    with tempfile.TemporaryDirectory() as folder, SparseFile(Path(folder) / "a.part") as file:
        file.end = log.size_bytes
        begin, end = sorted((dice.randrange(size + 600), dice.randrange(size + 600)))
        reader.request(log, file, begin, end)
        late: list[RawFrame] = []
        failure = ""
        for tick in range(4000):
            now_s = tick / 4
            try:
                requests = reader.due(now_s)
            except NotAnswered as error:
                failure = error.reason
                break
            frames = [frame for request in requests for frame in card.answer(request)]
            frames = [frame for frame in frames if dice.random() >= loss]
            frames += [frame for frame in frames if dice.random() < 0.2] + late
            late = [frame for frame in frames if dice.random() < 0.1]
            if is_shuffled:
                dice.shuffle(frames)
            for frame in frames:
                reader.take(frame, now_s)
            if file.read(begin, end) is not None:
                break
        if failure:
            assert failure == "no_data"
            assert loss >= 0.5
            assert file.missing(begin, end)
        else:
            assert file.read(begin, end) == content[begin:end]


def test_no_more_than_the_allowed_rate_is_requested_and_one_block_at_a_time(tmp_path: Path) -> None:
    card, reader = Card({1: bytes(200_000)}), transfer()
    for frame in card.answer(RequestLogList(1, 1)):
        reader.take(frame, 0.0)
    asked: list[tuple[float, int]] = []
    with SparseFile(tmp_path / "a.part") as file:
        file.end = 200_000
        reader.request(LogEntry("1", 200_000), file, 0, 200_000)
        for tick in range(40):
            for request in reader.due(tick / 4):
                assert isinstance(request, RequestLogData)
                asked.append((tick / 4, request.count))
                for frame in card.answer(request):
                    reader.take(frame, tick / 4)
    assert sum(count for _, count in asked) * 1.25 <= RATE_BYTES_S * 11
    assert sum(count for _, count in asked) * 1.25 >= RATE_BYTES_S * 7
    assert max(count for _, count in asked) * 1.25 <= RATE_BYTES_S


def test_parts_of_another_log_or_place_are_not_taken(tmp_path: Path) -> None:
    card, reader = Card({1: bytes([1] * 900), 2: bytes([2] * 900)}), transfer()
    for frame in card.answer(RequestLogList(1, 1)):
        reader.take(frame, 0.0)
    with SparseFile(tmp_path / "a.part") as file:
        file.end = 900
        reader.request(LogEntry("1", 900), file, 90, 270)
        reader.due(0.0)
        for request in (RequestLogData(1, 1, 2, 90, 180), RequestLogData(1, 1, 1, 450, 90)):
            for frame in card.answer(request):
                reader.take(frame, 0.1)
        assert file.total_bytes == 0
        assert reader.stop() == [RequestLogEnd(1, 1)]
        for frame in card.answer(RequestLogData(1, 1, 1, 90, 180)):
            reader.take(frame, 0.2)
        assert file.total_bytes == 0


def test_parts_survive_a_restart_but_not_bytes_that_were_never_on_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "a.part"
    file = SparseFile(path)
    file.add(0, b"abc")
    file.save()
    file.add(10, b"xyz")  # the gateway is killed before it is saved
    again = SparseFile(path)
    assert again.read(0, 3) == b"abc"
    assert again.missing(0, 20) == [(3, 20)]
    again.close()
    file.delete()


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 15)), max_size=12))
def test_ranges_are_the_set_of_their_numbers(pieces: list[tuple[int, int]]) -> None:
    ranges, numbers = Ranges(), set[int]()
    for begin, length in pieces:
        new = ranges.add(begin, begin + length)
        assert new == len(set(range(begin, begin + length)) - numbers)
        numbers |= set(range(begin, begin + length))
    assert ranges.total() == len(numbers)
    assert {number for begin, end in ranges.missing(0, 80) for number in range(begin, end)} == set(range(80)) - numbers
    assert all(one[1] < other[0] for one, other in zip(ranges.all, ranges.all[1:], strict=False))


@given(st.lists(st.tuples(st.sampled_from([110, 118, 120]), st.binary(max_size=255)), max_size=30))
def test_no_answer_whatever_it_holds_raises(answers: list[tuple[int, bytes]]) -> None:
    log = LogEntry("1", 900)
    with tempfile.TemporaryDirectory() as folder, SparseFile(Path(folder) / "a.part") as file:
        file.end = 900
        for reader in (transfer(), FileTransfer(1, 1, RATE_BYTES_S)):
            reader.request(log, file, 0, 900)
            for tick, (message_id, payload) in enumerate(answers):
                with contextlib.suppress(NotAnswered):
                    reader.due(float(tick))
                reader.take((message_id, 1, 1, 0, payload, 2, None), float(tick))
            assert file.total_bytes <= 900 + 239
