"""Connections to DuckDB print nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

# `-c` is an interpreter without a script, in which DuckDB prints a progress bar.
_SCRIPT = """
import json, sys
from pathlib import Path
import duckdb
from headland.store.duckdb.connection import open_database

ASK = "SELECT value FROM duckdb_settings() WHERE name = 'enable_progress_bar'"
path = Path(sys.argv[1])
states = {"bare": duckdb.connect().execute(ASK).fetchall()[0][0]}
with open_database(None) as connection:
    states["in memory"] = connection.execute(ASK).fetchall()[0][0]
with open_database(path, {"threads": 1, "memory_limit": "48MB"}) as connection:
    states["file"] = connection.execute(ASK).fetchall()[0][0]
    states["cursor"] = connection.cursor().execute(ASK).fetchall()[0][0]
with open_database(path, read_only=True) as connection:
    states["read-only"] = connection.execute(ASK).fetchall()[0][0]
print(json.dumps(states))
"""


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return by connection whether its progress bar is switched on, in an interpreter without a script."""
    path = tmp_path_factory.mktemp("connection") / "store.duckdb"
    done = subprocess.run([sys.executable, "-c", _SCRIPT, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_duckdb_itself_would_print_a_progress_bar(states: dict[str, str]) -> None:
    assert states["bare"] == "true"


def test_no_connection_of_ours_prints_a_progress_bar(states: dict[str, str]) -> None:
    assert {name: state for name, state in states.items() if name != "bare"} == dict.fromkeys(
        ("in memory", "file", "cursor", "read-only"), "false"
    )
