"""Files of the dashboard: those that are there, also after it was built again while the station ran."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse

from api.routes.station import dashboard

PLAIN = Request({"type": "http", "headers": []})


def test_files_of_a_page_that_was_built_again_are_served_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "dashboard"
    (folder / "assets").mkdir(parents=True)
    (tmp_path / "secret").write_text("no")
    monkeypatch.setattr(dashboard, "FOLDER", folder)
    (folder / "assets" / "page-1.js").write_text("1")
    first = dashboard.get_file("assets/page-1.js", PLAIN)
    assert isinstance(first, FileResponse)
    assert "immutable" in first.headers["cache-control"]
    (folder / "assets" / "page-1.js").unlink()
    (folder / "assets" / "page-2.js").write_text("2")
    assert isinstance(dashboard.get_file("assets/page-2.js", PLAIN), FileResponse)
    for name in ("assets/page-1.js", "../secret", "assets/../../secret", "assets", "", "a\0b", 300 * "a"):
        with pytest.raises(HTTPException):
            dashboard.get_file(name, PLAIN)


def test_code_is_compressed_for_those_who_take_it_and_plain_for_others(client: httpx.Client) -> None:
    file = max((dashboard.FOLDER / "assets").glob("base-*.js"), key=lambda file: file.stat().st_size)
    path = f"/dashboard/assets/{file.name}"
    for method in ("GET", "HEAD"):
        packed = client.request(method, path, headers={"Accept-Encoding": "gzip"})
        assert packed.headers["content-encoding"] == "gzip"
        assert "Accept-Encoding" in packed.headers["vary"]
        assert int(packed.headers["content-length"]) < 0.4 * file.stat().st_size
        assert "immutable" in packed.headers["cache-control"]
    assert client.get(path, headers={"Accept-Encoding": "gzip"}).content == file.read_bytes()
    plain = client.get(path, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == file.read_bytes()
    part = client.get(path, headers={"Range": "bytes=0-9", "Accept-Encoding": "gzip"})
    assert (part.status_code, part.content) == (206, file.read_bytes()[:10])
