"""Mutant: one line of a guard, and what stands there when it is broken."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutant:
    """`text` occurs exactly once in `file` and is replaced.

    The simulation finds it, or `test` does, a test by its id; `redundant` names the guards that cover it instead.
    """

    name: str
    file: str
    text: str
    replacement: str
    test: str = ""
    redundant: str = ""
