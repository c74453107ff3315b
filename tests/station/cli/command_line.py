"""Runs `headland`: in a process of its own, as a person types it, or much faster within this one."""

from __future__ import annotations

import io
import logging
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import Final
from unittest.mock import patch

from station.cli.main import main

ROOT_COMMAND: Final = [sys.executable, "-P", "-c", "from station.cli.main import main; main()"]
_COLOUR_VARIABLES: Final = ("NO_COLOR", "FORCE_COLOR", "PY_COLORS", "GITHUB_ACTIONS", "TTY_COMPATIBLE")


def environment(**changes: str) -> dict[str, str]:
    """Return this environment without what forces or forbids colour and without Headland's settings."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in _COLOUR_VARIABLES and not name.startswith("HEADLAND_")
    }
    return {**inherited, "TERM": "xterm-256color", "COLUMNS": "100", **changes}


def run(*words: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run the command with standard output and error in pipes."""
    return subprocess.run(
        [*ROOT_COMMAND, *words],
        env=environment(**changes),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def call(*words: str, environ: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command within this process: same arguments, environment, output and exit code as `run`.

    Proves nothing about what a process is: its start, its end by a signal, its terminal. For those is `run`.
    """
    output, errors, status = io.StringIO(), io.StringIO(), 0
    with _as_a_process_of_its_own({**(environment() if environ is None else environ)}, ["headland", *words]):
        try:
            with redirect_stdout(output), redirect_stderr(errors):
                main()
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(end.code is not None)
    return subprocess.CompletedProcess(["headland", *words], status, output.getvalue(), errors.getvalue())


@contextmanager
def _as_a_process_of_its_own(environ: Mapping[str, str], argv: list[str]) -> Iterator[None]:
    """Hold arguments and environment as a new process has them; undo what a command changes in its process."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    with (
        patch.dict(os.environ, environ, clear=True),
        patch.object(sys, "argv", argv),
        patch.object(sys, "excepthook", sys.excepthook),
        patch.object(threading, "excepthook", threading.excepthook),
    ):
        try:
            yield
        finally:
            logging.captureWarnings(capture=False)
            root.handlers[:] = handlers
            root.setLevel(level)


def run_on_terminal(*words: str, **changes: str) -> str:
    """Run the command on a terminal; return all that it wrote there."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*ROOT_COMMAND, *words], env=environment(**changes), stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        output = b""
        # At its end Linux reports an error for a terminal that nobody has open, macOS an empty read.
        with suppress(OSError):
            while chunk := os.read(ours, 65536):
                output += chunk
        process.wait(120)
    os.close(ours)
    return output.decode()
