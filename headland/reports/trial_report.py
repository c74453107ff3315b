"""Result of a field trial as a report: adjusted means with intervals, and differences from the first treatment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

from headland.agronomy.trials.analyses import TrialResult
from headland.agronomy.trials.reml import Contrast
from headland.reports.document import Cell, Figure, Note, Report, ReportTable, Section

_UNIT: Final = "t/ha"
_MEAN_COLUMNS: Final = (
    ("treatment", ""), ("trial_plots", ""), ("trial_mean", _UNIT), ("trial_letters", ""), ("interval_low", _UNIT),
    ("interval_high", _UNIT),
)  # fmt: skip
_DIFFERENCE_COLUMNS: Final = (
    ("treatment", ""), ("trial_difference", _UNIT), ("interval_low", _UNIT), ("interval_high", _UNIT),
    ("trial_p", ""), ("trial_verdict", ""),
)  # fmt: skip


def make_trial_document(
    result: TrialResult, subject: str, *, zone: ZoneInfo, made_ms: int, start_ms: int, end_ms: int, is_simulated: bool,
    addresses: Sequence[str] = (),
) -> Report:  # fmt: skip
    """Return the report of an analysed trial; `subject` names the trial."""
    first = result.means[0].treatment
    means: list[tuple[Cell, ...]] = [
        (
            _name(each.treatment),
            Figure("trial_plots", each.plots),
            Figure("trial_mean", each.mean.estimate, _UNIT),
            Figure("trial_letters", each.letters, is_name=True),
            *_interval(each.mean),
        )
        for each in result.means
    ]
    differences: list[tuple[Cell, ...]] = [
        (
            _name(treatment),
            Figure("trial_difference", contrast.estimate, _UNIT),
            *_interval(contrast),
            Figure("trial_p", contrast.p),
            Figure("trial_verdict", verdict_of(contrast)),
        )
        for treatment, contrast in result.differences
    ]
    summary: list[Figure | Note] = [
        Figure("trial_plots", sum(each.plots for each in result.means)),
        Figure("lsd", result.lsd_t_ha, _UNIT),
    ]
    if result.model is not None and not result.model.is_converged:
        summary.append(Note("trial_not_converged"))
    compared = (
        ReportTable("trial_differences", _DIFFERENCE_COLUMNS, tuple(differences)),
        Note("trial_compared", {"first": first}),
    )
    return Report(
        title="trial_report",
        subject=subject,
        is_simulated=is_simulated,
        zone=zone,
        is_zone_known=True,
        made_ms=made_ms,
        start_ms=start_ms,
        end_ms=end_ms,
        sections=(
            Section("statement_summary", tuple(summary)),
            Section(
                "trial_means", (ReportTable("trial_means", _MEAN_COLUMNS, tuple(means)), Note("trial_letters_about"))
            ),
            Section("trial_differences", compared),
        ),
        sources=(result.method,),
        addresses=tuple(addresses),
    )


def verdict_of(contrast: Contrast) -> str:
    """Return what an interval says of a difference: more, less, or not told apart."""
    if contrast.low > 0.0:
        return "yields_more"
    return "yields_less" if contrast.high < 0.0 else "not_told_apart"


def _interval(contrast: Contrast) -> tuple[Cell, Cell]:
    return Figure("interval_low", contrast.low, _UNIT), Figure("interval_high", contrast.high, _UNIT)


def _name(treatment: str) -> Figure:
    return Figure("treatment", treatment, is_name=True)
