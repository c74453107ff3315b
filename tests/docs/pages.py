"""The pages of the documentation and their code blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from tests.floors.modules import ROOT

DOCS: Final = ROOT / "docs"
#: Decisions are history: they name what was there when they were made.
PAGES: Final = sorted(
    [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *(page for page in DOCS.rglob("*.md") if "decisions" not in page.parts),
    ]
)
#: A block with the mark before it that says how it is tested.
_BLOCK: Final = re.compile(
    r"(?:^<!-- (?P<mark>[^>]*) -->\n)?^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
RUN: Final = "run: farm"
RUN_STOPPED: Final = "run: stopped farm"
#: In a folder with the files of a release: tests/deploy/test_verify_release.py.
RUN_RELEASE: Final = "run: release"


@dataclass(frozen=True, slots=True)
class Block:
    """A code block: `where` is page and line, `mark` the comment before it, such as `run: farm`."""

    where: str
    language: str
    mark: str
    text: str


def name_of(page: Path) -> str:
    """Return a page's path from the top of the project."""
    return page.relative_to(ROOT).as_posix()


@cache
def blocks_of(page: Path) -> list[Block]:
    """Return the code blocks of a page in their order."""
    return list(_blocks(page))


def _blocks(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    for match in _BLOCK.finditer(text):
        line = text.count("\n", 0, match.start("language")) + 1
        indent = len(match["indent"])
        body = "".join(each[indent:] for each in match["text"].splitlines(keepends=True))
        yield Block(f"{name_of(page)}:{line}", match["language"], match["mark"] or "", body)


def blocks_in(*languages: str) -> list[Block]:
    """Return all blocks of these languages."""
    return [block for page in PAGES for block in blocks_of(page) if block.language in languages]


@cache
def code_in(page: Path) -> list[str]:
    """Return the inline code of a page."""
    text = _BLOCK.sub("", page.read_text(encoding="utf-8"))
    return re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text)
