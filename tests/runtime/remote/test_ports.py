"""A port over a local socket: results and errors as beside the object, and nobody waits for ever."""

from __future__ import annotations

import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, cast

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from headland.errors import RetryLater
from headland.runtime.cancellation import CancellationToken, WorkCancelled, check_cancelled, current_token, set_token
from headland.runtime.remote.client import PortConnections, RemotePort
from headland.runtime.remote.server import CONNECTIONS_OF_CLIENT, PortServer, ServedPort
from tests.waiting import PATIENCE_S, wait_until


class Plot(msgspec.Struct):
    """A record."""

    name: str
    area_ha: float | None = None


class Refused(Exception):  # noqa: N818 - as the product names them
    """An error of the port's own."""

    def __init__(self, kind: str, status: int) -> None:
        super().__init__(kind)
        self.kind, self.status = kind, status

    def to_arguments(self) -> list[str | int]:
        return [self.kind, self.status]


class Field(Protocol):
    """The port of these tests."""

    def double(self, values: NDArray[np.float64], *, times: int = 2) -> NDArray[np.float64]: ...

    def rename(self, plots: list[Plot], name: str | None) -> dict[str, Plot]: ...

    def fail(self, how: str) -> None: ...

    def work(self) -> None: ...


class RealField:
    """What is served."""

    def __init__(self) -> None:
        self.began, self.ended = threading.Event(), threading.Event()

    def double(self, numbers: NDArray[np.float64], *, times: int = 2) -> NDArray[np.float64]:
        return numbers * times

    def rename(self, plots: list[Plot], name: str | None) -> dict[str, Plot]:
        return {plot.name: msgspec.structs.replace(plot, name=name or plot.name) for plot in plots}

    def fail(self, how: str) -> None:
        errors = {
            "later": RetryLater("the disk is full"),
            "wrong": ValueError("a step is below 1 ms"),
            "refused": Refused("no-room", 507),
            "unknown": ZeroDivisionError("by nothing"),
        }
        raise errors[how]

    def work(self) -> None:
        """Work until nobody waits for it."""
        self.began.set()
        token = current_token()
        assert token is not None
        wait_until(lambda: token.is_cancelled)
        self.ended.set()
        check_cancelled()


class Served:
    """A server, and what connects to it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "socket"
        self.field = RealField()
        self.listening = socket.socket(socket.AF_UNIX)
        self.listening.bind(str(self.path))
        self.listening.listen(64)
        self.server = self.serve()
        self.opened: list[PortConnections] = []

    def serve(self) -> PortServer:
        """Serve on a copy of the listening socket, as a process does that inherited it."""
        ports = {"field": ServedPort(Field, self.field, {"Refused": Refused})}
        server = PortServer(self.listening.dup(), ports)
        server.start()
        return server

    def connect(self, within_s: float = PATIENCE_S, most: int = 2, client: str = "tests") -> Field:
        """Return the port as a client sees it."""
        connections = PortConnections(self.path, client, most, begin_s=1.0)
        self.opened.append(connections)
        return cast("Field", RemotePort(connections, Field, "field", {"Refused": Refused}, within_s))

    def close(self) -> None:
        for connections in self.opened:
            connections.close()
        self.server.stop()
        self.listening.close()


@pytest.fixture
def served() -> Iterator[Served]:
    # A local socket's path has 108 bytes at most.
    folder = Path(tempfile.mkdtemp(prefix="hl-"))
    made = Served(folder)
    yield made
    made.close()
    shutil.rmtree(folder)


def in_thread(work: Any) -> tuple[threading.Thread, list[BaseException]]:
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, raised


def test_arrays_models_and_defaults_arrive_as_they_were_sent(served: Served) -> None:
    field = served.connect()
    doubled = field.double(np.array([1.5, -0.0, np.inf]))
    assert doubled.dtype == np.float64
    assert doubled.tolist() == [3.0, -0.0, np.inf]
    doubled[0] = 7.0  # whoever asked owns the answer
    assert field.double(np.array([], np.float64), times=3).tolist() == []
    assert field.rename([Plot(name="north", area_ha=1.25)], None) == {"north": Plot(name="north", area_ha=1.25)}


def test_what_a_call_raises_is_raised_where_it_was_made(served: Served) -> None:
    field = served.connect()
    with pytest.raises(RetryLater, match="the disk is full"):
        field.fail("later")
    with pytest.raises(ValueError, match="a step is below 1 ms"):
        field.fail("wrong")
    with pytest.raises(Refused) as refused:
        field.fail("refused")
    assert (refused.value.kind, refused.value.status) == ("no-room", 507)


def test_an_error_that_nobody_expects_is_logged_by_the_server_and_the_connection_goes_on(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    field = served.connect(most=1)
    with pytest.raises(RetryLater, match="ZeroDivisionError"):
        field.fail("unknown")
    assert "field.fail failed" in caplog.text
    assert field.double(np.array([1.0])).tolist() == [2.0]


def test_work_whose_request_is_cancelled_is_cancelled_at_the_other_end(served: Served) -> None:
    field, token = served.connect(), CancellationToken()

    def work() -> None:
        set_token(token)
        field.work()

    thread, raised = in_thread(work)
    wait_until(served.field.began.is_set)
    token.cancel()
    wait_until(served.field.ended.is_set)
    thread.join(PATIENCE_S)
    assert [type(error) for error in raised] == [WorkCancelled]


def test_work_that_takes_too_long_is_cancelled_and_its_caller_told(served: Served) -> None:
    field = served.connect(within_s=0.1)
    with pytest.raises((RetryLater, WorkCancelled)):
        field.work()
    wait_until(served.field.ended.is_set)


def test_a_client_waits_for_its_own_connections_and_never_for_those_of_another(served: Served) -> None:
    busy, patient, other = served.connect(most=1), served.connect(most=1, within_s=0.1), served.connect(client="other")
    patient._connections = busy._connections  # type: ignore[attr-defined]  # two callers of one client
    token = CancellationToken()

    def work() -> None:
        set_token(token)
        busy.work()

    thread, _ = in_thread(work)
    wait_until(served.field.began.is_set)
    with pytest.raises(RetryLater, match="All connections"):
        patient.double(np.array([1.0]))
    assert other.double(np.array([1.0])).tolist() == [2.0]
    token.cancel()
    thread.join(PATIENCE_S)


def test_methods_that_wait_for_long_have_connections_of_their_own(served: Served) -> None:
    connections, apart = (PortConnections(served.path, client, 1, begin_s=1.0) for client in ("one", "two"))
    served.opened += [connections, apart]
    field = cast("Field", RemotePort(connections, Field, "field", within_s=PATIENCE_S, apart={"work": apart}))
    token = CancellationToken()

    def wait_long() -> None:
        set_token(token)
        field.work()

    waiting, raised = in_thread(wait_long)
    assert served.field.began.wait(PATIENCE_S)
    assert field.double(np.ones(1)).tolist() == [2.0]
    token.cancel()
    waiting.join(PATIENCE_S)
    assert [type(error) for error in raised] == [WorkCancelled]


def test_the_server_refuses_more_connections_of_a_client_than_its_share(served: Served) -> None:
    fields = [served.connect() for _ in range(CONNECTIONS_OF_CLIENT + 1)]
    for field in fields[:-1]:
        field.double(np.array([1.0]))
    with pytest.raises(RetryLater):
        fields[-1].double(np.array([1.0]))
    assert served.server.counters()["port_connections_refused"] == 1


def test_a_call_while_the_other_process_is_away_says_so_and_the_next_one_after_its_return_succeeds(
    served: Served,
) -> None:
    field = served.connect()
    assert field.double(np.array([1.0])).tolist() == [2.0]
    served.server.stop()
    with pytest.raises(RetryLater, match="owns field"):
        field.double(np.array([1.0]))
    served.server = served.serve()
    assert field.double(np.array([2.0])).tolist() == [4.0]


def test_a_call_of_what_is_not_served_is_refused(served: Served) -> None:
    field = served.connect()
    connections = served.opened[-1]
    with pytest.raises(ValueError, match=r"other\.double is not served"):
        connections.call(Field, "other", "double", (np.array([1.0]),), {})
    assert field.double(np.array([1.0])).tolist() == [2.0]


def test_bytes_of_a_stranger_end_their_own_connection_alone(served: Served) -> None:
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.connect(str(served.path))
        stranger.sendall(b"GET / HTTP/1.1\r\n\r\n")
        with suppress(ConnectionResetError):  # what it sent was not read to its end
            assert stranger.recv(10) == b""
    assert served.connect().double(np.array([1.0])).tolist() == [2.0]
    assert all(thread.is_running for thread in served.server.threads())
