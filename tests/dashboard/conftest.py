"""One browser and one farm for all tests of the dashboard; a page each, on which nothing may go wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Playwright, Request, expect, sync_playwright

from tests.dashboard.farm import Farm, serve_farm
from tests.dashboard.page_pool import PagePool, PooledPage
from tests.machine import find_program

PATIENCE_MS: Final = 120_000
#: The gate of a served app is open to who shows anything; signing in has a test of its own.
SHOWN: Final = {"Authorization": "Bearer any"}
#: Chromium warns that drawing in software is slow, and Playwright that it blocks a service worker.
_SLOW: Final = re.compile("GL Driver Message|Service Worker registration blocked by Playwright")

#: Opens a page of the dashboard in a context with these options.
Open = Callable[..., Page]


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """The driver of browsers, as long as tests of the dashboard run: beside its event loop no other could run."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="package")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Chromium: its shell without a window where that is installed, which takes a fifth less of the processor."""
    browser = launch(playwright, find_program("chromium-headless-shell") or find_program("chromium"))
    yield browser
    browser.close()


def launch(playwright: Playwright, program: str | None) -> Browser:
    """Start a browser."""
    return playwright.chromium.launch(
        executable_path=program, args=["--no-sandbox", "--disable-gpu"], timeout=PATIENCE_MS
    )


@pytest.fixture(scope="session")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    with serve_farm(tmp_path_factory.mktemp("dashboard")) as served:
        yield served


@pytest.fixture
def page_errors() -> list[str]:
    """What went wrong in the browser; a test that means it to takes it out."""
    return []


@pytest.fixture(scope="package")
def pages(browser: Browser) -> PagePool:
    """The pages of the browser; a test gets one that another has used, as long as that leaves no trace."""
    return PagePool(browser)


@pytest.fixture
def visit(pages: PagePool, farm: Farm, page_errors: list[str]) -> Iterator[Open]:
    """A function that opens an address; no request may leave the machine and nothing may go wrong."""
    opened: list[tuple[PooledPage, str, Callable[[], None]]] = []

    def open_page(address: str = "#/farm", *, base: str = farm.base, **options: Any) -> Page:
        # Small, because a map that is drawn in software takes long; that of the farm is built when it is near.
        size = {"width": 1000, "height": 400}
        options = {"locale": "en-GB", "extra_http_headers": SHOWN, "viewport": size, **options}
        # It stores the whole page: the tests without a network alone have it.
        options.setdefault("service_workers", "block")
        pooled = pages.take(options)
        page = pooled.page
        page.context.set_default_timeout(PATIENCE_MS)
        opened.append((pooled, base, watch(page, base, page_errors)))
        page.goto(f"{base}/{address}")
        return page

    yield open_page
    for pooled, base, stop_watching in opened:
        stop_watching()
        pages.give_back(pooled, base)
    assert page_errors == []


def watch(page: Page, base: str, page_errors: list[str]) -> Callable[[], None]:
    """Collect what goes wrong on a page until the function that is returned is called."""

    def collect(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not _SLOW.search(message.text):
            page_errors.append(f"{message.type}: {message.text} {message.location['url']}")

    def collect_error(error: Error) -> None:
        page_errors.append(f"error: {error}")

    def collect_request(request: Request) -> None:
        if not request.url.startswith((base, "blob:", "data:")):
            page_errors.append(f"left: {request.url}")

    def stop() -> None:
        page.remove_listener("console", collect)
        page.remove_listener("pageerror", collect_error)
        page.remove_listener("request", collect_request)

    page.on("console", collect)
    page.on("pageerror", collect_error)
    page.on("request", collect_request)
    return stop


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core."""
    return Path(str(find_program("axe-core"))).read_text(encoding="utf-8")
