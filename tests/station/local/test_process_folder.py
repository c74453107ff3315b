"""Folders of local sockets: each has its own, and what killed processes left is deleted by the next."""

import subprocess
import sys
from pathlib import Path

from station.local.api_processes import process_folder

#: Prints its folder, and is killed where it stands.
_KILLED = """
import os, signal, sys
from pathlib import Path
from station.local.api_processes import process_folder
with process_folder(Path(sys.argv[1])) as folder:
    (folder / "owner.sock").touch()
    print(folder, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_folder_is_there_in_the_block_and_gone_afterwards(tmp_path: Path) -> None:
    with process_folder(tmp_path) as folder:
        assert folder.is_dir()
        assert len(folder.name) < 30
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_deleted_by_the_next_one(tmp_path: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", _KILLED, str(tmp_path)], capture_output=True, text=True, timeout=60)
    left = Path(killed.stdout.strip())
    assert (left / "owner.sock").exists()
    with process_folder(tmp_path):
        assert not left.exists()


def test_the_folder_of_a_process_that_runs_stays(tmp_path: Path) -> None:
    with process_folder(tmp_path) as first, process_folder(tmp_path) as second:
        assert first != second
        assert first.is_dir()


def test_a_folder_without_a_lock_is_somebody_elses_and_stays(tmp_path: Path) -> None:
    foreign = tmp_path / "headland-api-foreign"
    foreign.mkdir()
    with process_folder(tmp_path):
        assert foreign.is_dir()
