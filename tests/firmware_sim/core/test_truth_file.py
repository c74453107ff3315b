from __future__ import annotations

from pathlib import Path

from firmware_sim.core.truth_file import TruthFile


def test_the_header_is_written_once_and_rows_are_appended(tmp_path: Path) -> None:
    path = tmp_path / "truth" / "drone-1.csv"
    for time_ms in (1000, 2000):
        file = TruthFile(path, ("time_ms", "a"))
        file.append(time_ms, ["7"])
        assert path.read_text().endswith(f"{time_ms},7\n")
        file.close()
        file.close()
    assert path.read_text() == "time_ms,a\n1000,7\n2000,7\n"


def test_a_full_disk_ends_the_file_and_nothing_else() -> None:
    if not Path("/dev/full").exists():
        return
    file = TruthFile(Path("/dev/full"), ("time_ms",))
    file.append(1, [])
    file.close()


def test_a_file_is_bounded_and_the_newest_rows_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "greenhouse-1.csv"
    file = TruthFile(path, ("time_ms", "a"), most_bytes=1000)
    for time_ms in range(1000, 2000):
        file.append(time_ms, ["7"])
    file.close()
    kept = [path.with_suffix(".earlier.csv"), path]
    assert sorted(tmp_path.iterdir()) == sorted(kept)
    assert sum(each.stat().st_size for each in kept) < 2100
    rows = [line for each in kept for line in each.read_text().splitlines() if line != "time_ms,a"]
    assert rows == [f"{time_ms},7" for time_ms in range(2000 - len(rows), 2000)]
    assert all(each.read_text().startswith("time_ms,a\n") for each in kept)
