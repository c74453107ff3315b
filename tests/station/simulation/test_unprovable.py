"""Losses that nothing could know: only what left no byte, and only where the spool says that it does not know."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from station.simulation.agenda import Agenda
from station.simulation.machines.broker import Broker
from station.simulation.machines.gateway import SimulatedGateway
from station.simulation.machines.gateway_process import CHECK_FILE, SPOOL_FILE
from station.simulation.machines.network import Network
from station.simulation.truth import GatewayTruth

_LOG = f"{SPOOL_FILE}-wal"


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[SimulatedGateway]:
    """A gateway that was killed with twenty records that nobody else has."""
    agenda = Agenda()
    network = Network(agenda, random.Random(2), Broker(agenda))
    gateway = SimulatedGateway(agenda, random.Random(3), network, tmp_path / "disk", "g0", 0, GatewayTruth({"g0"}))
    gateway.start()
    assert gateway.process is not None
    for _ in range(20):
        gateway.process.append(1)
    gateway.kill()
    assert len(gateway.truth.certain) == 20
    yield gateway
    if gateway.process is not None:
        gateway.kill()


def shorten(gateway: SimulatedGateway) -> None:
    files = gateway.disk.read()
    gateway.disk.write({**files, _LOG: files[_LOG][: len(files[_LOG]) // 2]})


def missing(gateway: SimulatedGateway) -> set[int]:
    return gateway.truth.certain - gateway.read_numbers(gateway.disk.read())


def test_what_a_log_lost_without_check_file_is_unknowable_where_the_spool_says_so(gateway: SimulatedGateway) -> None:
    gateway.disk.delete(CHECK_FILE)
    gateway.tamper(lambda: shorten(gateway))
    gateway.start()
    assert gateway.process is not None
    began_ms = gateway.process.spool.status().epoch_ms
    assert 0 < len(missing(gateway)) < 20
    assert gateway.truth.unprovable == {("g0", began_ms): missing(gateway)}
    assert gateway.truth.untraced == set()


def test_with_a_check_file_nothing_is_unknowable(gateway: SimulatedGateway) -> None:
    gateway.tamper(lambda: shorten(gateway))
    gateway.start()
    assert missing(gateway)
    assert gateway.truth.unprovable == {}
    assert gateway.truth.untraced == set()


def test_where_the_check_file_was_set_back_before_the_log_was_cut_nothing_knows_of_the_newest(
    gateway: SimulatedGateway,
) -> None:
    older = gateway.disk.read()[CHECK_FILE]
    gateway.start()
    assert gateway.process is not None
    gateway.process.append(1)
    gateway.kill()
    gateway.tamper(lambda: gateway.disk.write({**gateway.disk.read(), CHECK_FILE: older}))
    assert gateway.truth.untraced == set()
    gateway.tamper(lambda: gateway.disk.write({**gateway.disk.read(), _LOG: b""}))
    assert 21 in gateway.truth.untraced


def test_what_still_has_its_bytes_in_the_log_is_knowable(gateway: SimulatedGateway) -> None:
    def flip() -> None:
        files = gateway.disk.read()
        frame = bytearray(files[_LOG])
        frame[len(frame) // 3] ^= 1
        gateway.disk.write({**files, _LOG: bytes(frame)})

    gateway.disk.delete(CHECK_FILE)
    gateway.tamper(flip)
    gateway.start()
    assert sum(map(len, gateway.truth.unprovable.values())) <= 1
    assert len(missing(gateway)) <= 1
    assert gateway.truth.untraced == set()


def test_without_any_file_there_is_nothing_that_could_say_it(gateway: SimulatedGateway) -> None:
    gateway.disk.delete(CHECK_FILE)
    gateway.tamper(lambda: gateway.disk.delete(SPOOL_FILE, _LOG))
    assert gateway.truth.untraced == gateway.truth.certain
