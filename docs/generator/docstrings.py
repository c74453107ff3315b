"""Docstrings as Markdown: paragraphs, lists of sources and of terms, drawings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Final

_SOURCE: Final = re.compile(r"^\.\. (\[\d+\]) (.*)")
_UNDERLINE: Final = re.compile(r"^-{3,}$")


def docstring_to_markdown(text: str | None) -> str:
    """Return a docstring as Markdown.

    Sources (`.. [1] text`) and terms (a line, its meaning indented below) become lists. An underlined heading becomes
    bold. Other indented lines remain as they are.
    """
    paragraphs = inspect.cleandoc(text or "").split("\n\n")
    return "\n\n".join(_paragraph(paragraph) for paragraph in paragraphs if paragraph.strip())


def _paragraph(paragraph: str) -> str:
    lines = paragraph.splitlines()
    if len(lines) > 1 and _UNDERLINE.match(lines[1]):
        return f"**{lines[0]}**\n\n{_paragraph(chr(10).join(lines[2:]))}" if len(lines) > 2 else f"**{lines[0]}**"
    if any(_SOURCE.match(line) for line in lines):
        return _entries(lines, is_start=lambda line: bool(_SOURCE.match(line)), first=_source)
    if all(line.startswith("    ") for line in lines):
        return "```text\n" + "\n".join(line[4:] for line in lines) + "\n```"
    if any(line.startswith("    ") for line in lines):
        return _entries(
            lines, is_start=lambda line: not line.startswith(" "), first=lambda line: f"**{escape(line)}**:"
        )
    return escape("\n".join(lines))


def _entries(lines: list[str], *, is_start: Callable[[str], bool], first: Callable[[str], str]) -> str:
    entries: list[str] = []
    for line in lines:
        if is_start(line) or not entries:
            entries.append(first(line))
        else:
            entries[-1] += f" {escape(line.strip())}"
    return "\n".join(f"- {entry}" for entry in entries)


def _source(line: str) -> str:
    match = _SOURCE.match(line)
    return f"{escape(match[1])} {escape(match[2])}" if match else escape(line)


def _term(line: str) -> str:
    return f"**{escape(line)}**:"


def escape(text: str) -> str:
    """Return a text of which Markdown takes nothing for markup, but for code."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if part.startswith("`") else re.sub(r"([\[\]*_<])", r"\\\1", part) for part in parts)
