"""Long tests: whole farms, kills and walks that `make test` leaves out and CI runs (`@pytest.mark.long`).

A run of all tests leaves them out. A path, `-m long` and HEADLAND_EVERY_CASE=1 each include them.
"""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.every_case import IS_EVERY_CASE_SENT

#: Number of long tests that a run left out.
COUNT: Final = pytest.StashKey[int]()
#: In what xdist sends to and from its workers, which do not see the command line.
_LEAVES_OUT: Final = "headland_leaves_long_out"
_LEFT_OUT: Final = "headland_long_left_out"


def leaves_long_out(config: pytest.Config) -> bool:
    """Tell whether this run leaves the long tests out."""
    if hasattr(config, "workerinput"):
        return bool(config.workerinput[_LEAVES_OUT])
    is_whole = config.args == config.getini("testpaths")
    return is_whole and not config.getoption("markexpr") and not IS_EVERY_CASE_SENT


def leave_long_out(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take the long tests from the list where this run leaves them out."""
    long = [item for item in items if item.get_closest_marker("long") is not None]
    if not long or not leaves_long_out(config):
        return
    config.hook.pytest_deselected(items=long)
    items[:] = [item for item in items if item.get_closest_marker("long") is None]
    if hasattr(config, "workeroutput"):
        config.workeroutput[_LEFT_OUT] = len(long)
    else:
        config.stash[COUNT] = len(long)


class WorkerNotes:
    """Hooks of xdist in the process that starts the workers."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker whether the long tests are left out."""
        node.workerinput[_LEAVES_OUT] = leaves_long_out(self._config)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take the number from a worker: all have collected the same."""
        output: dict[str, Any] = getattr(node, "workeroutput", {})
        if _LEFT_OUT in output:
            self._config.stash[COUNT] = output[_LEFT_OUT]
