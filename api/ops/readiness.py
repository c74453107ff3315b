"""Readiness checks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """A condition of readiness; `detail` is a sentence for a person in either state."""

    name: str
    ok: bool
    detail: str
