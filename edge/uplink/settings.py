"""Settings of the uplink: the broker, its TLS files, and the sending of data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from edge.toml.settings import Settings, TableError
from edge.uplink.state import DeleteOn
from headland.contract.ack_keys import KEY_PATTERN


class TlsSettings(Settings, frozen=True, kw_only=True):
    """The `[broker.tls]` table: certificate files; `cert` and `key` identify the gateway and go together.

    With `renew_at`, the URL of a station, a certificate that `headland edge enrol` got is renewed before its end.
    """

    ca: str | None = None
    cert: str | None = None
    key: str | None = None
    renew_at: str | None = None

    def resolve(self, folder: Path) -> TlsSettings:
        """Return the settings with full paths. Raises TableError where a file is missing or `key` has no `cert`."""
        if (self.cert is None) != (self.key is None):
            raise TableError(("tls",), "broker.tls.cert and broker.tls.key go together; one is missing")
        if self.renew_at is not None and (self.cert is None or self.cert != self.key):
            raise TableError(("tls", "renew_at"), "broker.tls.renew_at needs certificate and key in one file")
        paths: dict[str, str] = {}
        for key in ("ca", "cert", "key"):
            name: str | None = getattr(self, key)
            if name is None:
                continue
            if not (folder / name).is_file():
                raise TableError(("tls", key), f"broker.tls.{key}: there is no file {name!r}")
            paths[key] = str(folder / name)
        return msgspec.structs.replace(self, **paths)


class BrokerSettings(Settings, frozen=True, kw_only=True):
    """The `[broker]` table: the address and login of the broker, and how the uplink sends.

    `window`: how many messages may wait for their PUBACK. `resend_s`: after how long without a commit ack the
    uplink sends again from the head of its spool. While records older than `live_s` wait, they get `backlog_share` of
    the bytes sent and new records the rest; at 1 the oldest is always sent first. Alarms are sent before both.
    `max_bytes_per_s` limits the data on a metered link. `delete_on = "puback"` deletes records that the broker has
    accepted, for consumers that send no commit ack: the weaker guarantee, and always oldest first, alarms too.
    With `ack_key`, which `headland gateway add` writes, only commit acks that ingest signed delete records.
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
    ack_key: Annotated[str, Meta(pattern=KEY_PATTERN)] | None = None
    tls: TlsSettings | None = None

    def resolve(self, folder: Path) -> BrokerSettings:
        """Return the settings with full paths of the TLS files; relative ones start at `folder`. Raises TableError."""
        return self if self.tls is None else msgspec.structs.replace(self, tls=self.tls.resolve(folder))
