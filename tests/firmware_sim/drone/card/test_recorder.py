"""The simulated card read by pymavlink: its log by DFReader, its servers by plain requests."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from pymavlink import DFReader
from pymavlink.dialects.v20 import ardupilotmega as dialect

from firmware_sim.drone.card.flight_recorder import MOST_LOGS
from firmware_sim.drone.simulator import Drone, DroneSettings
from tests.edge.sources.mavlink.test_simulated import START_MS


@pytest.fixture(scope="module")
def flown() -> Drone:
    drone = Drone(DroneSettings(), START_MS)
    for _ in range(50 * 30):
        drone.step()
    return drone


@pytest.fixture
def landed(flown: Drone) -> Drone:
    flown.vehicle.autopilot.disarm(force=True)
    return flown


def ask(drone: Drone, message: Any, seconds: float = 1.0) -> list[Any]:
    responses = list(drone.handler.respond(message))
    for _ in range(round(seconds * 50)):
        responses += drone.handler.repeat_requests()
    return responses


def test_nothing_is_listed_or_sent_while_the_motors_are_armed(flown: Drone) -> None:
    assert flown.vehicle.autopilot.armed
    assert ask(flown, dialect.MAVLink_log_request_list_message(1, 1, 0, 0xFFFF)) == []
    assert ask(flown, dialect.MAVLink_log_request_data_message(1, 1, 1, 0, 900)) == []


def test_dfreader_reads_the_flight_with_its_units_and_times(landed: Drone, tmp_path: Path) -> None:
    log = landed.recorder.logs[-1]
    path = tmp_path / "a.BIN"
    path.write_bytes(log.read(0, log.size_bytes))
    reader = DFReader.DFReader_binary(str(path))
    kinds, last = dict[str, int](), None
    while (message := reader.recv_msg()) is not None:
        kinds[message.get_type()] = kinds.get(message.get_type(), 0) + 1
        last = message if message.get_type() == "POS" else last
    reader.filehandle.close()
    reader.data_map.close()
    assert "BAD_DATA" not in kinds
    assert kinds["POS"] == pytest.approx(10 * 26, abs=12)
    assert kinds["GPS"] == pytest.approx(5 * 26, abs=6)
    assert last is not None
    latitude, longitude = landed.vehicle.body.true_degrees()
    assert (last.Lat, last.Lng) == (pytest.approx(latitude, abs=1e-5), pytest.approx(longitude, abs=1e-5))
    assert last._timestamp * 1000 == pytest.approx(landed.vehicle.utc_ms, abs=400)
    assert reader.params["SYSID_THISMAV"] == 1


def test_a_log_is_listed_and_sent_in_parts_of_ninety_bytes(landed: Drone) -> None:
    log = landed.recorder.logs[-1]
    (entry,) = ask(landed, dialect.MAVLink_log_request_list_message(1, 1, 0, 0xFFFF))
    assert (entry.id, entry.num_logs, entry.last_log_num, entry.size) == (1, 1, 1, log.size_bytes)
    parts = ask(landed, dialect.MAVLink_log_request_data_message(1, 1, 1, 100, 200))
    assert [(part.ofs, part.count) for part in parts] == [(100, 90), (190, 90), (280, 20)]
    assert b"".join(bytes(part.data[: part.count]) for part in parts) == log.read(100, 200)
    (end,) = ask(landed, dialect.MAVLink_log_request_data_message(1, 1, 1, log.size_bytes, 90))
    assert end.count == 0


def test_files_are_listed_summed_and_never_written(landed: Drone) -> None:
    log = landed.recorder.logs[-1]

    def request(kind: int, path: bytes) -> bytes:
        head = struct.pack("<HBBBBBBI", 7, 0, kind, len(path), 0, 0, 0, 0)
        message = dialect.MAVLink_file_transfer_protocol_message(0, 1, 1, list((head + path).ljust(251, b"\0")))
        message._header.srcSystem, message._header.srcComponent = 245, 191
        (answer,) = ask(landed, message, 0)
        return bytes(answer.payload)

    listed = request(dialect.MAV_FTP_OPCODE_LISTDIRECTORY, b"/APM/LOGS")
    assert listed[12 : 12 + listed[4]].split(b"\0")[0] == f"F00000001.BIN\t{log.size_bytes}".encode()
    crc = request(dialect.MAV_FTP_OPCODE_CALCFILECRC, b"/APM/LOGS/00000001.BIN")
    assert int.from_bytes(crc[12:16], "little") == zlib.crc32(log.read(0, log.size_bytes))
    for kind in (
        dialect.MAV_FTP_OPCODE_REMOVEFILE,
        dialect.MAV_FTP_OPCODE_CREATEFILE,
        dialect.MAV_FTP_OPCODE_TRUNCATEFILE,
    ):
        refused = request(kind, b"/APM/LOGS/00000001.BIN")
        assert (refused[3], refused[12]) == (129, 9)
    assert log in landed.recorder.logs


def test_a_card_holds_the_last_logs(landed: Drone) -> None:
    for _ in range(MOST_LOGS + 2):
        landed.vehicle.autopilot.armed = True
        landed.recorder.step()
        landed.vehicle.autopilot.armed = False
        landed.recorder.step()
    assert [number for number, _ in landed.recorder.numbered()] == [3, 4, 5, 6, 7]
    ask(landed, dialect.MAVLink_log_erase_message(1, 1))
    (entry,) = ask(landed, dialect.MAVLink_log_request_list_message(1, 1, 0, 0xFFFF))
    assert entry.num_logs == 0
