"""Crops and soils of the root-zone balance by the tables of FAO-56.

Sources
-------
.. [1] Allen et al. (1998), FAO-56: tables 11 (stages), 12 (heights), 17 (basal coefficients), 19 (soils) and 22 (roots
   and p).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from headland.agronomy.root_zone.crop_course import CropStages

Texture = Literal[
    "sand", "loamy_sand", "sandy_loam", "loam", "silt_loam", "silt", "silty_clay_loam", "silty_clay", "clay"
]


@dataclass(frozen=True, slots=True)
class SoilClass:
    """A texture's range of field capacity and wilting point [m3/m3], and the middle of REW [mm]; [1] table 19."""

    field_capacity: tuple[float, float]
    wilting_point: tuple[float, float]
    readily_evaporable_mm: float

    @property
    def middle(self) -> tuple[float, float]:
        """Field capacity and wilting point in the middle of their ranges."""
        return sum(self.field_capacity) / 2.0, sum(self.wilting_point) / 2.0

    @property
    def capacity_error(self) -> float:
        """The standard error of field capacity: the range holds 90 % of such soils."""
        return (self.field_capacity[1] - self.field_capacity[0]) / 2.0 / 1.645


SOILS: Final[dict[Texture, SoilClass]] = {
    "sand": SoilClass((0.07, 0.17), (0.02, 0.07), 4.5),
    "loamy_sand": SoilClass((0.11, 0.19), (0.03, 0.10), 6.0),
    "sandy_loam": SoilClass((0.18, 0.28), (0.06, 0.16), 8.0),
    "loam": SoilClass((0.20, 0.30), (0.07, 0.17), 9.0),
    "silt_loam": SoilClass((0.22, 0.36), (0.09, 0.21), 9.5),
    "silt": SoilClass((0.28, 0.36), (0.12, 0.22), 9.5),
    "silty_clay_loam": SoilClass((0.30, 0.37), (0.17, 0.24), 9.5),
    "silty_clay": SoilClass((0.30, 0.42), (0.17, 0.29), 10.0),
    "clay": SoilClass((0.32, 0.40), (0.20, 0.24), 10.0),
}

#: Crops by their slug; the stages of one climate of table 11, roots in the middle of table 22.
CROPS: Final[dict[str, CropStages]] = {
    "winter_wheat": CropStages(30, 140, 40, 30, 0.15, 1.10, 0.15, 1.0, 1.5, 0.55),
    "maize": CropStages(30, 40, 50, 30, 0.15, 1.15, 0.50, 2.0, 1.2, 0.55),
    "cotton": CropStages(30, 50, 60, 55, 0.15, 1.12, 0.45, 1.35, 1.2, 0.65),
    "soybean": CropStages(20, 35, 60, 25, 0.15, 1.10, 0.30, 0.75, 0.9, 0.50),
    "groundnut": CropStages(35, 45, 35, 25, 0.15, 1.10, 0.50, 0.4, 0.7, 0.50),
    "tomato": CropStages(30, 40, 45, 30, 0.15, 1.10, 0.70, 0.6, 1.0, 0.40),
    "potato": CropStages(25, 30, 45, 30, 0.15, 1.10, 0.65, 0.6, 0.5, 0.35),
    "cabbage": CropStages(40, 60, 50, 15, 0.15, 0.95, 0.85, 0.4, 0.6, 0.45),
    "sweet_pepper": CropStages(30, 35, 40, 20, 0.15, 1.00, 0.80, 0.7, 0.7, 0.30),
}

#: What growers call the crops, in lower case.
_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "winter_wheat": ("winter wheat", "wheat", "冬小麦", "小麦"),
    "maize": ("maize", "corn", "玉米", "夏玉米", "春玉米"),
    "cotton": ("cotton", "棉花"),
    "soybean": ("soybean", "soybeans", "大豆"),
    "groundnut": ("groundnut", "peanut", "花生"),
    "tomato": ("tomato", "tomatoes", "番茄", "西红柿"),
    "potato": ("potato", "potatoes", "马铃薯", "土豆"),
    "cabbage": ("cabbage", "甘蓝", "卷心菜"),
    "sweet_pepper": ("sweet pepper", "pepper", "甜椒", "辣椒"),
}


def find_crop(name: str) -> CropStages | None:
    """Return a crop by its slug or by what growers call it, in either language; None for one without figures."""
    plain = name.strip().lower()
    slug = next((slug for slug, names in _NAMES.items() if plain in (slug, *names)), None)
    return None if slug is None else CROPS[slug]
