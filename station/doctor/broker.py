"""Checks of the broker: reachability, login, limits and response time."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from typing import Any, Final

from headland.contract.codec import MAX_PAYLOAD_BYTES
from headland.contract.topics import ack_topic
from headland.errors import RetryLater
from station.doctor.finding import DiagnosticContext, Finding, State
from station.local.broker import NO_ACCESS_LIST, find_mosquitto

_TIMEOUT_S: Final = 5.0
#: Gateway name for the test message: no gateway has it, and nobody receives its commit acks.
_TEST_GATEWAY: Final = "doctor"
_NOT_AUTHORISED: Final = 135
_TOPIC_AND_PROPERTIES_BYTES: Final = 1024


def check_mosquitto(_context: DiagnosticContext) -> list[Finding]:
    """Check whether mosquitto is installed on this machine."""
    program = find_mosquitto()
    if program is None:
        remedy = "To accept gateways on other machines, install it: apt-get install mosquitto, brew install mosquitto."
        condition = "not installed; `headland up` runs the broker installed with Headland"
        return [Finding(check="mosquitto", state=State.WARNING, condition=condition, remedy=remedy)]
    done = subprocess.run([program, "-h"], capture_output=True, text=True, check=False, timeout=10)  # noqa: S603 - found above
    version = (done.stdout or done.stderr).splitlines()[:1] or ["unknown version"]
    return [Finding(check="mosquitto", state=State.OK, condition=f"{program}, {version[0]}")]


def check_broker(context: DiagnosticContext) -> list[Finding]:
    """Log in at the broker as ingest does, read its limits and publish one test message."""
    if context.broker is None:
        remedy = "Start the farm (headland up), or name the broker: --broker HOST:PORT."
        return [
            Finding(check="broker", state=State.WARNING, condition="no farm is running on this folder", remedy=remedy)
        ]
    host, port = context.broker
    session = _Session(context.username, context.password)
    try:
        session.connect(host, port)
        return session.findings(f"{host}:{port}")
    except OSError as error:
        remedy = "Start the broker, correct the address, or open the firewall. Gateways store their data meanwhile."
        condition = f"{host}:{port} cannot be reached: {error.strerror or error}"
        return [Finding(check="broker", state=State.FAILED, condition=condition, remedy=remedy)]
    finally:
        session.close()


def check_access_list(context: DiagnosticContext) -> list[Finding]:
    """Check whether the broker of a running farm keeps its logins apart."""
    try:
        broker = context.folder.read_state().broker
    except RetryLater:
        return []
    if broker == "mosquitto":
        return [Finding(check="access list", state=State.OK, condition="each login has its own topics")]
    condition = f"{broker} lets each of the farm's own logins read and write everything"
    return [Finding(check="access list", state=State.WARNING, condition=condition, remedy=NO_ACCESS_LIST)]


class _Session:
    """An MQTT 5 session with its own client id, without a background thread."""

    def __init__(self, username: str | None, password: str | None) -> None:
        from headland.network.mqtt_client import make_client

        self._username = username
        self._connack: Any = None
        self._limits: Any = None
        self._published: Any = None
        self._client = make_client(f"doctor-{os.getpid()}", username, password, connect_s=_TIMEOUT_S)
        self._client.on_connect = self._on_connect
        self._client.on_publish = self._on_publish

    def connect(self, host: str, port: int) -> None:
        """Connect; raises OSError."""
        self._client.connect(host, port, keepalive=30)

    def findings(self, where: str) -> list[Finding]:
        """Return the findings of this session."""
        self._wait_for(lambda: self._connack is not None)
        if self._connack is None:
            remedy = "Check the broker's log: it may be blocked, or another program listens on this port."
            condition = f"{where} accepts the connection and does not respond within {_TIMEOUT_S:g} s"
            return [Finding(check="broker", state=State.FAILED, condition=condition, remedy=remedy)]
        if self._connack.value != 0:
            remedy = "Give the login of ingest: --username NAME --password-file FILE; see also the broker's log."
            condition = f"{where} refuses {self._username or 'a client without login'}: {self._connack}"
            return [Finding(check="broker", state=State.FAILED, condition=condition, remedy=remedy)]
        reached = Finding(
            check="broker", state=State.OK, condition=f"{where} accepts {self._username or 'anonymous clients'}"
        )
        return [reached, assess_limits(self._limits), self._round_trip()]

    def close(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop(0.05)

    def _round_trip(self) -> Finding:
        began_s = time.perf_counter()
        self._client.publish(ack_topic(_TEST_GATEWAY), b"", qos=1)
        self._wait_for(lambda: self._published is not None)
        took_ms = (time.perf_counter() - began_s) * 1000
        if self._published is None:
            remedy = "Check the broker's log and the load of its machine."
            condition = f"no response to a message within {_TIMEOUT_S:g} s"
            return Finding(check="round trip", state=State.FAILED, condition=condition, remedy=remedy)
        if self._published.value == _NOT_AUTHORISED:
            remedy = (
                "Permit this login to publish headland/v1/ack/#, or give the login of ingest: without commit acks "
                "gateways never delete."
            )
            condition = f"{self._username} may not publish commit acks"
            return Finding(check="round trip", state=State.FAILED, condition=condition, remedy=remedy)
        return Finding(
            check="round trip", state=State.OK, condition=f"a message is acknowledged after {took_ms:.2g} ms"
        )

    def _wait_for(self, condition: Callable[[], bool]) -> None:
        deadline_s = time.monotonic() + _TIMEOUT_S
        while not condition() and time.monotonic() < deadline_s:
            if self._client.loop(0.05) != 0:
                return  # the broker has closed the connection: nothing more will arrive

    def _on_connect(self, _client: Any, _data: Any, _flags: Any, reason: Any, properties: Any) -> None:
        self._connack, self._limits = reason, properties

    def _on_publish(self, _client: Any, _data: Any, _number: Any, reason: Any, _properties: Any) -> None:
        self._published = reason


def assess_limits(properties: Any) -> Finding:
    """Return whether the broker's limits (its CONNACK properties) permit the messages of the contract."""
    packet_bytes = getattr(properties, "MaximumPacketSize", None)
    window = getattr(properties, "ReceiveMaximum", 65_535)
    condition = (
        f"messages up to {'any size' if packet_bytes is None else f'{packet_bytes:,} bytes'}, {window:,} at once"
    )
    need_bytes = MAX_PAYLOAD_BYTES + _TOPIC_AND_PROPERTIES_BYTES
    troubles = []
    if packet_bytes is not None and packet_bytes < need_bytes:
        troubles.append(f"permit messages of {need_bytes:,} bytes")
    if getattr(properties, "MaximumQoS", 2) < 1:
        troubles.append("permit QoS 1")
    if not getattr(properties, "RetainAvailable", 1):
        troubles.append("permit retained messages, which status and descriptors need")
    if troubles:
        remedy = f"In the broker's settings, {', and '.join(troubles)}."
        return Finding(check="broker limits", state=State.FAILED, condition=condition, remedy=remedy)
    if window < 20:
        remedy = "Set a larger receive maximum: a backlog is sent faster then."
        return Finding(check="broker limits", state=State.WARNING, condition=condition, remedy=remedy)
    return Finding(check="broker limits", state=State.OK, condition=condition)
