"""One reader of numbers in text, with the answer that `int` and `float` give."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("edge", "ingest", "api", "headland", "station")
#: `str` methods that are true for text which `int` refuses, or for more digits than it reads.
ASKING = ("isdigit", "isdecimal", "isnumeric")


def asking(source: str) -> list[int]:
    """Return the lines that ask a text by one of these methods."""
    return [
        node.lineno for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute) and node.attr in ASKING
    ]


@pytest.mark.parametrize("package", PACKAGES)
def test_whether_a_text_is_digits_is_asked_of_plain_numbers_alone(package: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sorted((ROOT / package).rglob("*.py"))
        if any(word in (text := path.read_text()) for word in ASKING) and path.name != "plain_numbers.py"
        for line in asking(text)
    ]
    assert found == [], "use headland.plain_numbers.is_digits"


def test_the_search_finds_what_it_looks_for() -> None:
    assert asking("if word.lstrip('-').isdigit():\n    int(word)") == [1]
    assert asking("check = str.isdecimal") == [1]
