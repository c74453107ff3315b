"""Traces of the gateway: the `[traces]` table of edge.toml, and what makes and exports them."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from edge.toml.settings import Settings, TableError
from edge.uplink.record_traces import RecordTraces
from headland.errors import SettingsError
from headland.runtime.tracing.exporter import TraceExporter, start_exporter
from headland.runtime.tracing.settings import TraceSettings


class TracesTable(Settings, frozen=True, kw_only=True):
    """The `[traces]` table: OpenTelemetry traces of records, off without an `endpoint`.

    `endpoint` is the URL of an OTLP/HTTP collector, usually http://HOST:4318/v1/traces. `share` of the records is
    traced. At most `queue` spans wait for the collector; others are dropped and counted, never data. `timeout_s`
    limits a request to the collector.
    """

    endpoint: Annotated[str, Meta(min_length=1, max_length=2048)] | None = None
    share: Annotated[float, Meta(ge=0, le=1)] = 1.0
    queue: Annotated[int, Meta(ge=64, le=100_000)] = 2048
    timeout_s: Annotated[float, Meta(ge=0.1, le=60)] = 5.0

    def export(self) -> TraceSettings | None:
        """Return the settings of the export; None for off. Raises TableError for an unusable endpoint."""
        if self.endpoint is None:
            return None
        try:
            return TraceSettings(self.endpoint, self.share, self.queue, self.timeout_s)
        except SettingsError as error:
            raise TableError(("endpoint",), f"traces.endpoint: {error}") from error


class TracesStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Status of the export of traces; `trouble` is why the collector took none last."""

    endpoint: str
    exported: int
    dropped: int
    trouble: str = ""


class GatewayTraces:
    """The traces of one gateway and their exporter."""

    def __init__(self, gateway: str, exporter: TraceExporter) -> None:
        self.exporter = exporter
        self.records = RecordTraces(gateway, exporter, exporter.settings.share)

    def status(self) -> TracesStatus:
        """Return the status of the export."""
        counters = self.exporter.counters()
        return TracesStatus(
            endpoint=self.exporter.settings.endpoint,
            exported=counters["traces_exported"],
            dropped=counters["traces_dropped"],
            trouble=self.exporter.trouble,
        )


def start_traces(settings: TraceSettings | None, gateway: str) -> GatewayTraces | None:
    """Start the traces of a gateway; None where they are off or cannot be exported, and then nothing is loaded."""
    exporter = start_exporter(settings, "headland-gateway", gateway)
    return None if exporter is None else GatewayTraces(gateway, exporter)
