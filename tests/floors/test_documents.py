"""The documents are true where a machine can tell: their links lead somewhere, and no option is left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.generator.tasks import pages as task_pages
from tests.floors.modules import ROOT
from tests.walk.way_tracer import read_names, read_way

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_inside_the_project_leads_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\((?!https?://|#)([^)#\s]+)", path.read_text(encoding="utf-8"))
    # The pages of tasks are made when the site is built.
    made = {(ROOT / "docs" / page).resolve() for page, _ in task_pages()}
    missing = [target for target in targets if not (path.parent / target).exists()]
    assert [target for target in missing if (path.parent / target).resolve() not in made] == []


def test_contributing_names_files_that_are_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    names = re.findall(r"`((?:headland|edge|ingest|api|firmware_sim|station|tests|requirements)/[\w./-]+)`", text)
    assert len(names) > 10
    assert [name for name in names if not (ROOT / name).exists()] == []


#: The ways that docs/explanation/index.md tells step by step, each with the most steps in which it may be told.
WAYS = {
    "a position": 15,
    "a SenML message": 10,
    "an as-applied request": 12,
    "a climate request": 10,
    "a Modbus register to an alarm": 21,
    "a lot's certificate": 12,
    "an enrolment": 17,
}


@pytest.mark.parametrize(("way", "most"), WAYS.items(), ids=WAYS)
def test_each_step_of_a_way_names_functions_of_its_file(way: str, most: int) -> None:
    """`tests/walk/test_ways.py` walks them."""
    steps = read_way(way).steps
    assert 0 < len(steps) <= most
    for step in steps:
        source = (ROOT / step.file).read_text(encoding="utf-8")
        for name in step.functions:
            for part in name.split("."):
                assert re.search(rf"^\s*(?:def|class) {part}\b", source, re.MULTILINE), name


def test_every_way_of_the_page_is_walked() -> None:
    assert read_names() == list(WAYS)


#: Ends processes of everybody on the machine, by a name that others' processes have too.
BY_NAME = re.compile(r"\b(pkill|killall|pidof|kill\b[^\n]*\bpgrep)\b")
SHOWN = sorted(
    [
        *DOCUMENTS,
        *(path for path in (ROOT / "deploy").rglob("*") if path.is_file() and "__pycache__" not in path.parts),
        *(ROOT / "dashboard").glob("*.md"),
        *(ROOT / "dashboard" / "src" / "i18n").glob("*.ts"),
        *(ROOT / "headland" / "i18n").rglob("*.json"),
    ]
)


def test_nothing_that_people_read_ends_processes_by_name() -> None:
    assert len(SHOWN) > 150
    found = {
        str(path.relative_to(ROOT)): line
        for path in SHOWN
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines()
        if BY_NAME.search(line)
    }
    assert found == {}


@pytest.mark.parametrize("path", ["docs/tutorials/first-farm.md", "docs/zh/first-farm.md"])
def test_the_tutorial_ends_the_farms_own_broker(path: str) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    assert 'kill -9 "$(cat ~/.local/share/headland/logs/broker.pid)"' in text
