"""A process that appends to a spool and prints each seq after `append` returned; it is killed from outside."""

from __future__ import annotations

import sys
from pathlib import Path

from edge.spool.queue import Spool
from edge.spool.settings import SpoolOwner
from tests.edge.contents import content


def main() -> None:
    spool = Spool(Path(sys.argv[1]), SpoolOwner("gw-1", "home"), 1_000_000_000)
    while True:
        group = [content(spool.last_seq + 1 + index) for index in range(7)]
        assert spool.append(group)
        sys.stdout.write(f"{spool.epoch} {spool.last_seq}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
