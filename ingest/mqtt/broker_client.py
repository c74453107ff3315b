"""Clients of the farm's broker, by the settings of ingest."""

from __future__ import annotations

from typing import Any

from headland.network.mqtt_client import MqttTls, make_client
from ingest.settings import IngestSettings


def broker_client(settings: IngestSettings, client_id: str, **more: Any) -> Any:
    """Return a client with the farm's login and TLS; `more` as `make_client` takes it."""
    ca = None if settings.tls_ca_path is None else str(settings.tls_ca_path)
    tls = MqttTls(ca) if settings.tls else None
    return make_client(client_id, settings.username, settings.password, tls=tls, **more)
