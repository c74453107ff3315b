"""MQTT broker of a farm: mosquitto where it is installed, otherwise iotcore; on loopback, with passwords."""

from __future__ import annotations

import base64
import getpass
import hashlib
import json
import os
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from headland.contract.topics import (
    ROOT,
    ack_topic,
    answer_topic,
    data_topic,
    order_topic,
    rules_topic,
    status_topic,
)
from headland.errors import SettingsError
from station.local.broker_listener import Listener
from station.server.files import write_whole

BrokerKind = Literal["auto", "mosquitto", "iotcore"]

#: Folders of packaged mosquitto that are not in an ordinary user's PATH.
_SBIN: Final = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin", "/usr/local/opt/mosquitto/sbin")

#: What iotcore lacks, and the remedy.
NO_ACCESS_LIST: Final = (
    "iotcore has no access list, so it accepts the parts of this farm only. For other gateways and Home Assistant"
    " install mosquitto (apt-get install mosquitto, brew install mosquitto) and start the farm again."
)

#: Limits of both brokers: a message above the contract's limit still reaches ingest, which quarantines it.
_MAX_PACKET_BYTES: Final = 262_144
_MAX_INFLIGHT: Final = 1000
#: Topics of ESPHome, Zigbee2MQTT, Tasmota, ChirpStack, The Things Stack and SenML devices.
_DEVICE_TOPICS: Final = (
    "homeassistant/#",
    "+/sensor/#",
    "+/status",
    "zigbee2mqtt/#",
    "tele/#",
    "application/#",
    "v3/#",
    "senml/#",
)


@dataclass(frozen=True, slots=True)
class BrokerUser:
    """A login and its role.

    A `gateway` may publish to its own topics only; `ingest` reads those of all gateways and publishes acks and alarm
    rules; `devices` use the topics of third-party firmware, and the gateway's source subscribes there with the same
    login; `home` is Home Assistant, which reads what the station publishes.
    """

    name: str
    password: str
    role: Literal["gateway", "ingest", "devices", "home"]


def find_mosquitto() -> str | None:
    """Return the path of mosquitto, None where it is not installed."""
    path = os.pathsep.join([os.environ.get("PATH", ""), *_SBIN])
    return shutil.which("mosquitto", path=path)


def choose_broker(requested: BrokerKind) -> Literal["mosquitto", "iotcore"]:
    """Return the broker to run; raises SettingsError where the requested one is not installed."""
    if requested == "iotcore":
        return "iotcore"
    if find_mosquitto() is not None:
        return "mosquitto"
    if requested == "mosquitto":
        raise SettingsError(
            "mosquitto is not installed. Install it (apt-get install mosquitto, brew install "
            "mosquitto), or omit --broker."
        )
    return "iotcore"


def prepare_broker(
    kind: Literal["mosquitto", "iotcore"],
    folder: Path,
    port: int,
    users: Sequence[BrokerUser],
    listener: Listener | None = None,
    devices_port: int | None = None,
) -> list[str]:
    """Write the broker's configuration into `folder` and return the command that runs it.

    It listens on loopback `port`, and on `listener` for gateways on other machines. iotcore supports one version of
    MQTT per port: 5 on `port`, and 3.1.1, which most devices use, on `devices_port`; mosquitto supports both on `port`.
    """
    if kind == "iotcore":
        if listener is not None:
            raise SettingsError(f"--listen needs mosquitto: {NO_ACCESS_LIST}")
        config = folder / "iotcore.toml"
        write_whole(config, _iotcore_config(port, users, devices_port).encode())
        return [sys.executable, "-P", "-m", "station", "broker", "--config", str(config)]
    program = find_mosquitto()
    if program is None:
        raise SettingsError("mosquitto is no longer installed: install it again, or choose --broker iotcore.")
    write_logins(folder, users)
    config = folder / "mosquitto.conf"
    write_whole(config, (_mosquitto_config(folder, port) + _mosquitto_listener(listener)).encode())
    return [program, "-c", str(config)]


def write_logins(folder: Path, users: Sequence[BrokerUser]) -> None:
    """Write mosquitto's password and access files, which it reads when it starts and at SIGHUP."""
    write_whole(folder / "acl", "\n".join(_acl(user) for user in users).encode())
    write_whole(folder / "passwords", "".join(_password_line(user) for user in users).encode())


def move_sessions_aside(folder: Path, now_ms: int) -> str | None:
    """Rename mosquitto's file of sessions and retained messages, with which it does not start; return what was done.

    Nothing in it is needed: gateways send again what is not committed, with their status and descriptors.
    """
    sessions = folder / "mosquitto.db"
    if not sessions.exists():
        return None
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(now_ms / 1000))
    kept = sessions.with_name(f"{sessions.name}.damaged-{stamp}")
    sessions.rename(kept)
    return (
        f"broker: its sessions in {sessions} may be damaged; they are kept as {kept.name}, and it starts without them."
    )


def _mosquitto_listener(listener: Listener | None) -> str:
    """Return the lines of the gateways' listener; they come last, since options apply to the listener before them."""
    if listener is None:
        return ""
    # The login is the client id: otherwise a client could take over another session by its client id.
    lines = [f"listener {listener.port} {listener.host}", "use_username_as_clientid true"]
    if listener.tls is not None:
        lines += [f"certfile {listener.tls.cert}", f"keyfile {listener.tls.key}", "tls_version tlsv1.2"]
        if listener.tls.mutual:
            lines += [f"cafile {listener.tls.ca}", "require_certificate true"]
        if listener.tls.revoked is not None:
            lines += [f"crlfile {listener.tls.revoked}", "use_identity_as_username true"]
    return "\n".join([*lines, ""])


def _mosquitto_config(folder: Path, port: int) -> str:
    return f"""# Written by `headland up` at every start.
user {getpass.getuser()}
listener {port} 127.0.0.1
allow_anonymous false
password_file {folder / "passwords"}
acl_file {folder / "acl"}
persistence true
persistence_location {folder}/
autosave_interval 1
max_inflight_messages {_MAX_INFLIGHT}
max_queued_messages 0
max_queued_bytes 536870912
max_packet_size {_MAX_PACKET_BYTES}
set_tcp_nodelay true
persistent_client_expiration 14d
log_dest stderr
log_timestamp_format %Y-%m-%dT%H:%M:%S%z
log_type error
log_type warning
"""


def _iotcore_config(port: int, users: Sequence[BrokerUser], devices_port: int | None) -> str:
    head = """# Written by `headland up` at every start.
id = 0
[router]
id = 0
max_connections = 1000
max_outgoing_packet_count = 200
max_segment_size = 4194304
max_segment_count = 8
"""
    listeners = _iotcore_listener("v5", port, users)
    return head + listeners + ("" if devices_port is None else _iotcore_listener("v4", devices_port, users))


def _iotcore_listener(version: Literal["v4", "v5"], port: int, users: Sequence[BrokerUser]) -> str:
    """Return the lines of a listener; `version` is the protocol level, and level 4 is MQTT 3.1.1."""
    logins = "\n".join(f"{json.dumps(user.name)} = {json.dumps(user.password)}" for user in users)
    return f"""[{version}.1]
name = "farm-{version}"
listen = "127.0.0.1:{port}"
next_connection_delay_ms = 1
[{version}.1.connections]
connection_timeout_ms = 60000
max_payload_size = {_MAX_PACKET_BYTES}
max_inflight_count = {_MAX_INFLIGHT}
dynamic_filters = true
[{version}.1.connections.auth]
{logins}
"""


def _password_line(user: BrokerUser) -> str:
    """Return a line of mosquitto's password file: PBKDF2-HMAC-SHA512, its hash type 7 with 101 rounds."""
    salt = os.urandom(12)
    digest = hashlib.pbkdf2_hmac("sha512", user.password.encode(), salt, 101)
    return f"{user.name}:$7$101${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}\n"


def _acl(user: BrokerUser) -> str:
    if user.role == "ingest":
        rules = [f"topic read {ROOT}/{kind}/#" for kind in ("data", "senml", "meta", "status", "answer")]
        rules += [f"topic write {ROOT}/{kind}/#" for kind in ("ack", "rules", "order", "alarm", "home")]
        rules.append("topic write +/device/+/config")
    elif user.role == "devices":
        rules = [f"topic readwrite {topic}" for topic in _DEVICE_TOPICS]
        rules += [f"topic read {ROOT}/{kind}/#" for kind in ("alarm", "home")]
    elif user.role == "home":
        # Any discovery prefix; Home Assistant publishes its own status.
        rules = ["topic read +/device/+/config", "topic write +/status"]
        rules += [f"topic read {ROOT}/{kind}/#" for kind in ("alarm", "home")]
    else:
        rules = [
            f"topic write {topic}"
            for topic in (
                data_topic(user.name),
                status_topic(user.name),
                f"{ROOT}/senml/{user.name}/+",
                f"{ROOT}/meta/{user.name}/+",
                answer_topic(user.name),
            )
        ]
        own = (ack_topic(user.name), rules_topic(user.name), order_topic(user.name))
        rules += [f"topic read {topic}" for topic in own]
    return "\n".join([f"user {user.name}", *rules, ""])
