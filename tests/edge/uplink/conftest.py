"""Fixtures of the tests of the uplink."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.spool.queue import Spool
from edge.spool.settings import SpoolOwner


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    """The spool of gateway `gw-1`."""
    spool = Spool(tmp_path / "spool.sqlite", SpoolOwner("gw-1", "home"), 50_000_000)
    yield spool
    spool.close()
