"""Files of the dashboard: those that are there, also after it was built again while the station ran."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse

from api.routes.station import dashboard


def test_files_of_a_page_that_was_built_again_are_served_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "dashboard"
    (folder / "assets").mkdir(parents=True)
    (tmp_path / "secret").write_text("no")
    monkeypatch.setattr(dashboard, "FOLDER", folder)
    (folder / "assets" / "page-1.js").write_text("1")
    first = dashboard.get_file("assets/page-1.js")
    assert isinstance(first, FileResponse)
    assert "immutable" in first.headers["cache-control"]
    (folder / "assets" / "page-1.js").unlink()
    (folder / "assets" / "page-2.js").write_text("2")
    assert isinstance(dashboard.get_file("assets/page-2.js"), FileResponse)
    for name in ("assets/page-1.js", "../secret", "assets/../../secret", "assets", "", "a\0b", 300 * "a"):
        with pytest.raises(HTTPException):
            dashboard.get_file(name)
