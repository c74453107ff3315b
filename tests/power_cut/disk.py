"""Power cuts: what a disk would hold had the power failed between two calls of a process.

`record` runs a process whose changes of files below a folder are written down in their order (`recorder.c`, preloaded).
`Disk` replays them up to any one. What was synced is there. Of what was written since, a disk may have all, nothing, or
some sectors in any order. Names (new files, renames, removals) follow one another as in the journal of ext4: a sync of
any file or folder makes the names before it durable, later ones are there up to some point of their order.
"""

from __future__ import annotations

import os
import random
import struct
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[2]
_SECTOR_BYTES: Final = 512
_HEAD: Final = struct.Struct("<IcQI")


class Change(NamedTuple):
    """One call: `w`rite, `t`runcate, `r`ename (the new path is `data`), `u`nlink or `s`ync."""

    operation: str
    path: str
    offset: int
    data: bytes


class Recording(NamedTuple):
    """What a process did to the files below `folder`, and its exit status."""

    folder: Path
    changes: list[Change]
    status: int


def record(module: str, *arguments: str, folder: Path, scratch: Path, **environment: str) -> Recording:
    """Run `python -m module arguments` and record what it does to the files below `folder`, an existing one."""
    library = scratch / "recorder.so"
    if not library.exists():
        source = Path(__file__).with_name("recorder.c")
        subprocess.run(["gcc", "-O1", "-shared", "-fPIC", "-o", library, source, "-ldl", "-lpthread"], check=True)
    log = scratch / "changes"
    log.unlink(missing_ok=True)
    preloaded = {"LD_PRELOAD": str(library), "POWER_CUT_LOG": str(log), "POWER_CUT_FOLDER": str(folder)}
    status = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env={**os.environ, **preloaded, **environment},
        check=False,
    ).returncode
    return Recording(folder.resolve(), list(_read(log.read_bytes())), status)


def _read(log: bytes) -> Iterator[Change]:
    at = 0
    while at < len(log):
        length, operation, offset, path_length = _HEAD.unpack_from(log, at)
        path_at, end = at + _HEAD.size, at + 4 + length
        data_at = path_at + path_length
        yield Change(operation.decode(), os.fsdecode(log[path_at:data_at]), offset, log[data_at:end])
        at = end


@dataclass(slots=True)
class _File:
    """Content that is durable, and what was done to it since."""

    durable: bytearray = field(default_factory=bytearray)
    waiting: list[Change] = field(default_factory=list)


class Disk:
    """The disk of a recording: replay it with `advance`, and take an image of it wherever the power fails.

    It confirms syncs of files whose name ends with `ignored` and does not do them, as cheap cards do.
    """

    def __init__(self, recording: Recording, ignored: str | None = None) -> None:
        self._ignored = ignored
        self._folder = recording.folder
        self._changes = recording.changes
        self._names: dict[str, _File] = {}
        self._durable_names: dict[str, _File] = {}
        self._waiting_names: list[dict[str, _File]] = []
        self.at = 0

    def advance(self, end: int) -> None:
        """Replay the changes before number `end`."""
        for change in self._changes[self.at : end]:
            self._apply(change)
        self.at = max(self.at, end)

    def write_image(self, folder: Path, chance: random.Random | None = None) -> None:
        """Write what the disk holds at a power cut now into an empty folder.

        Without `chance` nothing is there but what was synced; with it, any part of the rest.
        """
        names = self._durable_names
        if chance is not None and self._waiting_names:
            names = chance.choice([names, *self._waiting_names])
        for path, file in names.items():
            content = bytearray(file.durable)
            if chance is not None:
                for change in file.waiting:
                    _apply_to(content, _survivor(change, chance))
            target = folder / Path(path).relative_to(self._folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)

    def _apply(self, change: Change) -> None:
        match change.operation:
            case "w" | "t":
                if change.path not in self._names:
                    self._rename({**self._names, change.path: _File()})
                self._names[change.path].waiting.append(change)
            case "r":
                names = dict(self._names)
                moved = names.pop(change.path, None)
                if moved is not None:
                    self._rename({**names, os.fsdecode(change.data): moved})
            case "u":
                self._rename({path: file for path, file in self._names.items() if path != change.path})
            case "s":
                self._durable_names, self._waiting_names = self._names, []
                file = self._names.get(change.path)
                if file is not None and not (self._ignored and change.path.endswith(self._ignored)):
                    for waiting in file.waiting:
                        _apply_to(file.durable, waiting)
                    file.waiting.clear()

    def _rename(self, names: dict[str, _File]) -> None:
        self._names = names
        self._waiting_names.append(names)


def _survivor(change: Change, chance: random.Random) -> Change | None:
    """Return what is left of a change that was not synced: all, nothing, or the first sectors."""
    fate = chance.randrange(3)
    if fate == 0 or (fate == 2 and change.operation == "t"):
        return None
    if fate == 1:
        return change
    sectors = chance.randrange(len(change.data) // _SECTOR_BYTES + 1)
    return change._replace(data=change.data[: sectors * _SECTOR_BYTES])


def _apply_to(content: bytearray, change: Change | None) -> None:
    if change is None:
        return
    if change.operation == "t":
        del content[change.offset :]
        content.extend(bytes(change.offset - len(content)))
    elif change.data:
        content.extend(bytes(max(0, change.offset - len(content))))
        content[change.offset : change.offset + len(change.data)] = change.data


class Cut(NamedTuple):
    """One power cut: the folder of its image, what was acknowledged before, and whether some of the rest is there."""

    folder: Path
    acknowledged: list[str]
    is_torn: bool


def cut_power(
    recording: Recording, scratch: Path, *, after_acks: int, anywhere: int, seed: int, ignored: str | None = None
) -> Iterator[Cut]:
    """Yield a cut right after `after_acks` of the lines written to the file `acks`, and `anywhere` at random places.

    Right after an acknowledgement nothing survives but what was synced, the hardest case; elsewhere anything may.
    `ignored`: see `Disk`.
    """
    chance = random.Random(seed)
    acks = [number + 1 for number, change in enumerate(recording.changes) if _is_ack(change)]
    places = [(place, False) for place in chance.sample(acks, min(after_acks, len(acks)))]
    places += [(chance.randrange(len(recording.changes) + 1), True) for _ in range(anywhere)]
    disk = Disk(recording, ignored)
    for number, (place, is_torn) in enumerate(sorted(places)):
        disk.advance(place)
        folder = scratch / f"cut-{ignored or ''}-{number}"
        folder.mkdir()
        disk.write_image(folder, chance if is_torn else None)
        yield Cut(folder, acknowledged_before(recording.changes[:place]), is_torn)


def acknowledged_before(changes: Sequence[Change]) -> list[str]:
    """Return the lines that were written to the file `acks`."""
    return [change.data.decode().strip() for change in changes if _is_ack(change)]


def _is_ack(change: Change) -> bool:
    return change.operation == "w" and change.path.endswith("/acks")
