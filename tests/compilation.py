"""Compilation of all modules before the workers of a whole run begin: each would compile a fresh clone by itself."""

from __future__ import annotations

import importlib.util
import multiprocessing
import os
import py_compile
import sys
from pathlib import Path
from typing import Final

import pytest
from _pytest.assertion import rewrite

ROOT: Final = Path(__file__).parents[1]
PACKAGES: Final = ("station", "edge", "ingest", "api", "firmware_sim", "headland", "docs", "tests")
#: Most files that a process is given at once.
_AT_ONCE: Final = 20


def compile_all(config: pytest.Config) -> None:
    """Compile what is not compiled or was changed, on all processors; tests as pytest does, with their assertions."""
    files = [file for package in PACKAGES for file in (ROOT / package).rglob("*.py") if not is_compiled(file)]
    if sys.dont_write_bytecode or not files:
        return
    global _config
    _config = config
    with multiprocessing.get_context("fork").Pool(os.cpu_count()) as pool:
        pool.map(_compile, files, _AT_ONCE)


def compiled_path(file: Path) -> Path:
    """Return where Python, or pytest for a test, looks for a compiled module."""
    if not is_rewritten(file):
        return Path(importlib.util.cache_from_source(str(file)))
    return rewrite.get_cache_dir(file) / (file.stem + rewrite.PYC_TAIL)


def is_rewritten(file: Path) -> bool:
    """Tell whether pytest rewrites the assertions of a module."""
    return (ROOT / "tests") in file.parents and (file.name.startswith("test_") or file.name == "conftest.py")


def is_compiled(file: Path) -> bool:
    """Tell whether there is a compiled module that is not older than its source."""
    try:
        return compiled_path(file).stat().st_mtime >= file.stat().st_mtime
    except OSError:
        return False


_config: pytest.Config


def _compile(file: Path) -> None:
    """Compile a module, where one can be written. What cannot be compiled is the collection's to tell."""
    try:
        if not is_rewritten(file):
            py_compile.compile(str(file))
            return
        digest, code = rewrite._rewrite_test(file, _config)
        if rewrite.try_makedirs(compiled_path(file).parent):
            rewrite._write_pyc(_config.stash[rewrite.assertstate_key], code, digest, compiled_path(file))
    except (SyntaxError, ValueError, OSError):
        return
