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
