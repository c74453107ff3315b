"""Settings of the uplink: the broker, its TLS files, and how data is sent."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from edge.toml.settings import Settings
from edge.uplink.state import DeleteOn


class TlsSettings(Settings, frozen=True, kw_only=True):
    """Certificate files for the broker's TLS; `cert` and `key` identify the gateway and go together."""

    ca: str | None = None
    cert: str | None = None
    key: str | None = None


class BrokerSettings(Settings, frozen=True, kw_only=True):
    """Where the uplink connects, and how hard it pushes.

    `window`: how many messages may wait for their PUBACK. `resend_s`: after how long without a commit ack the
    uplink sends again from the head of its spool. While records older than `live_s` wait, `backlog_share` of the bytes
    sent are of them and the rest is new; at 1 the oldest always goes first. Alarms go before both. `max_bytes_per_s`
    caps what data may use of a metered link. `delete_on = "puback"` deletes what the broker has taken, for consumers
    that say no commit ack: the weaker guarantee, and always oldest first, alarms too.
    """

    host: Annotated[str, Meta(min_length=1, max_length=255)] = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65535)] = 1883
    username: Annotated[str, Meta(min_length=1)] | None = None
    password: str | None = None
    keepalive_s: Annotated[int, Meta(ge=5, le=3600)] = 30
    window: Annotated[int, Meta(ge=1, le=1000)] = 100
    resend_s: Annotated[float, Meta(ge=0.5, le=600)] = 3.0
    backlog_share: Annotated[float, Meta(ge=0, le=1)] = 0.5
    live_s: Annotated[float, Meta(ge=1, le=3600)] = 10.0
    max_bytes_per_s: Annotated[int, Meta(ge=1000, le=1_000_000_000)] | None = None
    delete_on: DeleteOn = "commit"
    tls: TlsSettings | None = None
