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


def names(found: list[Path]) -> list[str]:
    return [path.name for path in found]


def test_of_a_folder_all_logs_are_taken_also_those_in_folders_of_it(logs: Path) -> None:
    assert names(find_files([logs])) == ["a.tlog", "b.BIN", "c.ulg", "d.rlog", "e.raw"]


def test_of_a_folder_of_tables_only_tables_are_taken(logs: Path) -> None:
    assert names(find_files([logs], tables=True)) == ["table.csv"]


def test_a_pattern_means_what_it_matches_and_a_file_of_that_very_name_goes_before(
    logs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(logs)
    assert names(find_files([Path("**/*.r*")])) == ["d.rlog", "e.raw"]
    assert names(find_files([logs.parent / "season*" / "*.BIN"])) == ["b.BIN"]
    (logs / "odd*.tlog").write_bytes(b"")
    (logs / "oddly.tlog").write_bytes(b"")
    assert names(find_files([Path("odd*.tlog")])) == ["odd*.tlog"]


def test_a_file_that_is_named_twice_is_read_once_in_the_order_of_its_first_naming(logs: Path) -> None:
    assert names(find_files([logs / "c.ulg", logs, logs / "day" / ".." / "a.tlog"])) == [
        "c.ulg",
        "a.tlog",
        "b.BIN",
        "d.rlog",
        "e.raw",
    ]


def test_where_nothing_is_meant_it_is_said(logs: Path) -> None:
    (logs / "empty").mkdir()
    with pytest.raises(SettingsError, match=r"empty: there is no \.tlog or \.rlog or .* file in it"):
        find_files([logs / "empty"])
    with pytest.raises(SettingsError, match="there is no"):
        find_files([logs / "*.zip"])
    with pytest.raises(SettingsError, match=r"notes\.md: this kind of file is not known; \.tlog, \.rlog"):
        find_files([logs / "notes.md"])
