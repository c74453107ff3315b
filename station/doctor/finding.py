"""What the doctor looks at and what it says of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from station.local.folder import FarmFolder


class State(StrEnum):
    """How a thing stands: a warning works now, and may not for long or not in every case."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at: what was found, and one sentence with what to do where something is to be done."""

    check: str
    state: State
    found: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class DiagnosticContext:
    """What is looked at. `api_url` is a running station, which is asked for what only it can tell."""

    folder: FarmFolder
    store_url: str
    registry_url: str
    broker: tuple[str, int] | None
    username: str | None
    password: str | None
    api_url: str | None
