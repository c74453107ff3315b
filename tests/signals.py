"""Signals of processes that tests start."""

import signal


def hear_interrupts() -> None:
    """Let a new process take SIGINT as from a terminal: one that a shell started in the background ignores it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
