"""A process with a disk of its own (`unshare -rm`): fills it or makes it read-only, and prints the outcome as JSON."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

from edge.spool.queue import Spool
from edge.spool.settings import SpoolOwner
from headland.errors import SettingsError
from tests.edge.contents import content

FOLDER = Path("/mnt")


def mount(*words: str) -> None:
    subprocess.run(["mount", *words, str(FOLDER)], check=True)


def open_spool() -> Spool:
    return Spool(FOLDER / "spool.sqlite", SpoolOwner("gw-1", "home"), 10**9)


def big(spool: Spool) -> bool:
    number = spool.last_seq + 1
    return spool.append([content(number, events=1, text=random.Random(number).randbytes(20_000).hex())])


def fill() -> dict[str, Any]:
    """Fill the disk, then confirm and append on the full disk until every record is confirmed."""
    (FOLDER / "other").write_bytes(b"\0" * 6_000_000)
    spool = open_spool()
    while big(spool):
        pass
    trouble = spool.status().trouble
    appended = spool.last_seq
    kept = [record.seq for record in spool.oldest(0, 10_000)]
    again = 0
    for seq in range(10, appended + 1, 10):
        spool.confirm(spool.epoch, seq)
        again += big(spool)
    left = [record.seq for record in spool.oldest(0, 10_000)]
    return {
        "appended": appended,
        "kept": kept == list(range(1, appended + 1)),
        "trouble_when_full": trouble,
        "again": again,
        "left": left,
        "trouble": spool.status().trouble,
        "counters": dict(spool.counters()),
    }


def write_protect() -> dict[str, Any]:
    """Start on a read-only disk, which then becomes writable again."""
    spool = open_spool()
    assert spool.append([content(1), content(2)])
    epoch = spool.epoch
    spool.close()
    mount("-o", "remount,ro")
    try:
        open_spool()
        refused = ""
    except SettingsError as error:
        refused = str(error)
    mount("-o", "remount,rw")
    spool = open_spool()
    return {"refused": refused, "same": spool.epoch == epoch, "left": [record.seq for record in spool.oldest(0, 10)]}


def main() -> None:
    mount("-t", "tmpfs", "-o", "size=24m", "none")
    print(json.dumps({"fill": fill, "write_protect": write_protect}[sys.argv[1]]()))


if __name__ == "__main__":
    main()
