"""Runs `headland` in a process of its own, as a person types it."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from contextlib import suppress
from typing import Final

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
        timeout=60,
        check=False,
    )


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
        process.wait(60)
    os.close(ours)
    return output.decode()
