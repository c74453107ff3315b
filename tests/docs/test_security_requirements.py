"""The page of security requirements: every item of the standards is answered, and each test that it names exists."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from functools import cache
from typing import Final

import pytest

from tests.docs.pages import DOCS
from tests.floors.modules import ROOT

PAGE: Final = DOCS / "reference" / "security-requirements.md"
#: Provisions of each clause of EN 303 645 V2.1.1: 68 with that of clause 4, of which 33 are mandatory.
ETSI: Final = {1: 5, 2: 3, 3: 16, 4: 4, 5: 8, 6: 9, 7: 2, 8: 3, 9: 3, 10: 1, 11: 4, 12: 3, 13: 1}
ETSI_DATA: Final = 5
#: Elements of each capability of NISTIR 8259A.
NIST: Final = {"DI": 2, "DC": 3, "DP": 3, "LA": 3, "SU": 6, "CS": 5}
#: Points of the annexes of Regulation (EU) 2024/2847: I part I (1) and (2) a to m, I part II, II with 8 a to f.
CRA: Final = [
    "I.1",
    *(f"I.2{letter}" for letter in "abcdefghijklm"),
    *(f"II.{number}" for number in range(1, 9)),
    *(f"A2.{number}" for number in range(1, 8)),
    *(f"A2.8{letter}" for letter in "abcdef"),
    "A2.9",
]
ANSWERS: Final = ("yes", "partly", "no", "not ours")
_NODE: Final = re.compile(r"`(tests/[\w/]+\.py::test_\w+)`")


def rows() -> list[list[str]]:
    """Return the rows of the page's tables: item, what it asks, answer, test and reason."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return [row for row in cells if row[0] != "item" and not row[0].startswith("---")]


def expected() -> list[str]:
    """Return the items of the three documents in their order."""
    etsi = [f"5.{clause}-{number}" for clause, most in ETSI.items() for number in range(1, most + 1)]
    nist = [f"{name}-{number}" for name, most in NIST.items() for number in range(1, most + 1)]
    return ["4-1", *etsi, *(f"6.{number}" for number in range(1, ETSI_DATA + 1)), *nist, *CRA]


@cache
def collected(files: tuple[str, ...]) -> frozenset[str]:
    """Return the tests that pytest finds in files, without their parameters."""
    line = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-n0", "-p", "no:cacheprovider", *files]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return frozenset(line.partition("[")[0] for line in done.stdout.splitlines() if "::" in line)


def test_the_items_are_those_of_the_documents_in_their_order_and_count() -> None:
    items = [row[0] for row in rows()]
    assert [name for name, times in Counter(items).items() if times > 1] == []
    assert items == expected()
    assert (1 + sum(ETSI.values()) + ETSI_DATA, sum(NIST.values()), len(CRA)) == (68, 22, 36)


def test_every_item_is_answered_once() -> None:
    for item, asks, answer, proof in rows():
        nodes, reason = _NODE.findall(proof), _NODE.sub("", proof).strip(" ,;")
        assert asks, item
        assert answer in ANSWERS, item
        assert bool(nodes) == (answer in ("yes", "partly")), f"{item} is {answer} with {len(nodes)} tests"
        if answer != "yes":
            assert len(reason) > 10, f"{item} needs its reason"


@pytest.mark.long
def test_every_test_that_is_named_exists() -> None:
    named = {node for row in rows() for node in _NODE.findall(row[3])}
    files = tuple(sorted({node.partition("::")[0] for node in named}))
    missing_files = [file for file in files if not (ROOT / file).is_file()]
    assert missing_files == []
    assert sorted(named - collected(files)) == []


def test_the_threat_model_answers_each_attack() -> None:
    text = (DOCS / "explanation" / "threat-model.md").read_text(encoding="utf-8")
    table = text[text.index("| attacker | attack |") :].partition("\n\n")[0].splitlines()[2:]
    attacks = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table]
    assert len(attacks) > 20
    assert [row for row in attacks if len(row) != 3 or not all(row)] == []
    assert "threat-model.md" in (ROOT / "SECURITY.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("heading", ["What is promised", "What is not promised"])
def test_what_is_promised_and_what_is_not_is_stated(heading: str) -> None:
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    part = text[text.index(f"\n## {heading}\n") :].split("\n## ")[1]
    assert len(re.findall(r"(?m)^- ", part)) >= 4
