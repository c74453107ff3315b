"""One simulator of a farm, as the farm's plan takes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Simulator:
    """One simulator: its part's name, its command, the gateway's source for it and the line that tells of it."""

    name: str
    arguments: Sequence[str]
    source_toml: str
    line: str


def numbered(name: str, number: int) -> str:
    """Return the name of the first, or the name with the number of a later one."""
    return name if number == 1 else f"{name}-{number}"
