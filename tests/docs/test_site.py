"""The built site: complete, without warnings, and without anything from another host."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

import bootstrap
from api.app import create_app
from api.routes.station import help as help_routes
from docs.generator import commands, methods
from headland.contract.quantities import QUANTITIES
from headland.store.memory import MemoryStore
from tests.api.server import serve
from tests.dashboard.conftest import PATIENCE_MS
from tests.floors.modules import ROOT
from tests.machine import find_program

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]

#: Links to read elsewhere, which load nothing by themselves.
LINK: Final = re.compile(r'<a [^>]*href="https?://[^"]*"')


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as `make docs` builds it, warnings as errors: the one that it built, where nothing has changed since."""
    built = bootstrap.HELP / "sources.sha256"
    if built.exists() and built.read_text(encoding="utf-8") == bootstrap.help_digest():
        return bootstrap.HELP
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_no_page_loads_anything_from_another_host_or_runs_an_inline_script(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 40
    for page in pages:
        text = LINK.sub("", page.read_text(encoding="utf-8"))
        assert re.findall(r'(?:src|href)="(?:https?:)?//[^"]*"', text) == [], page
        assert "<script>" not in text, page
        assert "<!-- generated:" not in text, page


def test_every_script_that_was_moved_out_is_there(site: Path) -> None:
    for page in site.rglob("*.html"):
        for script in re.findall(r'<script src="([^"]*inline-[^"]*)"', page.read_text(encoding="utf-8")):
            target = site / script.removeprefix("/help/") if script.startswith("/help/") else page.parent / script
            assert target.is_file(), (page, script)


def test_the_reference_has_every_command_quantity_and_method(site: Path) -> None:
    pages = {
        name: (site / "reference" / name / "index.html").read_text("utf-8") for name in ("cli", "quantities", "methods")
    }
    assert [path for path, _ in commands.walk() if f">{path}<" not in pages["cli"]] == []
    assert [name for name in QUANTITIES if f"<code>{name}</code>" not in pages["quantities"]] == []
    known = {name for name, _, _ in methods.methods()}
    assert {"vapour_pressure_deficit", "as_applied_deposit", "et0_fao56", "botrytis_index", "stanford_balance"} <= known
    assert [name for name in known if f"<code>{name}</code>" not in pages["methods"]] == []


def test_the_search_finds_english_and_chinese_pages(site: Path) -> None:
    index = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))
    texts = {each["location"]: each["text"] for each in index["docs"]}
    assert any("commit ack" in text for text in texts.values())
    assert any("饱和水汽压差" in text for place, text in texts.items() if place.startswith("zh/"))


@pytest.mark.services("chromium")
def test_the_station_serves_a_site_that_a_browser_can_search_offline(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from playwright.sync_api import expect, sync_playwright  # its event loop must not outlive this test

    monkeypatch.setattr(help_routes, "FOLDERS", (site,))
    app = create_app(MemoryStore(), organisation="farm", readiness=list, counters=dict)
    troubles: list[str] = []
    with serve(app, opened=False) as client, sync_playwright() as playwright:
        base = str(client.base_url).rstrip("/")
        chromium = playwright.chromium.launch(
            executable_path=find_program("chromium"), args=["--no-sandbox", "--disable-gpu"], timeout=PATIENCE_MS
        )
        expect.set_options(timeout=PATIENCE_MS)
        page = chromium.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", lambda told: troubles.append(told.text) if told.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on(
            "request",
            lambda asked: None if asked.url.startswith((base, "data:", "blob:")) else troubles.append(asked.url),
        )
        page.goto(f"{base}/help/")
        expect(page.get_by_role("heading", name="Headland", exact=False).first).to_be_visible()
        page.get_by_role("link", name="Your first farm").first.click()
        expect(page).to_have_url(f"{base}/help/tutorials/first-farm/")
        page.get_by_placeholder("Search").fill("quarantine")
        expect(page.locator(".md-search-result__link").first).to_be_visible()
        chromium.close()
    assert troubles == []
