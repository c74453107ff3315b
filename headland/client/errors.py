"""Errors of the client, each with one sentence for people."""

from __future__ import annotations

from typing import Any

from headland.errors import HeadlandError, PeerRefused, RetryLater


class RequestRefused(PeerRefused):
    """The API refused the request; `kind` is the stable name of the problem, `more` its other members."""

    def __init__(self, status: int, kind: str, detail: str, more: dict[str, Any]) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.more = more


class NotReachable(RetryLater):
    """The API does not respond, or is too busy, after all retries."""


class UnknownName(HeadlandError):  # noqa: N818 - it names what was asked for
    """The farm has nothing of this name; the sentence has the names that there are."""
