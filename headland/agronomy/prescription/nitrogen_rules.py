"""Published rules of nitrogen recommendation, each with its inputs, source and range of validity.

Rates are in kg N/ha. Outside its range a rule raises ValueError with the cause as a sentence.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
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
    "target_yield",
    2,
    "target-yield formula of soil-test fertilisation: F = (target - unfertilised) uptake (1 - fixed share) / recovery",
)
_DUEV: Final = Method(
    "duev_nmin",
    2,
    "German Fertiliser Ordinance 2020, section 4 (1) and annex 4, tables 2 to 7, winter wheat; the yield is the mean of"
    " the last five years",
)
_NFOA: Final = Method(
    "nfoa",
    2,
    "Raun et al. (2005), Commun. Soil Sci. Plant Anal. 36, 2759-2781, not re-read: INSEY, RI, (YPN - YP0) grain N /"
    " efficiency; curves and response adjustment (RI harvest = 1.69 RI - 0.70 from 2005 on) as Oklahoma State"
    " University lists them (nue.okstate.edu, yield potential)",
)
_SUFFICIENCY: Final = Method(
    "sufficiency_index", 1, "Holland and Schepers (2010), Agron. J. 102, 1415-1424: (Nopt - credits) sqrt((1-SI)/dSI)"
)
_LINEAR: Final = Method(
    "linear_index", 1, "linear between two rates over the range of an index, as Vizzari et al. (2019)"
)


def stanford(crop_n_kg_ha: float, soil_n_kg_ha: float, efficiency: float) -> RateRecommendation:
    """Return (crop need - soil supply) / efficiency, at least 0.

    `crop_n_kg_ha` and `soil_n_kg_ha` [0..], `efficiency` (0..1].
    """
    _check_amounts(crop_n_kg_ha=crop_n_kg_ha, soil_n_kg_ha=soil_n_kg_ha)
    if not 0.0 < efficiency <= 1.0:
        raise ValueError("the efficiency of a fertiliser is above 0 and at most 1")
    return RateRecommendation(
        max((crop_n_kg_ha - soil_n_kg_ha) / efficiency, 0.0),
        _STANFORD,
        {"crop_n_kg_ha": crop_n_kg_ha, "soil_n_kg_ha": soil_n_kg_ha, "efficiency": efficiency},
        "any crop whose need, soil supply and fertiliser efficiency are known for the place",
    )


#: Uptake of nitrogen for 100 kg of what is harvested [kg]: the Chinese table of crops goes from celery (0.16) to sesame
#: (8.23). More is a figure for a tonne.
UPTAKE_KG_100KG: Final = (0.1, 10.0)
#: Some crops of that table (形成100 kg经济产量所吸收的养分量, 中国肥料): cereals, oil crops and pulses air-dry, the
#: others fresh. Of the nitrogen of soybean and peanut only about a third comes from the soil.
UPTAKES_KG_100KG: Final[Mapping[str, float]] = MappingProxyType(
    {
        "rice": 2.25, "winter_wheat": 3.0, "maize": 2.57, "rapeseed": 5.8, "soybean": 7.2, "peanut": 6.8,
        "sesame": 8.23, "seed_cotton": 5.0, "potato": 0.5, "sweet_potato": 0.35, "tomato": 0.45, "cucumber": 0.4,
        "eggplant": 0.3, "cabbage": 0.41, "radish": 0.6, "carrot": 0.31, "onion": 0.27, "celery": 0.16, "spinach": 0.36,
        "leek": 0.3, "kidney_bean": 0.81,
    }
)  # fmt: skip


def target_yield(
    target_kg_ha: float, unfertilised_kg_ha: float, uptake_kg_100kg: float, recovery: float, *, fixed_share: float = 0.0
) -> RateRecommendation:
    """Return the nitrogen for a yield above the unfertilised plot's; 测土配方, target-yield form.

    `uptake_kg_100kg` [0.1..10] is N for 100 kg of what is harvested, wheat grain 2.4 to 3.1, fresh tomatoes 0.45; see
    `UPTAKES_KG_100KG`. `recovery` (0..1] is the share of the fertiliser taken up, `fixed_share` [0..1) the share of its
    nitrogen that a legume takes from the air, about two thirds for soybean and peanut.
    """
    if not 0.0 < recovery <= 1.0:
        raise ValueError("the recovery of a fertiliser is above 0 and at most 1")
    if not 0.0 <= fixed_share < 1.0:
        raise ValueError("the share of nitrogen that a legume fixes is from 0 to below 1")
    least, most = UPTAKE_KG_100KG
    if not least <= uptake_kg_100kg <= most:
        raise ValueError(
            f"the uptake is in kg N for 100 kg of harvest, {least:g} to {most:g}: 2.4 to 3.1 for wheat, 7.2 for "
            "soybean, 0.45 for tomato"
        )
    _check_amounts(target_kg_ha=target_kg_ha, unfertilised_kg_ha=unfertilised_kg_ha)
    need = (target_kg_ha - unfertilised_kg_ha) * uptake_kg_100kg / 100.0 * (1.0 - fixed_share)
    return RateRecommendation(
        max(need / recovery, 0.0),
        _TARGET,
        {
            "target_kg_ha": target_kg_ha,
            "unfertilised_kg_ha": unfertilised_kg_ha,
            "uptake_kg_100kg": uptake_kg_100kg,
            "recovery": recovery,
            **({"fixed_share": fixed_share} if fixed_share else {}),
        },
        "fields with an unfertilised plot, or the blank yield of their soil class",
        MappingProxyType({"need_kg_ha": need}),
    )


#: Need of winter wheat at 8 t/ha by quality class, and the change per tonne more or less (at most 40 more).
_DUEV_WHEAT: Final = {"A": 230.0, "B": 230.0, "C": 210.0, "E": 260.0}
_DUEV_YIELD_T_HA: Final = 8.0
_DUEV_MORE, _DUEV_MOST_MORE, _DUEV_LESS = 10.0, 40.0, 15.0


_NOT_THE_MEAN: Final = (
    "not the ordinance's need: it wants the mean yield of the last five years, and this is a yield that is aimed at; "
)
_DUEV_YEARS: Final = 5


def mean_yield(yields_t_ha: Sequence[float]) -> float:
    """Return the mean of the last five past yields [t/ha], oldest first; German Fertiliser Ordinance, section 4.

    The ordinance also lets a grower replace a yield that differs from the year before by more than 20 % by that year's:
    then give it so. Raises ValueError for none, or for a negative one.
    """
    if not yields_t_ha or not min(yields_t_ha) >= 0.0:
        raise ValueError("a mean of past yields needs at least one, each 0 or more")
    last = yields_t_ha[-_DUEV_YEARS:]
    return sum(last) / len(last)


def duev_wheat(
    mean_yield_t_ha: float,
    nmin_kg_ha: float,
    *,
    quality_class: str = "B",
    humus_kg_ha: float = 0.0,
    organic_last_year_kg_ha: float = 0.0,
    precrop_kg_ha: float = 0.0,
    is_aim: bool = False,
) -> RateRecommendation:
    """Return the need of winter wheat by the Nmin table: base and yield less credits, each a positive number.

    `mean_yield_t_ha` [0..] is the mean of the last five years' yields, as the ordinance has it, see `mean_yield`;
    `is_aim` says that a yield which is aimed at stands in for it. `nmin_kg_ha` [0..] mineral N in 0 to 90 cm in spring;
    `humus_kg_ha` [0..] 20 above 4 % humus; `organic_last_year_kg_ha` [0..] a tenth of the organic N of the year before;
    `precrop_kg_ha` [0..] by the table. Raises ValueError for an unknown class.
    """
    base = _DUEV_WHEAT.get(quality_class)
    if base is None:
        raise ValueError(f"winter wheat has the classes {', '.join(_DUEV_WHEAT)}")
    _check_amounts(
        mean_yield_t_ha=mean_yield_t_ha, nmin_kg_ha=nmin_kg_ha, humus_kg_ha=humus_kg_ha,
        organic_last_year_kg_ha=organic_last_year_kg_ha, precrop_kg_ha=precrop_kg_ha,
    )  # fmt: skip
    beyond = mean_yield_t_ha - _DUEV_YIELD_T_HA
    by_yield = min(beyond * _DUEV_MORE, _DUEV_MOST_MORE) if beyond > 0 else beyond * _DUEV_LESS
    credits_kg_ha = nmin_kg_ha + humus_kg_ha + organic_last_year_kg_ha + precrop_kg_ha
    return RateRecommendation(
        max(base + by_yield - credits_kg_ha, 0.0),
        _DUEV,
        {
            "yield_t_ha": mean_yield_t_ha,
            "yield_basis": "aimed_at" if is_aim else "mean_of_past_years",
            "nmin_kg_ha": nmin_kg_ha,
            "quality_class": quality_class,
            "humus_kg_ha": humus_kg_ha,
            "organic_last_year_kg_ha": organic_last_year_kg_ha,
            "precrop_kg_ha": precrop_kg_ha,
        },
        f"{_NOT_THE_MEAN if is_aim else ''}winter wheat in Germany; elsewhere a yardstick",
        MappingProxyType({"base_kg_ha": base, "by_yield_kg_ha": by_yield, "credits_kg_ha": -credits_kg_ha}),
    )


@dataclass(frozen=True, slots=True)
class YieldCurve:
    """Yield without more nitrogen, YP0 = a exp(b INSEY) [kg/ha], of a region and crop, and its upper limit.

    The response at harvest is `response_slope` RI + `response_offset`, where RI is the ratio of NDVI.
    """

    name: str
    a_kg_ha: float
    b_days: float
    most_kg_ha: float
    calibrated_for: str
    response_slope: float = 1.0
    response_offset: float = 0.0

    def response(self, index: float) -> float:
        """Return the response at harvest from the index of NDVI; 1 at least."""
        return max(self.response_slope * index + self.response_offset, 1.0)


_OKLAHOMA: Final = "dryland winter wheat in Oklahoma; must be calibrated anew for Jiangsu, where 6 t/ha are usual"
#: The response at harvest by the ratio of NDVI: the ratio itself, and from 2005 on the adjusted one.
_RESPONSES: Final = ((1.0, 0.0), (1.69, -0.70))
#: Coefficients by the year in which Oklahoma State University published them.
YIELD_CURVES: Final[dict[str, YieldCurve]] = {
    f"oklahoma-{year}": YieldCurve(f"oklahoma-{year}", a, b, 7000.0, _OKLAHOMA, *_RESPONSES[year >= 2005])
    for year, a, b in (
        (2002, 344.0, 267.65),
        (2003, 500.0, 267.65),
        (2004, 359.0, 324.4),
        (2005, 522.0, 274.7),
        (2006, 532.0, 270.1),
        (2007, 590.0, 258.2),
    )
}
#: Wheat grain is 2.39 % N, and 60 % of a mid-season dressing is taken up; the ratio of NDVI is capped at 2.
_GRAIN_N, _UPTAKE, _MOST_RESPONSE = 0.0239, 0.6, 2.0


def nfoa(ndvi: float, reference_ndvi: float, growing_days: float, curve: YieldCurve) -> RateRecommendation:
    """Return the mid-season rate from the NDVI of a field and of a nitrogen-rich strip.

    `ndvi` and `reference_ndvi` (0..1]; `growing_days` [30..] since sowing, those with a mean above 4.4 degC.
    """
    if not (0.0 < ndvi <= 1.0 and 0.0 < reference_ndvi <= 1.0):
        raise ValueError("NDVI of a crop is above 0 and at most 1")
    if not growing_days >= 30.0:
        raise ValueError("fewer than 30 growing days: the crop is too young for an estimate of its yield")
    response = curve.response(min(max(reference_ndvi / ndvi, 1.0), _MOST_RESPONSE))
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

    0 from SI 0.95 on, the optimum below SI 0.7. `index` and `reference_index` (0..], `optimum_kg_ha` [0..] and
    `credits_kg_ha` [0..].
    """
    _check_amounts(optimum_kg_ha=optimum_kg_ha, credits_kg_ha=credits_kg_ha)
    if not (index > 0.0 and reference_index > 0.0):
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


def _check_amounts(**amounts: float) -> None:
    """Raise ValueError for an amount that is negative or no number."""
    for name, amount in amounts.items():
        if not amount >= 0.0:
            raise ValueError(f"{name} is 0 or more, not {amount:g}")
