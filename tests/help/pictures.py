"""Takes the pictures of the help again, in both languages: `make help-pictures`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, expect, sync_playwright

from docs.generator.tasks import PICTURES, ROOT, Language, Task, load_tasks, picture_of
from tests.dashboard.conftest import launch
from tests.help.farm import HelpFarm, serve_help_farm
from tests.help.walk import SIZE, begin, take_webp, walk
from tests.machine import find_program

#: Long enough for a busy machine: nobody waits beside it.
_PATIENCE_MS: Final = 30_000
_QUALITY: Final = 50
_LOCALES: Final[dict[Language, str]] = {"en": "en-GB", "zh": "zh-CN"}


def take_all(browser: Browser, farm: HelpFarm, language: Language, wanted: list[str]) -> None:
    """Walk the tasks, all or those that are named, and write their pictures."""
    for task in load_tasks():
        if not wanted or task.slug in wanted:
            _take(browser, farm, task, language)
            sys.stdout.write(f"{task.slug} {language}\n")


def _take(browser: Browser, farm: HelpFarm, task: Task, language: Language) -> None:
    if task.slug == "alarms":
        farm.farm.raise_frost()
    context = browser.new_context(
        viewport=SIZE,  # type: ignore[arg-type]  # width and height
        locale=_LOCALES[language],
        service_workers="block",
        color_scheme="light",
    )
    context.set_default_timeout(_PATIENCE_MS)
    page = context.new_page()
    page.goto(f"{farm.farm.base}/{farm.address(task)}")
    begin(page, task)

    def keep(number: int, page: Page) -> None:
        file = ROOT / "docs" / PICTURES / picture_of(task, number, language)
        file.write_bytes(take_webp(page, _QUALITY))

    walk(page, task, language, language, keep)
    context.close()


def main(wanted: list[str]) -> None:
    """Take the pictures of all tasks, or of those that are named."""
    expect.set_options(timeout=_PATIENCE_MS)
    (ROOT / "docs" / PICTURES).mkdir(parents=True, exist_ok=True)
    program = find_program("chromium-headless-shell") or find_program("chromium")
    with sync_playwright() as playwright:
        browser = launch(playwright, program)
        for language in _LOCALES:
            with tempfile.TemporaryDirectory() as folder, serve_help_farm(Path(folder), language) as farm:
                take_all(browser, farm, language, wanted)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
