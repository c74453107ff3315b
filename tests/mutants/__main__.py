"""Command of the mutants: `python -m tests.mutants`, all of them or a sample."""

from __future__ import annotations

import argparse
import random
import sys
import time
from pathlib import Path
from typing import Final

from tests.mutants.run import ROOT, Finding, copied_tree, format_page, missing_texts, try_mutant
from tests.mutants.table import MUTANTS

_PAGE: Final = ROOT / "docs" / "reference" / "mutants.md"
_MARK: Final = "<!-- the table: python -m tests.mutants --write -->\n"


def main() -> int:
    """Try mutants; return 1 where one is not found, or its text is no longer in the source."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sample", type=int, help="so many of them, chosen by --seed")
    options.add_argument("--seed", type=int, default=int(time.time()) // 86_400, help="default: the day")
    options.add_argument("--only", help="those whose name has this text")
    options.add_argument("--simulate", action="store_true", help="simulate also those that a named test finds")
    options.add_argument("--write", action="store_true", help="write the table of the documentation")
    chosen = options.parse_args()
    gone = missing_texts()
    if gone:
        print(*gone, sep="\n")
        return 1
    mutants = [mutant for mutant in MUTANTS if not chosen.only or chosen.only in mutant.name]
    if chosen.sample:
        mutants = random.Random(chosen.seed).sample(mutants, min(chosen.sample, len(mutants)))
        print(f"a sample by --seed {chosen.seed}")
    findings: list[Finding] = []
    with copied_tree() as root:
        for mutant in mutants:
            findings.append(finding := try_mutant(mutant, root, always_simulate=chosen.simulate))
            where = "" if finding.hours is None else f" seed {finding.seed}, {finding.hours:g} h"
            print(f"{finding.name}: {finding.by or 'NOT FOUND'}{where}: {finding.why[:150]}", flush=True)
    if chosen.write:
        _write(_PAGE, findings)
    return 0 if all(finding.is_expected for finding in findings) else 1


def _write(path: Path, findings: list[Finding]) -> None:
    before = path.read_text().split(_MARK)[0]
    path.write_text(f"{before}{_MARK}\n{format_page(findings)}")


if __name__ == "__main__":
    sys.exit(main())
