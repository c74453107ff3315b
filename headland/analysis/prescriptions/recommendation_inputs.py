"""Inputs of a nitrogen recommendation, against what is possible and what is usual for the crop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from headland.agronomy.plausibility.amounts import (
    DRY_FROM_KG_100KG,
    YieldRange,
    doubt_yield,
    impossible_yield,
    yields_of,
)
from headland.agronomy.plausibility.doubt import RecordDoubt
from headland.agronomy.series.finding import FieldChange
from headland.analysis.inputs.doubts import InputDoubt, say
from headland.analysis.inputs.errors import AnalysisError

#: The crop of the ordinance's table.
_CROP_OF_DUEV: Final = "winter_wheat"
#: More nitrogen than a crop that is harvested dry takes up [kg/ha].
_MOST_UPTAKE_KG_HA: Final = 1000.0
#: How far an index may be above its reference: two readings of one canopy differ by as much, and by more than that they
#: are exchanged.
_LEVEL, _EXCHANGED = 1.02, 1.1


@dataclass(frozen=True, slots=True)
class RecommendationInputs:
    """The inputs of all rules, None where not given; units are in the names, shares are from 0 to 1.

    `aimed_yield_t_ha` is a yield that the request itself gives as target, not the season's; `past_yields_t_ha` are
    oldest first.
    """

    target_yield_t_ha: float | None = None
    crop_n_kg_ha: float | None = None
    soil_n_kg_ha: float | None = None
    efficiency: float | None = None
    uptake_kg_100kg: float | None = None
    unfertilised_yield_t_ha: float | None = None
    recovery: float | None = None
    fixed_share: float = 0.0
    mean_yield_t_ha: float | None = None
    past_yields_t_ha: tuple[float, ...] = ()
    aimed_yield_t_ha: float | None = None
    nmin_kg_ha: float | None = None
    quality_class: str | None = None
    humus_kg_ha: float = 0.0
    organic_last_year_kg_ha: float = 0.0
    precrop_kg_ha: float = 0.0
    ndvi: float | None = None
    reference_ndvi: float | None = None
    growing_days: float | None = None
    curve: str | None = None
    index: float | None = None
    reference_index: float | None = None
    optimum_kg_ha: float | None = None
    credits_kg_ha: float = 0.0
    index_low: float | None = None
    index_high: float | None = None
    least_kg_ha: float | None = None
    most_kg_ha: float | None = None
    direction: str | None = None


def judge_amounts(rule: str, crop: str | None, given: RecommendationInputs) -> tuple[InputDoubt, ...]:
    """Return what is improbable in the amounts of a request; raises AnalysisError (impossible-amount).

    `crop` is that of the season; without one its kind follows from the uptake.
    """
    yields = yields_of(_CROP_OF_DUEV if rule == "duev" else crop, given.uptake_kg_100kg)
    target = given.aimed_yield_t_ha if given.aimed_yield_t_ha is not None else given.target_yield_t_ha
    doubts = _judge_yields(yields, {"target_yield_t_ha": target, "mean_yield_t_ha": given.mean_yield_t_ha})
    _judge_yields(yields, {"unfertilised_yield_t_ha": given.unfertilised_yield_t_ha})
    for number, past in enumerate(given.past_yields_t_ha):
        # A failed year is one: only what is above the usual is doubted.
        found = _judge_yields(yields, {f"past_yields_t_ha[{number}]": past})
        doubts += found if past > yields.high else []
    uptake = given.uptake_kg_100kg
    if uptake is not None and uptake >= DRY_FROM_KG_100KG and target is not None:
        need = target * 10.0 * uptake
        if need > _MOST_UPTAKE_KG_HA:
            raise _impossible(
                f"{target:g} t/ha with {uptake:g} kg N for 100 kg take up {need:.0f} kg N/ha, more than any crop "
                "that is harvested dry: write the yield in t/ha."
            )
    if rule == "nfoa":
        doubts += _judge_reference("ndvi", "reference_ndvi", given.ndvi, given.reference_ndvi)
    if rule == "sufficiency":
        doubts += _judge_reference("index", "reference_index", given.index, given.reference_index)
    return tuple(say(doubt) for doubt in doubts)


def _judge_yields(yields: YieldRange, given: dict[str, float | None]) -> list[RecordDoubt]:
    doubts = []
    for name, value in given.items():
        if value is None:
            continue
        sentence = impossible_yield(yields, value)
        if sentence is not None:
            raise _impossible(sentence)
        doubt = doubt_yield(yields, value, name)
        if doubt is not None:
            doubts.append(doubt)
    return doubts


def _judge_reference(name: str, of_strip: str, value: float | None, strip: float | None) -> list[RecordDoubt]:
    """Return the doubt about an index above that of the strip with enough nitrogen; raises AnalysisError far above."""
    if value is None or strip is None or value <= strip * _LEVEL:
        return []
    if value > strip * _EXCHANGED:
        raise _impossible(
            f"The index of the field, {value:g}, is far above that of the strip with enough nitrogen, {strip:g}: "
            "exchange them, or measure the strip again."
        )
    changes = (FieldChange(name, value, strip), FieldChange(of_strip, strip, value))
    return [
        RecordDoubt("above_reference", f"{value:g} {strip:g}", {"value": f"{value:g}", "strip": f"{strip:g}"}, changes)
    ]


def _impossible(sentence: str) -> AnalysisError:
    return AnalysisError("impossible-amount", "Amount not possible", sentence)
