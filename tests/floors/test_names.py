"""Files are nouns: none is named after nothing in particular. A class name has one meaning."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

from tests.floors.modules import PACKAGES, ROOT, modules_of

#: Where a name of a class may occur again: it is the shape, or the mirror, of what another module defines.
MIRRORS = ("api/schemas/", "headland/client/")
#: Other names with two classes, each with its reason: places that describe the same thing and may not import one
#: another, two ends of a wire, or the same step for two formats or protocols.
TWICE = {
    "AlarmRule": "a rule of the gateway and of the station",
    "FirstPass": "the same step for two formats of logs",
    "Link": "two ends of a wire",
    "NoAnswer": "the same step for two protocols",
    "Sdi12Bus": "two ends of a wire",
    "Subscriber": "the same step for two protocols",
    "TcpClient": "two ends of a wire",
    "TcpServer": "two ends of a wire",
}


def test_no_file_is_named_utils_common_or_helpers() -> None:
    words = {name.rpartition(".")[2].strip("_").rstrip("s") for package in PACKAGES for name in modules_of(package)}
    assert words & {"util", "utilitie", "common", "helper", "misc", "tool"} == set()


def test_a_class_name_is_defined_twice_for_a_reason_only() -> None:
    files = defaultdict(list)
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            file = path.relative_to(ROOT).as_posix()
            if not file.startswith(MIRRORS):
                for name in _classes_of(path):
                    files[name].append(file)
    twice = {name: where for name, where in files.items() if len(where) > 1}
    assert {name: where for name, where in twice.items() if name not in TWICE} == {}
    assert TWICE.keys() <= twice.keys()


def _classes_of(path: Path) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node.name for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
