"""Exit codes of every `headland` command."""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class ExitCode(IntEnum):
    """Exit code of a `headland` command."""

    OK = 0
    FAILED = 1
    USAGE = 2
    UNDECIDED = 3
    INTERRUPTED = 130


EXIT_CODES: Final = {
    ExitCode.OK: "success; also after SIGTERM or Ctrl-C ends a service",
    ExitCode.FAILED: "the command failed, or a check found a problem",
    ExitCode.USAGE: "wrong option, argument or setting",
    ExitCode.UNDECIDED: "no verdict: a machine too slow for a test, a proof without its issuer's key or a kept path",
    ExitCode.INTERRUPTED: "Ctrl-C ended a command before it finished",
}


def exit_code_help() -> str:
    """Return the table of exit codes for the end of `headland --help`."""
    return "\n".join(["Exit codes:", *(f"{code.value:>5}  {meaning}" for code, meaning in EXIT_CODES.items())])
