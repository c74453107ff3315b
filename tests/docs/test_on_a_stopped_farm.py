"""The blocks that the documentation marks `run: stopped farm` work in their order in a farm's folder."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from headland.store.duckdb.store import DuckDBStore
from headland.store.port import Mark, MarkState
from station.local.folder import FarmFolder
from tests.docs.pages import DOCS, RUN_STOPPED, blocks_of
from tests.store.batches import batch, event, key

PAGE = DOCS / "how-to" / "manage-stored-data.md"
A = key("air_temperature_degc", organisation="local")


@pytest.mark.long
def test_a_restore_is_rehearsed_and_done_and_a_store_is_repaired_with_the_commands_of_the_page(tmp_path: Path) -> None:
    blocks = [block for block in blocks_of(PAGE) if block.mark == RUN_STOPPED]
    assert len(blocks) == 3
    folder = FarmFolder(tmp_path / "farm")
    folder.create()
    with closing(DuckDBStore(folder.store_path)) as store:
        store.write(batch((A, 1, 1.5), (A, 2, 2.5), events=[event(1)], marks=[Mark("gw", "e", 1, 7)]))
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environ = {**os.environ, "HEADLAND_DATA": str(folder.root), "PATH": programs}
    script = "set -e\n" + "".join(block.text for block in blocks)
    done = subprocess.run(["bash", "-c", script], env=environ, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    for said in ("Backed up 2 samples", "Restored 2 samples", "samples    2", "No damage was found", "no damage to"):
        assert said in done.stdout
    for path in (folder.store_path, tmp_path / "trial" / "store" / "farm.duckdb"):
        with closing(DuckDBStore(path)) as store:
            assert store.info().points == 2
            assert store.marks() == {("gw", "e"): MarkState(7)}
    assert (folder.store_path.parent / "before" / "farm.duckdb").exists()
