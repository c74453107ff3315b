"""Run of the mutants: each is applied to a copy of the tree, in which the simulation or a named test must fail."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from tests.mutants.mutant import Mutant
from tests.mutants.table import MUTANTS

ROOT: Final = Path(__file__).parents[2]
_PARTS: Final = ("api", "edge", "firmware_sim", "headland", "ingest", "station", "tests", "pyproject.toml")
#: Within so many simulated hours each mutant is found.
MOST_HOURS: Final = 200.0
_TIMEOUT_S: Final = 900.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of a mutant: `by` is "simulation", "test", "redundant", or "" where it was not found."""

    name: str
    file: str
    by: str
    seed: int | None = None
    hours: float | None = None
    why: str = ""

    @property
    def is_expected(self) -> bool:
        """Whether nothing is left to explain."""
        return bool(self.by)


def missing_texts(mutants: Sequence[Mutant] = MUTANTS, root: Path = ROOT) -> list[str]:
    """Return the mutants whose text is not exactly once in its file, as sentences."""
    wrong = []
    for mutant in mutants:
        path = root / mutant.file
        found = path.read_text().count(mutant.text) if path.exists() else 0
        if found != 1:
            wrong.append(f"{mutant.name}: its text is {found} times in {mutant.file}, state the guard as it is now")
    return wrong


@contextmanager
def copied_tree() -> Iterator[Path]:
    """Make a copy of the code and delete it afterwards."""
    with tempfile.TemporaryDirectory(prefix="headland-mutants-") as name:
        root = Path(name)
        for part in _PARTS:
            if (ROOT / part).is_dir():
                ignored = shutil.ignore_patterns("__pycache__", "node_modules", "dashboard")
                shutil.copytree(ROOT / part, root / part, ignore=ignored)
            else:
                shutil.copy(ROOT / part, root / part)
        yield root


def try_mutant(
    mutant: Mutant, root: Path, seed: int = 1, hours: float = MOST_HOURS, *, always_simulate: bool = False
) -> Finding:
    """Apply a mutant to the copy in `root`, look for it, and take it out again.

    A mutant with a named test is found by that test; with `always_simulate` it is simulated as well, and the finding
    has the seed and the hours of that.
    """
    path = root / mutant.file
    sound = path.read_text()
    path.write_text(sound.replace(mutant.text, mutant.replacement))
    try:
        tested = _by_test(mutant, root) if mutant.test else None
        if tested is None or always_simulate:
            simulated = _by_simulation(mutant, root, seed, hours)
            if tested is None or not tested.by:
                return simulated
            return replace(tested, seed=simulated.seed, hours=simulated.hours)
        return tested
    finally:
        path.write_text(sound)


def _by_simulation(mutant: Mutant, root: Path, seed: int, hours: float) -> Finding:
    try:
        judged = _python(root, "-m", "tests.mutants.judge", str(seed), f"{hours:g}")
    except subprocess.TimeoutExpired:
        return Finding(mutant.name, mutant.file, "simulation", seed, 0.0, f"no end within {_TIMEOUT_S:g} s")
    if judged.returncode:
        return Finding(mutant.name, mutant.file, "simulation", seed, 0.0, judged.stderr.strip().rsplit("\n", 1)[-1])
    told = json.loads(judged.stdout)
    if "seed" in told:
        return Finding(mutant.name, mutant.file, "simulation", told["seed"], told["hours"], told["why"])
    return Finding(mutant.name, mutant.file, "redundant" if mutant.redundant else "", None, hours, mutant.redundant)


def _by_test(mutant: Mutant, root: Path) -> Finding:
    judged = _python(root, "-m", "pytest", "-q", "-n0", "-x", "-p", "no:cacheprovider", mutant.test)
    return Finding(mutant.name, mutant.file, "test" if judged.returncode == 1 else "", why=mutant.test)


def _python(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=root, env=environment, capture_output=True, text=True, check=False,
        timeout=_TIMEOUT_S,
    )  # fmt: skip


def write_findings(path: Path, findings: Sequence[Finding]) -> None:
    """Write findings for the table of the documentation."""
    path.write_text(json.dumps([asdict(finding) for finding in findings], indent=1, ensure_ascii=False) + "\n")


def format_page(findings: Sequence[Finding]) -> str:
    """Return the table of the documentation."""
    lines = ["| guard broken | file | found by | seed | simulated hours |", "|---|---|---|---|---|"]
    for finding in findings:
        named = {"simulation": "simulation", "": "**not found**", "test": f"test `{finding.why}`"}
        by = named.get(finding.by, f"{finding.by}: {finding.why}")
        seed = finding.seed or ""
        hours = "" if finding.hours is None else f"{finding.hours:g}" if seed else f"not within {finding.hours:g}"
        lines.append(f"| {finding.name} | `{finding.file}` | {by} | {seed} | {hours} |")
    return "\n".join(lines) + "\n"
