"""Names in the documentation: commands, options, files, modules, variables, routes, make targets."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from api.openapi import describe
from docs.generator import commands
from headland.runtime.extensions import GROUPS
from tests.docs.pages import DOCS, PAGES, blocks_of, code_in, name_of
from tests.floors.modules import ROOT

TREES: Final = "headland|edge|ingest|api|firmware_sim|station|tests|docs|deploy|dashboard|requirements"
FILE: Final = re.compile(rf"^(?:{TREES})/(?!v1)[\w-]+[\w.-]*(?:/[\w-]+[\w.-]*)*/?$|^[\w-]+\.(?:md|yml|toml|py)$")
MODULE: Final = re.compile(r"(?<![\w.])(?:headland|edge|ingest|api|firmware_sim|station|tests)(?:\.[a-z_]\w*)+\b")
VARIABLE: Final = re.compile(r"\bHEADLAND_[A-Z_]+[A-Z]\b")
#: Files of a user, of a farm's folder or of a machine: their names look like ours.
THEIR_FILES: Final = re.compile(
    r"^edge/(?:$|spool|edge\.toml|status\.json|alarms\.json)|^(?:edge|sources|gw-2|house-7|my-sprayer|farm)\.toml$"
)
#: What looks like a module and is the name of something else.
OTHER_NAMES: Final = {
    *GROUPS,
    *("headland.steady_flow_min", "headland.env"),
    *("edge.toml", "edge.sample.toml"),
}
#: What the tests' and chaos' own processes hand to each other, and no user sets.
INTERNAL: Final = {"HEADLAND_SUPERVISED", "HEADLAND_CHAOS_CLOCK", "HEADLAND_STATION_PLACE"}
#: Options of other programs that the pages name.
FOREIGN_OPTIONS: Final = {"--api-only"}


def pages() -> list[Any]:
    return [pytest.param(page, id=name_of(page)) for page in PAGES]


def shell_lines(page: Path) -> list[str]:
    """Return the lines of a page's shell blocks, continued lines joined, and its inline code."""
    texts = [block.text.replace("\\\n", " ") for block in blocks_of(page) if block.language == "sh"]
    return [line for text in texts for line in text.splitlines()] + code_in(page)


def calls_of(page: Path) -> list[list[str]]:
    """Return the words of each call of `headland` that a page shows."""
    found = []
    for line in shell_lines(page):
        try:
            words = shlex.split(line, comments=True)
        except ValueError:  # part of a longer text
            continue
        while words and (re.match(r"^[A-Z_]+=", words[0]) or words[0] in ("docker-compose", "exec", "api", "station")):
            words.pop(0)
        if words and words[0].removeprefix(".venv/bin/") == "headland" and len(words) > 1:
            found.append(words[1:])
    return found


@cache
def all_commands() -> dict[str, Any]:
    """Return each command by its full name."""
    return dict(commands.walk())


@pytest.mark.parametrize("page", pages())
def test_every_command_and_option_exists(page: Path) -> None:
    known = all_commands()
    wrong = []
    for words in calls_of(page):
        path, rest = "headland", list(words)
        while rest and f"{path} {rest[0]}" in known:
            path = f"{path} {rest.pop(0)}"
        options = {word.partition("=")[0] for word in rest if word.startswith("-") and len(word) > 1}
        is_group = bool(getattr(known[path], "commands", {}))
        if options - commands.options_of(known[path]) or (is_group and rest and not rest[0].startswith("-")):
            wrong.append(" ".join(words))
    assert wrong == []


@pytest.mark.parametrize("page", pages())
def test_every_option_that_stands_alone_exists(page: Path) -> None:
    known = {name for command in all_commands().values() for name in commands.options_of(command)}
    named = {code.partition(" ")[0].partition("=")[0] for code in code_in(page) if code.startswith("--")}
    assert named - known - FOREIGN_OPTIONS == set()


@cache
def files_of_the_gateway() -> set[str]:
    """Return the names of the register maps, profiles and tables of limits that come with Headland."""
    return {path.name for path in (ROOT / "edge").rglob("*.toml")}


@pytest.mark.parametrize("page", pages())
def test_every_file_exists(page: Path) -> None:
    named = {code for code in code_in(page) if FILE.match(code) and not THEIR_FILES.match(code)}
    near = {code for code in named if (ROOT / code).exists() or (page.parent / code).exists()}
    assert named - near - files_of_the_gateway() == set()


@pytest.mark.parametrize("page", pages())
def test_every_module_exists(page: Path) -> None:
    texts = [*code_in(page), *(block.text for block in blocks_of(page) if block.language in ("sh", "python"))]
    named = {name for text in texts if "/" not in text for name in MODULE.findall(text)} - OTHER_NAMES
    assert {name for name in named if not is_module_or_name(name)} == set()


def is_module_or_name(name: str) -> bool:
    """Tell whether a dotted name is a module, or something in one."""
    outer, _, last = name.rpartition(".")
    try:
        if importlib.util.find_spec(name) is not None:
            return True
    except ModuleNotFoundError:
        pass
    return bool(outer) and importlib.util.find_spec(outer) is not None and hasattr(importlib.import_module(outer), last)


@cache
def variables() -> set[str]:
    """Return the environment variables in the code and in the files for other programs."""
    trees = set(TREES.split("|")) - {"docs", "dashboard"}
    files = [path for tree in trees for path in (ROOT / tree).rglob("*")]
    files += [ROOT / "docker-compose.yml", ROOT / ".env.sample", ROOT / "bootstrap.py"]
    texts = (".py", ".yml", ".sample", ".service", ".sh", ".toml")
    return {
        name
        for path in files
        if path.suffix in texts and path.is_file()
        for name in VARIABLE.findall(path.read_text(encoding="utf-8"))
    }


@pytest.mark.parametrize("page", pages())
def test_every_environment_variable_is_read_somewhere(page: Path) -> None:
    named = set(VARIABLE.findall(page.read_text(encoding="utf-8")))
    assert named - variables() == set()


def test_every_environment_variable_is_on_the_page_of_settings() -> None:
    trees = ("headland", "edge", "ingest", "api", "station", "firmware_sim")
    files = [path for tree in trees for path in (ROOT / tree).rglob("*.py")]
    read = {name for path in files for name in re.findall(r'"(HEADLAND_[A-Z_]+)"', path.read_text(encoding="utf-8"))}
    page = (DOCS / "reference" / "settings.md").read_text(encoding="utf-8")
    assert len(read) > 10
    assert read - INTERNAL - set(VARIABLE.findall(page)) == set()


@cache
def routes() -> dict[str, set[str]]:
    """Return the methods of each path that the API describes."""
    paths = json.loads(describe())["paths"]
    return {path: {method.upper() for method in methods} for path, methods in paths.items()}


@pytest.mark.parametrize("page", pages())
def test_every_route_exists(page: Path) -> None:
    found = (re.match(r"^(?:([A-Z]+) )?(/v1/[^\s?`…]*)(?:\?|$)", code) for code in code_in(page) if "..." not in code)
    wrong = {match[0] for match in found if match and not is_route(match[2], match[1])}
    for block in blocks_of(page):
        if block.language == "sh":
            wrong |= {path for path in re.findall(r"\$API(/v1/[^\s?\"']*)", block.text) if not is_route(path, None)}
    assert wrong == set()


def is_route(path: str, method: str | None) -> bool:
    """Tell whether a path, with any text in the place of each id, is one of the API's; with the method, if given."""
    parts = path.rstrip("/").split("/")
    for route, methods in routes().items():
        template = route.split("/")
        is_like = len(template) == len(parts) and all(
            each.startswith("{") or each == part for each, part in zip(template, parts, strict=True)
        )
        if is_like and (method is None or method in methods):
            return True
    return path.rstrip("/") in ("/v1/store",)


@pytest.mark.parametrize("page", pages())
def test_every_make_target_exists(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    known = set(" ".join(re.findall(r"^([a-z -]+):", makefile, re.MULTILINE)).split())
    calls = [line.split() for line in shell_lines(page) if line.startswith("make ")]
    named = {words[1] for words in calls if len(words) > 1}
    assert {name for name in named if re.match(r"^[a-z-]+$", name)} - known == set()


@pytest.mark.parametrize("name", ["how-to/dashboard.md", "tutorials/first-farm.md", "zh/first-farm.md"])
def test_every_page_of_the_dashboard_has_the_name_that_the_menu_shows(name: str) -> None:
    texts = (ROOT / "dashboard" / "src" / "i18n" / "common.ts").read_text(encoding="utf-8")
    menu = {text for pair in re.findall(r'page_\w+: \["([^"]+)", "([^"]+)"\]', texts) for text in pair}
    page = (DOCS / name).read_text(encoding="utf-8")
    named = set(re.findall(r"^(?:- )?\*\*([^*]+)\*\*[:：]", page, re.MULTILINE))
    assert len(named) >= 3
    assert named - menu == set()


def test_a_number_of_a_decision_is_of_one_page() -> None:
    pages = [page.name for page in (DOCS / "decisions").glob("[0-9]*.md")]
    assert sorted(name[:4] for name in pages) == sorted({name[:4] for name in pages})
