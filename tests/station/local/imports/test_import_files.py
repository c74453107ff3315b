"""Files of imports: parts in any order, sent again, damaged, too many, and after a restart."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from headland.errors import ImportRefused
from station.local.imports.import_files import MOST_ENDED, MOST_OPEN, PART_BYTES, WAITS_MS, ImportFiles

CONTENT = b"log" * (PART_BYTES // 3 + 1000)


class Clock:
    def __init__(self) -> None:
        self.now_ms = 1_790_000_000_000

    def __call__(self) -> int:
        return self.now_ms


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def files(tmp_path: Path, clock: Clock) -> ImportFiles:
    return ImportFiles(tmp_path / "files", clock)


def send(files: ImportFiles, import_id: str, *numbers: int) -> None:
    for number in numbers:
        files.put_part(import_id, number, CONTENT[(number - 1) * PART_BYTES : number * PART_BYTES])


def kind_of(refused: pytest.ExceptionInfo[ImportRefused]) -> tuple[str, int]:
    return refused.value.kind, refused.value.status


def test_parts_in_any_order_and_twice_are_the_file_also_after_a_restart(files: ImportFiles, tmp_path: Path) -> None:
    job = files.begin("flight.bin", len(CONTENT), "key:1")
    assert job.part_count == 2
    send(files, job.id, 2, 2)
    again = ImportFiles(tmp_path / "files", lambda: 0)
    assert again.get(job.id).missing() == [1]
    send(again, job.id, 1)
    checked = again.check(job.id, hashlib.sha256(CONTENT).hexdigest())
    assert again.file_of(checked).read_bytes() == CONTENT


def test_a_missing_part_is_named_and_a_damaged_file_is_received_again(files: ImportFiles) -> None:
    job = files.begin("flight.bin", len(CONTENT), "key:1")
    send(files, job.id, 1)
    with pytest.raises(ImportRefused) as missing:
        files.check(job.id, hashlib.sha256(CONTENT).hexdigest())
    assert kind_of(missing) == ("parts-missing", 409)
    assert "2" in missing.value.detail
    send(files, job.id, 2)
    with pytest.raises(ImportRefused) as damaged:
        files.check(job.id, hashlib.sha256(b"something else").hexdigest())
    assert kind_of(damaged) == ("wrong-digest", 409)
    assert files.get(job.id).missing() == [1, 2]


@pytest.mark.parametrize(("number", "size"), [(1, PART_BYTES - 1), (2, PART_BYTES), (3, 1), (9, 0)])
def test_a_part_of_another_size_or_beyond_the_file_is_refused(files: ImportFiles, number: int, size: int) -> None:
    job = files.begin("flight.bin", len(CONTENT), "key:1")
    with pytest.raises(ImportRefused) as refused:
        files.put_part(job.id, number, bytes(size))
    assert kind_of(refused) == ("wrong-part", 400)


@pytest.mark.parametrize("name", ["../../etc/passwd", "..", "/", "a\x00b.bin", "飞行日志.bin", "x" * 200 + ".tlog"])
def test_no_name_leaves_the_folder_of_its_import(files: ImportFiles, tmp_path: Path, name: str) -> None:
    job = files.begin(name, 3, "key:1")
    files.put_part(job.id, 1, b"log")
    path = files.file_of(job)
    assert path.read_bytes() == b"log"
    assert path.resolve().parent == (tmp_path / "files" / job.id / "file").resolve()


def test_number_and_bytes_of_open_imports_are_bounded_and_an_ended_one_gives_its_room_back(
    tmp_path: Path, clock: Clock
) -> None:
    files = ImportFiles(tmp_path / "files", clock, most_bytes=1000)
    first = files.begin("a.bin", 900, "key:1")
    with pytest.raises(ImportRefused) as full:
        files.begin("b.bin", 101, "key:1")
    assert kind_of(full) == ("no-room-for-import", 413)
    files.change(first.id, state="done")
    assert not files.file_of(first).exists()
    assert files.free_bytes() == 1000
    for _ in range(MOST_OPEN):
        files.begin("c.bin", 1, "key:1")
    with pytest.raises(ImportRefused) as many:
        files.begin("d.bin", 1, "key:1")
    assert kind_of(many) == ("imports-full", 409)


def test_old_results_and_files_that_nobody_completed_are_forgotten(
    files: ImportFiles, tmp_path: Path, clock: Clock
) -> None:
    for _ in range(MOST_ENDED + 1):
        files.change(files.begin("a.bin", 1, "key:1").id, state="done")
    waits = files.begin("b.bin", 1, "key:1")
    runs = files.begin("c.bin", 1, "key:1")
    files.change(runs.id, state="running")
    clock.now_ms += WAITS_MS + 1
    files.tidy()
    left = files.all()
    assert sum(job.state == "done" for job in left) == MOST_ENDED
    assert [job.id for job in left if job.state != "done"] == [runs.id]
    assert not (tmp_path / "files" / waits.id).exists()


def test_an_import_that_runs_is_not_dropped(files: ImportFiles) -> None:
    job = files.begin("a.bin", 1, "key:1")
    files.change(job.id, state="running")
    with pytest.raises(ImportRefused) as refused:
        files.drop(job.id)
    assert kind_of(refused) == ("import-state", 409)
    files.change(job.id, state="queued")
    files.drop(job.id)
    assert files.all() == []
