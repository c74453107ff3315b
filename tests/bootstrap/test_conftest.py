"""The tests' own ground: the broker fixture, waiting, and what happens where a program is missing."""

from __future__ import annotations

import os
import socket

import pytest

from tests.broker import Broker
from tests.ports import _own_ports, find_free_port
from tests.waiting import WaitUntil


def _is_open(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1.0).close()
    except OSError:
        return False
    return True


def test_the_broker_can_be_killed_and_comes_back_on_its_port(mosquitto: Broker, wait_until: WaitUntil) -> None:
    assert _is_open(mosquitto.port)
    mosquitto.kill()
    assert not _is_open(mosquitto.port)
    mosquitto.restart()
    assert wait_until(lambda: _is_open(mosquitto.port))


def test_free_ports_are_other_ones_at_each_call_and_of_nobody_else() -> None:
    ours = [find_free_port() for _ in range(5)]
    theirs = _own_ports.__wrapped__(os.getpid())  # as another process with the same wish
    assert len(set(ours)) == 5
    assert not set(ours) & {next(theirs) for _ in range(800)}


def test_waiting_says_what_did_not_come_true(wait_until: WaitUntil) -> None:
    with pytest.raises(AssertionError, match=r"was still 0 after 0\.05 s"):
        wait_until(lambda: 0, 0.05)
