"""A disk of a given size for a test: a file system of its own, so that a full one is full for everybody."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

FileSystem = Literal["ext4", "tmpfs"]


@contextmanager
def disk_of(size_bytes: int, folder: Path, kind: FileSystem) -> Iterator[Path]:
    """Mount a new disk for the length of the block, as root or in a namespace of one's own; yield its folder.

    `ext4` is a file beside the folder on a loop device: writes and syncs are those of a disk. `tmpfs` is in memory, and
    needs no more than `unshare --user --map-root-user --mount`.
    """
    place, image = folder / "disk", folder / "disk.img"
    place.mkdir(parents=True)
    if kind == "tmpfs":
        _run("mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", str(place))
    else:
        with image.open("wb") as file:
            file.truncate(size_bytes)
        _run("mkfs.ext4", "-q", "-F", "-m", "0", str(image))
        _run("mount", "-o", "loop", str(image), str(place))
    try:
        yield place
    finally:
        _run("umount", str(place))
        with suppress(FileNotFoundError):
            image.unlink()


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=120)
