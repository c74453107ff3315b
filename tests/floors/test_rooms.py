"""Folders stay small enough to be read: how many rooms the parts have at their top."""

from __future__ import annotations

import pytest

from tests.floors.modules import ROOT


@pytest.mark.parametrize(
    ("folder", "most"),
    [
        ("api", 12),
        ("edge", 10),
        ("edge/sources/mavlink", 10),
        ("firmware_sim", 10),
        ("headland", 18),
        ("headland/analysis", 14),
        ("headland/store", 10),
        ("ingest", 10),
        ("station", 10),
    ],
)
def test_a_part_has_few_rooms_at_its_top(folder: str, most: int) -> None:
    rooms = [
        path.name
        for path in (ROOT / folder).iterdir()
        if not path.name.startswith("__") and (path.suffix == ".py" or (path / "__init__.py").is_file())
    ]
    assert 0 < len(rooms) <= most, sorted(rooms)
