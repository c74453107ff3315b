"""What the doctor finds at the broker: can it be reached, is the login known, what does it allow, how quick is it?"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from typing import Any, Final

from headland.contract.codec import MAX_PAYLOAD_BYTES
from headland.contract.topics import ack_topic
from station.doctor.finding import DiagnosticContext, Finding, State
from station.local.broker import find_mosquitto

_WAIT_S: Final = 5.0
#: The gateway whose commit acks nobody waits for: what the round trip is published on.
_NOBODY: Final = "doctor"
_NOT_AUTHORISED: Final = 135
_TOPIC_AND_PROPERTIES_BYTES: Final = 1024


def check_mosquitto(_patient: DiagnosticContext) -> list[Finding]:
    """Look for mosquitto on this machine."""
    program = find_mosquitto()
    if program is None:
        advice = "To let gateways elsewhere in, install it: apt-get install mosquitto, brew install mosquitto."
        found = "not installed; `headland up` runs the broker that comes with Headland"
        return [Finding(check="mosquitto", state=State.WARNING, found=found, advice=advice)]
    done = subprocess.run([program, "-h"], capture_output=True, text=True, check=False, timeout=10)  # noqa: S603 - found above
    version = (done.stdout or done.stderr).splitlines()[:1] or ["no version told"]
    return [Finding(check="mosquitto", state=State.OK, found=f"{program}, {version[0]}")]


def check_broker(patient: DiagnosticContext) -> list[Finding]:
    """Log in at the broker as ingest does, read its limits and publish one message that nobody waits for."""
    if patient.broker is None:
        advice = "Start the farm (headland up), or say which broker: --broker HOST:PORT."
        return [Finding(check="broker", state=State.WARNING, found="no farm runs on this folder", advice=advice)]
    host, port = patient.broker
    session = _Session(patient.username, patient.password)
    try:
        session.connect(host, port)
        return session.findings(f"{host}:{port}")
    except OSError as error:
        advice = "Start it, or mend the address; a firewall may be in the way. Gateways keep their data meanwhile."
        found = f"{host}:{port} cannot be reached: {error.strerror or error}"
        return [Finding(check="broker", state=State.FAILED, found=found, advice=advice)]
    finally:
        session.close()


class _Session:
    """One MQTT 5 session under a name of its own, driven by hand."""

    def __init__(self, username: str | None, password: str | None) -> None:
        import paho.mqtt.client as mqtt
        from paho.mqtt.enums import CallbackAPIVersion

        self._username = username
        self._answer: Any = None
        self._limits: Any = None
        self._published: Any = None
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, f"doctor-{os.getpid()}", protocol=mqtt.MQTTv5)
        self._client.connect_timeout = _WAIT_S
        if username is not None:
            self._client.username_pw_set(username, password)
        self._client.on_connect = self._on_connect
        self._client.on_publish = self._on_publish

    def connect(self, host: str, port: int) -> None:
        """Connect; raises OSError."""
        self._client.connect(host, port, keepalive=30)

    def findings(self, where: str) -> list[Finding]:
        """Return what the broker answers."""
        self._wait_for(lambda: self._answer is not None)
        if self._answer is None:
            advice = "Something else listens there, or the broker hangs: look at its log."
            found = f"{where} takes the connection and does not answer in {_WAIT_S:g} s"
            return [Finding(check="broker", state=State.FAILED, found=found, advice=advice)]
        if self._answer.value != 0:
            advice = "Give the login of ingest: --username NAME --password-file FILE; the broker's log may say more."
            found = f"{where} refuses {self._username or 'a client without login'}: {self._answer}"
            return [Finding(check="broker", state=State.FAILED, found=found, advice=advice)]
        reached = Finding(
            check="broker", state=State.OK, found=f"{where} takes {self._username or 'anonymous clients'}"
        )
        return [reached, judge_limits(self._limits), self._round_trip()]

    def close(self) -> None:
        """Leave."""
        self._client.disconnect()
        self._client.loop(0.05)

    def _round_trip(self) -> Finding:
        began_s = time.perf_counter()
        self._client.publish(ack_topic(_NOBODY), b"", qos=1)
        self._wait_for(lambda: self._published is not None)
        took_ms = (time.perf_counter() - began_s) * 1000
        if self._published is None:
            advice = "The broker is overloaded or hangs: look at its log and its machine."
            found = f"no answer to a message in {_WAIT_S:g} s"
            return Finding(check="round trip", state=State.FAILED, found=found, advice=advice)
        if self._published.value == _NOT_AUTHORISED:
            advice = (
                "Let it write headland/v1/ack/#, or give ingest's login: without commit acks gateways never delete."
            )
            found = f"{self._username} may not publish commit acks"
            return Finding(check="round trip", state=State.FAILED, found=found, advice=advice)
        return Finding(check="round trip", state=State.OK, found=f"a message is acknowledged after {took_ms:.2g} ms")

    def _wait_for(self, condition: Callable[[], bool]) -> None:
        deadline_s = time.monotonic() + _WAIT_S
        while not condition() and time.monotonic() < deadline_s:
            if self._client.loop(0.05) != 0:
                return  # the broker has closed the connection: what it said before is all there is

    def _on_connect(self, _client: Any, _data: Any, _flags: Any, reason: Any, properties: Any) -> None:
        self._answer, self._limits = reason, properties

    def _on_publish(self, _client: Any, _data: Any, _number: Any, reason: Any, _properties: Any) -> None:
        self._published = reason


def judge_limits(properties: Any) -> Finding:
    """Return whether what the broker said of itself (its CONNACK properties) is enough for the contract."""
    packet_bytes = getattr(properties, "MaximumPacketSize", None)
    window = getattr(properties, "ReceiveMaximum", 65_535)
    found = f"messages of {'any size' if packet_bytes is None else f'{packet_bytes:,} bytes'}, {window:,} at once"
    need_bytes = MAX_PAYLOAD_BYTES + _TOPIC_AND_PROPERTIES_BYTES
    troubles = []
    if packet_bytes is not None and packet_bytes < need_bytes:
        troubles.append(f"let it take messages of {need_bytes:,} bytes")
    if getattr(properties, "MaximumQoS", 2) < 1:
        troubles.append("let it take QoS 1")
    if not getattr(properties, "RetainAvailable", 1):
        troubles.append("let it retain messages, which status and descriptors need")
    if troubles:
        advice = f"In the broker's settings, {', and '.join(troubles)}."
        return Finding(check="broker limits", state=State.FAILED, found=found, advice=advice)
    if window < 20:
        advice = "A larger receive maximum lets a backlog drain faster."
        return Finding(check="broker limits", state=State.WARNING, found=found, advice=advice)
    return Finding(check="broker limits", state=State.OK, found=found)
