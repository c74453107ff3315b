"""Labels: products of the register, and their use for a crop, found by the crop's name in any of its languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from headland.agronomy.plant_protection.checks import LabelUse
from headland.i18n import load_terms
from headland.registry.models.plant_protection import PlantProtectionProduct, ProductUse
from headland.registry.repositories.organisation_repositories import OrganisationRepositories

_SOWN: Final = re.compile("^(?:winter |spring |early |late |冬|春|早|晚)")


class RegisterReader:
    """Products of the register by their ids, each read once, and their uses; deleted ones too."""

    def __init__(self, repositories: OrganisationRepositories) -> None:
        self._register = repositories.plant_protection
        self._known: dict[str, PlantProtectionProduct] = {}
        self._uses: dict[tuple[str, str, str], ProductUse | None] = {}

    def product(self, id: str) -> PlantProtectionProduct:  # noqa: A002 - it is the record's id
        """Return a product; raises NotFound."""
        if id not in self._known:
            self._known[id] = self._register.get(id, also_deleted=True)
        return self._known[id]

    def use(self, id: str, crop: str, target: str) -> ProductUse | None:  # noqa: A002
        """Return the use of a product as `find_use` does; raises NotFound."""
        key = id, crop, target
        if key not in self._uses:
            self._uses[key] = find_use(self.product(id), crop, target)
        return self._uses[key]


def find_use(product: PlantProtectionProduct, crop: str, target: str = "") -> ProductUse | None:
    """Return the use of a product for a crop; None where the label does not name the crop.

    Of several uses for the crop, that for `target`, else the one with the longest interval before harvest.
    """
    names = set(names_of_crop(crop))
    uses = [use for use in product.uses if names & set(names_of_crop(use.crop))]
    same = [use for use in uses if target and use.target.casefold() == target.casefold()]
    return max(same or uses, key=lambda use: use.pre_harvest_interval_days or 0, default=None)


def label_of(use: ProductUse) -> LabelUse:
    """Return a use as the checks take it."""
    return LabelUse(**{name: getattr(use, name) for name in LabelUse.__dataclass_fields__})


def names_of_crop(crop: str) -> Iterator[str]:
    """Yield the names under which a crop is known: its own, and the catalogue's in each language.

    A season of sowing is no other crop: a label for wheat is for winter wheat.
    """
    name = crop.strip().casefold()
    yield name
    name = _SOWN.sub("", name)
    yield name
    for identifier, texts in load_terms()["crops"].items():
        known = {identifier, *(text.casefold() for text in texts.values())}
        if name in known:
            yield from known
