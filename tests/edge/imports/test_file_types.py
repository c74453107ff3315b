from __future__ import annotations

from pathlib import Path

import pytest

from edge.imports.file_types import find_files
from headland.errors import SettingsError


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "season [2026]"
    for name in ("b.BIN", "a.tlog", "c.ulg", "day/d.rlog", "day/e.raw", "notes.md", "table.csv"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return folder


def names(paths: list[Path]) -> list[str]:
    return [path.name for path in paths]


def test_all_logs_of_a_folder_and_its_subfolders_are_found(logs: Path) -> None:
    assert names(find_files([logs])) == ["a.tlog", "b.BIN", "c.ulg", "d.rlog", "e.raw"]


def test_only_tables_of_a_folder_are_found_with_a_map(logs: Path) -> None:
    assert names(find_files([logs], tables=True)) == ["table.csv"]


def test_a_pattern_finds_its_matches_unless_a_file_has_that_very_name(
    logs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(logs)
    assert names(find_files([Path("**/*.r*")])) == ["d.rlog", "e.raw"]
    assert names(find_files([logs.parent / "season*" / "*.BIN"])) == ["b.BIN"]
    (logs / "odd*.tlog").write_bytes(b"")
    (logs / "oddly.tlog").write_bytes(b"")
    assert names(find_files([Path("odd*.tlog")])) == ["odd*.tlog"]


def test_a_file_named_twice_is_read_once_at_its_first_place(logs: Path) -> None:
    assert names(find_files([logs / "c.ulg", logs, logs / "day" / ".." / "a.tlog"])) == [
        "c.ulg",
        "a.tlog",
        "b.BIN",
        "d.rlog",
        "e.raw",
    ]


def test_a_folder_or_pattern_without_files_is_refused(logs: Path) -> None:
    (logs / "empty").mkdir()
    with pytest.raises(SettingsError, match=r"empty: there is no \.tlog or \.rlog or .* file in it"):
        find_files([logs / "empty"])
    with pytest.raises(SettingsError, match="there is no"):
        find_files([logs / "*.zip"])
    (logs / "notes.md").write_text("flown on Monday")
    with pytest.raises(SettingsError, match=r"notes\.md: unknown type of file; \.tlog, \.rlog"):
        find_files([logs / "notes.md"])
