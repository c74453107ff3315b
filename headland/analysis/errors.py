"""Errors of the analysis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headland.errors import HeadlandError


class ProblemError(HeadlandError):
    """A request that cannot be answered: `kind` is its stable name, `detail` one sentence for a person.

    Where the status says it all, `kind` is empty.
    """

    def __init__(
        self,
        status: int,
        kind: str,
        title: str,
        detail: str,
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.title = title
        self.detail = detail
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})
