"""Usual figures of a season's nitrogen, by crop and region, each with its source: what a plan begins with.

Sources
-------
.. [1] 中国肥料, 形成 100 kg 经济产量所吸收的养分量, as `UPTAKES_KG_100KG`.
.. [2] Ladha, Pathak, Krupnik, Six and van Kessel (2005), Advances in Agronomy 87, 85-156: the first crop recovers 30 to
       50 % of the fertiliser's nitrogen in cereals.
.. [3] 农业部 (2013), 小麦、玉米、水稻三大粮食作物区域大配方与施肥建议, winter wheat of the middle and lower Yangtze:
       formula 18-15-12 at sowing and urea at jointing, by yield. Read in a copy (nfcpgx.org), not in the original.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from headland.agronomy.prescription.nitrogen_rules import UPTAKES_KG_100KG
from headland.agronomy.prescription.nutrients import MU_PER_HA
from headland.agronomy.series.answer import Method

CEREALS: Final = frozenset(("winter_wheat", "rice", "maize"))
#: The middle of what [2] names.
RECOVERY: Final = 0.4
_YANGTZE: Final = Method(
    "regional_table_yangtze_wheat",
    1,
    "农业部 (2013), regional formulas: winter wheat of the middle and lower Yangtze, 18-15-12 at sowing and urea at "
    "jointing by yield; linear between the limits of its yield classes",
)
#: Yields [kg/mu], and the formula fertiliser and the urea at them [kg/mu], by [3].
_YIELD_KG_MU: Final = (300.0, 400.0, 550.0)
_FORMULA_KG_MU: Final = (23.0, 30.0, 42.0)
_UREA_KG_MU: Final = (9.0, 12.0, 17.0)
_FORMULA_N, _UREA_N = 0.18, 0.46
#: Hubei, Hunan, Jiangxi, Zhejiang, Shanghai, and what of Henan, Anhui and Jiangsu is south of the Huai [deg].
_YANGTZE_BOX: Final = (108.4, 24.5, 122.5, 33.2)
#: Names of one crop in the tables.
_SAME: Final[Mapping[str, str]] = MappingProxyType({"wheat": "winter_wheat"})


@dataclass(frozen=True, slots=True)
class RegionalNeed:
    """Nitrogen of a season by a region's table [kg/ha]: at sowing, and as top-dressing."""

    base_kg_ha: float
    top_kg_ha: float
    method: Method

    @property
    def total_kg_ha(self) -> float:
        """Both together."""
        return self.base_kg_ha + self.top_kg_ha

    @property
    def base_share(self) -> float:
        """The share at sowing, 0 to 1."""
        return self.base_kg_ha / self.total_kg_ha


def crop_name(crop: str) -> str:
    """Return the name of a crop in the tables: lower case, spaces as `_`."""
    name = crop.strip().lower().replace(" ", "_").replace("-", "_")
    return _SAME.get(name, name)


def usual_uptake(crop: str) -> float | None:
    """Return the nitrogen for 100 kg of harvest [kg] by [1], None for a crop that is not in it."""
    return UPTAKES_KG_100KG.get(crop_name(crop))


def usual_recovery(crop: str) -> float | None:
    """Return the share of the fertiliser's nitrogen that a cereal takes up [2], None for another crop."""
    return RECOVERY if crop_name(crop) in CEREALS else None


def regional_need(crop: str, place_deg: tuple[float, float], target_t_ha: float) -> RegionalNeed | None:
    """Return the nitrogen for a target yield by the table of the region of a place (longitude, latitude).

    None where there is no table for the crop there, and outside the yields of the table, 4.5 to 8.25 t/ha.
    """
    west, south, east, north = _YANGTZE_BOX
    is_there = west <= place_deg[0] <= east and south <= place_deg[1] <= north
    yield_kg_mu = target_t_ha * 1000.0 / MU_PER_HA
    if crop_name(crop) != "winter_wheat" or not is_there or not _YIELD_KG_MU[0] <= yield_kg_mu <= _YIELD_KG_MU[-1]:
        return None
    base, top = (
        float(np.interp(yield_kg_mu, _YIELD_KG_MU, amounts)) * share * MU_PER_HA
        for amounts, share in ((_FORMULA_KG_MU, _FORMULA_N), (_UREA_KG_MU, _UREA_N))
    )
    return RegionalNeed(base, top, _YANGTZE)
