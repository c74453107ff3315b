"""A control group with a limit of memory and of processor time, as a small board has; Linux, and root or a delegate."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_ROOT: Final = Path("/sys/fs/cgroup")
_PERIOD_US: Final = 100_000


class LimitedGroup:
    """A group's folders: one, or one for each controller. `missing` says why there is none."""

    def __init__(self, folders: list[Path], missing: str = "") -> None:
        self.folders = folders
        self.missing = missing

    def command(self, words: list[str]) -> list[str]:
        """Return the command that runs `words` within the group, where there is one."""
        if not self.folders:
            return words
        joins = "; ".join(f"echo $$ > {folder / 'cgroup.procs'}" for folder in self.folders)
        return ["sh", "-c", f'{joins}; exec "$@"', "sh", *words]


@contextlib.contextmanager
def limited_group(memory_mb: int, cores: float) -> Iterator[LimitedGroup]:
    """Make a group, and remove it when its processes have ended."""
    quota = round(cores * _PERIOD_US)
    name = f"headland-bench-{os.getpid()}"
    if (_ROOT / "cgroup.controllers").exists():
        limits = {_ROOT / name: {"memory.max": f"{memory_mb}M", "cpu.max": f"{quota} {_PERIOD_US}"}}
    else:
        limits = {
            _ROOT / "memory" / name: {"memory.limit_in_bytes": f"{memory_mb}M"},
            _ROOT / "cpu" / name: {"cpu.cfs_period_us": str(_PERIOD_US), "cpu.cfs_quota_us": str(quota)},
        }
    group = LimitedGroup([])
    try:
        for folder, values in limits.items():
            folder.mkdir()
            group.folders.append(folder)
            for file, value in values.items():
                (folder / file).write_text(value)
    except OSError as error:
        group = LimitedGroup([], str(error))
    try:
        yield group
    finally:
        for folder in limits:
            with contextlib.suppress(OSError):
                folder.rmdir()
