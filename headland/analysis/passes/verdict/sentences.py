"""Sentences of a verdict on a pass, for screen and paper, in both languages. Pure."""

from __future__ import annotations

from typing import Final

from headland.agronomy.prescription.nutrients import MU_PER_HA
from headland.analysis.inputs.errors import AnalysisError
from headland.analysis.passes.as_applied import AppliedPass
from headland.analysis.passes.deviation import PassDeviation
from headland.analysis.passes.pass_state import PassState
from headland.analysis.passes.verdict.strips import MissedStrips
from headland.contract.catalogue import CATALOGUE
from headland.i18n import CatalogText, load_terms
from headland.i18n.decimals import decimal_text

_GROUP: Final = "pass_verdict"
_M2_PER_HA: Final = 10_000.0
_DIGITS: Final = {unit.symbol: unit.decimals for unit in CATALOGUE.units}


def sentence_of(
    state: PassState,
    applied: AppliedPass | AnalysisError,
    deviation: PassDeviation | AnalysisError,
    missed: MissedStrips | None,
) -> CatalogText:
    """Return what a pass did as one sentence: how much ground got what, and what was missed."""
    if isinstance(applied, AnalysisError):
        return _text("not_judged", reason=_reason(applied))
    areas = applied.map.areas
    treated = {"part": area_text(areas.treated_m2), "whole": area_text(areas.field_m2)}
    if state == "flying":
        return _text("flying", **treated)
    if isinstance(deviation, AnalysisError):
        said = _text("treated", **treated)
    else:
        class_m2 = deviation.cells.class_m2
        on_target = {"part": area_text(class_m2["on_target"]), "whole": area_text(sum(class_m2.values()))}
        said = _text("on_target", **on_target)
    if state == "interrupted":
        said = _text("interrupted", said=said)
    if missed is None:
        return _text("said", said=said)
    return _text("said_and", said=said, rest=_missed_text(state, missed.strips))


def because_of(state: PassState, deviation: PassDeviation | AnalysisError) -> CatalogText | None:
    """Return the cause of most of the ground off target, or why nothing is compared; None for nothing to say."""
    if isinstance(deviation, AnalysisError):
        return None if state == "flying" else _text("not_compared", reason=_reason(deviation))
    causes = {name: m2 for name, m2 in deviation.cells.cause_m2.items() if name != "none" and m2 >= 0.5}
    if not causes:
        return None
    name = max(causes, key=lambda each: causes[each])
    return _text("because", cause=CatalogText("deviation_causes", name), area=area_text(causes[name]))


def area_text(area_m2: float) -> CatalogText:
    """Return an area as the page shows it: in hectares in English, in mu in Chinese."""
    hectares = area_m2 / _M2_PER_HA
    return _text("area", ha=decimal_text(hectares, _DIGITS["ha"]), mu=decimal_text(hectares * MU_PER_HA, _DIGITS["mu"]))


def _missed_text(state: PassState, strips: int) -> CatalogText:
    kind = "left" if state == "interrupted" else "missed"
    count = "none" if strips == 0 else "one" if strips == 1 else "many"
    return _text(f"{kind}_{count}", strips=str(strips))


def _reason(error: AnalysisError) -> CatalogText:
    known = load_terms()["reasons"]
    return CatalogText("reasons", error.reason if error.reason in known else "insufficient_data")


def _text(identifier: str, **values: str | CatalogText) -> CatalogText:
    return CatalogText(_GROUP, identifier, values)
