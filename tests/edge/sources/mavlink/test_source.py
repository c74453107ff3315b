"""Live links: real sockets, a real pseudo terminal, pymavlink on the other side."""

from __future__ import annotations

import contextlib
import os
import pty
import socket
import threading
import time
import tty
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pymavlink.dialects.v20 import ardupilotmega as dialect

from edge.sources.mavlink.link import udp_tcp as links
from edge.sources.mavlink.settings import MavlinkSettings
from edge.sources.mavlink.source import MavlinkSource
from edge.sources.mavlink.vehicle.fleet import Fleet
from edge.sources.mavlink.vehicle.vehicle import Vehicle
from headland.clock import wall_clock_ms
from tests.edge.sources.mavlink.stand_ins import UID_A, UID_B, Autopilot, Collector
from tests.ports import listens
from tests.waiting import wait_until


@contextlib.contextmanager
def running(url: str, **changes: Any) -> Iterator[tuple[MavlinkSource, Collector]]:
    source, sink = MavlinkSource(MavlinkSettings(name="link", url=url, **changes), "gw-1", "home"), Collector()
    thread = threading.Thread(target=source.run, args=(sink,), name="link")
    thread.start()
    try:
        yield source, sink
    finally:
        source.stop()
        thread.join(timeout=120)
        assert not thread.is_alive()


class Speaker:
    """A vehicle that sends its identity and ten attitudes; `next_frames` returns the next bytes."""

    def __init__(self, uid2: list[int] | None = None) -> None:
        self.pilot = Autopilot(utc_at_boot_ms=wall_clock_ms() - 50_000)
        self.boot_ms = 50_000
        self.uid2 = uid2 or UID_A

    def next_frames(self) -> list[bytes]:
        pilot = self.pilot
        self.boot_ms += 1000
        frames = [
            pilot.heartbeat(),
            pilot.identity(self.uid2),
            pilot.gps(self.boot_ms),
            pilot.system_time(self.boot_ms),
        ]
        return frames + [pilot.attitude(self.boot_ms + 10 * n) for n in range(10)]


def attitudes(sink: Collector) -> int:
    return sum("roll_rad" in row.values for row in list(sink.readings))


def udp_socket() -> socket.socket:
    endpoint = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    endpoint.bind(("127.0.0.1", 0))
    endpoint.settimeout(0.05)
    return endpoint


def test_udpin_reads_whoever_sends_and_answers_each_as_an_onboard_computer(free_port: int) -> None:
    with udp_socket() as first, udp_socket() as other, running(f"udpin:127.0.0.1:{free_port}") as (source, sink):
        speakers = {first: Speaker(UID_A), other: Speaker(UID_B)}
        received: dict[socket.socket, list[Any]] = {first: [], other: []}
        parsers = {first: dialect.MAVLink(None), other: dialect.MAVLink(None)}

        def spoken() -> bool:
            for endpoint, speaker in speakers.items():
                for frame in speaker.next_frames():
                    endpoint.sendto(frame, ("127.0.0.1", free_port))
                with contextlib.suppress(TimeoutError):
                    received[endpoint] += parsers[endpoint].parse_buffer(endpoint.recv(4096)) or []
            types = [{message.get_type() for message in received[endpoint]} for endpoint in speakers]
            return attitudes(sink) >= 40 and all({"HEARTBEAT", "COMMAND_LONG"} <= kinds for kinds in types)

        wait_until(spoken)
        assert {row.source.device for row in sink.readings} == {"uav-a1b2c3", "uav-d4e5"}
        for messages in received.values():
            assert {(message.get_srcSystem(), message.get_srcComponent()) for message in messages} == {(245, 191)}
            assert {m.command for m in messages if m.get_type() == "COMMAND_LONG"} <= {511, 512}
        assert source.counters()["frames"] >= 40


def test_listen_only_sends_nothing_at_all(free_port: int) -> None:
    with udp_socket() as vehicle, running(f"udpin:127.0.0.1:{free_port}", listen_only=True) as (_, sink):
        speaker = Speaker()

        def spoken() -> bool:
            for frame in speaker.next_frames():
                vehicle.sendto(frame, ("127.0.0.1", free_port))
            return attitudes(sink) >= 50

        wait_until(spoken)
        # What was sent would lie in the socket already: the rows came after it.
        with pytest.raises(TimeoutError):
            vehicle.recv(4096)


def test_udpout_sends_first_and_survives_an_absent_peer() -> None:
    with udp_socket() as vehicle, contextlib.ExitStack() as stack:
        port = vehicle.getsockname()[1]
        vehicle.close()
        _, sink = stack.enter_context(running(f"udpout:127.0.0.1:{port}"))
        late = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        late.bind(("127.0.0.1", port))
        late.settimeout(120)
        data, sender = late.recvfrom(4096)
        assert data[0] == 0xFD
        speaker = Speaker()

        def spoken() -> bool:
            for frame in speaker.next_frames():
                late.sendto(frame, sender)
            return attitudes(sink) >= 10

        wait_until(spoken)


def serve_twice(listener: socket.socket, speaker: Speaker, enough: Callable[[int], bool]) -> None:
    """Accept, speak until there is enough, hang up; once more."""
    for turn in (1, 2):
        client, _ = listener.accept()
        with client:
            while not enough(turn):
                client.sendall(b"".join(speaker.next_frames()))
                time.sleep(0.01)


def test_tcp_connects_again_after_the_other_side_hung_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with running(f"tcp:127.0.0.1:{port}") as (source, sink):
            server = threading.Thread(
                target=serve_twice, args=(listener, Speaker(), lambda turn: attitudes(sink) >= 30 * turn)
            )
            server.start()
            server.join(timeout=120)
            assert not server.is_alive()
            wait_until(lambda: source.counters().get("link_lost", 0) >= 1)
    assert {row.source.device for row in sink.readings} == {"uav-a1b2c3"}
    assert len({row.time_ms for row in sink.readings if "roll_rad" in row.values}) == attitudes(sink)


def test_tcp_waits_for_a_server_that_is_not_there_yet(free_port: int) -> None:
    with running(f"tcp:127.0.0.1:{free_port}") as (source, sink):
        wait_until(lambda: source.counters().get("open_failed", 0) >= 1)
        with socket.create_server(("127.0.0.1", free_port)) as listener:
            client, _ = listener.accept()
            with client:
                speaker = Speaker()

                def spoken() -> bool:
                    client.sendall(b"".join(speaker.next_frames()))
                    return attitudes(sink) >= 10

                wait_until(spoken)


def test_tcpin_accepts_clients_that_come_and_go(free_port: int) -> None:
    with running(f"tcpin:127.0.0.1:{free_port}") as (_, sink):
        for uid2, device in ((UID_A, "uav-a1b2c3"), (UID_B, "uav-d4e5")):
            client = connect(free_port)
            with client:
                speaker = Speaker(uid2)

                def spoken(client: socket.socket = client, speaker: Speaker = speaker, device: str = device) -> bool:
                    client.sendall(b"".join(speaker.next_frames()))
                    return sum(row.source.device == device for row in sink.readings) >= 20

                wait_until(spoken)
        assert {row.source.device for row in sink.readings} == {"uav-a1b2c3", "uav-d4e5"}


def connect(port: int) -> socket.socket:
    """Connect once the port is open."""

    def attempt() -> socket.socket | None:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=1)
        except OSError:
            return None

    client = wait_until(attempt)
    assert client is not None
    return client


def test_a_serial_line_is_opened_again_after_the_device_was_pulled(tmp_path: Path) -> None:
    device = tmp_path / "ttyUSB0"
    speaker = Speaker()
    with running(f"serial:{device}:57600") as (source, sink):
        wait_until(lambda: source.counters().get("open_failed", 0) >= 1)
        for turn in (1, 2):
            master, slave = pty.openpty()
            tty.setraw(master)
            tty.setraw(slave)
            device.unlink(missing_ok=True)
            device.symlink_to(os.ttyname(slave))

            def spoken(master: int = master, wanted: int = attitudes(sink) + 30) -> bool:
                os.set_blocking(master, False)
                with contextlib.suppress(BlockingIOError):
                    os.write(master, b"".join(speaker.next_frames()))
                with contextlib.suppress(BlockingIOError):
                    os.read(master, 4096)
                return attitudes(sink) >= wanted

            wait_until(spoken)
            device.unlink()
            os.close(slave)
            os.close(master)
            wait_until(lambda turn=turn: source.counters().get("link_lost", 0) >= turn)  # type: ignore[misc]  # a lambda's default has no type
    assert {row.source.device for row in sink.readings} == {"uav-a1b2c3"}


def test_rows_that_wait_when_the_source_stops_are_not_lost(free_port: int) -> None:
    with udp_socket() as vehicle, running(f"udpin:127.0.0.1:{free_port}") as (source, sink):
        pilot = Autopilot()

        def received() -> bool:
            vehicle.sendto(pilot.heartbeat(), ("127.0.0.1", free_port))
            vehicle.sendto(pilot.attitude(1000), ("127.0.0.1", free_port))
            return source.counters().get("frames", 0) >= 2

        wait_until(received)
        assert sink.readings == []
    assert {row.source.device for row in sink.readings} == {"gw-1.sys1"}


def test_many_senders_do_not_grow_the_source_without_bound(free_port: int) -> None:
    with running(f"udpin:127.0.0.1:{free_port}") as (source, _), contextlib.ExitStack() as stack:
        senders = [stack.enter_context(udp_socket()) for _ in range(140)]

        def sent() -> bool:
            for sender in senders:
                sender.sendto(b"\xfdnoise", ("127.0.0.1", free_port))
            return source.counters().get("peers_dropped", 0) >= 12

        wait_until(sent)
        assert len(source._peers) <= 128


def test_a_receive_buffer_too_small_for_the_vehicles_is_logged_with_the_remedy(
    free_port: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(links, "RECEIVE_BUFFER_BYTES", 4096)
    with running(f"udpin:127.0.0.1:{free_port}") as (_, sink), udp_socket() as vehicle:
        speaker = Speaker()

        def warned() -> bool:
            for frame in speaker.next_frames():
                vehicle.sendto(frame, ("127.0.0.1", free_port))
            return "net.core.rmem_max" in caplog.text and attitudes(sink) >= 10

        wait_until(warned)
    assert caplog.text.count("net.core.rmem_max") == 1


def test_a_heartbeat_is_one_frame_for_all_peers(free_port: int) -> None:
    with udp_socket() as first, udp_socket() as other, running(f"udpin:127.0.0.1:{free_port}") as _:
        pilots = {first: Autopilot(system=1), other: Autopilot(system=2)}
        received: dict[socket.socket, set[bytes]] = {first: set(), other: set()}

        def agree() -> bool:
            for endpoint, pilot in pilots.items():
                endpoint.sendto(pilot.heartbeat(), ("127.0.0.1", free_port))
                with contextlib.suppress(TimeoutError):
                    frame = endpoint.recv(4096)
                    if frame[7:10] == b"\0\0\0":
                        received[endpoint].add(frame)
            return len(received[first] & received[other]) >= 2

        wait_until(agree)


def test_a_peer_whose_bytes_fail_is_given_up_and_ends_no_other(
    free_port: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    read = Fleet.read

    def fail_for_one(fleet: Fleet, link: str, frames: Any, arrivals_ms: Any) -> Any:
        if link == hostile:
            raise IndexError("as nobody has foreseen")
        return read(fleet, link, frames, arrivals_ms)

    monkeypatch.setattr(Fleet, "read", fail_for_one)
    with udp_socket() as good, udp_socket() as bad, running(f"udpin:127.0.0.1:{free_port}") as (source, sink):
        hostile = f"127.0.0.1:{bad.getsockname()[1]}"
        speakers = {good: Speaker(UID_A), bad: Speaker(UID_B)}

        def is_given_up() -> bool:
            for endpoint, speaker in speakers.items():
                for frame in speaker.next_frames():
                    endpoint.sendto(frame, ("127.0.0.1", free_port))
            return source.counters().get("peer_given_up", 0) > 3 and attitudes(sink) > 50

        wait_until(is_given_up, every_s=0.05)
        assert source.counters()["peer_failures"] == 8
    assert {row.source.device for row in sink.readings} == {"uav-a1b2c3"}
    assert sum("cannot be read" in record.message for record in caplog.records) == 1


def test_a_vehicle_whose_state_fails_begins_anew_and_the_others_go_on(
    free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    tick, failed = Vehicle.tick, list[int]()

    def fail_sometimes(vehicle: Vehicle, now_ms: int) -> Any:
        if vehicle.system == 2 and len(failed) < 3:
            failed.append(now_ms)
            raise ZeroDivisionError
        return tick(vehicle, now_ms)

    monkeypatch.setattr(Vehicle, "tick", fail_sometimes)
    with udp_socket() as one, udp_socket() as two, running(f"udpin:127.0.0.1:{free_port}") as (source, sink):
        speakers = {one: Speaker(UID_A), two: Speaker(UID_B)}
        speakers[two].pilot = Autopilot(system=2, utc_at_boot_ms=wall_clock_ms() - 50_000)

        def have_both_spoken() -> bool:
            for endpoint, speaker in speakers.items():
                for frame in speaker.next_frames():
                    endpoint.sendto(frame, ("127.0.0.1", free_port))
            devices = {row.source.device for row in list(sink.readings)}
            # A failure is counted after it happened, in the thread of the source.
            are_counted = source.counters().get("vehicle_failures", 0) >= 3
            return are_counted and len(devices) == 2 and attitudes(sink) > 60

        wait_until(have_both_spoken, every_s=0.05)
        assert source.counters()["vehicle_failures"] == len(failed) == 3


def test_connections_that_say_nothing_keep_no_vehicle_out(free_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "_SILENT_S", 0.5)
    with contextlib.ExitStack() as opened, running(f"tcpin:127.0.0.1:{free_port}") as (_, sink):
        wait_until(lambda: listens(free_port))
        for _ in range(links._MAX_CLIENTS):
            opened.enter_context(socket.create_connection(("127.0.0.1", free_port), 60))
        speaker = Speaker()

        def is_heard() -> bool:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", free_port), 60) as vehicle:
                for _ in range(5):
                    vehicle.sendall(b"".join(speaker.next_frames()))
            return attitudes(sink) > 0

        wait_until(is_heard, every_s=0.1)
