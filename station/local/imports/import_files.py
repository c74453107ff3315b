"""Files of imports and their jobs in a folder, within limits of number, bytes and free disk."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import secrets
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from headland.errors import ImportRefused
from station.local.folder import IMPORT_GATEWAY
from station.local.imports.job import ENDED, WAITING, ImportJob
from station.server.files import write_whole

_LOGGER = logging.getLogger(__name__)

#: A part arrives within the 45 s that a request's body may take, also at 0.8 Mbit/s.
PART_BYTES: Final = 4 * 1024 * 1024
#: Bytes of all files that are not imported yet.
MOST_BYTES: Final = 4 * 1024**3
MOST_OPEN: Final = 20
#: Results that are kept, and how long a file waits for its parts or for a choice.
MOST_ENDED: Final = 100
WAITS_MS: Final = 7 * 86_400_000
#: What remains free on the disk: the store and the spools need it.
_FREE_BYTES: Final = 1024**3
_NO_NAME: Final = re.compile(r"[\x00-\x1f\x7f/\\]")
_CHUNK_BYTES: Final = 1024 * 1024


class ImportFiles:
    """Keeps imports in `folder`, one folder each. From any thread."""

    def __init__(self, folder: Path, now_ms: Callable[[], int], most_bytes: int = MOST_BYTES) -> None:
        self._folder = folder
        self._now_ms = now_ms
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._jobs = self._read_jobs()

    def all(self) -> list[ImportJob]:
        """Return the imports, the newest first."""
        with self._lock:
            return sorted(self._jobs.values(), key=lambda job: job.number, reverse=True)

    def get(self, id: str) -> ImportJob:  # noqa: A002 - it is the import's id
        """Return an import. Raises ImportRefused."""
        job = self._jobs.get(id)
        if job is None:
            raise ImportRefused("unknown-import", 404, "No such import", f"There is no import {id}: list the imports.")
        return job

    def file_of(self, job: ImportJob) -> Path:
        """Return the path of an import's file."""
        return self._folder / job.id / "file" / job.name

    def path_in(self, job: ImportJob, name: str) -> Path:
        """Return the path of another file of an import."""
        return self._folder / job.id / name

    def free_bytes(self) -> int:
        """Return how many bytes may still be handed over."""
        taken = sum(job.bytes for job in self._jobs.values() if job.state not in ENDED)
        on_disk = shutil.disk_usage(self._folder).free - _FREE_BYTES
        return max(0, min(self._most_bytes - taken, on_disk))

    def begin(self, name: str, size: int, by: str) -> ImportJob:
        """Begin an import. Raises ImportRefused where there is no room for it."""
        clean = _NO_NAME.sub("_", name).strip(" .") or "file"
        while len(clean.encode()) > 200:  # the longest name of a file system is 255 bytes
            clean = clean[1:]
        with self._lock:
            if sum(job.state not in ENDED for job in self._jobs.values()) >= MOST_OPEN:
                detail = f"There are {MOST_OPEN} imports that have not ended: wait for them, or delete some."
                raise ImportRefused("imports-full", 409, "Too many imports", detail)
            free = self.free_bytes()
            if size > free:
                detail = f"There is room for {free:,} bytes of imports: wait for those under way, or free disk space."
                raise ImportRefused("no-room-for-import", 413, "No room for the file", detail)
            now_ms = self._now_ms()
            job = ImportJob(
                id=secrets.token_hex(8),
                number=max((each.number for each in self._jobs.values()), default=0) + 1,
                name=clean,
                bytes=size,
                by=by,
                created_ms=now_ms,
                changed_ms=now_ms,
                part_bytes=PART_BYTES,
                gateway=IMPORT_GATEWAY,
            )
            path = self.file_of(job)
            path.parent.mkdir(mode=0o700, parents=True)
            path.touch(mode=0o600)
            self._write(job)
        self.tidy()
        return job

    def put_part(self, id: str, number: int, content: bytes) -> ImportJob:  # noqa: A002
        """Keep a part on the disk. Raises ImportRefused."""
        job = self.get(id)
        if job.state != "receiving":
            raise not_now(job)
        expected = job.size_of(number)
        if not expected or len(content) != expected:
            detail = (
                f"Part {number} of {job.part_count} has {expected:,} bytes, and {len(content):,} came: send it again."
            )
            raise ImportRefused("wrong-part", 400, "Wrong size of a part", detail)
        try:
            descriptor = os.open(self.file_of(job), os.O_WRONLY)
            try:
                os.pwrite(descriptor, content, (number - 1) * job.part_bytes)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except FileNotFoundError:
            raise not_now(job) from None
        except OSError as error:
            detail = f"The station cannot keep the part: {error.strerror}. Free disk space, and send it again."
            raise ImportRefused("no-room-for-import", 413, "No room for the file", detail) from error
        with self._lock:
            job = self.get(id)
            return self._replace(job, parts=tuple(sorted({*job.parts, number})))

    def check(self, id: str, sha256: str) -> ImportJob:  # noqa: A002
        """Check that a file is whole and as it was sent. Raises ImportRefused; a wrong file is received again."""
        job = self.get(id)
        if job.state != "receiving":
            if job.sha256 == sha256:
                return job  # said before
            raise not_now(job)
        missing = job.missing()
        if missing:
            listed = ", ".join(map(str, missing[:20]))
            detail = f"{len(missing)} of {job.part_count} parts are missing: {listed}. Send them, and finish again."
            raise ImportRefused("parts-missing", 409, "Parts are missing", detail)
        digest = hashlib.sha256()
        with self.file_of(job).open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
        if digest.hexdigest() != sha256:
            self.change(id, parts=())
            detail = "The bytes that came are not those of the file: send all parts again."
            raise ImportRefused("wrong-digest", 409, "Damaged on the way", detail)
        return job

    def change(self, id: str, **changes: Any) -> ImportJob:  # noqa: A002
        """Change an import; the file of one that has ended is deleted."""
        with self._lock:
            job = self._replace(self.get(id), **changes)
        if job.state in ENDED:
            self.file_of(job).unlink(missing_ok=True)
        return job

    def drop(self, id: str) -> None:  # noqa: A002
        """Forget an import and its file. Raises ImportRefused while it runs."""
        with self._lock:
            job = self.get(id)
            if job.state == "running":
                raise not_now(job)
            del self._jobs[id]
            shutil.rmtree(self._folder / id, ignore_errors=True)

    def tidy(self) -> None:
        """Forget the oldest results, and files that nobody completed for a week."""
        jobs, before_ms = self.all(), self._now_ms() - WAITS_MS
        old = [job for job in jobs if job.state in ENDED][MOST_ENDED:]
        for job in old + [job for job in jobs if job.state in WAITING and job.changed_ms < before_ms]:
            self.drop(job.id)

    def _replace(self, job: ImportJob, **changes: Any) -> ImportJob:
        changed = msgspec.structs.replace(job, changed_ms=self._now_ms(), **changes)
        self._write(changed)
        return changed

    def _write(self, job: ImportJob) -> None:
        write_whole(self._folder / job.id / "job.json", msgspec.json.encode(job))
        self._jobs[job.id] = job

    def _read_jobs(self) -> dict[str, ImportJob]:
        jobs = {}
        for path in self._folder.glob("*/job.json"):
            try:
                job = msgspec.json.decode(path.read_bytes(), type=ImportJob)
            except (OSError, msgspec.MsgspecError) as error:
                _LOGGER.warning("%s cannot be read, and its import is left out: %s", path, error)
                continue
            if job.id == path.parent.name:
                jobs[job.id] = job
        return jobs


def not_now(job: ImportJob) -> ImportRefused:
    """Return the refusal of what an import's state does not allow."""
    detail = f"The import is {job.state.replace('_', ' ')}: look at it again."
    return ImportRefused("import-state", 409, "Not in this state of the import", detail)
