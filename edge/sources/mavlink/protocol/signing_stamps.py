"""Newest time stamps of signed streams, kept on the gateway's disk: a frame from before a restart passes no more.

What is written for a stream is a bound that its stamps have not reached yet, so that the file is written every few
seconds and not with each frame. After a crash frames up to that bound are refused, ten seconds of them at most.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
from pathlib import Path
from typing import Final

import msgspec

_LOGGER = logging.getLogger(__name__)

STAMPS_FILE: Final = "mavlink-signing.json"
#: Of a stamp, in units of 10 us.
SECOND: Final = 100_000
#: How far the written bound is ahead of the stamps, and how near they may come before it is written anew.
_AHEAD: Final = 10 * SECOND
_NEAR: Final = 5 * SECOND
#: Streams that are remembered: those with the oldest stamps are forgotten.
_MOST_STREAMS: Final = 1000

#: Link id, system and component: what one sender counts its stamps by.
Stream = tuple[int, int, int]


class _File(msgspec.Struct):
    """The file: `streams` by key and stream, and the newest time of a set clock, as stamps."""

    streams: dict[str, int] = {}
    clock: int = 0


class SigningStamps:
    """The newest stamps of all streams of a gateway, thread-safe. Without a `path` they end with the process."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._lock = threading.Lock()
        file = _File() if path is None else _read(path)
        self._newest = file.streams
        self._written = dict(file.streams)
        self._clock = file.clock

    def newest(self, key: bytes, stream: Stream, most: int | None) -> int:
        """Return the newest stamp of a stream, 0 for an unknown one.

        One above `most`, which is what a set clock allows, came from a clock that was wrong then, and is forgotten.
        """
        with self._lock:
            name = _name_of(key, stream)
            stamp = self._newest.get(name, 0)
            if most is not None and stamp > most:
                self._newest.pop(name, None)
                return 0
            return stamp

    @property
    def clock(self) -> int:
        """The newest time, as a stamp, at which a frame was accepted while the gateway's clock was set."""
        return self._clock

    def note(self, key: bytes, stream: Stream, stamp: int, clock: int | None) -> None:
        """Note the stamp of an accepted frame, before it is passed on; `clock` is the time now of a set clock."""
        with self._lock:
            name = _name_of(key, stream)
            self._newest[name] = max(stamp, self._newest.get(name, 0))
            self._clock = max(self._clock, clock or 0)
            if stamp > self._written.get(name, 0):
                self._write(_AHEAD)

    def close(self) -> None:
        """Write the stamps as they are: what comes next is newer."""
        with self._lock:
            self._write(0)

    def _write(self, ahead: int) -> None:
        if len(self._newest) > _MOST_STREAMS:
            kept = sorted(self._newest, key=self._newest.__getitem__)[-_MOST_STREAMS:]
            self._newest = {name: self._newest[name] for name in kept}
        bounds = {}
        for name, stamp in self._newest.items():
            written = self._written.get(name, 0)
            bounds[name] = written if ahead and stamp + _NEAR < written else stamp + ahead
        self._written = bounds
        if self._path is None:
            return
        new_file = self._path.with_suffix(".json.new")
        try:
            with new_file.open("wb") as file:
                file.write(msgspec.json.encode(_File(bounds, self._clock)))
                file.flush()
                os.fsync(file.fileno())
            new_file.replace(self._path)
        except OSError as error:
            _LOGGER.warning("%s cannot be written (%s): signed frames pass again after a restart", self._path, error)


def _name_of(key: bytes, stream: Stream) -> str:
    """Return what distinguishes a stream in the file: its key without telling it, then its numbers."""
    return f"{hashlib.sha256(b'stamps' + key).hexdigest()[:16]}/{'.'.join(map(str, stream))}"


def _read(path: Path) -> _File:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_File)
    except FileNotFoundError:
        return _File()
    except (OSError, msgspec.MsgspecError) as error:
        _LOGGER.warning("%s cannot be read (%s): frames from before this start pass where they are new", path, error)
        return _File()
