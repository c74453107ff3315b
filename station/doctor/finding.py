"""Findings of `headland doctor`, and the context that its checks examine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from station.local.folder import FarmFolder


class State(StrEnum):
    """State of a finding. A warning works now, but perhaps not for long or not in every case."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Result of one check: the condition, and the remedy where something is to be done."""

    check: str
    state: State
    condition: str = msgspec.field(name="found")
    remedy: str = msgspec.field(default="", name="advice")


@dataclass(frozen=True, slots=True)
class DiagnosticContext:
    """What the checks examine. A running station at `api_url` reports on what it alone can open."""

    folder: FarmFolder
    store_url: str
    registry_url: str
    broker: tuple[str, int] | None
    username: str | None
    password: str | None
    api_url: str | None
    #: What the station answered to the first check that asked, or the condition why it did not: one that hangs is
    #: waited for once.
    station_answers: dict[str, Mapping[str, list[Mapping[str, object]]] | str] = field(default_factory=dict)
