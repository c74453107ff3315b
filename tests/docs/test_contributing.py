"""CONTRIBUTING.md names what the packages really import, and commands that exist."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Mapping
from functools import cache
from importlib.metadata import packages_distributions
from typing import Final

import pytest

from tests.floors.modules import ROOT

TEXT: Final = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
OURS: Final = {"station", "edge", "ingest", "api", "firmware_sim", "headland"}
#: Rows of the table: packages, and the distributions that they may import.
_TABLE: Final = TEXT[TEXT.index("| package | imports") :]
ROWS: Final = re.findall(r"^\| ((?:`[\w.]+`(?:, )?)+) \| ([^|]+) \|", _TABLE, re.MULTILINE)


def packages() -> list[tuple[str, set[str]]]:
    """Return each package of the table with the distributions of its row; not those that may import everything."""
    listed = []
    for names, imports in ROWS:
        may = {each.strip() for each in re.split(r", (?:and )?|; for their frames ", imports)}
        if "all of the above" not in may:
            listed += [(name, may) for name in re.findall(r"`([\w.]+)`", names)]
    return listed


@cache
def distributions() -> Mapping[str, list[str]]:
    """Return the distributions of each module: the files of all that are installed are listed for it."""
    return packages_distributions()


def imported_by(package: str) -> set[str]:
    """Return the distributions whose modules a package imports."""
    modules: set[str] = set()
    for path in (ROOT / package.replace(".", "/")).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                modules |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules.add(node.module.partition(".")[0])
    known = distributions()
    foreign = modules - OURS - set(sys.stdlib_module_names)
    return {known.get(module, [module])[0].lower().replace("_", "-") for module in foreign}


@pytest.mark.parametrize(("package", "may"), packages(), ids=lambda value: value if isinstance(value, str) else "")
def test_a_package_imports_what_its_row_names(package: str, may: set[str]) -> None:
    assert imported_by(package) - may == set()


def test_the_table_has_the_packages_with_a_rule_of_their_own() -> None:
    listed = {name for name, _ in packages()}
    assert listed >= {"edge", "api", "headland.contract", "headland.agronomy", "headland.client"}


def test_it_can_be_read_in_ten_minutes() -> None:
    assert len(TEXT.split()) < 2400  # at 240 words a minute
