"""Settings of an ingest worker: broker, organisation, batching and quarantine."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from headland.contract.records import is_name
from headland.contract.topics import SHARDS
from headland.errors import SettingsError
from ingest.admission.quotas import Quotas

#: Length of an ack secret at least: a guessed one lets anybody make gateways delete.
_SECRET_LETTERS: Final = 16
#: Handle of the organisation of a farm on one machine.
OWN_ORGANISATION: Final = "local"
ALL_SHARDS: Final = frozenset(range(SHARDS))


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestSettings:
    """Settings of one ingest worker, checked when made: a wrong value raises SettingsError with a sentence for people.

    `shards` are those of this worker; several workers have disjoint shards and different client ids. Memory is bounded
    by twice `receive_maximum` messages of at most `headland.contract.codec.MAX_PAYLOAD_BYTES`.

    `former_client_id` names a session of an earlier version: the broker is told to forget it.

    With `ack_secret` commit acks are signed (`headland.contract.ack_keys`); all workers of a farm have the same.

    `max_devices` of a gateway, `max_series` of a device, and a gateway's bytes and events in a day are its quotas: what
    exceeds them goes to quarantine (`over_quota`).
    """

    quarantine_path: Path
    host: str = "127.0.0.1"
    port: int = 1883
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ack_secret: str | None = field(default=None, repr=False)
    tls: bool = False
    tls_ca_path: Path | None = None
    client_id: str = "ingest-0"
    former_client_id: str | None = None
    organisation: str = OWN_ORGANISATION
    shards: frozenset[int] = ALL_SHARDS
    keepalive_s: int = 30
    session_expiry_s: int = 7 * 86_400
    reconnect_min_s: float = 0.25
    reconnect_max_s: float = 10.0
    receive_maximum: int = 1000
    batch_messages: int = 250
    batch_wait_s: float = 0.03
    quarantine_max_bytes: int = 64 * 1024 * 1024
    quarantine_max_records: int = 10_000
    max_devices: int = 400
    max_series: int = 512
    max_bytes_per_day: int = 64 * 1024**3
    max_events_per_day: int = 1_000_000

    def __post_init__(self) -> None:
        if not self.host:
            raise SettingsError("ingest needs the broker's host")
        if not is_name(self.client_id):
            raise SettingsError(f"client_id {self.client_id!r} may hold letters, digits, dot, dash and underscore only")
        if not is_name(self.organisation):
            raise SettingsError(
                f"organisation {self.organisation!r} may hold letters, digits, dot, dash and underscore only"
            )
        if not self.shards or not self.shards <= ALL_SHARDS:
            raise SettingsError(f"shards must be some of 0 to {SHARDS - 1}, not {sorted(self.shards)}")
        if self.password is not None and self.username is None:
            raise SettingsError("a broker password needs a username")
        if self.ack_secret is not None and len(self.ack_secret) < _SECRET_LETTERS:
            raise SettingsError(f"the ack secret must have at least {_SECRET_LETTERS} letters")
        if self.tls_ca_path is not None and not self.tls:
            raise SettingsError("tls_ca_path is set but tls is off: set tls to true")
        _check("port", self.port, 1, 65_535)
        _check("keepalive_s", self.keepalive_s, 5, 3600)
        _check("session_expiry_s", self.session_expiry_s, 60, 2**32 - 2)
        _check("reconnect_min_s", self.reconnect_min_s, 0.05, 60)
        _check("reconnect_max_s", self.reconnect_max_s, self.reconnect_min_s, 600)
        _check("receive_maximum", self.receive_maximum, 3, 65_535)
        # The broker stops at receive_maximum unacknowledged messages, and three batches are in memory at once: one
        # being committed, one built, one gathered. A larger batch would wait for messages that cannot arrive.
        _check("batch_messages", self.batch_messages, 1, self.receive_maximum // 3)
        _check("batch_wait_s", self.batch_wait_s, 0.001, 1)
        _check("quarantine_max_bytes", self.quarantine_max_bytes, 1024 * 1024, 2**40)
        _check("quarantine_max_records", self.quarantine_max_records, 1, 10_000_000)
        _check("max_devices", self.max_devices, 1, 1_000_000)
        _check("max_series", self.max_series, 1, 1_000_000)
        _check("max_bytes_per_day", self.max_bytes_per_day, 1024 * 1024, 2**50)
        _check("max_events_per_day", self.max_events_per_day, 1, 10**12)

    @property
    def quotas(self) -> Quotas:
        """What each gateway may have."""
        return Quotas(self.max_devices, self.max_series, self.max_bytes_per_day, self.max_events_per_day)


def _check(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise SettingsError(f"{name} must be between {low} and {high}, not {value}")
