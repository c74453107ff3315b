"""Published rules of nitrogen recommendation, each with its inputs, source and range of validity.

Rates are in kg N/ha. Outside its range a rule raises ValueError with the cause as a sentence.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from headland.agronomy.series.answer import Method


@dataclass(frozen=True, slots=True)
class RateRecommendation:
    """A rate [kg N/ha, >= 0] with its rule, inputs, intermediate results, and the rule's range of validity."""

    n_kg_ha: float
    method: Method
    inputs: Mapping[str, float | str]
    valid_for: str
    parts: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))


_STANFORD: Final = Method(
    "stanford_balance", 1, "Stanford (1973), J. Environ. Qual. 2(2), 159-166: Nf = (Ny - Ns) / Ef"
)
_TARGET: Final = Method(
    "target_yield", 1, "target-yield formula of soil-test fertilisation: F = (target - unfertilised) uptake / recovery"
)
_DUEV: Final = Method("duev_nmin", 1, "German Fertiliser Ordinance 2020, annex 4, tables 2 to 7, winter wheat")
_NFOA: Final = Method(
    "nfoa", 1, "Raun et al. (2002), Agron. J. 94, 815-820: INSEY, RI, (YPN - YP0) grain N / efficiency"
)
_SUFFICIENCY: Final = Method(
    "sufficiency_index", 1, "Holland and Schepers (2010), Agron. J. 102, 1415-1424: (Nopt - credits) sqrt((1-SI)/dSI)"
)
_LINEAR: Final = Method(
    "linear_index", 1, "linear between two rates over the range of an index, as Vizzari et al. (2019)"
)


def stanford(crop_n_kg_ha: float, soil_n_kg_ha: float, efficiency: float) -> RateRecommendation:
    """Return (crop need - soil supply) / efficiency, at least 0; `efficiency` in (0, 1]."""
    if not 0.0 < efficiency <= 1.0:
        raise ValueError("the efficiency of a fertiliser is above 0 and at most 1")
    return RateRecommendation(
        max((crop_n_kg_ha - soil_n_kg_ha) / efficiency, 0.0),
        _STANFORD,
        {"crop_n_kg_ha": crop_n_kg_ha, "soil_n_kg_ha": soil_n_kg_ha, "efficiency": efficiency},
        "any crop whose need, soil supply and fertiliser efficiency are known for the place",
    )


def target_yield(
    target_kg_ha: float, unfertilised_kg_ha: float, uptake_kg_100kg: float, recovery: float
) -> RateRecommendation:
    """Return the nitrogen for a yield above the unfertilised plot's; 测土配方, target-yield form.

    `uptake_kg_100kg` is N for 100 kg of grain, wheat 2.4 to 3.1; `recovery` the share of the fertiliser taken up, (0,
    1].
    """
    if not 0.0 < recovery <= 1.0:
        raise ValueError("the recovery of a fertiliser is above 0 and at most 1")
    if not 1.0 <= uptake_kg_100kg <= 5.0:
        raise ValueError("the uptake is in kg N for 100 kg of grain: 2.4 to 3.1 for wheat")
    need = (target_kg_ha - unfertilised_kg_ha) * uptake_kg_100kg / 100.0
    return RateRecommendation(
        max(need / recovery, 0.0),
        _TARGET,
        {
            "target_kg_ha": target_kg_ha,
            "unfertilised_kg_ha": unfertilised_kg_ha,
            "uptake_kg_100kg": uptake_kg_100kg,
            "recovery": recovery,
        },
        "fields with an unfertilised plot, or the blank yield of their soil class",
        MappingProxyType({"need_kg_ha": need}),
    )


#: Need of winter wheat at 8 t/ha by quality class, and the change per tonne more or less (at most 40 more).
_DUEV_WHEAT: Final = {"A": 230.0, "B": 230.0, "C": 210.0, "E": 260.0}
_DUEV_YIELD_T_HA: Final = 8.0
_DUEV_MORE, _DUEV_MOST_MORE, _DUEV_LESS = 10.0, 40.0, 15.0


def duev_wheat(
    yield_t_ha: float,
    nmin_kg_ha: float,
    *,
    quality_class: str = "B",
    humus_kg_ha: float = 0.0,
    organic_last_year_kg_ha: float = 0.0,
    precrop_kg_ha: float = 0.0,
) -> RateRecommendation:
    """Return the need of winter wheat by the Nmin table: base and yield less credits, each a positive number.

    `nmin_kg_ha` mineral N in 0 to 90 cm in spring; `humus_kg_ha` 20 above 4 % humus; `organic_last_year_kg_ha` a
    tenth of the organic N of the year before; `precrop_kg_ha` by the table. Raises ValueError for an unknown class.
    """
    base = _DUEV_WHEAT.get(quality_class)
    if base is None:
        raise ValueError(f"winter wheat has the classes {', '.join(_DUEV_WHEAT)}")
    beyond = yield_t_ha - _DUEV_YIELD_T_HA
    by_yield = min(beyond * _DUEV_MORE, _DUEV_MOST_MORE) if beyond > 0 else beyond * _DUEV_LESS
    credits_kg_ha = nmin_kg_ha + humus_kg_ha + organic_last_year_kg_ha + precrop_kg_ha
    return RateRecommendation(
        max(base + by_yield - credits_kg_ha, 0.0),
        _DUEV,
        {
            "yield_t_ha": yield_t_ha,
            "nmin_kg_ha": nmin_kg_ha,
            "quality_class": quality_class,
            "humus_kg_ha": humus_kg_ha,
            "organic_last_year_kg_ha": organic_last_year_kg_ha,
            "precrop_kg_ha": precrop_kg_ha,
        },
        "winter wheat in Germany; elsewhere a yardstick",
        MappingProxyType({"base_kg_ha": base, "by_yield_kg_ha": by_yield, "credits_kg_ha": -credits_kg_ha}),
    )


@dataclass(frozen=True, slots=True)
class YieldCurve:
    """Yield without more nitrogen, YP0 = a exp(b INSEY) [kg/ha], of a region and crop, and its upper limit."""

    name: str
    a_kg_ha: float
    b_days: float
    most_kg_ha: float
    calibrated_for: str


_OKLAHOMA: Final = "dryland winter wheat in Oklahoma; must be calibrated anew for Jiangsu, where 6 t/ha are usual"
#: Coefficients by the year in which Oklahoma State University published them.
YIELD_CURVES: Final[dict[str, YieldCurve]] = {
    f"oklahoma-{year}": YieldCurve(f"oklahoma-{year}", a, b, 7000.0, _OKLAHOMA)
    for year, a, b in (
        (2002, 344.0, 267.65),
        (2003, 500.0, 267.65),
        (2004, 359.0, 324.4),
        (2005, 522.0, 274.7),
        (2006, 532.0, 270.1),
        (2007, 590.0, 258.2),
    )
}
#: Wheat grain is 2.39 % N, and 60 % of a mid-season dressing is taken up; the response is capped at 2.
_GRAIN_N, _UPTAKE, _MOST_RESPONSE = 0.0239, 0.6, 2.0


def nfoa(ndvi: float, reference_ndvi: float, growing_days: float, curve: YieldCurve) -> RateRecommendation:
    """Return the mid-season rate from the NDVI of a field and of a nitrogen-rich strip.

    NDVI in (0, 1]; `growing_days` since sowing, those with a mean above 4.4 degC, from 30.
    """
    if not (0.0 < ndvi <= 1.0 and 0.0 < reference_ndvi <= 1.0):
        raise ValueError("NDVI of a crop is above 0 and at most 1")
    if growing_days < 30.0:
        raise ValueError("fewer than 30 growing days: the crop is too young for an estimate of its yield")
    response = min(max(reference_ndvi / ndvi, 1.0), _MOST_RESPONSE)
    without = min(curve.a_kg_ha * math.exp(curve.b_days * ndvi / growing_days), curve.most_kg_ha)
    with_n = min(without * response, curve.most_kg_ha)
    return RateRecommendation(
        (with_n - without) * _GRAIN_N / _UPTAKE,
        _NFOA,
        {"ndvi": ndvi, "reference_ndvi": reference_ndvi, "growing_days": growing_days, "curve": curve.name},
        curve.calibrated_for,
        MappingProxyType({"response": response, "yield_without_kg_ha": without, "yield_with_kg_ha": with_n}),
    )


#: SI below which nitrogen is short, and the shortfall of 1 - SI at which the rate reaches the optimum.
SUFFICIENT: Final = 0.95
_SHORTFALL: Final = 0.3


def sufficiency_index(
    index: float, reference_index: float, optimum_kg_ha: float, *, credits_kg_ha: float = 0.0
) -> RateRecommendation:
    """Return the in-season rate from the index of a field and of a well-fertilised strip.

    0 from SI 0.95 on, the optimum below SI 0.7.
    """
    if index <= 0.0 or reference_index <= 0.0:
        raise ValueError("an index of a crop is above 0")
    sufficiency = index / reference_index
    share = 0.0 if sufficiency >= SUFFICIENT else min((1.0 - sufficiency) / _SHORTFALL, 1.0)
    return RateRecommendation(
        max(optimum_kg_ha - credits_kg_ha, 0.0) * math.sqrt(share),
        _SUFFICIENCY,
        {
            "index": index,
            "reference_index": reference_index,
            "optimum_kg_ha": optimum_kg_ha,
            "credits_kg_ha": credits_kg_ha,
        },
        "cereals in the season, beside a strip that lacks no nitrogen",
        MappingProxyType({"sufficiency_index": sufficiency}),
    )


def linear_index(
    index: float, index_range: tuple[float, float], rate_range_kg_ha: tuple[float, float], *, compensate: bool
) -> RateRecommendation:
    """Return the rate on a line over an index: with `compensate` weak parts get more, otherwise strong ones.

    Outside the range the rate is that of its end. Raises ValueError for an empty or negative range.
    """
    (low, high), (least, most) = index_range, rate_range_kg_ha
    if not (low < high and 0.0 <= least <= most):
        raise ValueError("the ranges of index and rate go from low to high")
    share = min(max((index - low) / (high - low), 0.0), 1.0)
    return RateRecommendation(
        most - share * (most - least) if compensate else least + share * (most - least),
        _LINEAR,
        {
            "index": index,
            "index_low": low,
            "index_high": high,
            "least_kg_ha": least,
            "most_kg_ha": most,
            "direction": "compensate" if compensate else "proportional",
        },
        "a dressing whose mean is set otherwise; which direction is right depends on why parts are weak",
    )
