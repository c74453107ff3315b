"""The table of mutants names lines that exist, and a run of one finds what it should."""

from __future__ import annotations

from pathlib import Path

import pytest

from station.simulation.world import RunSettings, run_world
from tests.mutants.mutant import Mutant
from tests.mutants.run import ROOT, Finding, copied_tree, format_page, missing_texts, try_mutant
from tests.mutants.table import MUTANTS


def test_each_mutant_has_its_line_in_the_source_and_changes_it() -> None:
    assert missing_texts() == []
    assert all(mutant.text != mutant.replacement for mutant in MUTANTS)
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 40


def test_a_line_that_is_gone_or_there_twice_is_named(tmp_path: Path) -> None:
    (tmp_path / "guard.py").write_text("if a:\n    b\nif a:\n    c\n")
    gone = Mutant("gone", "guard.py", "if d:", "if False:")
    twice = Mutant("twice", "guard.py", "if a:", "if False:")
    assert [line.split(":")[0] for line in missing_texts([gone, twice], tmp_path)] == ["gone", "twice"]


def test_each_mutant_has_a_row_in_the_documentation() -> None:
    page = (ROOT / "docs" / "reference" / "mutants.md").read_text()
    assert [mutant.name for mutant in MUTANTS if f"| {mutant.name} |" not in page] == []


def test_a_mutant_that_nothing_finds_is_shown() -> None:
    assert "**not found**" in format_page([Finding("guard", "a.py", "", None, 200.0)])


def test_each_test_that_is_named_exists() -> None:
    for mutant in MUTANTS:
        if mutant.test:
            path, _, name = mutant.test.partition("::")
            assert f"def {name.partition('[')[0]}(" in (ROOT / path).read_text(), mutant.name


@pytest.mark.long
def test_a_broken_guard_is_found_in_a_copy_and_the_copy_is_sound_again() -> None:
    mutant = next(mutant for mutant in MUTANTS if mutant.name == "append succeeds on a disk error")
    with copied_tree() as root:
        finding = try_mutant(mutant, root, hours=48.0)
        assert missing_texts([mutant], root) == []
    assert finding.by == "simulation"
    assert (mutant.file, finding.name) == (finding.file, mutant.name)
    assert finding.seed is not None
    assert run_world(RunSettings(finding.seed, is_dense=True)).is_sound
