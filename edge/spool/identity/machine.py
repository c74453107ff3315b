"""The machine under a spool: what it takes from there besides its clocks. A simulation passes its own."""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.spool.identity.place import Facts, FileId, read_facts, read_file_id

#: macOS has no fdatasync.
_SYNC: Final[Callable[[int], None]] = getattr(os, "fdatasync", os.fsync)


def new_epoch() -> str:
    """Return a new epoch id: random, so that no two numberings of a gateway share one."""
    return secrets.token_hex(8)


@dataclass(frozen=True, slots=True)
class SpoolMachine:
    """New epoch ids, the class of the connections to the file, and the place of the file.

    `facts`: what tells this machine and the disk with a file from others. `file_id`: what tells a file from its copies.
    `sync` makes the bytes of an open file durable.
    """

    make_epoch: Callable[[], str] = new_epoch
    connection_class: type[sqlite3.Connection] = sqlite3.Connection
    facts: Callable[[Path], Facts] = read_facts
    file_id: Callable[[Path], FileId] = read_file_id
    sync: Callable[[int], None] = _SYNC


#: This machine.
MACHINE: Final = SpoolMachine()
