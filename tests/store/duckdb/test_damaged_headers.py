"""A bad sector in the headers of a DuckDB store: the parity gives every row back, and no older state passes for it."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from headland.store.duckdb.paths import parity_of
from headland.store.duckdb.repair.parity import HEADERS, PAGE_BYTES
from headland.store.duckdb.store import DuckDBStore
from headland.store.port import MarkState
from tests.every_case import IS_EVERY_CASE_SENT
from tests.store.crash_writer import POINTS, numbered_batch

_SECTOR_BYTES = 512
_SECTORS = HEADERS * PAGE_BYTES // _SECTOR_BYTES
#: The first sector of a header holds what it says; the others are zeros under its checksum.
TRIED = range(_SECTORS) if IS_EVERY_CASE_SENT else (0, 3, 8, 11, 16, 23)


def stored(folder: Path, *, before: int, after: int) -> Path:
    """Copy a store in use, of so many batches before its last checkpoint and after it, with its parity up to date."""
    store = DuckDBStore(folder / "used" / "store.duckdb")
    for number in range(1, before + 1):
        store.write(numbered_batch(number))
    if before:
        store._writer.checkpoint()
    for number in range(before + 1, before + after + 1):
        store.write(numbered_batch(number))
    while not store._writer.protect():
        pass
    shutil.copytree(folder / "used", folder / "copy")
    store.close()
    return folder / "copy"


@pytest.mark.parametrize(("before", "after"), [(0, 4), (3, 2), (3, 0)])
def test_a_bad_sector_anywhere_in_the_headers_loses_no_row(tmp_path: Path, before: int, after: int) -> None:
    copy = stored(tmp_path, before=before, after=after)
    for sector in TRIED:
        broken = tmp_path / f"sector-{sector}"
        shutil.copytree(copy, broken)
        with (broken / "store.duckdb").open("r+b") as file:
            file.seek(sector * _SECTOR_BYTES)
            file.write(random.Random(sector).randbytes(_SECTOR_BYTES))
        store = DuckDBStore(broken / "store.duckdb")
        assert store.info().points == (before + after) * POINTS, f"sector {sector}"
        assert store.marks() == {("gw", "e"): MarkState(before + after)}
        assert len(store.info().damage) == 1, "what was repaired is said"
        store.close()


def test_a_header_that_is_newer_than_the_parity_is_not_replaced_by_an_older_one(tmp_path: Path) -> None:
    copy = stored(tmp_path, before=3, after=0)
    old_parity = parity_of(copy / "store.duckdb").read_bytes()
    store = DuckDBStore(copy / "store.duckdb")
    store.write(numbered_batch(4))
    store._writer.checkpoint()
    store.close()
    # The state before is complete in the parity, and the header that would tell of the later one is gone.
    parity_of(copy / "store.duckdb").write_bytes(old_parity)
    headers = (copy / "store.duckdb").read_bytes()[: HEADERS * PAGE_BYTES]
    numbers = [int.from_bytes(headers[at + 8 : at + 16], "little") for at in (PAGE_BYTES, 2 * PAGE_BYTES)]
    newest = (1 + numbers.index(max(numbers))) * PAGE_BYTES
    with (copy / "store.duckdb").open("r+b") as file:
        file.seek(newest)
        file.write(random.Random(1).randbytes(_SECTOR_BYTES))
    store = DuckDBStore(copy / "store.duckdb")
    assert store.info().points >= 3 * POINTS, "what the checkpoint before had is kept"
    assert store.info().damage, "rows are missing without a word"
    assert not store.info().losses[-1].is_verified
    store.close()
