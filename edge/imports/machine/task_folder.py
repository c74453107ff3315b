"""Files of ISOXML task data: a TASKDATA.XML with what lies beside it, in a folder or in a ZIP archive."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Final

from headland.errors import DataDamaged
from headland.files.zip_members import names_in_zip, open_zip

TASK_DATA: Final = "taskdata.xml"
_ZIP_START: Final = b"PK"
#: Unpacked bytes of one file: a day of a log with 50 values has 30 MB.
_MOST_BYTES: Final = 200_000_000
_MOST_LOGS: Final = 1000


@dataclass(frozen=True, slots=True)
class TaskFolder:
    """The files of one folder by their names in lower case, each with what reads it."""

    files: dict[str, Callable[[], bytes]]

    def read(self, name: str) -> bytes | None:
        """Return a file, None where there is none. Raises DataDamaged and OSError."""
        read = self.files.get(name.lower())
        return None if read is None else read()

    def logs(self) -> list[str]:
        """Return the names, without ending, of the time logs that have both files."""
        names = (name[:-4] for name in self.files if name.startswith("tlg") and name.endswith(".bin"))
        return sorted(name for name in names if f"{name}.xml" in self.files)[:_MOST_LOGS]


def is_log_of_task(path: Path) -> bool:
    """Return whether a file is the binary part of a time log: it has the name of one, and its header beside it."""
    name = path.name.lower()
    is_named = name.startswith("tlg") and name.endswith(".bin")
    return is_named and any(path.with_suffix(ending).exists() for ending in (".xml", ".XML"))


def holds_task_data(path: Path) -> bool:
    """Return whether a ZIP archive holds task data."""
    return any(PurePosixPath(name).name.lower() == TASK_DATA for name in names_in_zip(path))


@contextmanager
def open_folders(path: Path) -> Iterator[list[TaskFolder]]:
    """Open the folders with task data that a ZIP archive holds, or the one that a TASKDATA.XML lies in.

    Raises DataDamaged and OSError where they cannot be read; a file is read, and may be damaged, when it is asked for.
    """
    with path.open("rb") as file:
        is_archive = file.read(len(_ZIP_START)) == _ZIP_START
    if not is_archive:
        files = {each.name.lower(): _of_file(each) for each in sorted(path.parent.iterdir()) if each.is_file()}
        yield [TaskFolder(files | {TASK_DATA: _of_file(path)})]
        return
    with open_zip(path) as members:
        by_folder: dict[str, dict[str, Callable[[], bytes]]] = {}
        for name in members.sizes:
            place = PurePosixPath(name)
            by_folder.setdefault(str(place.parent), {})[place.name.lower()] = partial(members.read, name, _MOST_BYTES)
        yield [TaskFolder(files) for _, files in sorted(by_folder.items()) if TASK_DATA in files]


def _of_file(path: Path) -> Callable[[], bytes]:
    def read() -> bytes:
        if path.stat().st_size > _MOST_BYTES:
            raise DataDamaged(f"{path.name} is larger than {_MOST_BYTES // 1_000_000} MB")
        return path.read_bytes()

    return read
