"""Rules of what a ground station may send to the vehicles of a shared link."""

from __future__ import annotations

import msgspec
import pytest
from pymavlink.dialects.v20 import ardupilotmega as dialect

from edge.sources.mavlink.link.forward_rules import READ_COMMANDS, READ_FILE_REQUESTS, READ_MESSAGES, Rules, name_of
from edge.sources.mavlink.link.whole_frames import head_of
from edge.sources.mavlink.settings import ForwardSettings, MavlinkSettings
from tests.edge.sources.mavlink.link.test_whole_frames import ARM, HEARTBEAT, SET_RATE, UNKNOWN, packed

PARAM_SET = dialect.MAVLink_param_set_message(1, 1, b"RTL_ALT", 1500.0, 9)
PARAM_READ = dialect.MAVLink_param_request_read_message(1, 1, b"RTL_ALT", -1)
CLEAR = dialect.MAVLink_mission_clear_all_message(1, 1)
MANUAL = dialect.MAVLink_manual_control_message(1, 0, 0, 500, 0, 0)


def file_request(code: int) -> dialect.MAVLink_message:
    return dialect.MAVLink_file_transfer_protocol_message(0, 1, 1, [1, 0, 0, code, *[0] * 247])


@pytest.mark.parametrize("message", [ARM, HEARTBEAT, SET_RATE, PARAM_SET, PARAM_READ, CLEAR, MANUAL, file_request(13)])
def test_all_lets_everything_pass_and_nothing_lets_nothing(message: dialect.MAVLink_message) -> None:
    head = head_of(packed(message))
    assert Rules("all").refused(head) is None
    assert Rules("nothing").refused(head) is not None


def test_read_lets_pass_what_changes_nothing_on_a_vehicle() -> None:
    rules = Rules("read")
    passed = [HEARTBEAT, SET_RATE, PARAM_READ, *map(file_request, sorted(READ_FILE_REQUESTS))]
    assert [rules.refused(head_of(packed(message))) for message in passed] == [None] * len(passed)
    refused = {
        "MAV_CMD_COMPONENT_ARM_DISARM": ARM,
        "PARAM_SET": PARAM_SET,
        "MISSION_CLEAR_ALL": CLEAR,
        "MANUAL_CONTROL": MANUAL,
    }
    assert {name: rules.refused(head_of(packed(message))) for name, message in refused.items()} == {
        name: name for name in refused
    }
    writes = [code for code in range(16) if code not in READ_FILE_REQUESTS]
    assert all(rules.refused(head_of(packed(file_request(code)))) == "FILE_TRANSFER_PROTOCOL" for code in writes)
    assert rules.refused(head_of(UNKNOWN)) == f"message {head_of(UNKNOWN).message_id}"


def test_what_is_named_never_passes() -> None:
    rules = Rules("all", ["PARAM_SET", "MAV_CMD_COMPONENT_ARM_DISARM"])
    assert [rules.refused(head_of(packed(message))) for message in (PARAM_SET, ARM, SET_RATE)] == [
        "PARAM_SET",
        "MAV_CMD_COMPONENT_ARM_DISARM",
        None,
    ]
    assert name_of(head_of(packed(dialect.MAVLink_command_long_message(1, 1, 64000, 0, 0, 0, 0, 0, 0, 0, 0)))) == (
        "command 64000"
    )


def test_the_names_of_the_rules_are_the_dialects() -> None:
    for name in READ_MESSAGES:
        assert hasattr(dialect, f"MAVLINK_MSG_ID_{name}")
    for name in READ_COMMANDS:
        assert hasattr(dialect, name)


@pytest.mark.parametrize(
    ("forward", "sentence"),
    [
        ({"url": "udpin:0.0.0.0:14550"}, "matching regex"),
        ({"url": "udpout:station.example:14550"}, "matching regex"),
        ({"url": "udpout:127.0.0.1:70000"}, "is not a MAVLink link"),
        ({"url": "udpout:127.0.0.1:14550", "refuse": ["ARM"]}, "neither a MAVLink message"),
        ({"url": "udpout:127.0.0.1:14550", "may": "everything"}, "Invalid enum value"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(forward: dict[str, object], sentence: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=sentence):
        msgspec.convert(forward, ForwardSettings)


def test_a_link_that_only_listens_forwards_nothing_to_its_vehicles() -> None:
    link = {"type": "mavlink", "name": "a", "url": "udpin:0.0.0.0:14550", "listen_only": True}
    with pytest.raises(msgspec.ValidationError, match="listen_only"):
        msgspec.convert({**link, "forward": [{"url": "udpout:127.0.0.1:14551"}]}, MavlinkSettings)
    silent = {"url": "udpout:127.0.0.1:14551", "may": "nothing"}
    assert msgspec.convert({**link, "forward": [silent]}, MavlinkSettings).forward[0].may == "nothing"
