"""Verdict on a pass: one sentence, the figures it rests on, and whether something is left to be flown.

areas of the pass (`PassAreas`) + deviation from its plan + its strips by the remaining mission --> the sentence

Nothing is judged anew here: every figure is that of map, comparison and remaining work.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from headland.analysis.inputs.answers import SourcedAnswer, answer_of
from headland.analysis.inputs.errors import AnalysisError
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.passes.as_applied import AppliedPass, compute_as_applied
from headland.analysis.passes.detection import FieldPass
from headland.analysis.passes.deviation import PassDeviation, compare_with_plan
from headland.analysis.passes.options import PassOptions
from headland.analysis.passes.pass_state import PassState, state_of_pass
from headland.analysis.passes.plan import find_plan
from headland.analysis.passes.verdict.sentences import because_of, sentence_of
from headland.analysis.passes.verdict.strips import MissedStrips, find_missed_strips


class PassVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a pass did in one sentence, with the figures that the sentence and the pass's page show."""

    pass_id: Annotated[str, "Id of the pass."]
    state: Annotated[PassState, "flying, finished or interrupted."]
    simulated: Annotated[bool, "Whether the pass is simulated."]
    text: Annotated[str, "The sentence in English."]
    text_zh: Annotated[str, "The sentence in Chinese."]
    because: Annotated[
        str,
        "What most of the ground off target has in common, or why nothing is compared; empty "
        "where there is nothing to say.",
    ]
    because_zh: Annotated[str, "The same in Chinese."]
    action: Annotated[Literal["fly_rest"] | None, "What is left to do: fly the strips that were missed."]
    strips: Annotated[
        int | None,
        "Strips that were missed, by the lines of the remaining mission; null under way and where they are not known.",
    ]
    field_m2: Annotated[float | None, "The usable field; treated and skipped ground add up to it. Null without a map."]
    covered_m2: Annotated[float | None, "Treated ground: the union of the swaths; null without a map."]
    skipped_m2: Annotated[float | None, "The usable field without the treated ground; null while under way."]
    compared_m2: Annotated[float | None, "Ground with a planned rate and a known amount; null without a comparison."]
    on_target_m2: Annotated[float | None, "Of it, what got 90 to 110 % of its plan."]
    amount: Annotated[SourcedAnswer | None, "Amount that left the machine, as measured; null without a map."]
    commanded: Annotated[
        float | None,
        "Amount by the pump's command and its curve, in the unit of `amount`: never "
        "what was applied; null where it is not known.",
    ]
    reason: Annotated[str | None, "Why there is no map, or no comparison; null with one."]


def judge_pass(scope: OrgScope, field_pass: FieldPass, options: PassOptions) -> PassVerdict:
    """Return the verdict on a pass with the options of a request."""
    state = state_of_pass(scope, field_pass)
    deviation: PassDeviation | AnalysisError
    try:
        applied = compute_as_applied(
            scope, field_pass, cell_m=options.cell_m, swath_m=options.swath_m, latency_s=options.latency_s
        )
    except AnalysisError as error:
        return make_verdict(field_pass, state, error, error, None)
    try:
        deviation = compare_with_plan(scope, applied, find_plan(scope, field_pass, options.plan))
    except AnalysisError as error:
        deviation = error
    missed = None
    if state != "flying":
        missed = find_missed_strips(scope, field_pass, options.plan, options.swath_m)
    return make_verdict(field_pass, state, applied, deviation, missed)


def make_verdict(
    field_pass: FieldPass,
    state: PassState,
    applied: AppliedPass | AnalysisError,
    deviation: PassDeviation | AnalysisError,
    missed: MissedStrips | None,
) -> PassVerdict:
    """Return the verdict on a pass whose map, comparison and strips are known, or why they are not."""
    sentence = sentence_of(state, applied, deviation, missed)
    because = because_of(state, deviation)
    areas = None if isinstance(applied, AnalysisError) else applied.map.areas
    cells = None if isinstance(deviation, AnalysisError) else deviation.cells
    strips = None if missed is None or state == "flying" else missed.strips
    return PassVerdict(
        pass_id=field_pass.id,
        state=state,
        simulated=field_pass.simulated,
        text=sentence.text("en"),
        text_zh=sentence.text("zh"),
        because="" if because is None else because.text("en"),
        because_zh="" if because is None else because.text("zh"),
        action="fly_rest" if strips else None,
        strips=strips,
        field_m2=None if areas is None else areas.field_m2,
        covered_m2=None if areas is None else areas.treated_m2,
        skipped_m2=None if areas is None or state == "flying" else areas.skipped_m2,
        compared_m2=None if cells is None else sum(cells.class_m2.values()),
        on_target_m2=None if cells is None else cells.class_m2["on_target"],
        amount=None if isinstance(applied, AnalysisError) else answer_of(applied.amount, field_pass.simulated),
        commanded=None if isinstance(applied, AnalysisError) else applied.reconciliation.by_pump_curve,
        reason=deviation.reason if isinstance(deviation, AnalysisError) else None,
    )
