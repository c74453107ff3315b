"""The modules of the packages, and importing them in a process of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = ("station", "edge", "ingest", "api", "firmware_sim", "headland")

_IMPORT_ALL: Final = """
import importlib, json, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def modules_of(package: str) -> list[str]:
    """Return every module of a package (dotted names go deeper) but `__main__`, by the files that are there."""
    folder = ROOT.joinpath(*package.split("."))
    found = [path.relative_to(ROOT).with_suffix("").parts for path in sorted(folder.rglob("*.py"))]
    names = [".".join(parts[:-1] if parts[-1] == "__init__" else parts) for parts in found]
    return [name for name in names if not name.endswith("__main__")]


def loaded_by(*names: str, python: str = sys.executable, isolated: bool = True) -> set[str]:
    """Import the named modules in a fresh process; return the top-level names of all that was loaded.

    Fails with the process's own words when a module cannot be imported.
    """
    flags = ["-I"] if isolated else []
    done = subprocess.run(
        [python, *flags, "-c", _IMPORT_ALL, *names], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))
