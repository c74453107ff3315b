"""Supervision of a farm's processes: start, restart after a failure, and an orderly stop."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

#: Environment variable of child processes: they end with their standard input, also after a killed supervisor.
SUPERVISED: Final = "HEADLAND_SUPERVISED"

_FIRST_WAIT_S: Final = 0.5
_LONGEST_WAIT_S: Final = 15.0
#: After this run time a part counts as healthy: its next restart waits the shortest time.
_HEALTHY_AFTER_S: Final = 30.0
#: After so many failures in a row a task is given up.
_MOST_TASK_FAILURES: Final = 5
#: A part that waits for another starts after this time in any case.
_LONGEST_FIRST_WAIT_S: Final = 20.0
#: An exit sooner than this, with an exit code, is a failed start; after so many in a row the remedy is applied.
_FAILED_START_S: Final = 10.0
_STARTS_BEFORE_REMEDY: Final = 2
_LOG_MAX_BYTES: Final = 10_000_000


def restart_wait_s(failures: int) -> float:
    """Return the delay before a restart after `failures` (>= 1) early exits in a row."""
    return float(min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2 ** min(failures - 1, 10)))


@dataclass(slots=True)
class Part:
    """A child process. Parts stop in the order of `stop_stage`, 0 first. Without a log they share this process's.

    While it runs, a file beside its log has its process id.
    """

    name: str
    command: Sequence[str]
    log_path: Path | None
    stop_stage: int
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    started_s: float = 0.0
    failures: int = 0
    start_at_s: float = 0.0
    #: What may let the part start again after repeated failed starts: returns what was done, None for nothing.
    remedy: Callable[[], str | None] | None = field(default=None, repr=False)
    failed_starts: int = 0
    #: A part with a task that ends: it is not started again after exit code 0, nor after so many failures.
    is_task: bool = False
    #: What its first start waits for; None: it starts with the others.
    may_start: Callable[[], bool] | None = field(default=None, repr=False)
    #: What it has in its environment beside this process's, and which of the open files.
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    pass_fds: Sequence[int] = ()

    @property
    def pid_path(self) -> Path | None:
        """The file of its process id: `broker.pid` beside `broker.log`."""
        return None if self.log_path is None else self.log_path.with_suffix(".pid")


class Supervisor:
    """Runs parts until `stop`; `report` receives one sentence for each event."""

    def __init__(self, parts: Sequence[Part], environ: Mapping[str, str], report: Callable[[str], None]) -> None:
        self._parts = list(parts)
        self._environ = {**environ, SUPERVISED: "1"}
        self._report = report
        self._latest_start_s = 0.0

    def start(self) -> None:
        """Start every part once, in order; one that waits for another is left to `tend`."""
        self._latest_start_s = time.monotonic() + _LONGEST_FIRST_WAIT_S
        for part in self._parts:
            if part.may_start is None:
                self._start(part)

    def add(self, part: Part) -> None:
        """Start a further part, and supervise it."""
        self._parts.append(part)
        self._start(part)

    def pids(self) -> dict[str, int]:
        """Return the process ids of the running parts, by name."""
        return {part.name: part.process.pid for part in self._parts if part.process is not None and _alive(part)}

    def tend(self) -> None:
        """Check every part once: report those that ended, and restart those that are due."""
        now_s = time.monotonic()
        for part in list(self._parts):
            if part.process is None:
                if now_s >= part.start_at_s and self._may_start(part, now_s):
                    self._start(part)
                continue
            code = part.process.poll()
            if code is None:
                self._shorten_log(part)
                continue
            if part.is_task and code == 0:
                self._end_task(part, _last_log_message(part.log_path))
                continue
            is_healthy = now_s - part.started_s > _HEALTHY_AFTER_S and not part.is_task
            part.failures = 1 if is_healthy else part.failures + 1
            # A part that was killed did start.
            is_failed_start = code > 0 and now_s - part.started_s < _FAILED_START_S
            part.failed_starts = part.failed_starts + 1 if is_failed_start else 0
            wait_s = restart_wait_s(part.failures)
            _release(part)
            part.start_at_s = now_s + wait_s
            log_line = _last_log_line(part.log_path)
            self._report(f"{part.name} ended ({_exit_reason(code)}); it restarts in {wait_s:g} s. {log_line}")
            if part.is_task and part.failures >= _MOST_TASK_FAILURES:
                self._end_task(part, f"{part.name} is given up until the next start.")
            if part.remedy is not None and part.failed_starts >= _STARTS_BEFORE_REMEDY:
                done = part.remedy()
                if done is not None:
                    self._report(done)

    def stop(self, within_s: float) -> None:
        """Stop all parts, stage by stage; kill those that do not end in time. Returns when none is left."""
        stages = sorted({part.stop_stage for part in self._parts})
        began_s = time.monotonic()
        for count, stage in enumerate(stages, start=1):
            running = [part for part in self._parts if part.stop_stage == stage and part.process is not None]
            for part in running:
                _signal(part, signal.SIGTERM)
            deadline_s = began_s + within_s * count / len(stages)
            while any(_alive(part) for part in running) and time.monotonic() < deadline_s:
                time.sleep(0.02)
            for part in running:
                if _alive(part):
                    self._report(f"{part.name} did not stop in time and was killed")
                    _signal(part, signal.SIGKILL)
                _release(part)

    def _shorten_log(self, part: Part) -> None:
        """Keep a long log of a running part as its earlier file, and let the part go on in the emptied one.

        The part appends, so that it goes on at the new end. What it writes between the two steps is lost. Without room
        for the earlier file the log is emptied all the same: it must not fill the disk.
        """
        path = part.log_path
        try:
            if path is None or path.stat().st_size <= _LOG_MAX_BYTES:
                return
            with suppress(OSError):
                shutil.copyfile(path, path.with_suffix(".log.1"))
            os.truncate(path, 0)
        except OSError as error:
            self._report(f"The log {path} is not shortened: {error}")

    def _may_start(self, part: Part, now_s: float) -> bool:
        """Tell whether a part may start: only a first start waits."""
        if part.may_start is None or part.started_s > 0.0 or now_s >= self._latest_start_s:
            return True
        return part.may_start()

    def _end_task(self, part: Part, sentence: str) -> None:
        _release(part)
        self._parts.remove(part)
        if sentence:
            self._report(sentence)

    def _start(self, part: Part) -> None:
        path = part.log_path
        if path is not None and path.exists() and path.stat().st_size > _LOG_MAX_BYTES:
            path.replace(path.with_suffix(".log.1"))
        try:
            with nullcontext() if path is None else path.open("ab") as log:
                # A session of its own: Ctrl-C reaches only the supervisor, which stops the parts in order.
                part.process = subprocess.Popen(  # noqa: S603 - our own commands, no shell
                    list(part.command),
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=None if log is None else subprocess.STDOUT,
                    env={**self._environ, **part.environ},
                    pass_fds=part.pass_fds,
                    start_new_session=True,
                )
        except OSError as error:
            part.failures += 1
            part.start_at_s = time.monotonic() + restart_wait_s(part.failures)
            self._report(f"Cannot start {part.name}: {error}")
            return
        if part.pid_path is not None:
            with suppress(OSError):
                part.pid_path.write_text(f"{part.process.pid}\n", encoding="ascii")
        part.started_s = time.monotonic()


def _alive(part: Part) -> bool:
    return part.process is not None and part.process.poll() is None


def _signal(part: Part, number: signal.Signals) -> None:
    """Signal the part's whole session, which includes its own children."""
    if part.process is None or part.process.poll() is not None:
        return
    try:
        os.killpg(part.process.pid, number)
    except ProcessLookupError:
        return


def _release(part: Part) -> None:
    if part.process is not None:
        part.process.wait()
        if part.process.stdin is not None:
            part.process.stdin.close()
        part.process = None
        if part.pid_path is not None:
            # Its number may be another process's from now on.
            with suppress(OSError):
                part.pid_path.unlink(missing_ok=True)


def _exit_reason(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def _last_log_message(path: Path | None) -> str:
    """Return the last line of the log: for our own parts its result or the reason of the exit."""
    if path is None:
        return ""
    try:
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - 2000))
            lines = file.read().decode(errors="replace").strip().splitlines()
    except OSError:
        return ""
    return _message(lines[-1])[:300] if lines else ""


def _last_log_line(path: Path | None) -> str:
    if path is None:
        return "What it said is in this log."
    message = _last_log_message(path)
    return f"Its log {path} ends: {message}" if message else f"Its log is {path}"


def _message(line: str) -> str:
    """Return the message of a log record in JSON; any other line as it is."""
    try:
        record = json.loads(line)
    except ValueError:
        return line
    return str(record.get("message", line)) if isinstance(record, dict) else line
