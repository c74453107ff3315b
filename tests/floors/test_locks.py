"""The locks install anywhere: they name no host, pin by hash, and fit one another and pyproject.toml."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.floors.modules import ROOT

LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
NODE_FOLDERS = ("dashboard", "dashboard/openapi", "tests/node")
NODE_LOCKS = [ROOT / folder / "package-lock.json" for folder in NODE_FOLDERS]


def _pins(path: Path) -> dict[str, set[str]]:
    """Return the versions of each distribution in a lock (several where they differ by platform)."""
    pins: dict[str, set[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if found := re.match(r"([a-z0-9][a-z0-9.-]*)==([^ ;]+)", line):
            pins.setdefault(found[1], set()).add(found[2])
    return pins


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_a_lock_names_no_host(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*--(index|extra|find|trusted)", text, re.MULTILINE)


@pytest.mark.parametrize("path", NODE_LOCKS, ids=lambda path: path.parent.name)
def test_a_lock_of_npm_names_no_host(path: Path) -> None:
    # npm writes who asks for donations into a lock: take `funding` out of it.
    assert "://" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_every_pin_has_a_hash(path: Path) -> None:
    requirements = re.split(r"^(?=\S)", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    unhashed = [one for one in requirements if one.strip() and "--hash=sha256:" not in one]
    assert unhashed == []


def test_the_developers_lock_holds_the_run_lock_at_the_same_versions() -> None:
    run, dev = _pins(ROOT / "requirements" / "run.lock"), _pins(ROOT / "requirements" / "dev.lock")
    assert {name: pin for name, pin in run.items() if dev.get(name) != pin} == {}


@pytest.mark.parametrize(("lock", "extras"), [("run", ["edge", "ingest", "api", "sim", "all"]), ("dev", ["dev"])])
def test_what_pyproject_asks_for_is_locked(lock: str, extras: list[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *(one for extra in extras for one in project["optional-dependencies"][extra])]
    names = {re.split(r"[\[<>=!~ ;]", one)[0].lower().replace("_", "-") for one in wanted} - {"headland"}
    assert names - _pins(ROOT / "requirements" / f"{lock}.lock").keys() == set()
