"""Limits of this process that make disks full and file descriptors scarce, for a test."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_file_may_grow() -> Iterator[None]:
    """Let each write beyond the first KiB of a file fail, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)


@contextmanager
def no_file_may_be_opened() -> Iterator[None]:
    """Let each opening of a file fail: no descriptor is left."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken = []
    lowest_free = os.dup(0)
    os.close(lowest_free)
    # Descriptors above the limit remain open; those below it are taken.
    limit = lowest_free + 1
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    try:
        while True:
            try:
                taken.append(os.dup(0))
            except OSError:
                break
        yield
    finally:
        for descriptor in taken:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
