"""Files of the station that import the API: those that put it together, and few others."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.floors.modules import ROOT

#: 23 before the ports spoke records of `headland`.
_MOST_FILES = 7
#: What judges, notifies or keeps time knows no body of the API.
_WITHOUT_API = (
    "station/server/workers", "station/server/notifications", "station/server/homeassistant",
    "station/server/clock_access.py",
)  # fmt: skip


def _imports_api(path: Path) -> bool:
    names = [
        name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [each.name for each in node.names]
            if isinstance(node, ast.Import)
            else []
        )
    ]
    return any(name == "api" or name.startswith("api.") for name in names)


def test_few_files_of_the_station_import_the_api_and_none_that_judges_or_notifies() -> None:
    users = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "station").rglob("*.py") if _imports_api(path))
    assert "station/server/serve.py" in users
    assert len(users) <= _MOST_FILES, users
    assert [path for path in users if path.startswith(_WITHOUT_API)] == []
