"""A link shared with ground stations: real sockets, pymavlink on both sides."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as dialect

from edge.sources.mavlink.settings import ForwardSettings
from tests.edge.sources.mavlink.link.test_whole_frames import ARM, HEARTBEAT, packed
from tests.edge.sources.mavlink.stand_ins import UID_A, UID_B, Autopilot
from tests.edge.sources.mavlink.test_source import Speaker, attitudes, running, udp_socket
from tests.waiting import wait_until


class Ends:
    """A vehicle's or a ground station's end: what it has received, by type."""

    def __init__(self, endpoint: socket.socket) -> None:
        self.endpoint = endpoint
        self.messages: list[Any] = []
        self.peer: Any = None
        self._parser = dialect.MAVLink(None)

    def receive(self) -> list[str]:
        """Return the types of all messages so far."""
        with contextlib.suppress(TimeoutError):
            data, self.peer = self.endpoint.recvfrom(65536)
            self.messages += self._parser.parse_buffer(data) or []
        return [message.get_type() for message in self.messages]

    def hear(self) -> Any:
        """Return from where the gateway sends to this ground station."""
        wait_until(lambda: self.receive() and self.peer)
        return self.peer

    def commands(self) -> list[int]:
        self.receive()
        return [message.command for message in self.messages if message.get_type() == "COMMAND_LONG"]


def station_of(endpoint: socket.socket, **changes: Any) -> ForwardSettings:
    return ForwardSettings(url=f"udpout:127.0.0.1:{endpoint.getsockname()[1]}", **changes)


def speak(endpoint: socket.socket, speaker: Speaker, port: int) -> bool:
    """Let a vehicle speak; False, so that a wait goes on to what it waits for."""
    for frame in speaker.next_frames():
        endpoint.sendto(frame, ("127.0.0.1", port))
    return False


def addressed(system: int, command: int) -> bytes:
    return packed(dialect.MAVLink_command_long_message(system, 1, command, 0, 1, 0, 0, 0, 0, 0, 0))


def test_a_ground_station_hears_the_vehicle_and_commands_it_while_the_gateway_reads_on(free_port: int) -> None:
    with udp_socket() as radio, udp_socket() as desk:
        vehicle, station, speaker = Ends(radio), Ends(desk), Speaker(UID_A)
        with running(f"udpin:127.0.0.1:{free_port}", forward=[station_of(desk)]) as (source, sink):

            def heard() -> bool:
                speak(radio, speaker, free_port)
                return station.receive().count("ATTITUDE") >= 20 and attitudes(sink) >= 20

            wait_until(heard)
            address = station.peer

            def obeyed() -> bool:
                speak(radio, speaker, free_port)
                desk.sendto(packed(HEARTBEAT) + packed(dialect.MAVLink_heartbeat_message(6, 8, 0, 0, 4, 3)), address)
                desk.sendto(addressed(1, 400), address)
                return 400 in vehicle.commands()

            wait_until(obeyed)
            assert {"forwarded", "forwarded_up"} <= source.counters().keys()
            senders = {(message.get_srcSystem(), message.get_srcComponent()) for message in station.messages}
            assert senders == {(1, 1)}, "what it sent itself does not return to it"


def test_a_command_reaches_the_system_it_is_for_alone_and_one_for_all_reaches_all(free_port: int) -> None:
    with udp_socket() as radio, udp_socket() as other, udp_socket() as desk:
        ends = {1: Ends(radio), 2: Ends(other)}
        speakers = {1: Speaker(UID_A), 2: Speaker(UID_B)}
        speakers[2].pilot = Autopilot(system=2, utc_at_boot_ms=speakers[2].pilot.utc_at_boot_ms)
        with running(f"udpin:127.0.0.1:{free_port}", forward=[station_of(desk)]) as (source, _):

            def present() -> bool:
                for system, end in ends.items():
                    speak(end.endpoint, speakers[system], free_port)
                return source.counters().get("forwarded", 0) > 60

            wait_until(present)
            address = Ends(desk).hear()

            def obeyed(everybody: int) -> Callable[[], bool]:
                def ask() -> bool:
                    present()
                    desk.sendto(addressed(2, 400) + addressed(9, 401) + addressed(0, everybody), address)
                    return all(everybody in end.commands() for end in ends.values())

                return ask

            wait_until(obeyed(402))
            own = {511, 512}  # the gateway's requests
            assert set(ends[1].commands()) - own == {402}
            assert set(ends[2].commands()) - own == {400, 402}
            assert source.counters()["forward_unknown_target"] > 0


def test_what_may_not_pass_is_refused_and_named_and_reading_goes_on(free_port: int) -> None:
    with udp_socket() as radio, udp_socket() as desk:
        vehicle, speaker = Ends(radio), Speaker(UID_A)
        with running(f"udpin:127.0.0.1:{free_port}", forward=[station_of(desk, may="read")]) as (source, _):
            wait_until(lambda: speak(radio, speaker, free_port) or source.counters().get("forwarded", 0) > 20)
            address = Ends(desk).hear()

            def asked() -> bool:
                speak(radio, speaker, free_port)
                desk.sendto(packed(ARM) + addressed(1, 400) + addressed(1, 519), address)
                return 519 in vehicle.commands()

            wait_until(asked)
            assert 400 not in vehicle.commands()
            (note,) = [note for note in source.notes() if "may not send" in note]
            assert "MAV_CMD_COMPONENT_ARM_DISARM" in note
            assert source.counters()["forward_refused"] >= 1


def test_a_vehicles_own_frames_never_return_to_it(free_port: int) -> None:
    with udp_socket() as radio, udp_socket() as desk:
        vehicle, speaker = Ends(radio), Speaker(UID_A)
        with running(f"udpin:127.0.0.1:{free_port}", forward=[station_of(desk)]) as (source, _):
            wait_until(lambda: speak(radio, speaker, free_port) or source.counters().get("forwarded", 0) > 20)
            address = Ends(desk).hear()

            def echoed() -> bool:
                for frame in speaker.next_frames():
                    radio.sendto(frame, ("127.0.0.1", free_port))
                    desk.sendto(frame, address)
                return source.counters().get("forward_returned", 0) > 10

            wait_until(echoed)
            assert {message.get_srcSystem() for message in vehicle.messages} <= {245}


def test_ground_stations_connect_over_tcp_each_with_its_own_stream(new_port: Callable[[], int]) -> None:
    link_port, desk_port = new_port(), new_port()
    with udp_socket() as radio:
        vehicle, speaker = Ends(radio), Speaker(UID_A)
        forward = [ForwardSettings(url=f"tcpin:127.0.0.1:{desk_port}")]
        with running(f"udpin:127.0.0.1:{link_port}", forward=forward) as (source, _):
            wait_until(lambda: speak(radio, speaker, link_port) or source.counters().get("rows", 0) > 10)
            with (
                socket.create_connection(("127.0.0.1", desk_port), timeout=120) as first,
                socket.create_connection(("127.0.0.1", desk_port), timeout=120) as second,
            ):
                stations = [Ends(first), Ends(second)]
                first.settimeout(0.05)
                second.settimeout(0.05)
                half = len(addressed(1, 403)) // 2
                first.sendall(packed(HEARTBEAT) + addressed(1, 403)[:half])
                second.sendall(packed(HEARTBEAT))

                def heard() -> bool:
                    speak(radio, speaker, link_port)
                    return all("ATTITUDE" in station.receive() for station in stations)

                wait_until(heard)
                first.sendall(addressed(1, 403)[half:])
                wait_until(lambda: speak(radio, speaker, link_port) or 403 in vehicle.commands())


def test_a_port_that_is_taken_is_a_warning_with_a_remedy_until_it_is_free(free_port: int) -> None:
    with udp_socket() as radio, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", free_port))
        with running(f"udpin:127.0.0.1:{free_port}") as (source, sink):
            wait_until(lambda: source.warnings())
            (warning,) = source.warnings()
            assert f"udpin:127.0.0.1:{free_port} cannot be opened" in warning
            assert "another program has this port" in warning
            assert "forward" in warning
            taken.close()
            speaker = Speaker(UID_A)
            wait_until(lambda: speak(radio, speaker, free_port) or attitudes(sink) > 5)
            assert source.warnings() == []


def test_an_endpoint_that_is_taken_is_said_and_the_link_is_read_without_it(new_port: Callable[[], int]) -> None:
    link_port, desk_port = new_port(), new_port()
    with udp_socket() as radio, socket.create_server(("127.0.0.1", desk_port)):
        forward = [ForwardSettings(url=f"tcpin:127.0.0.1:{desk_port}")]
        with running(f"udpin:127.0.0.1:{link_port}", forward=forward) as (source, sink):
            speaker = Speaker(UID_A)
            wait_until(lambda: speak(radio, speaker, link_port) or attitudes(sink) > 5)
            (warning,) = source.warnings()
            assert f"tcpin:127.0.0.1:{desk_port} cannot be opened" in warning


def test_many_senders_leave_no_rest_of_a_frame_behind(free_port: int) -> None:
    with (
        udp_socket() as desk,
        running(f"udpin:127.0.0.1:{free_port}", forward=[station_of(desk)]) as (source, _),
        contextlib.ExitStack() as stack,
    ):
        senders = [stack.enter_context(udp_socket()) for _ in range(140)]

        def sent() -> bool:
            for sender in senders:
                sender.sendto(packed(HEARTBEAT)[:9], ("127.0.0.1", free_port))
            return source.counters().get("peers_dropped", 0) >= 12

        wait_until(sent)
        wait_until(lambda: len(source._stations._splitters) <= 128)
