"""Result of a field trial as a report: adjusted means with intervals, and differences from the first treatment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

from headland.agronomy.series.answer import Method
from headland.agronomy.trials.analyses import TrialResult
from headland.agronomy.trials.reml import Contrast
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.trials.nitrogen import ResponseAnswer
from headland.analysis.trials.results import TrialAnswer, TrialEstimate
from headland.registry.models.trials import PlotObservation, Trial, TrialVariable
from headland.registry.repositories.local_time import find_local_time
from headland.reports.document import Cell, Figure, Note, Report, ReportTable, Section

_UNIT: Final = "t/ha"
#: Names of missing plots that are written; of more the count says enough.
_MOST_NAMES: Final = 12
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


def make_trial_answer_document(
    scope: OrgScope, trial: Trial, variable: TrialVariable, answer: TrialAnswer, observations: Sequence[PlotObservation]
) -> Report:
    """Return the report of a trial's result as the API answers it; without a result it says why."""
    field = scope.repositories.fields.get(trial.field, also_deleted=True)
    local = find_local_time(scope.repositories, field.site)
    instants = [each.created_ms if each.time_ms is None else each.time_ms for each in observations]
    instants = instants or [trial.created_ms]
    sections = [Section("trial_one", _facts_of(scope, trial, variable, answer, field.name))]
    if answer.means:
        sections += _compared(trial, answer)
    if answer.response is not None and answer.response.reason != "no_response":
        sections.append(Section("trial_response", _response_of(answer.response)))
    found = (answer.method, *(each.method for each in (answer.response, answer.varieties) if each is not None))
    methods: tuple[Method, ...] = tuple(method for method in found if method is not None)
    return Report(
        title="trial_report",
        subject=f"{trial.name} · {variable.name}",
        is_simulated=False,
        zone=local.zone,
        is_zone_known=local.is_known,
        made_ms=scope.now_ms,
        start_ms=min(instants),
        end_ms=max(instants),
        sections=tuple(sections),
        sources=methods,
        addresses=(f"/v1/trials/{trial.id}/result?variable={variable.id}",),
    )


def _facts_of(
    scope: OrgScope, trial: Trial, variable: TrialVariable, answer: TrialAnswer, field: str
) -> tuple[Figure | Note, ...]:
    product = None if trial.product is None else scope.repositories.products.get(trial.product, also_deleted=True)
    facts: list[Figure | Note] = [
        Figure("field", field, is_name=True),
        Figure("trial_design", trial.kind),
        Figure("trial_treatments", len(trial.treatments)),
        Figure("product", None if product is None else product.name, reason="not_told", is_name=True),
        Figure("trial_observed", f"{variable.trait} ({variable.method})", is_name=True),
        Figure("trial_plots", answer.n),
    ]
    if answer.averaged:
        facts.append(Figure("trial_averaged", answer.averaged))
    if answer.missing:
        names = ", ".join(answer.missing[:_MOST_NAMES]) + (" …" if len(answer.missing) > _MOST_NAMES else "")
        facts.append(Figure("trial_missing", f"{len(answer.missing)}: {names}", is_name=True))
    if answer.replaced:
        facts.append(Figure("trial_replaced", answer.replaced))
    if answer.lsd is not None:
        facts.append(Figure("lsd_of_level", answer.lsd, variable.unit))
    if answer.varieties is not None:
        facts.append(Figure("trial_heritability", answer.varieties.heritability))
    if answer.is_converged is False:
        facts.append(Note("trial_not_converged"))
    if answer.reason is not None:
        facts.append(Note(f"trial_why_{answer.reason}"))
    return tuple(facts)


def _compared(trial: Trial, answer: TrialAnswer) -> list[Section]:
    """Return means and differences, with the level of their intervals."""
    unit, level = answer.unit, {"level": f"{answer.level:.1%}".replace(".0%", "%").replace("%", " %")}
    rates = {each.name: each for each in trial.treatments}

    def row(each: TrialEstimate) -> tuple[Cell, ...]:
        treatment = rates[each.treatment]
        return (
            _name(each.treatment),
            Figure("trial_rate", treatment.rate_ha) if treatment.rate_ha is not None else None,
            Figure("trial_n", treatment.n_kg_ha, "kg/ha") if treatment.n_kg_ha is not None else None,
            Figure("trial_plots", each.plots),
            Figure("trial_value", each.value, unit),
            Figure("trial_letters", each.letters, is_name=True),
            Figure("interval_low", each.low, unit),
            Figure("interval_high", each.high, unit),
        )

    means = ReportTable(
        "trial_means_of",
        (("treatment", ""), ("trial_rate", ""), ("trial_n", "kg/ha"), ("trial_plots", ""), ("trial_value", unit),
         ("trial_letters", ""), ("interval_low", unit), ("interval_high", unit)),
        tuple(row(each) for each in answer.means),
    )  # fmt: skip
    differences = ReportTable(
        "trial_differences",
        (("treatment", ""), ("trial_difference", unit), ("interval_low", unit), ("interval_high", unit),
         ("trial_p", ""), ("trial_verdict", "")),
        tuple(
            (_name(each.treatment), Figure("trial_difference", each.value, unit),
             Figure("interval_low", each.low, unit), Figure("interval_high", each.high, unit),
             Figure("trial_p", each.p), Figure("trial_verdict", _side_of(each)))
            for each in answer.differences
        ),
    )  # fmt: skip
    first = {"first": trial.treatments[0].name, **level}
    return [
        Section("trial_means_of", (means, Note("trial_letters_at", level))),
        Section("trial_differences", (differences, Note("trial_compared_at", first))),
    ]


def _side_of(difference: TrialEstimate) -> str:
    """Return what an interval says of a difference of any variable: above, below, or not told apart."""
    if difference.low > 0.0:
        return "is_above"
    return "is_below" if difference.high < 0.0 else "not_told_apart"


def _response_of(response: ResponseAnswer) -> tuple[Figure | Note, ...]:
    rates = (response.optimum_kg_ha, response.optimum_low_kg_ha, response.optimum_high_kg_ha)
    names = ("trial_optimum", "trial_optimum_low", "trial_optimum_high")
    parts: list[Figure | Note] = [Figure(name, rate, "kg/ha") for name, rate in zip(names, rates, strict=True)]
    parts.append(Figure("trial_yield_there", response.yield_at_optimum_t_ha, _UNIT))
    if response.low_is_open or response.high_is_open:
        parts.append(Note("trial_open"))
    return tuple(parts)


def verdict_of(contrast: Contrast) -> str:
    """Return what an interval says of a difference: more, less, or not told apart."""
    if contrast.low > 0.0:
        return "yields_more"
    return "yields_less" if contrast.high < 0.0 else "not_told_apart"


def _interval(contrast: Contrast) -> tuple[Cell, Cell]:
    return Figure("interval_low", contrast.low, _UNIT), Figure("interval_high", contrast.high, _UNIT)


def _name(treatment: str) -> Figure:
    return Figure("treatment", treatment, is_name=True)
