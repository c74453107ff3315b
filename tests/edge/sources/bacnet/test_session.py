"""Packets to a session: bytes that mean nothing, those of strangers, questions to the gateway."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.sources.bacnet.objects import ObjectValue
from edge.sources.bacnet.session import BacnetSession
from edge.sources.bacnet.settings import BacnetSettings
from headland.errors import RetryLater
from tests.examples import examples

pytestmark = pytest.mark.sockets

OBJECT = "analog-input,1"
#: Properties of an object as a device answers them: present-value, status-flags, reliability, units.
NUMBER, FLAGS, UNIT = (
    b"\x29\x55\x4e\x44\x44\x19\x00\x00\x4f",
    b"\x29\x6f\x4e\x82\x04%b\x4f",
    b"\x29\x75\x4e\x91\x60\x4f",
)
NO_RELIABILITY = b"\x29\x67\x5e\x91\x02\x91\x20\x5f"


def acknowledgement(flags: int) -> bytes:
    """Return an answer to a ReadPropertyMultiple of one object: 612 ppm with status flags; `?` is its invoke id."""
    results = NUMBER + FLAGS % bytes([flags]) + NO_RELIABILITY + UNIT
    packet = b"\x01\x00\x30?\x0e\x0c\x00\x00\x00\x01\x1e" + results + b"\x1f"
    return b"\x81\x0a" + (len(packet) + 4).to_bytes(2, "big") + packet


RIGHT = acknowledgement(0)
#: Answers that are cut, of other services, with wrong tags and lengths.
WRONG = [
    b"", b"\x81", b"\x81\x0a\x00\x04", b"\x81\x0a\xff\xff\x01\x00", b"\x00" * 40, b"\xff" * 40,
    b"\x81\x0a\x00\x09\x01\x00\x30?\x0e", b"\x81\x0a\x00\x0a\x01\x00\x30?\x0e\x0c",
    b"\x81\x0a\x00\x10\x01\x00\x30?\x0e\x0c\x00\x00\x00\x01\x1e\x29",
    b"\x81\x0a\x00\x16\x01\x00\x30?\x0e\x0c\x00\x00\x00\x01\x1e\x29\x55\x4e\x44\x41\x4f\x1f",
    b"\x81\x0a\x00\x09\x01\x00\x20?\x0e", b"\x81\x0a\x00\x09\x01\x00\x50?\x0e",
    b"\x81\x0a\x00\x09\x01\x00\x60?\xff", b"\x81\x0a\x00\x09\x01\x00\x71?\xff",
    b"\x81\x0a\x00\x0b\x01\x00\x3c?\x00\x10\x0e", b"\x81\x0a\x00\x08\x01\x80\x00\x00",
]  # fmt: skip


@pytest.fixture
def device() -> Iterator[socket.socket]:
    """A UDP port that answers what a test sends from it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device:
        device.bind(("127.0.0.1", 0))
        device.setblocking(False)
        yield device


def session_with(device: socket.socket, counts: Counter[str], timeout_s: float = 0.1) -> BacnetSession:
    peer = device.getsockname()
    fields = [{"from": OBJECT, "channel": "co2_ppm"}]
    table = {"type": "bacnet", "name": "a", "address": f"127.0.0.1:{peer[1]}", "device": "b", "channel": fields}
    settings = msgspec.convert({**table, "timeout_s": timeout_s, "retries": 0}, BacnetSettings)
    return BacnetSession(settings, [peer], counts)


async def ask(session: BacnetSession, device: socket.socket, answer: bytes, sender: socket.socket) -> ObjectValue | str:
    """Return what a session makes of an answer to its question: the value, or the sentence of its error."""
    loop = asyncio.get_running_loop()
    reading = loop.create_task(session.read(f"127.0.0.1:{device.getsockname()[1]}", [OBJECT]))
    request, gateway = await loop.sock_recvfrom(device, 2048)
    while request[6] >> 4:  # an abort or an acknowledgement of a segment, of the answer before
        request, gateway = await loop.sock_recvfrom(device, 2048)
    sender.sendto(answer.replace(b"?", request[8:9]), ("127.0.0.1", gateway[1]))
    try:
        return (await reading)[0]
    except RetryLater as error:
        return str(error)


def running(work: Callable[[], Awaitable[None]]) -> None:
    async def run() -> None:
        await work()

    asyncio.run(run())


def test_after_bytes_that_mean_nothing_the_next_answer_is_read(device: socket.socket) -> None:
    counts = Counter[str]()

    async def work() -> None:
        session = session_with(device, counts)
        await session.open()
        for answer in WRONG:
            said = await ask(session, device, answer, device)
            assert isinstance(said, str) or said.value is None, answer
        said = await ask(session, device, RIGHT, device)
        for _ in range(20):  # the answer of a busy machine may be late
            if isinstance(said, str):
                said = await ask(session, device, RIGHT, device)
        assert isinstance(said, ObjectValue), said
        assert said.value == 612.0
        session.close()

    running(work)
    assert counts["bad_packets"] >= 1


@settings(max_examples=examples(100), deadline=None)
@given(at=st.integers(0, len(RIGHT) - 1), byte=st.integers(0, 255), cut=st.integers(0, len(RIGHT)))
def test_whatever_one_wrong_byte_and_a_cut_make_of_an_answer_is_a_value_or_a_sentence(
    at: int, byte: int, cut: int
) -> None:
    answer = (RIGHT[:at] + bytes([byte]) + RIGHT[at + 1 :])[:cut]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as port:
        port.bind(("127.0.0.1", 0))
        port.setblocking(False)

        async def work() -> None:
            session = session_with(port, Counter())
            await session.open()
            said = await ask(session, port, answer, port)
            assert isinstance(said, str) or said.key == OBJECT
            session.close()

        running(work)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (0x80, (False, False, False)),
        (0x40, (True, False, False)),
        (0x20, (False, True, False)),
        (0x10, (False, False, True)),
    ],
)
def test_status_flags_are_those_of_the_answer(device: socket.socket, flags: int, said: tuple[bool, bool, bool]) -> None:
    async def work() -> None:
        session = session_with(device, Counter(), timeout_s=60.0)
        await session.open()
        value = await ask(session, device, acknowledgement(flags), device)
        assert isinstance(value, ObjectValue), value
        assert (value.fault, value.overridden, value.out_of_service) == said
        assert (value.value, value.unit, value.reliability) == (612.0, "parts-per-million", None)
        session.close()

    running(work)


def test_an_answer_of_another_host_is_counted_and_not_read(device: socket.socket) -> None:
    counts = Counter[str]()

    async def work() -> None:
        session = session_with(device, counts)
        await session.open()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            assert isinstance(await ask(session, device, RIGHT, stranger), str)
        session.close()

    running(work)
    assert counts["unlisted"] == 1


def test_a_question_to_the_gateway_is_refused_and_changes_nothing(device: socket.socket) -> None:
    """A device writes the name of the gateway's own object: it gets a reject, unrecognized-service."""
    write = b"\x81\x0a\x00\x16\x01\x04\x00\x05\x07\x0f\x0c\x02\x3f\xff\xff\x19\x4d\x3e\x72\x00\x41\x3f"

    async def work() -> None:
        session = session_with(device, Counter(), timeout_s=60.0)
        await session.open()
        loop = asyncio.get_running_loop()
        reading = loop.create_task(session.read(f"127.0.0.1:{device.getsockname()[1]}", [OBJECT]))
        _, gateway = await loop.sock_recvfrom(device, 2048)
        device.sendto(write, ("127.0.0.1", gateway[1]))
        answer, _ = await loop.sock_recvfrom(device, 2048)
        assert answer[6:] == b"\x60\x07\x09"
        reading.cancel()
        session.close()

    running(work)
