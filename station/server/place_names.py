"""Names of simulated places, as people of the farm's language say them.

The registry has one name of a field or house, as its grower gave it. A simulated farm's are given at its first start; a
place that has its name in either language is not added again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from headland.i18n import Language

#: The fields of the simulated drones, by their scenario.
_FIELDS_ZH: Final[Mapping[str, str]] = {
    "demo": "示范田",
    "chongqing-terrace": "坡上梯田",
    "jurong-heavy": "北边大田",
    "jurong-rapeseed": "河西油菜田",
    "jurong-refill": "村口田",
    "jurong-wheat": "东坡麦田",
    "jurong-wheat-hopper": "东坡麦田",
}
#: Kinds of houses in the names of devices.
_HOUSES_ZH: Final[Mapping[str, str]] = {"greenhouse": "{} 号棚", "film-house": "{} 号大棚", "solar": "{} 号日光温室"}
_NUMBERED: Final = re.compile(r"([a-z-]+)-([0-9]+)")


def place_name(place: str, language: Language) -> str:
    """Return the name of a simulated field (by its scenario) or house (by its device) in a language."""
    if language == "en":
        return place
    numbered = _NUMBERED.fullmatch(place)
    if numbered is not None and numbered[1] in _HOUSES_ZH:
        return _HOUSES_ZH[numbered[1]].format(numbered[2])
    return _FIELDS_ZH.get(place, place)


def place_names(place: str) -> frozenset[str]:
    """Return the names that a simulated place may have been given."""
    return frozenset((place, place_name(place, "zh")))


def language_of_locale(environment: Mapping[str, str]) -> Language:
    """Return the language of a process by its environment: Chinese where the locale of its texts is, else English."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environment.get(name):
            return "zh" if environment[name].lower().startswith("zh") else "en"
    return "en"
