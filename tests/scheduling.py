"""Distribution of tests to workers: those of a file together, and those of a folder whose tests share one service."""

from __future__ import annotations

from typing import Final

from xdist.scheduler.loadscope import LoadScopeScheduling  # type: ignore[import-untyped]

#: Folders that share what is dear to start: a browser, whose first page of each kind costs more than all others.
TOGETHER: Final = ("tests/dashboard/",)


class FolderScheduling(LoadScopeScheduling):  # type: ignore[misc] # xdist has no types
    """File by file as `--dist loadscope`, and folder by folder for those of `TOGETHER`."""

    def _split_scope(self, nodeid: str) -> str:
        for folder in TOGETHER:
            if nodeid.startswith(folder):
                return folder
        return str(super()._split_scope(nodeid))
