"""Messages to the service manager: ready, alive while all threads run, stopping."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from headland.runtime.service_manager import ServiceManager
from headland.runtime.supervised_thread import ThreadStatus

PROCESS = 4711
RUNS = ThreadStatus(name="writer", is_running=True, success_age_s=0.0)
WAITS = ThreadStatus(name="uplink", is_running=True, success_age_s=900.0, overdue_after_s=120.0)
ENDED = ThreadStatus(name="writer", is_running=False, success_age_s=0.0)


@pytest.fixture
def manager_socket(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.setblocking(False)
        yield listening


def environ(address: str, **more: str) -> dict[str, str]:
    return {"NOTIFY_SOCKET": address, **more}


def received(listening: socket.socket) -> list[str]:
    messages = []
    while True:
        try:
            messages.append(listening.recv(4096).decode())
        except BlockingIOError:
            return messages


def test_a_process_reports_that_it_is_ready_works_and_stops(manager_socket: socket.socket) -> None:
    manager = ServiceManager(lambda: [RUNS, WAITS], environ(manager_socket.getsockname()), PROCESS)
    manager.report_ready()
    manager.report()
    manager.report_stopping()
    assert received(manager_socket) == ["READY=1", "WATCHDOG=1", "STOPPING=1"]


def test_a_process_with_an_ended_thread_says_so_once_and_is_silent_until_it_runs_again(
    manager_socket: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    threads = [ENDED, WAITS]
    manager = ServiceManager(lambda: threads, environ(manager_socket.getsockname()), PROCESS)
    with caplog.at_level(logging.ERROR):
        manager.report()
        manager.report()
    assert received(manager_socket) == ["STATUS=writer does not run"]
    assert caplog.messages == ["writer does not run: the service manager is to restart this process"]
    threads[0] = RUNS
    manager.report()
    assert received(manager_socket) == ["STATUS=", "WATCHDOG=1"]


def test_an_abstract_address_is_one(tmp_path: Path) -> None:
    name = f"headland-test-{tmp_path.name}-{id(tmp_path)}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"\0{name}")
        ServiceManager(environ=environ(f"@{name}")).report_ready()
        assert listening.recv(100) == b"READY=1"


@pytest.mark.parametrize("address", ["", "/nowhere/notify"])
def test_without_a_manager_nothing_happens(address: str) -> None:
    manager = ServiceManager(lambda: [ENDED], environ(address))
    manager.report_ready()
    manager.report()
    manager.report_stopping()


def test_a_manager_that_does_not_read_stops_nothing(manager_socket: socket.socket) -> None:
    manager = ServiceManager(lambda: [RUNS], environ(manager_socket.getsockname()))
    for _ in range(10_000):
        manager.report()


@pytest.mark.parametrize(
    ("settings", "every_s"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "60000000"}, 20.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(PROCESS)}, 20.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
    ],
)
def test_reports_are_due_three_times_in_the_time_of_the_watchdog(
    settings: dict[str, str], every_s: float | None
) -> None:
    assert ServiceManager(environ=settings, process=PROCESS).report_every_s == every_s
