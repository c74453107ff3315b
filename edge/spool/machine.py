"""The machine under a spool: what it takes from there besides its clocks. A simulation passes its own."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final


def new_epoch() -> str:
    """Return a new epoch id: random, so that no two spools of a gateway share one."""
    return secrets.token_hex(8)


@dataclass(frozen=True, slots=True)
class SpoolMachine:
    """New epoch ids, and the class of the connections to the file."""

    make_epoch: Callable[[], str] = new_epoch
    connection_class: type[sqlite3.Connection] = sqlite3.Connection


#: This machine.
MACHINE: Final = SpoolMachine()
