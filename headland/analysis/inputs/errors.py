"""Errors of the analysis: a question that cannot be answered, with a stable kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headland.errors import HeadlandError


class AnalysisError(HeadlandError):
    """A question that cannot be answered.

    `kind` is its stable name in kebab-case, `title` the condition, `detail` the remedy in one sentence, `extra`
    further values for programs.
    """

    def __init__(self, kind: str, title: str, detail: str, extra: Mapping[str, Any] | None = None) -> None:
        super().__init__(detail)
        self.kind = kind
        self.title = title
        self.detail = detail
        self.extra = dict(extra or {})

    @property
    def reason(self) -> str:
        """The kind in snake_case, as answers give their reason."""
        return self.kind.replace("-", "_")


class PreconditionError(AnalysisError):
    """The question is valid, but the data does not allow an answer: telemetry, implement, plan or amount is missing.

    Callers that can answer without that part catch it and use its `reason`.
    """
