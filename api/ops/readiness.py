"""Whether the process can do its work, as a list of named checks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold; `detail` is a sentence for a person either way."""

    name: str
    ok: bool
    detail: str
