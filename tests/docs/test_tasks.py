"""Tasks of the help: a sentence names what is clicked, and a step that has a picture has it, small."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.generator import tasks
from docs.generator.tasks import PICTURES, ROOT, Language, Step, Task, load_tasks
from tests.floors.test_documents import BY_NAME

FOLDER = ROOT / "docs" / PICTURES
MOST_BYTES, MOST_ALL_BYTES = 40_000, 2_000_000
LANGUAGES: tuple[Language, ...] = ("en", "zh")
DOCS_OF_GROWERS = sorted(path for part in ("tutorials", "how-to", "zh") for path in (ROOT / "docs" / part).glob("*.md"))
#: What a grower has to do at a screen has neither commands nor other programs.
NOT_A_CLICK = re.compile(r"`|\bcurl\b|\bsudo\b|\bheadland \w")
EVERY_STEP = [(task, step) for task in load_tasks() for step in task.step]


def test_there_are_twelve_tasks_and_more_in_both_languages_and_each_is_in_the_navigation() -> None:
    assert len(load_tasks()) >= 12
    written = dict(tasks.pages())
    assert set(tasks.navigation("en")) | set(tasks.navigation("zh")) == set(written)
    assert all(re.search("[\u4e00-\u9fff]", text) for path, text in written.items() if path.startswith("zh/"))


@pytest.mark.parametrize(("task", "step"), EVERY_STEP, ids=lambda each: getattr(each, "slug", None) or each.en[:20])
def test_a_sentence_names_all_that_its_step_does_in_both_languages(task: Task, step: Step) -> None:
    for action in step.actions():
        for sentence in (step.en, step.zh):
            assert f"{{{action.key}}}" in sentence, (task.slug, sentence)
    for language in LANGUAGES:
        told = step.text(language)
        assert "{" not in told
        assert not NOT_A_CLICK.search(told)
        assert not BY_NAME.search(told)


def test_every_picture_is_there_small_and_of_a_step() -> None:
    wanted = {
        tasks.picture_of(task, number, language)
        for task in load_tasks()
        for number, step in enumerate(task.step, 1)
        if step.picture
        for language in LANGUAGES
    }
    sizes = {path.name: path.stat().st_size for path in FOLDER.iterdir()}
    assert set(sizes) == wanted
    assert max(sizes.values()) < MOST_BYTES
    assert sum(sizes.values()) < MOST_ALL_BYTES
    for task in load_tasks():
        assert sum(step.picture for step in task.step) >= 1, task.slug


def test_every_page_of_the_dashboard_leads_to_a_task() -> None:
    source = ROOT / "dashboard" / "src"
    pages = set(re.findall(r'\{ name: "(\w+)", title', (source / "pages" / "index.ts").read_text(encoding="utf-8")))
    led = dict(
        re.findall(r'^  "?([\w/]+)"?: "(\w+)",$', (source / "app" / "help_of.ts").read_text(encoding="utf-8"), re.M)
    )
    assert len(pages) >= 10
    assert pages <= set(led)
    assert set(led.values()) <= {task.slug for task in load_tasks()}


#: For people who set up access, connect programs or read maps by them: nothing of it is a task of the help.
OF_PROGRAMS = {"how-to/access.md", "how-to/other-programs.md", "how-to/public-pages.md", "how-to/yield-maps.md"}
WITH_CURL = [path for path in DOCS_OF_GROWERS if "curl" in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("path", WITH_CURL, ids=lambda path: path.name)
def test_a_page_with_requests_says_first_how_the_same_is_done_by_clicking(path: Path) -> None:
    name = path.relative_to(ROOT / "docs").as_posix()
    before, _, _ = path.read_text(encoding="utf-8").partition("curl")
    assert name in OF_PROGRAMS or re.search(r"\]\((?:\.\./)?tasks/\w+\.md\)", before), name
