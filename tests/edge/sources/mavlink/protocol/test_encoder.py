from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path
from typing import Any, get_args

import pytest
from pymavlink.dialects.v20 import ardupilotmega as dialect

import edge.sources.mavlink
from edge.sources.mavlink.protocol.encoder import (
    Encoder,
    FileRequest,
    GroundHeartbeat,
    Outgoing,
    RequestFile,
    RequestInterval,
    RequestLogData,
    RequestLogEnd,
    RequestLogList,
    RequestParameter,
    RequestStream,
    RequestVersion,
)
from edge.sources.mavlink.requests import Requester
from edge.sources.mavlink.settings import DEFAULT_RATES_HZ
from tests.edge.sources.mavlink.stand_ins import NOON_MS

#: The only commands that may ever leave: they ask for messages.
HARMLESS_COMMANDS = {dialect.MAV_CMD_REQUEST_MESSAGE, dialect.MAV_CMD_SET_MESSAGE_INTERVAL}

EVERYTHING: list[Outgoing] = [
    GroundHeartbeat(),
    *(RequestVersion(system, 1) for system in (1, 255)),
    *(RequestInterval(7, 1, message_id, 100_000) for message_id in (0, 33, 253, 12_901)),
    *(RequestStream(7, 1, stream, 4) for stream in range(13)),
    *(RequestParameter(7, 1, name) for name in ("SERVO16_FUNCTION", "BATT3_CAPACITY")),
    RequestLogList(7, 1),
    RequestLogData(7, 1, 65_535, 4_000_000_000, 1800),
    RequestLogEnd(7, 1),
    *(RequestFile(7, 1, request, 65_535, 3, 4_000_000_000, 9, b"/APM/LOGS") for request in FileRequest),
]
#: Requests of the file transfer protocol that change nothing: terminate a session, list, open to read, read, burst.
READING_REQUESTS = {
    dialect.MAV_FTP_OPCODE_TERMINATESESSION,
    dialect.MAV_FTP_OPCODE_LISTDIRECTORY,
    dialect.MAV_FTP_OPCODE_OPENFILERO,
    dialect.MAV_FTP_OPCODE_READFILE,
    dialect.MAV_FTP_OPCODE_BURSTREADFILE,
}


def decode(raw: bytes) -> Any:
    (message,) = dialect.MAVLink(None).parse_buffer(raw)
    return message


def test_this_list_holds_every_kind_that_can_be_sent() -> None:
    assert {type(what) for what in EVERYTHING} == set(get_args(Outgoing))


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("what", EVERYTHING, ids=str)
def test_nothing_that_is_sent_can_arm_move_or_reconfigure(what: Outgoing, version: int) -> None:
    message = decode(Encoder().encode(what, version=version))
    assert (message.get_srcSystem(), message.get_srcComponent()) == (245, 191)
    match message.get_type():
        case "HEARTBEAT":
            # An onboard computer, never a ground station: a ground station's heartbeat defeats the GCS failsafe.
            assert (message.type, message.autopilot) == (18, 8)
            assert message.base_mode == 0
        case "COMMAND_LONG":
            assert message.command in HARMLESS_COMMANDS
            assert message.target_component == 1
        case "REQUEST_DATA_STREAM":
            assert message.start_stop == 1
        case "PARAM_REQUEST_READ":  # reads; PARAM_SET, which writes, is not here
            assert (message.target_component, message.param_index) == (1, -1)
            assert isinstance(what, RequestParameter)
            assert message.param_id == what.name
        case "LOG_REQUEST_LIST" | "LOG_REQUEST_DATA" | "LOG_REQUEST_END":  # LOG_ERASE, which erases, is not here
            assert (message.target_system, message.target_component) == (7, 1)
        case "FILE_TRANSFER_PROTOCOL":
            assert (message.target_network, message.target_system, message.target_component) == (0, 7, 1)
            assert message.payload[3] in READING_REQUESTS
        case other:
            pytest.fail(f"{other} may not be sent")


def test_nothing_else_in_the_package_encodes_mavlink() -> None:
    folder = Path(edge.sources.mavlink.__path__[0])
    for file in folder.rglob("*.py"):
        names = {node.attr for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Attribute)}
        encoders = {name for name in names if name in ("MAVLink", "pack") or name.endswith(("_message", "_encode"))}
        assert not encoders or file.name == "encoder.py", (file.name, encoders)


def test_frames_are_numbered_and_have_the_vehicles_version() -> None:
    encoder = Encoder()
    raw = [encoder.encode(GroundHeartbeat(), version=1 + n % 2) for n in range(300)]
    assert {frame[0] for frame in raw[::2]} == {0xFE}
    assert {frame[0] for frame in raw[1::2]} == {0xFD}
    assert [decode(frame).get_seq() for frame in raw] == [n % 256 for n in range(300)]


def test_the_requester_emits_only_the_requests_listed_here() -> None:
    requester = Requester(1, DEFAULT_RATES_HZ)
    sent = {
        type(what)
        for second in range(300)
        for what in requester.due(
            float(second),
            session=second // 100,
            has_version=False,
            received=Counter(),
            acks={},
            parameters=["SERVO1_FUNCTION"],
        )
    }
    assert sent == {RequestVersion, RequestInterval, RequestStream, RequestParameter}


def test_pymavlink_accepts_a_signed_frame_and_its_time_never_falls() -> None:
    key = bytes(range(32))
    parser = dialect.MAVLink(None)
    parser.signing.secret_key = key
    encoder = Encoder(key)
    stamps = []
    for now_ms in (NOON_MS, NOON_MS + 10, NOON_MS - 5000, NOON_MS + 20):
        raw = encoder.encode(GroundHeartbeat(), now_ms=now_ms)
        (message,) = parser.parse_buffer(raw)
        assert message.get_signed()
        stamps.append(int.from_bytes(raw[-12:-6], "little"))
    assert stamps == sorted(set(stamps))
    assert stamps[0] == (NOON_MS - 1_420_070_400_000) * 100
    ahead = encoder.encode(GroundHeartbeat(), now_ms=NOON_MS, newest=stamps[-1] + 1000)
    assert int.from_bytes(ahead[-12:-6], "little") > stamps[-1] + 1000
    assert encoder.encode(GroundHeartbeat(), version=1)[0] == 0xFE


def as_pymavlink(request: Outgoing) -> Any:
    """Return the same message as pymavlink's object."""
    match request:
        case GroundHeartbeat():
            return dialect.MAVLink_heartbeat_message(18, 8, 0, 0, 4, 3)
        case RequestVersion():
            return dialect.MAVLink_command_long_message(request.system, 1, 512, 0, 148, 0, 0, 0, 0, 0, 0)
        case RequestInterval():
            wanted = (request.message_id, request.interval_us)
            return dialect.MAVLink_command_long_message(request.system, 1, 511, 0, *wanted, 0, 0, 0, 0, 0)
        case RequestStream():
            return dialect.MAVLink_request_data_stream_message(request.system, 1, request.stream_id, request.rate_hz, 1)
        case RequestParameter():
            return dialect.MAVLink_param_request_read_message(request.system, 1, request.name.encode(), -1)
        case RequestLogList():
            return dialect.MAVLink_log_request_list_message(request.system, 1, request.first, request.last)
        case RequestLogData():
            log, offset, count = request.log, request.offset, request.count
            return dialect.MAVLink_log_request_data_message(request.system, 1, log, offset, count)
        case RequestLogEnd():
            return dialect.MAVLink_log_request_end_message(request.system, 1)
        case RequestFile():
            numbers = (request.number & 255, request.number >> 8, request.session, request.request, request.size)
            payload = bytes((*numbers, 0, 0, 0, *request.offset.to_bytes(4, "little"))) + request.data
            return dialect.MAVLink_file_transfer_protocol_message(0, request.system, 1, payload.ljust(251, b"\0"))


@pytest.mark.parametrize("key", [None, bytes(range(32))], ids=["unsigned", "signed"])
def test_every_frame_is_pymavlinks_to_the_byte(key: bytes | None) -> None:
    """In one sequence, MAVLink 1 and 2 mixed, so that numbers and time stamps go on between them."""
    theirs = dialect.MAVLink(None, srcSystem=245, srcComponent=191)
    if key is not None:
        theirs.signing.secret_key, theirs.signing.link_id, theirs.signing.sign_outgoing = key, 191, True
        theirs.signing.timestamp = (NOON_MS - 1_420_070_400_000) * 100
    ours = Encoder(key)
    for number, request in enumerate(EVERYTHING * 20):
        version = 1 + (number % 3 > 0)
        expected = as_pymavlink(request).pack(theirs, force_mavlink1=version == 1)
        theirs.seq = (theirs.seq + 1) & 255
        assert ours.encode(request, version=version, now_ms=NOON_MS) == expected
