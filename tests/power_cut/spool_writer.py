"""The process of the spool's power cuts: `python -m tests.power_cut.spool_writer FOLDER` appends and publishes.

Each line of the file `acks` is written once a call has returned: `kept N` after the record with content N was accepted,
`gone N` before it may be deleted, `sent EPOCH SEQ N` when it was handed to the uplink.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from pathlib import Path
from typing import Any, Final

from edge.spool.identity.machine import SpoolMachine
from edge.spool.identity.place import FileId
from edge.spool.queue import Spool
from edge.spool.settings import SpoolOwner
from headland.contract.codec import Decoded, decode_batch
from tests.edge.contents import content


class ShortLogConnection(sqlite3.Connection):
    """Connection whose log is moved into the file every few records, so that power fails then, too."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.execute("PRAGMA wal_autocheckpoint=20")


#: The image of a disk is the same machine and file: a spool that saw another would begin a new epoch whatever it lost.
SAME: Final = SpoolMachine(connection_class=ShortLogConnection, facts=lambda _path: {}, file_id=lambda _path: FileId(1))
OWNER: Final = SpoolOwner("gw-1", "home")


def open_spool(folder: Path) -> Spool:
    """Open the spool of the writer's folder, or of an image of it."""
    (folder / "spool").mkdir(exist_ok=True)
    return Spool(folder / "spool" / "spool.sqlite", OWNER, 100_000_000, machine=SAME)


def sent_lines(spool: Spool, after_seq: int, limit: int) -> list[str]:
    """Hand records to the uplink and return a line for each."""
    return [
        f"sent {record.epoch} {record.seq} {number_of(record.payload)}" for record in spool.oldest(after_seq, limit)
    ]


def number_of(payload: bytes) -> int:
    """Return N of a record of `content(N)`; -1 where it is something else."""
    decoded = decode_batch(payload)
    assert isinstance(decoded, Decoded)
    blocks = decoded.batch.blocks
    return int(blocks[0].c["co2_ppm"][0] or 0) if blocks else -1


def main() -> None:
    folder = Path(sys.argv[1])
    acks = os.open(folder / "acks", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    spool = open_spool(folder)
    number = 0
    for turn in range(12):
        spool.append([content(number + more) for more in range(3)])
        for _ in range(3):
            os.write(acks, f"kept {number}\n".encode())
            number += 1
        if turn < 4:
            continue  # the log was moved into the file by then: what is lost of it later has numbers that were sent
        for line in sent_lines(spool, spool.acked_seq, 100):
            os.write(acks, f"{line}\n".encode())
        if number % 2:
            os.write(acks, f"gone {spool.acked_seq}\n".encode())
            spool.confirm(spool.epoch, spool.acked_seq + 1)
    spool.close()


if __name__ == "__main__":
    main()
