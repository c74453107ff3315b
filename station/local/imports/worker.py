"""Worker of imports: runs one after the other as a process of its own, and begins again what was interrupted.

The process is `headland edge import`: what it has read is in its spool until the store has it, and a repeated import
adds nothing. So it may be ended at any moment, with the station or by itself.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from edge.imports.sentences import Sentence
from edge.imports.status import ImportStatus, tell
from headland.errors import RetryLater
from headland.runtime.supervised_thread import SupervisedThread, ThreadStatus
from station.local.folder import FarmFolder
from station.local.imports.gateway import find_password, write_import_settings
from station.local.imports.import_files import ImportFiles
from station.local.imports.job import ImportJob
from station.local.supervisor import SUPERVISED

_LOGGER = logging.getLogger(__name__)

_EVERY_S: Final = 2.0
_LOOK_EVERY_S: Final = 0.2
_ENDS_WITHIN_S: Final = 2.0
_MOST_BREAKS: Final = 3
#: An import leaves the processor to whoever looks at the farm.
_NICE: Final = 10
_UNDATED: Final = ("undated_rows", "undated_events")

#: Starts the import of a file: arguments of `headland`, environment, log file.
Start = Callable[[Sequence[str], Mapping[str, str], Path], "subprocess.Popen[bytes]"]


def start_process(arguments: Sequence[str], environ: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    """Start a command of `headland` that ends with this process."""
    with log.open("wb") as file:
        process = subprocess.Popen(  # noqa: S603 - our own command, no shell
            [sys.executable, "-P", "-m", "station", *arguments],
            stdin=subprocess.PIPE,
            stdout=file,
            stderr=file,
            env={**environ, SUPERVISED: "1"},
        )
    with suppress(OSError):  # it has ended already, or this system knows no niceness
        os.setpriority(os.PRIO_PROCESS, process.pid, _NICE)
    return process


class ImportWorker:
    """Imports what is queued."""

    def __init__(self, folder: FarmFolder, files: ImportFiles, start: Start = start_process) -> None:
        self._folder = folder
        self._files = files
        self._start = start
        self._thread = SupervisedThread("import-worker", self._import_next, every_s=_EVERY_S, overdue_after_s=None)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the import under way, which the next start begins again, and the thread."""
        self._thread.stop()

    def wake(self) -> None:
        """Look for queued imports now."""
        self._thread.wake()

    def threads(self) -> list[ThreadStatus]:
        """Return the status of the thread."""
        return [self._thread.status()]

    def progress_of(self, job: ImportJob) -> ImportStatus | None:
        """Return how far an import is; None before its process said anything."""
        try:
            return msgspec.json.decode(self._status_path(job).read_bytes(), type=ImportStatus)
        except (OSError, msgspec.MsgspecError):
            return None

    def _import_next(self) -> None:
        """Import what is queued, the oldest first. Raises RetryLater where an import could not be made now."""
        while not self._thread.stopping.is_set():
            due = [job for job in self._files.all() if job.state in ("running", "queued")]
            if not due:
                return
            # One that was interrupted goes first: its records may wait in the spool.
            job = min(due, key=lambda each: (each.state != "running", each.number))
            self._settle(job, self._run(job))

    def _run(self, job: ImportJob) -> int | None:
        """Run the process of an import to its end; return its exit code, None where the station stops."""
        password = find_password(self._folder, job.gateway)
        if password is None:
            status = ImportStatus(phase="failed", error=tell(Sentence("no_login", gateway=job.gateway)))
            self._files.change(job.id, state="failed", error=status.error)
            return None
        settings = write_import_settings(self._folder, job.gateway, password)
        self._status_path(job).unlink(missing_ok=True)
        arguments = ["edge", "import", str(self._files.file_of(job)), "--config", str(settings)]
        arguments += ["--status", str(self._status_path(job))]
        if job.table is not None:
            map_path = self._files.path_in(job, "map.json")
            map_path.write_bytes(msgspec.json.encode(job.table))
            arguments += ["--map", str(map_path)]
        if job.start_ms is not None:
            arguments += ["--start", datetime.fromtimestamp(job.start_ms / 1000, UTC).isoformat()]
        self._files.change(job.id, state="running")
        # The settings of this import count, not those of a gateway that the environment names.
        from edge.agent.settings import ENVIRONMENT  # the settings of every source, which no idle station needs

        environ = {name: value for name, value in os.environ.items() if name not in ENVIRONMENT}
        process = self._start(arguments, environ, self._folder.logs_dir / "import.log")
        try:
            while process.poll() is None:
                self._thread.succeed()
                if self._thread.stopping.wait(_LOOK_EVERY_S):
                    return None
            return process.returncode
        finally:
            _end(process)

    def _settle(self, job: ImportJob, code: int | None) -> None:
        """Keep the result of an import that has ended. Raises RetryLater where it is to be made again."""
        if code is None:
            return
        status = self.progress_of(job)
        if status is not None and status.phase in ("done", "failed"):
            if _needs_start(job, status):
                self._files.change(job.id, state="needs_start", result=status)
                return
            error = status.error or next((file.error for file in status.files if file.error is not None), None)
            done = status.phase == "done" and error is None
            self._files.change(job.id, state="done" if done else "failed", result=status, error=error)
            _LOGGER.info("Import of %s: %s", job.name, "done" if done else (error or {}).get("en", "failed"))
            return
        if status is not None and status.phase == "waiting":
            raise RetryLater(f"The import of {job.name} waits: {status.waiting_for}")
        breaks = job.breaks + 1
        if breaks >= _MOST_BREAKS:
            sentence = Sentence("import_broke", name=job.name, count=str(breaks))
            self._files.change(job.id, state="failed", error=tell(sentence), breaks=breaks)
            return
        self._files.change(job.id, breaks=breaks)
        raise RetryLater(f"The import of {job.name} ended with code {code} and begins again.")

    def _status_path(self, job: ImportJob) -> Path:
        return self._files.path_in(job, "status.json")


def _needs_start(job: ImportJob, status: ImportStatus) -> bool:
    """Return whether nothing of a log could be dated, so that a person must say when it began."""
    if job.kind != "log" or job.start_ms is not None or not status.files:
        return False
    return all(file.points == 0 and any(file.left_out.get(name) for name in _UNDATED) for file in status.files)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process that still runs: what it has accepted is in its spool."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdin is not None:
        process.stdin.close()
