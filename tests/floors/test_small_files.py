"""A thought that one neighbour uses is a section of it: how many small files have one importer, in their folder."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

from tests.floors.modules import PACKAGES, ROOT

_MOST_LINES = 60
#: Those that stay: one of a row of files of one kind, a pure part beside its shell, or the section of a long file.
_MOST_FILES = 25


def test_few_small_files_have_one_importer_in_their_own_folder() -> None:
    paths = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): path
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
    }
    importers: dict[str, set[Path]] = defaultdict(set)
    for path in paths.values():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                for name in (node.module, *(f"{node.module}.{each.name}" for each in node.names)):
                    importers[name].add(path)
            elif isinstance(node, ast.Import):
                for each in node.names:
                    importers[each.name].add(path)
    found = [
        f"{path.relative_to(ROOT)} <- {next(iter(importers[name])).name}"
        for name, path in paths.items()
        if not path.name.startswith("__")
        and "versions" not in path.parts
        and len(path.read_text(encoding="utf-8").splitlines()) <= _MOST_LINES
        and {user.parent for user in importers[name]} == {path.parent}
        and len(importers[name]) == 1
    ]
    assert 0 < len(found) <= _MOST_FILES, sorted(found)
