"""Check of traces: where they go, what was dropped, and whether the collector can be reached."""

from __future__ import annotations

import os
import socket
from importlib.util import find_spec
from typing import Final
from urllib.parse import urlsplit

from headland.errors import SettingsError
from headland.runtime.tracing.settings import TRACES, check_endpoint
from station.doctor.finding import DiagnosticContext, Finding, State

_CHECK: Final = "traces"
_STATUS_FILE: Final = "status.json"
_CONNECT_S: Final = 2.0
_PORTS: Final = {"http": 80, "https": 443}
_HARMLESS: Final = "Data is not affected; start the collector, or clear HEADLAND_TRACES and traces.endpoint."


def check_traces(context: DiagnosticContext) -> list[Finding]:
    """Report where this environment and the gateway of this machine send traces; each collector is connected to."""
    findings = []
    endpoints = [text for text in (os.environ.get(TRACES, ""),) if text]
    status = _gateway_status(context)
    if status is not None:
        endpoint, exported, dropped = status
        endpoints = [text for text in endpoints if text != endpoint]
        findings.append(_examine(endpoint, f"of the gateway: {exported:,} spans taken, {dropped:,} dropped"))
    findings += [_examine(endpoint, f"of services with {TRACES} as here") for endpoint in endpoints]
    if findings:
        return findings
    return [Finding(check=_CHECK, state=State.OK, condition="off: no trace leaves this machine")]


def _gateway_status(context: DiagnosticContext) -> tuple[str, int, int] | None:
    """Return the collector of the gateway on this machine, and its spans taken and dropped; None for none."""
    if not (context.folder.edge_dir / _STATUS_FILE).exists():
        return None
    from edge.agent.status import read_status

    try:
        traces = read_status(context.folder.edge_dir).traces
    except SettingsError:
        return None
    return None if traces is None else (traces.endpoint, traces.exported, traces.dropped)


def _examine(endpoint: str, whose: str) -> Finding:
    try:
        check_endpoint(endpoint)
    except SettingsError as error:
        remedy = f"Correct {TRACES}; services with it do not start."
        return Finding(check=_CHECK, state=State.FAILED, condition=str(error), remedy=remedy)
    condition = f"to {endpoint}, {whose}"
    if not _is_installed():
        remedy = "pip install 'headland[otel]'; until then services go on without traces."
        return Finding(
            check=_CHECK, state=State.WARNING, condition=f"{condition}; OpenTelemetry is not installed", remedy=remedy
        )
    url = urlsplit(endpoint)
    try:
        socket.create_connection((url.hostname or "", url.port or _PORTS[url.scheme]), _CONNECT_S).close()
    except OSError as error:
        return Finding(
            check=_CHECK,
            state=State.WARNING,
            condition=f"{condition}; the collector cannot be reached: {error}",
            remedy=_HARMLESS,
        )
    return Finding(check=_CHECK, state=State.OK, condition=condition)


def _is_installed() -> bool:
    """Return whether the extra `otel` is installed; a namespace alone is not enough."""
    try:
        return find_spec("opentelemetry.exporter.otlp.proto.http.trace_exporter") is not None
    except ModuleNotFoundError:
        return False
