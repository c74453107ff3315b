"""Every step of the help is walked on a farm, in both languages: each label is on the page."""

from __future__ import annotations

from typing import cast

import pytest
from playwright.sync_api import Page, expect

from docs.generator.tasks import Language, Task, label_of, load_tasks
from tests.dashboard.conftest import Open
from tests.help.conftest import FarmOf
from tests.help.walk import SIZE, begin, walk

pytestmark = pytest.mark.services("chromium")
LOCALES: dict[Language, str] = {"en": "en-GB", "zh": "zh-CN"}
QUICK = "house"


def open_at(visit: Open, farm_of: FarmOf, task: Task, language: Language) -> Page:
    """Sign in as who does the task, at the page where it begins."""
    help_farm = farm_of(language)
    base = help_farm.farm.base
    if task.slug == "alarms":
        help_farm.farm.raise_frost()
    page = visit(help_farm.address(task), base=base, locale=LOCALES[language], viewport=SIZE, extra_http_headers={})
    begin(page, task)
    return page


def test_a_task_of_the_help_is_what_the_page_does(visit: Open, farm_of: FarmOf) -> None:
    task = next(task for task in load_tasks() if task.slug == QUICK)
    walk(open_at(visit, farm_of, task, "zh"), task, "zh", "zh")


@pytest.mark.long
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("task", load_tasks(), ids=lambda task: str(task.slug))
def test_every_task_of_the_help_is_walked(visit: Open, farm_of: FarmOf, task: Task, language: str) -> None:
    spoken = cast("Language", language)
    walk(open_at(visit, farm_of, task, spoken), task, spoken, spoken)


def test_the_mark_in_the_bar_leads_to_the_help_about_what_is_open(visit: Open, farm_of: FarmOf) -> None:
    page = open_at(visit, farm_of, next(task for task in load_tasks() if task.slug == "today"), "zh")
    mark = page.get_by_role("link", name=label_of("help_here", "zh"))
    # Where it leads is decided when it is tapped; the site itself is built by `make docs` alone.
    page.evaluate("addEventListener('click', (event) => event.preventDefault())")
    for address, task in (
        ("#/health?tab=import", "import"),
        ("#/alarms", "alarms"),
        ("#/harvest?tab=stock", "certificates"),
    ):
        page.evaluate("address => (location.hash = address)", address)
        expect(page.locator(f"[data-page={address[2:].partition('?')[0].partition('/')[0]}]")).to_be_visible()
        mark.click()
        expect(mark).to_have_attribute("href", f"/help/zh/tasks/{task}/")
