"""The documents are true where a machine can tell: their links lead somewhere, and no option is left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.floors.modules import ROOT

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_inside_the_project_leads_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\((?!https?://|#)([^)#\s]+)", path.read_text(encoding="utf-8"))
    assert [target for target in targets if not (path.parent / target).exists()] == []


def test_contributing_names_files_that_are_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    names = re.findall(r"`((?:headland|edge|ingest|api|firmware_sim|station|tests|requirements)/[\w./-]+)`", text)
    assert len(names) > 10
    assert [name for name in names if not (ROOT / name).exists()] == []
