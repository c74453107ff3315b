"""Names of simulated places and of a farm's first records, as people of the farm's language say them.

The registry has one name of a field or house, as its grower gave it. A simulated farm's are given at its first start; a
place that has its name in either language is not added again.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from headland.i18n import LANGUAGES, find_term, load_terms

if TYPE_CHECKING:
    from headland.i18n import Language
    from headland.registry.models.models import ImplementKind

_NUMBERED: Final = re.compile(r"([a-z-]+)-([0-9]+)")


def place_name(place: str, language: Language) -> str:
    """Return the name of a simulated field (by its scenario), house (by its device) or product in a language."""
    numbered = _NUMBERED.fullmatch(place)
    house = None if numbered is None else find_term("simulated_houses", numbered[1], language)
    if numbered is not None and house is not None:
        return house.format(number=numbered[2])
    return find_term("simulated_names", place, language) or place


def place_names(place: str) -> frozenset[str]:
    """Return the names that a simulated place or product may have been given."""
    return frozenset(place_name(place, language) for language in LANGUAGES)


def implement_name(scenario: str, kind: ImplementKind, language: Language) -> str:
    """Return the name of the sprayer or spreader of a simulated field in a language."""
    pattern = find_term("simulated_names", kind.value, language) or "{field}"
    return pattern.format(field=place_name(scenario, language))


def first_name(what: str, language: Language) -> str:
    """Return the name that a new `farm` or `organisation` has in a language until a person changes it."""
    return load_terms()["first_names"][what][language]
