"""Pure tests: no process, no socket, no service. `pytest --pure` runs these alone (`make test-fast`).

A test is pure where neither its file nor the test kit that the file imports names `subprocess`, `socket` or the like,
where it takes no fixture that starts something, and where no marker says that it needs a service or sockets. The choice
is made on the files' text, so that what is left out is not even imported. It is also proven: in every run, starting a
process or opening a connection fails a pure test.
"""

from __future__ import annotations

import re
import socket
import subprocess
from collections.abc import Generator, Iterator
from contextlib import contextmanager
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
#: Folders whose tests start what they prove: processes, farms, browsers, a database whose threads work on its files.
#: (The suite of the store's port asks that database in a pure run, too.)
_IMPURE_FOLDERS: Final = frozenset(
    ("bootstrap", "dashboard", "deploy", "docs", "duckdb", "services", "station", "walk")
)
#: Fixtures that start a service or reserve a port.
_IMPURE_FIXTURES: Final = frozenset(
    ("mosquitto", "postgres", "influx_server", "victoria_server", "free_port", "new_port", "wait_until", "real_data")
)
#: Statements that import, the names of several lines too. To parse the files takes each process seconds.
_IMPORT: Final = re.compile(
    r"^[ \t]*(?:import[ ]+(?P<modules>[\w., ]+)|from[ ]+(?P<package>[\w.]+)[ ]+import[ ]*(?P<names>\([^)]*\)|[^\n]*))",
    re.MULTILINE,
)


def is_pure(item: pytest.Item) -> bool:
    """Tell whether a test runs within its own process and touches no service."""
    if any(item.get_closest_marker(name) is not None for name in ("services", "sockets")):
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


class PureTests:
    """Hooks that fail a pure test, or a fixture of it, which starts a process or opens a connection."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, object, object]:
        """Guard the fixtures."""
        with _guard(item):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Guard the test."""
        with _guard(item):
            return (yield)


@contextmanager
def _guard(item: pytest.Item) -> Iterator[None]:
    """Make starting a process, connecting and listening fail where a test is pure."""

    def refuse(*_: object, **__: object) -> NoReturn:
        pytest.fail("This test is taken for a pure one, and it starts a process or opens a connection.")

    with pytest.MonkeyPatch.context() as patch:
        if is_pure(item):
            patch.setattr(subprocess.Popen, "__init__", refuse)
            patch.setattr(socket.socket, "connect", refuse)
            patch.setattr(socket.socket, "bind", refuse)
        yield


def _imports_of(path: Path) -> set[str]:
    modules: set[str] = set()
    for statement in _IMPORT.finditer(path.read_text(encoding="utf-8")):
        package = statement["package"]
        if package is None:
            modules |= {name.split()[0] for name in statement["modules"].split(",") if name.strip()}
        else:
            names = re.sub(r"#[^\n]*", "", statement["names"]).strip("()")
            modules |= {package, *(f"{package}.{name.split()[0]}" for name in names.split(",") if name.strip())}
    return modules
