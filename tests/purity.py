"""Pure tests: no process, no socket, no service. `pytest --pure` runs these alone (`make test-fast`).

A test is pure where neither its file nor the test kit that the file imports names `subprocess`, `socket` or the like,
and where it takes no fixture that starts something. The choice is made on the files' text, so that what is left out is
not even imported. It is also proven: during a pure run, starting a process or opening a connection fails the test.
"""

from __future__ import annotations

import ast
import socket
import subprocess
from functools import cache
from pathlib import Path
from typing import Final, NoReturn

import pytest

ROOT: Final = Path(__file__).parents[1]
#: Modules by which a test leaves its process, or waits for what runs beside it.
_IMPURE_MODULES: Final = frozenset(
    (
        "subprocess", "socket", "socketserver", "multiprocessing", "threading", "pty", "asyncio",
        "httpx", "uvicorn", "paho", "playwright", "schemathesis",
    )
)  # fmt: skip
#: Folders whose tests start what they prove: processes, farms, browsers.
_IMPURE_FOLDERS: Final = frozenset(("bootstrap", "dashboard", "deploy", "docs", "services", "station", "walk"))
#: Fixtures that start a service or reserve a port.
_IMPURE_FIXTURES: Final = frozenset(
    ("mosquitto", "postgres", "influx_server", "victoria_server", "free_port", "new_port", "wait_until", "real_data")
)


def is_pure(item: pytest.Item) -> bool:
    """Tell whether a test runs within its own process and touches no service."""
    if item.get_closest_marker("services") is not None:
        return False
    return not _IMPURE_FIXTURES & set(getattr(item, "fixturenames", ())) and is_pure_file(item.path)


@cache
def is_pure_file(path: Path) -> bool:
    """Tell whether a file of tests, and the test kit that it imports from, names no impure module."""
    if _IMPURE_FOLDERS & set(path.relative_to(ROOT / "tests").parts):
        return False
    modules = _imports_of(path)
    if any(module.partition(".")[0] in _IMPURE_MODULES for module in modules):
        return False
    kit = [ROOT.joinpath(*module.split(".")).with_suffix(".py") for module in modules if module.startswith("tests.")]
    return all(is_pure_file(file) for file in kit if file != path and file.is_file())


def forbid_impurity(patch: pytest.MonkeyPatch) -> None:
    """Make starting a process, connecting and listening fail, for as long as `patch` holds."""

    def refuse(*_: object, **__: object) -> NoReturn:
        pytest.fail("This test is run as a pure one, and it starts a process or opens a connection.")

    patch.setattr(subprocess.Popen, "__init__", refuse)
    patch.setattr(socket.socket, "connect", refuse)
    patch.setattr(socket.socket, "bind", refuse)


def _imports_of(path: Path) -> set[str]:
    modules: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    return modules
