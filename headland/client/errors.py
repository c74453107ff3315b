"""Why a question was not answered, each in one sentence for a person."""

from __future__ import annotations

from typing import Any

from headland.errors import PeerRefused, RetryLater


class Refused(PeerRefused):
    """The API understood and said no; `kind` is its stable name, `more` whatever else the problem said."""

    def __init__(self, status: int, kind: str, detail: str, more: dict[str, Any]) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.more = more


class NotReachable(RetryLater):
    """Nobody answers there, or is too busy to, however often it was tried."""
