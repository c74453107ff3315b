"""The grid's bytes against a published vector, and the task against the isoxml package."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from isoxml.util.isoxml_io import isoxml_from_path

from headland.formats.prescriptions.isoxml import Task, encode_grid, write_task

# 3 rows of 4 cells, 5000 to 16000 mg/m2, from the south-west: made with the isoxml package.
VECTOR = "88130000 70170000 581b0000 401f0000 28230000 10270000 f82a0000 e02e0000 c8320000 b0360000 983a0000 803e0000"
RATE_KG_HA = np.arange(50.0, 161.0, 10.0).reshape(3, 4)
RING = ((119.17, 31.95), (119.1704, 31.95), (119.1704, 31.9503), (119.17, 31.95))


def test_a_grid_is_the_published_bytes() -> None:
    assert encode_grid(RATE_KG_HA, "kg/ha").hex() == VECTOR.replace(" ", "")


def test_a_cell_without_rate_has_none_and_litres_have_their_own_unit() -> None:
    assert encode_grid(np.array([[np.nan, 12.0]]), "L/ha") == np.array([0, 120_000], "<i4").tobytes()


def test_the_isoxml_package_reads_the_same_rates_at_the_same_place(tmp_path: Path) -> None:
    task = Task("Dressing", "南田", ((RING,),), 1000.0, "Urea", "kg/ha", RATE_KG_HA, (31.95, 119.17), (9e-5, 1.06e-4))
    with zipfile.ZipFile(io.BytesIO(write_task(task))) as archive:
        archive.extractall(tmp_path)
    document, files = isoxml_from_path(tmp_path / "TASKDATA" / "TASKDATA.XML")
    job = document.tasks[0]
    grid = job.grids[0]
    assert (job.designator, document.partfields[0].designator) == ("Dressing", "南田")
    assert (float(grid.minimum_north_position), float(grid.minimum_east_position)) == pytest.approx((31.95, 119.17))
    assert (grid.cell_north_size, grid.cell_east_size) == pytest.approx((9e-5, 1.06e-4))
    assert (grid.maximum_row, grid.maximum_column) == (3, 4)
    zone = next(zone for zone in job.treatment_zones if zone.code == grid.treatment_zone_code)
    assert zone.process_data_variables[0].process_data_ddi == bytes.fromhex("0006")
    values = np.frombuffer(files[grid.filename], "<i4").reshape(3, 4)
    np.testing.assert_array_equal(values / 100.0, RATE_KG_HA)
