"""Clients of the farm's broker, by the settings of ingest."""

from __future__ import annotations

import time
from typing import Any, Final

from paho.mqtt.properties import Properties

from headland.network.mqtt_client import MqttTls, make_client
from ingest.settings import IngestSettings

#: How long a broker may take to connect and to take one message, and how often that is looked for.
ANSWER_S: Final = 10.0
_POLL_S: Final = 0.05


def broker_client(settings: IngestSettings, client_id: str, **more: Any) -> Any:
    """Return a client with the farm's login and TLS; `more` as `make_client` takes it."""
    ca = None if settings.tls_ca_path is None else str(settings.tls_ca_path)
    tls = MqttTls(ca) if settings.tls else None
    return make_client(client_id, settings.username, settings.password, tls=tls, **more)


def publish_once(
    settings: IngestSettings,
    client_id: str,
    topic: str,
    payload: bytes,
    *,
    retain: bool = False,
    properties: Properties | None = None,
) -> str:
    """Publish a message with QoS 1 in a session of its own; return why the broker has it not, empty where it has."""
    client = broker_client(settings, client_id, connect_s=ANSWER_S)
    refusals: list[str] = []
    confirmations: list[str] = []
    client.on_connect = lambda _c, _u, _f, reason, _p: refusals.append(str(reason)) if reason.is_failure else None
    client.on_publish = lambda _c, _u, _m, reason, _p: confirmations.append(str(reason) if reason.is_failure else "")
    try:
        client.connect(settings.host, settings.port, settings.keepalive_s)
        client.loop_start()
        sent = client.publish(topic, payload, qos=1, retain=retain, properties=properties)
        deadline_s = time.monotonic() + ANSWER_S
        while not confirmations and not refusals and time.monotonic() < deadline_s:
            sent.wait_for_publish(_POLL_S)
    except (OSError, ValueError, RuntimeError) as error:
        return f"{type(error).__name__}: {error}"
    finally:
        client.disconnect()
        client.loop_stop()
    if confirmations == [""]:
        return ""
    errors = [*refusals, *confirmations]
    return f"the broker refused: {errors[0]}" if errors else "the broker did not confirm it"
