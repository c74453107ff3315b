"""The documentation pages under /help: a static site, without a key, with the dashboard's security headers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from api.app import create_app
from api.routes.station import help as help_routes
from api.routes.station.dashboard import HEADERS
from headland.store.memory import MemoryStore
from tests.api.server import serve


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "help"
    monkeypatch.setattr(help_routes, "FOLDERS", (tmp_path / "not there", folder))
    return folder


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    app = create_app(MemoryStore(), organisation="farm", readiness=list, counters=dict)
    with serve(app, opened=False) as client:
        yield client


def test_a_built_page_needs_no_key_and_has_the_dashboards_headers(site: Path, client: httpx.Client) -> None:
    (site / "how-to").mkdir(parents=True)
    (site / "index.html").write_text("<h1>Help</h1>")
    (site / "how-to" / "index.html").write_text("<h1>How to</h1>")
    (site / "search.js").write_text("1")
    first = client.get("/help/", headers={"X-Forwarded-For": "203.0.113.9"})
    assert (first.status_code, first.text) == (200, "<h1>Help</h1>")
    assert {name: first.headers[name] for name in HEADERS} == HEADERS
    assert client.get("/help/how-to/").text == "<h1>How to</h1>"
    assert client.get("/help/search.js").headers["content-type"].startswith("text/javascript")
    moved = client.get("/help", follow_redirects=False)
    assert (moved.status_code, moved.headers["location"]) == (308, "help/")


@pytest.mark.parametrize("path", ["nothing.html", "../secret", "..%2fsecret", "%2e%2e/secret", "how-to/"])
def test_nothing_else_is_served(site: Path, client: httpx.Client, path: str) -> None:
    site.mkdir()
    (site / "index.html").write_text("<h1>Help</h1>")
    (site.parent / "secret").write_text("not for anybody")
    answer = client.get(f"/help/{path}")
    assert answer.status_code in (401, 404)
    assert "not for anybody" not in answer.text


def test_a_site_that_is_not_built_names_the_remedy(site: Path, client: httpx.Client) -> None:
    answer = client.get("/help/")
    assert answer.status_code == 503
    assert "`make docs`" in answer.text
    assert not site.exists()


def test_the_notices_of_others_need_no_key(site: Path, client: httpx.Client) -> None:
    answer = client.get("/third-party-notices", headers={"X-Forwarded-For": "203.0.113.9"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert "maplibre-gl " in answer.text
    assert "Redistribution and use in source and binary forms" in answer.text
    site.mkdir()
    (site / help_routes.NOTICES).write_text("Theme: MIT", encoding="utf-8")
    both = client.get("/third-party-notices").text
    assert both.startswith(answer.text)
    assert both.endswith("Theme: MIT")
