"""The glossary names classes that exist, and none of those that were replaced."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from tests.docs.pages import DOCS
from tests.floors.modules import ROOT

TEXT: Final = (DOCS / "glossary.md").read_text(encoding="utf-8")
TREES: Final = ("headland", "edge", "ingest", "api", "station", "firmware_sim")


@cache
def classes() -> set[str]:
    """Return the names of all classes and type aliases in the code."""
    texts = (path.read_text(encoding="utf-8") for tree in TREES for path in (ROOT / tree).rglob("*.py"))
    return {
        name for text in texts for name in re.findall(r"^(?:class |type )?([A-Z]\w+)(?=[(:\[ ])", text, re.MULTILINE)
    }


def test_every_class_that_it_names_exists() -> None:
    named = set(re.findall(r"`([A-Z][a-z]\w*[a-z])`", TEXT))
    assert len(named) > 80
    assert named - classes() == set()


def test_no_replaced_name_is_a_class_again() -> None:
    rows = re.findall(r"^\| ([^|`]+) \| `", TEXT[TEXT.index("## Names that were replaced") :], re.MULTILINE)
    early = {name.strip() for row in rows for name in re.sub(r" \([^)]*\)", "", row).split(",")}
    assert len(early) > 60
    # Farm, Work and Truth are the field's words, and Register is Modbus'.
    assert early & classes() - {"Farm", "Work", "Truth", "Register"} == set()


def test_every_term_has_a_chinese_word_and_a_meaning() -> None:
    rows = [line.strip("|").split("|") for line in TEXT.splitlines() if line.startswith("|") and "---" not in line]
    terms = [[cell.strip() for cell in row] for row in rows if len(row) == 4]
    assert len(terms) > 120
    assert [row[0] for row in terms if not all(row[:3])] == []
