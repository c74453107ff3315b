"""A link read at its pace, with real sockets and the kernel's own room."""

from __future__ import annotations

import contextlib
import math
import os
import pty
import socket
import sys
import time
import tty
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sources.mavlink.link import udp_tcp as links
from edge.sources.mavlink.link.link_reader import LinkReader, arrivals_ms, pause_s
from edge.sources.mavlink.link.serial import SerialLine
from edge.sources.mavlink.link.udp_tcp import UdpServer, open_link
from edge.sources.mavlink.settings import LinkAddress, parse_url
from headland.clock import wall_clock_ms
from tests.waiting import wait_until


@contextlib.contextmanager
def listening(port: int) -> Iterator[tuple[LinkReader, UdpServer]]:
    link = open_link(parse_url(f"udpin:127.0.0.1:{port}"))
    assert isinstance(link, UdpServer)
    try:
        yield LinkReader(link), link
    finally:
        link.close()


def senders(port: int, count: int, stack: contextlib.ExitStack) -> list[socket.socket]:
    made = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(count)]
    for sender in made:
        sender.connect(("127.0.0.1", port))
    return made


def notes_arrivals(reader: LinkReader, sender: socket.socket) -> bool:
    """Return whether the kernel has begun to note arrivals: a datagram is older than its reading."""
    sender.send(b"x")
    wait_until_after(wall_clock_ms() + 5)
    read_ms = wall_clock_ms()
    reader.read(0.0, 1)
    return all(at_ms < read_ms for _, pieces in reader.take() for at_ms, _ in pieces)


def wait_until_after(time_ms: int) -> None:
    wait_until(lambda: wall_clock_ms() > time_ms)


def received(reader: LinkReader) -> int:
    """Read once more; return how many peers have sent."""
    reader.read(0.5, 100)
    return len(reader._pieces)


def is_kept_up(reader: LinkReader, link: UdpServer) -> bool:
    """Keep up as other work does; return whether the receive buffer is empty."""
    reader.keep_up()
    return not link._selector.select(0)


def test_the_bytes_of_each_peer_are_returned_once_in_order(free_port: int) -> None:
    with listening(free_port) as (reader, _), contextlib.ExitStack() as stack:
        for number in range(3):
            for sender in senders(free_port, 2, stack):
                sender.send(b"%d" % number)
        reader.read(0.0, 1)
        taken = dict(reader.take())
        assert [b"".join(data for _, data in pieces) for pieces in taken.values()] == [
            b"0",
            b"0",
            b"1",
            b"1",
            b"2",
            b"2",
        ]
        assert dict(reader.take()) == {}


def test_more_than_the_kernel_keeps_is_read_in_the_middle_of_other_work(
    free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "RECEIVE_BUFFER_BYTES", 4096)
    with listening(free_port) as (reader, link), contextlib.ExitStack() as stack:
        first, other = senders(free_port, 2, stack)
        assert link.buffer_messages < 20
        first.send(b"a")
        other.send(b"b")
        wait_until(lambda: received(reader) == 2)
        got = b""
        for _, pieces in reader.take():
            got += b"".join(data for _, data in pieces)
            for _ in range(10):  # many times its room, while what came before is still taken
                for _ in range(8):
                    first.send(b"c")
                wait_until(lambda: is_kept_up(reader, link))
        got += b"".join(data for _, pieces in reader.take() for _, data in pieces)
        assert sorted(got) == sorted(b"ab" + b"c" * 160)


def test_between_two_peers_the_link_is_read_by_itself(free_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "RECEIVE_BUFFER_BYTES", 4096)
    with listening(free_port) as (reader, link), contextlib.ExitStack() as stack:
        made = senders(free_port, 3, stack)
        for sender in made:
            sender.send(b"a")
        wait_until(lambda: received(reader) == 3)
        assert 8 < link.buffer_messages < 16
        for _ in reader.take():
            for _ in range(8):  # once it has room for, twice it has not
                made[0].send(b"c")
            wait_until(lambda: time.monotonic() >= reader._due_s)
        got = b"".join(data for _, pieces in reader.take() for _, data in pieces)
        assert got == b"c" * 24


def test_the_buffer_is_bounded_in_bytes(free_port: int) -> None:
    with listening(free_port) as (reader, _), contextlib.ExitStack() as stack:
        (sender,) = senders(free_port, 1, stack)
        reads = 0

        def is_full() -> bool:
            nonlocal reads
            reads += 1
            for _ in range(20):
                sender.send(bytes(60_000))
            reader.read(0.75, 100)
            return reader.is_full

        wait_until(is_full)
        held = sum(len(data) for _, pieces in reader.take() for _, data in pieces)
        assert 5_000_000 < held <= reads * 20 * 60_000
        assert not reader.is_full


def test_a_fast_serial_line_is_read_before_its_terminal_is_full() -> None:
    master, slave = pty.openpty()
    tty.setraw(slave)
    for baud in (57_600, 921_600):
        line = SerialLine(LinkAddress("serial", os.ttyname(slave), baud))
        assert line.buffer_s * baud / 10 == 4096
        os.write(master, b"x")
        reader = LinkReader(line)
        reader.read(0.75, 100)
        assert reader._pause_s == min(0.1, line.buffer_s / 2)
        line.close()
    os.close(slave)
    os.close(master)


def test_a_link_with_a_large_buffer_is_read_rarely_and_one_without_often() -> None:
    roomy, little = 10_000, 512
    assert pause_s(roomy, 0.005, 1) == pause_s(little, 0.005, 1) == 0.02
    assert pause_s(roomy, 0.5, 100) == 0.1
    assert pause_s(math.inf, 0.5, 100) == 0.1
    assert pause_s(little, 0.5, 100) < 0.001
    assert pause_s(little, 0.0, 0) < 0.001  # nobody is known yet: there may be many


@given(room=st.floats(1, 1e6), hold=st.floats(0, 0.5), vehicles=st.integers(1, 128), more=st.integers(1, 128))
def test_more_vehicles_never_lengthen_the_pause(room: float, hold: float, vehicles: int, more: int) -> None:
    assert 0 < pause_s(room, hold, vehicles + more) <= pause_s(room, hold, vehicles) <= 0.1


@given(pieces=st.lists(st.binary(min_size=1, max_size=9), min_size=1), data=st.data())
def test_a_frame_came_with_the_piece_that_completed_it(pieces: list[bytes], data: st.DataObject) -> None:
    size = sum(map(len, pieces))
    ends = sorted(data.draw(st.sets(st.integers(1, size))))
    owners = [number for number, piece in enumerate(pieces) for _ in piece]
    assert arrivals_ms(list(enumerate(pieces)), ends) == [owners[end - 1] for end in ends]


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel notes arrivals on Linux")
def test_datagrams_that_are_read_together_keep_their_own_arrivals(free_port: int) -> None:
    with listening(free_port) as (reader, _), contextlib.ExitStack() as stack:
        (sender,) = senders(free_port, 1, stack)
        wait_until(lambda: notes_arrivals(reader, sender))
        between: list[tuple[int, int]] = []
        for number in range(4):
            before_ms = wall_clock_ms()
            sender.send(b"%d" % number)
            between.append((before_ms, wall_clock_ms()))
            wait_until_after(before_ms + 10)
        reader.read(0.0, 1, is_prompt=False)
        ((_, pieces),) = reader.take()
        assert [data for _, data in pieces] == [b"0", b"1", b"2", b"3"]
        assert all(first <= at <= last for (at, _), (first, last) in zip(pieces, between, strict=True))


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel notes arrivals on Linux")
def test_only_a_link_with_noted_arrivals_rests_and_only_while_nobody_waits_for_an_answer(free_port: int) -> None:
    with listening(free_port) as (reader, link), contextlib.ExitStack() as stack:
        (sender,) = senders(free_port, 1, stack)
        for is_prompt, pause in ((True, 0.02), (False, 0.09)):
            sender.send(b"a")
            reader.read(0.0, 1, is_prompt=is_prompt)
            assert reader._pause_s == pause
        sender.send(b"a")
        reader.read(0.5, 50, is_prompt=False)
        assert reader._pause_s == 0.1
        assert link.arrivals_ms is None, "of a large fleet datagrams are joined"
        link.has_arrivals, link.arrivals_ms = False, None  # as a kernel that notes nothing
        reader.read(0.0, 1, is_prompt=False)
        assert reader._pause_s == 0.02


def test_a_rest_is_as_short_as_a_small_buffer_needs() -> None:
    assert pause_s(10_000, 0.0, 1, 0.09) == 0.09
    assert pause_s(30, 0.0, 1, 0.09) < 0.02
