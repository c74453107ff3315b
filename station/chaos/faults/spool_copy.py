"""Contents of a killed gateway's spool, read from a copy: the file itself is not changed."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from headland.contract.codec import decode_batch
from headland.contract.refusals import Refused
from headland.errors import DataDamaged
from station.chaos.traffic.numbered_source import NUMBER_CHANNEL


@dataclass(frozen=True, slots=True)
class SpoolContent:
    """Contents of a spool: its epoch, the last record number, the number of records, and their numbers by device."""

    epoch: str = ""
    last_seq: int = 0
    records: int = 0
    dropped_records: int = 0
    numbers: Mapping[str, frozenset[int]] = field(default_factory=dict)


def read_spool(path: Path) -> SpoolContent:
    """Return the contents of the spool of a stopped gateway. Raises DataDamaged where it cannot be read."""
    if not path.exists():
        return SpoolContent()
    with tempfile.TemporaryDirectory(prefix="headland-spool-") as folder:
        for suffix in ("", "-wal"):
            part = path.with_name(path.name + suffix)
            if part.exists():
                shutil.copyfile(part, Path(folder) / part.name)
        try:
            with closing(sqlite3.connect(Path(folder) / path.name)) as connection:
                if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'state'").fetchone():
                    # Killed while it made its spool: all tables come at once, after the file.
                    return SpoolContent()
                state = connection.execute("SELECT epoch, last_seq - base, dropped_records FROM state").fetchone()
                payloads = [row[0] for row in connection.execute("SELECT payload FROM records ORDER BY seq")]
        except sqlite3.DatabaseError as error:
            raise DataDamaged(f"the spool {path} cannot be read after the kill: {error}") from error
    numbers: dict[str, set[int]] = defaultdict(set)
    for payload in payloads:
        decoded = decode_batch(payload)
        if isinstance(decoded, Refused):
            raise DataDamaged(f"a record in {path} is not a valid message: {decoded.detail}")
        for block in decoded.batch.blocks:
            numbers[block.device].update(round(value) for value in block.c.get(NUMBER_CHANNEL, ()) if value is not None)
    epoch, last_seq, dropped = state
    return SpoolContent(
        epoch, last_seq, len(payloads), dropped, {device: frozenset(values) for device, values in numbers.items()}
    )
