"""The token between API and ingest: from the environment, else from a folder that both use."""

from __future__ import annotations

from pathlib import Path

import pytest

from headland.errors import SettingsError
from station.local.folder import FarmFolder
from station.server.ingest_access.worker_token import WORKER_TOKEN, worker_token


def test_the_environment_counts_before_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(WORKER_TOKEN, raising=False)
    kept = worker_token(FarmFolder(tmp_path / "farm"))
    assert worker_token(FarmFolder(tmp_path / "farm")) == kept
    assert (tmp_path / "farm" / "secrets" / "worker").stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv(WORKER_TOKEN, "known to both of them")
    assert worker_token(FarmFolder(tmp_path / "farm")) == "known to both of them"
    monkeypatch.setenv(WORKER_TOKEN, "short")
    with pytest.raises(SettingsError, match="shorter than"):
        worker_token(FarmFolder(tmp_path / "farm"))


def test_where_no_folder_can_be_the_setting_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(WORKER_TOKEN, raising=False)
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match=WORKER_TOKEN):
        worker_token(FarmFolder(tmp_path / "file" / "farm"))
