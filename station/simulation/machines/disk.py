"""Simulated disk of one machine: real files in a folder, and what a kill, a power cut or a bad card leaves of them.

A commit is durable where the connection itself says that SQLite syncs it (`PRAGMA synchronous`), and any other file
as far as its owner has synced it; the rest may be lost in a power cut. Within a call, the log is written from front to
back and synced before the main file is touched: what a kill leaves is the log before the call plus a part of what the
call wrote; after a power cut that part may have holes. A disk whose syncs lie loses anything that was written since it
began to lie.
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from pathlib import Path
from typing import Any, Final, Literal

from headland.errors import RetryLater

#: What a card writes whole or not at all.
_SECTOR_BYTES: Final = 512
#: Names of files that SQLite does not write end so: only their owner's calls sync them.
_OWN_FILES: Final = ".check"
#: The level of `PRAGMA synchronous` from which on a commit waits for the log's sync (FULL).
_SYNCED_COMMITS: Final = 2

Files = dict[str, bytes]
Trouble = Literal["", "full", "write error", "error"]


class ProcessKilled(BaseException):
    """The simulated process was killed: nothing in it may catch this."""


class Disk:
    """A machine's folder. `trouble` makes SQLite's calls fail as a full or a broken disk does."""

    def __init__(self, folder: Path, rng: random.Random) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self._rng = rng
        self._true: Files | None = None
        self._synced: Files = {}
        #: The files before the first commit that was not synced; None where all are.
        self._before_unsynced: Files | None = None
        self._identities: dict[int, int] = {}
        self.trouble: Trouble = ""

    def read(self) -> Files:
        """Return the contents of all files but the reserved space, which has none."""
        return {path.name: path.read_bytes() for path in self._paths()}

    def write(self, files: Files) -> None:
        """Make the folder hold exactly `files`; a file that exists remains the same file."""
        for path in self._paths():
            if path.name not in files:
                path.unlink()
        for name, content in files.items():
            with (self.folder / name).open("r+b" if (self.folder / name).exists() else "wb") as file:
                file.write(content)
                file.truncate(len(content))

    def _paths(self) -> list[Path]:
        return [path for path in sorted(self.folder.iterdir()) if path.suffix != ".reserve" and path.is_file()]

    def adopt(self, other: Disk) -> None:
        """Take over the files of another disk with their identities, as an image of it does."""
        self.write(other.read())
        for path in self._paths():
            original = other.folder / path.name
            if original.exists():
                self._identities[path.stat().st_ino] = other.identity(original)

    def identity(self, path: Path) -> int:
        """Return what a file keeps while it exists, and takes along in an image of the disk. Raises OSError."""
        return self._identities.setdefault(path.stat().st_ino, self._rng.getrandbits(40))

    def sync(self, name: str, fd: int) -> None:
        """Make a file durable that SQLite does not write; SQLite's are durable after each commit."""
        if self._true is None:
            self._synced[name] = os.pread(fd, 1 << 20, 0)

    def note_commit(self, *, is_synced: bool) -> None:
        """Note that SQLite commits now; a synced commit makes those before it durable as well."""
        if is_synced:
            self._before_unsynced = None
        elif self._before_unsynced is None:
            self._before_unsynced = self.read()

    def begin_to_lie(self) -> None:
        """Let syncs lie from now on."""
        if self._true is None:
            self._true = self.read()

    def sync_all(self) -> None:
        """Make everything durable, as a person does who copies files; a lie ends with it."""
        self._true = self._before_unsynced = None
        self._synced = {name: content for name, content in self.read().items() if name.endswith(_OWN_FILES)}

    @property
    def lies(self) -> bool:
        """Whether syncs lie."""
        return self._true is not None

    def tear(self, before: Files, *, with_power: bool) -> None:
        """Leave of the last call, before which the files were `before`, what a kill or a power cut within it leaves."""
        after = self.read()
        for name in list(after):
            if name.endswith("-wal"):
                after[name], is_whole = self._part(before.get(name, b""), after[name], with_power=with_power)
                if not is_whole:  # the main file is written only after the log
                    main = name.removesuffix("-wal")
                    after[main] = before.get(main, after[main])
        self.write(after)

    def cut_power(self) -> None:
        """Leave what a power cut leaves: what was synced, and perhaps more.

        Where syncs lied, any part of what was written since the lies began.
        """
        if self._true is None:
            self._forget_unsynced()
            return
        true, self._true = self._true, None
        now = self.read()
        for name in sorted(now):
            fate = self._rng.random()
            if fate < 0.4:
                now[name] = true.get(name, b"")
            elif fate < 0.8:
                now[name], _ = self._part(true.get(name, b""), now[name], with_power=self._rng.random() < 0.5)
        self.write({name: content for name, content in now.items() if content or name in true})

    def _forget_unsynced(self) -> None:
        now = self.read()
        for name in [name for name in now if name.endswith(_OWN_FILES) or name in self._synced]:
            synced = self._synced.get(name, bytes(len(now[name])))
            if self._rng.random() < 0.5:
                now[name], _ = self._part(synced, now[name], with_power=self._rng.random() < 0.5)
        before, self._before_unsynced = self._before_unsynced, None
        if before is not None:
            for name in [name for name in now if not name.endswith(_OWN_FILES)]:
                now[name], _ = self._part(before.get(name, b""), now[name], with_power=True)
        self.write(now)

    def flip_bit(self, name: str) -> bool:
        """Flip one bit of a file; return False where it has none."""
        path = self.folder / name
        content = bytearray(path.read_bytes()) if path.exists() else bytearray()
        if not content:
            return False
        at = self._rng.randrange(len(content) * 8)
        content[at // 8] ^= 1 << at % 8
        self.write({**self.read(), name: bytes(content)})
        return True

    def shorten(self, name: str) -> bool:
        """Cut a file at a random place, which may be its start; return False where it has no bytes."""
        files = self.read()
        if not files.get(name):
            return False
        self.write({**files, name: files[name][: self._rng.randrange(len(files[name]))]})
        return True

    def delete(self, *names: str) -> None:
        """Delete files."""
        for name in names:
            (self.folder / name).unlink(missing_ok=True)

    def remove(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def connection_class(self) -> type[sqlite3.Connection]:
        """Return the class of SQLite's connections to files on this disk."""
        return type("DiskConnection", (_DiskConnection,), {"disk": self})

    def _part(self, before: bytes, after: bytes, *, with_power: bool) -> tuple[bytes, bool]:
        """Return a part of what was written, and whether it is all of it."""
        shared = min(len(before), len(after))
        low = next(
            (at for at in range(0, shared, _SECTOR_BYTES) if before[at : at + 512] != after[at : at + 512]), shared
        )
        if with_power:
            old = before.ljust(len(after), b"\0")
            sectors = range(low, len(after), _SECTOR_BYTES)
            kept = [self._rng.random() < 0.5 for _ in sectors]
            parts = [(after if keep else old)[at : at + _SECTOR_BYTES] for at, keep in zip(sectors, kept, strict=True)]
            return after[:low] + b"".join(parts), all(kept)
        cut = self._rng.randint(low, len(after))
        return after[:cut] + before[cut:], cut == len(after)


class _DiskConnection(sqlite3.Connection):
    """A connection whose statements fail while the disk has trouble."""

    disk: Disk

    def execute(self, statement: str, *arguments: Any) -> sqlite3.Cursor:
        """Execute a statement."""
        trouble = self.disk.trouble
        if statement == "COMMIT":
            level = super().execute("PRAGMA synchronous").fetchone()[0]
            self.disk.note_commit(is_synced=level >= _SYNCED_COMMITS)
        if not trouble:
            return super().execute(statement, *arguments)
        if trouble == "full":
            # Deleting succeeds once the reserved space is released.
            fails = statement == "COMMIT" and any(self.disk.folder.glob("*.reserve"))
        else:
            fails = statement == "COMMIT" or trouble == "error"
        if fails and statement != "ROLLBACK":
            if self.in_transaction:
                super().execute("ROLLBACK")
            error = sqlite3.OperationalError("database or disk is full" if trouble == "full" else "disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL if trouble == "full" else sqlite3.SQLITE_IOERR
            raise error
        return super().execute(statement, *arguments)


def unavailable(what: str) -> RetryLater:
    """Return the error of a part that is not available now."""
    return RetryLater(f"simulated: {what}")
