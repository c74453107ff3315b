"""Table of the acceptance checks: for each, the reference, the tolerance and the figure that was measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import numpy as np
import pytest

_FIGURE: Final = "figure"
_HEADINGS: Final = ("what", "reference", "compared", "tolerance", "largest deviation")


class Agreement:
    """Compares numbers with a reference; of each subject the number of comparisons and the largest deviation count."""

    def __init__(self) -> None:
        self.figures: dict[tuple[str, str, str], tuple[int, float]] = {}

    def __call__(
        self, what: str, found: Any, expected: Any, reference: str, *, rel: float = 0.0, within: float = 0.0
    ) -> None:
        """Fail where a number is further from its reference than `rel` of it and than `within`."""
        ours, theirs = np.atleast_1d(np.asarray(found, float)), np.atleast_1d(np.asarray(expected, float))
        assert ours.shape == theirs.shape, f"{what}: {ours.shape} numbers and {theirs.shape} of {reference}"
        assert ours.size, f"{what}: nothing to compare"
        off = np.abs(ours - theirs)
        # What is printed is the measure that the tolerance is stated in.
        measure = off / np.maximum(np.abs(theirs), 1e-300) if rel else off
        tolerance = " or ".join(
            [*([f"{100 * rel:g} %"] if rel else []), *([f"{within:g}"] if within or not rel else [])]
        )
        row = (what, reference, tolerance)
        count, largest = self.figures.get(row, (0, 0.0))
        counted = measure[off > within] if rel and within else measure
        self.figures[row] = count + ours.size, max(largest, float(np.max(counted, initial=0.0)) * (100 if rel else 1))
        allowed = np.maximum(rel * np.abs(theirs), within)
        assert (off <= allowed).all(), (
            f"{what}: {ours[off > allowed][:3]} for {theirs[off > allowed][:3]} of {reference}"
        )


@pytest.fixture
def agree(request: pytest.FixtureRequest) -> Iterator[Agreement]:
    """Compare with a reference, and print it at the end: `agree(what, found, expected, reference, rel=, within=)`."""
    agreement = Agreement()
    yield agreement
    for (what, reference, tolerance), (count, largest) in agreement.figures.items():
        unit = " %" if "%" in tolerance else ""
        figure = [what, reference, f"{count:,}", tolerance, f"{largest:.3g}{unit}"]
        request.node.user_properties.append((_FIGURE, figure))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table: the figures, and each check that holds exactly or not at all."""
    reports = [
        report
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport) and "tests/accept/" in report.nodeid
    ]
    figures = [(report.nodeid, value) for report in reports for key, value in report.user_properties if key == _FIGURE]
    rows = [list(map(str, value)) for _, value in figures]  # type: ignore[call-overload]  # a list, by `agree`
    measured = {nodeid for nodeid, _ in figures}
    for report in reports:
        if report.when == "call" and (report.nodeid not in measured or report.failed):
            name = report.nodeid.split("::")[-1].removeprefix("test_").replace("_", " ")
            rows.append([name[:90], "", "", "holds", "holds" if report.passed else "DOES NOT HOLD"])
    if rows:
        terminalreporter.section("acceptance: reference, tolerance, figure")
        for line in _lines([list(_HEADINGS), *_unique(sorted(rows))]):
            terminalreporter.line(line)


def _unique(rows: Iterable[list[str]]) -> list[list[str]]:
    return [list(row) for row in dict.fromkeys(map(tuple, rows))]


def _lines(rows: list[list[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
