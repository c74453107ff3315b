"""State of a gateway as its ingest knows it: what an API, the alarm rules and webhooks read."""

from __future__ import annotations

from typing import Final

import msgspec

from headland.contract.records import SpoolStatus

#: Turns of processes with one identity that prove two of them.
TWIN_ALTERNATIONS: Final = 2


class RecentTrouble(msgspec.Struct, frozen=True, kw_only=True):
    """Contradictions of a gateway in the last hour; `alternations` in the last ten minutes."""

    quarantined: int = 0
    conflicting: int = 0
    other_content: int = 0
    foreign: int = 0
    alternations: int = 0

    @property
    def is_twin(self) -> bool:
        """Whether two processes use the gateway's identity."""
        return self.alternations >= TWIN_ALTERNATIONS


class SourceState(msgspec.Struct, frozen=True, kw_only=True):
    """State of a source of a gateway; `trouble` prevents it from reading, empty where nothing is known."""

    name: str
    type: str
    restarts: int = 0
    trouble: str = ""
    trouble_zh: str = ""


class UnstoredRecords(msgspec.Struct, frozen=True, kw_only=True):
    """Records of a gateway that are neither in the store nor on their way."""

    lost: int = 0
    quarantined: int = 0
    expired: int = 0
    dropped: int = 0
    not_known: int = 0


class GatewayState(msgspec.Struct, frozen=True, kw_only=True):
    """State of a gateway. `online` is None where no status was received since the start; `loss` is not accepted yet."""

    id: str
    online: bool | None
    last_status_ms: int | None
    software: str
    epoch: str
    spool: SpoolStatus
    loss: int = 0
    unstored: UnstoredRecords = UnstoredRecords()
    recent: RecentTrouble = RecentTrouble()
    sources: tuple[SourceState, ...] = ()
