"""DTUs that connect to a gateway: registration, reconnection, strangers, floods, late answers; pymodbus behind them."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge.sources.modbus.dtu.settings import ModbusDtuSettings
from edge.sources.modbus.dtu.source import ModbusDtuSource
from headland.contract.records import Clock
from tests.edge.running import running
from tests.edge.sinks import ListSink
from tests.edge.sources.modbus.dtu.dtu_peer import DtuPeer
from tests.ports import listens
from tests.waiting import WaitUntil

MAP = """\
[[register]]
channel = "air_temperature_degc"
address = 0
type = "int16"
scale = 0.1
[[register]]
channel = "co2_ppm"
address = 100
"""
IMEI = b"862636050123456"
WORDS = {0: 215, 100: 612}


@contextmanager
def dtus(folder: Path, port: int, **changes: Any) -> Iterator[tuple[ModbusDtuSource, ListSink]]:
    (folder / "probe.toml").write_text(MAP)

    def node(device: str, unit: int = 1) -> dict[str, Any]:
        return {"device": device, "unit": unit, "registers": str(folder / "probe.toml")}

    table = {
        "type": "modbus_dtu", "name": "dtus", "host": "127.0.0.1", "port": port, "poll_s": 0.05, "timeout_s": 60.0,
        "heartbeat": ["ping", "hex:FE FE"],
        "dtu": [
            {"registration": IMEI.decode(), "node": [node("a1"), node("a2", 2)]},
            {"registration": "hex:00 01 AB", "node": [node("b1")]},
        ],
    }  # fmt: skip
    source = ModbusDtuSource(msgspec.convert({**table, **changes}, ModbusDtuSettings), "gw-1", "home", clock=Clock.NTP)
    with running(source) as sink:
        yield source, sink


def rows(sink: ListSink, device: str) -> list[dict[str, float | None]]:
    return [dict(row.values) for row in list(sink.readings) if row.source.device == device]


@pytest.fixture
def connect(free_port: int, wait_until: WaitUntil) -> Iterator[Callable[..., DtuPeer]]:
    peers: list[DtuPeer] = []

    def open_peer(registration: bytes, words: dict[int, dict[int, int]], **more: Any) -> DtuPeer:
        wait_until(lambda: listens(free_port))
        peers.append(DtuPeer(free_port, registration, words, **more))
        return peers[-1]

    yield open_peer
    for peer in peers:
        peer.stop()


Connect = Callable[..., DtuPeer]


def test_units_behind_several_dtus_on_one_port_have_their_own_values(
    tmp_path: Path, free_port: int, connect: Connect, wait_until: WaitUntil
) -> None:
    with dtus(tmp_path, free_port) as (source, sink):
        connect(IMEI + b"\r\n", {1: WORDS, 2: {**WORDS, 0: 0xFFFF}})
        connect(b"\x00\x01\xab", {1: {**WORDS, 100: 700}})
        wait_until(lambda: all(len(rows(sink, device)) >= 3 for device in ("a1", "a2", "b1")))
    assert rows(sink, "a1")[0] == {"air_temperature_degc": 21.5, "co2_ppm": 612.0}
    assert rows(sink, "a2")[0]["air_temperature_degc"] == pytest.approx(-0.1)
    assert rows(sink, "b1")[0]["co2_ppm"] == 700.0
    assert {row.clock for row in sink.readings} == {Clock.NTP}
    assert source.counters()["registered"] == 2
    assert source.counters()["no_answer"] == 0


def test_heartbeats_around_and_within_answers_and_single_bytes_change_no_value(
    tmp_path: Path, free_port: int, connect: Connect, wait_until: WaitUntil
) -> None:
    def torn(answer: bytes) -> list[bytes]:
        answer = b"ping" + answer[:4] + b"\xfe\xfe" + answer[4:] + b"ping" + IMEI
        return [answer[at : at + 1] for at in range(len(answer))]

    with dtus(tmp_path, free_port) as (source, sink):
        peer = connect(b"ping\xfe\xfe" + IMEI, {1: WORDS, 2: WORDS}, shape=torn)
        peer.send(b"ping")
        wait_until(lambda: len(rows(sink, "a2")) >= 5)
    assert all(row == {"air_temperature_degc": 21.5, "co2_ppm": 612.0} for row in rows(sink, "a1"))
    assert source.counters()["no_answer"] == 0


def test_modbus_tcp_behind_a_dtu(tmp_path: Path, free_port: int, connect: Connect, wait_until: WaitUntil) -> None:
    with dtus(tmp_path, free_port, framing="tcp", heartbeat=["ping"]) as (_, sink):
        connect(IMEI, {1: WORDS, 2: WORDS}, framing="tcp").send(b"ping")
        wait_until(lambda: len(rows(sink, "a2")) >= 3)
    assert rows(sink, "a1")[0] == {"air_temperature_degc": 21.5, "co2_ppm": 612.0}


def test_a_new_connection_of_a_registration_replaces_the_older_one(
    tmp_path: Path, free_port: int, connect: Connect, wait_until: WaitUntil
) -> None:
    with dtus(tmp_path, free_port) as (source, sink):
        older = connect(IMEI, {1: WORDS, 2: WORDS}, shape=lambda _: [])
        wait_until(lambda: older.asked)
        newer = connect(IMEI, {1: {**WORDS, 100: 900}, 2: WORDS})
        wait_until(older.closed.is_set)
        wait_until(lambda: len(rows(sink, "a1")) >= 2)
        assert newer.asked
        assert not newer.closed.is_set()
    assert {row["co2_ppm"] for row in rows(sink, "a1")} == {900.0}
    assert source.counters()["replaced"] == 1


def test_an_unknown_registration_is_refused_counted_and_named(
    tmp_path: Path, free_port: int, connect: Connect, wait_until: WaitUntil
) -> None:
    with dtus(tmp_path, free_port) as (source, sink):
        strangers = [connect(b"899860-7", {1: WORDS}), connect(b"\x07\x08", {1: WORDS})]
        wait_until(lambda: all(one.closed.is_set() for one in strangers))
        wait_until(lambda: source.counters()["refused_registration"] == 2)
        sentences = source.warnings()
    assert any('registers as "899860-7" was refused (1 times)' in sentence for sentence in sentences)
    assert any('registers as "hex:0708"' in sentence for sentence in sentences)
    assert sink.readings == []
    assert not any(one.asked for one in strangers)


def test_connections_that_say_nothing_are_ended_and_keep_no_dtu_out(
    tmp_path: Path, free_port: int, connect: Connect, wait_until: WaitUntil
) -> None:
    silent: list[socket.socket] = []
    with dtus(tmp_path, free_port, waiting=4, registration_s=0.5) as (source, sink):
        wait_until(lambda: listens(free_port))
        try:
            for _ in range(40):
                silent.append(socket.create_connection(("127.0.0.1", free_port), 120))
                silent[-1].sendall(IMEI[:3])  # a beginning that could become a registration
            connect(IMEI, {1: WORDS, 2: WORDS})
            wait_until(lambda: len(rows(sink, "a1")) >= 3)
            wait_until(lambda: source.counters()["crowded_out"] >= 30)
            wait_until(lambda: source.counters()["refused_registration"] >= 1)
        finally:
            for one in silent:
                one.close()


def test_a_flood_of_one_dtu_ends_its_own_connection_alone(
    tmp_path: Path, free_port: int, connect: Connect, wait_until: WaitUntil
) -> None:
    with dtus(tmp_path, free_port) as (source, sink):
        good = connect(b"\x00\x01\xab", {1: WORDS})
        wait_until(lambda: rows(sink, "b1"))
        hostile = connect(IMEI, {})
        with pytest.raises(OSError, match=r"reset|pipe"):
            hostile.send(bytes(range(256)) * 100_000)
        count = len(rows(sink, "b1"))
        wait_until(lambda: len(rows(sink, "b1")) >= count + 3)
        assert not good.closed.is_set()
        assert source.counters()["floods"] >= 1
    assert rows(sink, "a1") == []


def test_a_late_answer_is_never_taken_for_the_next_one(
    tmp_path: Path, free_port: int, connect: Connect, wait_until: WaitUntil
) -> None:
    """Both requests ask for one register: the late answer to the first has the form of the answer to the second."""
    lone = {"registration": "lone", "node": [{"device": "c1", "registers": str(tmp_path / "probe.toml")}]}
    with dtus(tmp_path, free_port, timeout_s=0.2, dtu=[lone]) as (source, sink):
        held: list[bytes] = []

        def hold_first(answer: bytes) -> list[bytes]:
            if not held:
                held.append(answer)
                return []
            return [*held, answer] if len(held) == 1 else [answer]

        peer = connect(b"lone", {1: {0: 1111, 100: 2222}}, shape=hold_first)
        wait_until(peer.closed.is_set)  # the gateway gives the connection up rather than ask again on it
        assert len(peer.asked) == 1
        again = connect(b"lone", {1: {0: 1111, 100: 2222}})
        wait_until(lambda: len(rows(sink, "c1")) >= 2)
        assert again.asked
    assert all(row == {"air_temperature_degc": 111.1, "co2_ppm": 2222.0} for row in rows(sink, "c1"))
    assert source.counters()["given_up"] == 1


def test_a_dead_unit_costs_no_connection_while_another_unit_answers(
    tmp_path: Path, free_port: int, connect: Connect, wait_until: WaitUntil
) -> None:
    with dtus(tmp_path, free_port, timeout_s=0.2) as (source, sink):
        peer = connect(IMEI, {1: WORDS})
        wait_until(lambda: source.counters()["no_answer"] >= 2 and len(rows(sink, "a1")) >= 5)
        assert source.counters()["given_up"] == 0
        assert not peer.closed.is_set()
        peer.words[2] = WORDS
        wait_until(lambda: rows(sink, "a2"))


def test_a_dtu_that_never_connects_is_named(tmp_path: Path, free_port: int, monkeypatch: pytest.MonkeyPatch,
                                            wait_until: WaitUntil) -> None:  # fmt: skip
    monkeypatch.setattr("edge.sources.modbus.dtu.line._ABSENT_S", 0.01)
    monkeypatch.setattr("edge.sources.connection.reconnect._START_PATIENCE_S", 0.05)
    with dtus(tmp_path, free_port) as (source, _):
        wait_until(lambda: any("it has not connected to this gateway" in sentence for sentence in source.warnings()))
        assert source.counters()["silent_now"] == 2


def test_a_port_in_use_is_said_and_tried_again(tmp_path: Path, free_port: int, wait_until: WaitUntil) -> None:
    with socket.create_server(("127.0.0.1", free_port)) as other, dtus(tmp_path, free_port) as (source, _):
        wait_until(lambda: source.counters()["lost"] >= 1)
        other.close()
        wait_until(lambda: listens(free_port))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"heartbeat": ["86"]}, "begins with"),
        ({"heartbeat": ["hex:0"]}, "pairs of hexadecimal digits"),
        ({"framing": "tcp"}, "too short for framing tcp"),
        ({"dtu": [{"registration": "x", "node": [{"device": "d", "registers": "r"}]}] * 2}, "2 DTUs have"),
        ({"dtu": [{"registration": "x", "node": [{"device": d, "registers": "r"} for d in "ab"]}]}, "unit must be"),
    ],
)
def test_settings_that_cannot_work_are_refused(changes: dict[str, Any], sentence: str) -> None:
    table = {
        "type": "modbus_dtu", "name": "dtus", "port": 1, "heartbeat": ["hex:FE FE"],
        "dtu": [{"registration": "862636", "node": [{"device": "a", "registers": "r"}]}],
    }  # fmt: skip
    msgspec.convert(table, ModbusDtuSettings)
    with pytest.raises(msgspec.ValidationError, match=sentence):
        msgspec.convert({**table, **changes}, ModbusDtuSettings)
