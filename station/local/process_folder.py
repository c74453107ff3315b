"""Folders of short names for the local sockets of a station's processes; those of processes that were killed go."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_PREFIX: Final = "headland-api-"
_LOCK_NAME: Final = "lock"


@contextmanager
def process_folder(parent: Path | None = None) -> Iterator[Path]:
    """Provide a new folder in `parent`, by default that of temporary files, and delete it afterwards.

    Those that killed processes of this user left there are deleted first. The path of a local socket has 108 bytes at
    most, so that a folder of data may lie too deep.
    """
    place = Path(tempfile.gettempdir()) if parent is None else parent
    for left in place.glob(f"{_PREFIX}*"):
        if _is_left_over(left):
            shutil.rmtree(left, ignore_errors=True)
    # The lock is there before the name is one that others look for.
    made = Path(tempfile.mkdtemp(prefix="headland-new-", dir=place))
    with (made / _LOCK_NAME).open("w") as lock:
        fcntl.flock(lock.fileno(), fcntl.LOCK_EX)
        folder = made.rename(made.with_name(made.name.replace("headland-new-", _PREFIX)))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _is_left_over(folder: Path) -> bool:
    try:
        if folder.stat().st_uid != os.getuid():
            return False
        with (folder / _LOCK_NAME).open() as lock:
            fcntl.flock(lock.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
