"""Catalogue of texts in English and Chinese for the dashboard, reports, alarm messages and notes of answers.

`terms.json` groups terms by subject: reasons, methods and so on. The key is the identifier of the contract (a `Method`
id, a `kind`); each term has a text per language. The groups `quantities` (with the indices) and `units` are names of
the catalogue of the contract, and so are the `methods` of its indices. The dashboard reads the same files when it is
built. `server_texts.json`, `consumer_texts.json` and `personal_data.json` have the groups that only the server uses.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Final, Literal

from headland.contract.catalogue import CATALOGUE
from headland.contract.indices import LABELS, METHOD_LABELS
from headland.contract.units import unit_labels

Language = Literal["en", "zh"]
LANGUAGES: Final[tuple[Language, ...]] = ("en", "zh")
_FILES: Final = ("terms.json", "server_texts.json", "consumer_texts.json", "personal_data.json")


@cache
def load_terms() -> Mapping[str, Mapping[str, Mapping[Language, str]]]:
    """Return all terms as {group: {identifier: {language: text}}}."""
    terms: dict[str, Mapping[str, Mapping[Language, str]]] = {
        "quantities": LABELS,
        "units": {unit.symbol: unit_labels(unit) for unit in CATALOGUE.units},
    }
    for name in _FILES:
        terms.update(json.loads(files(__name__).joinpath(name).read_text(encoding="utf-8")))
    terms["methods"] = {**terms["methods"], **METHOD_LABELS}
    return terms


def find_term(group: str, identifier: str, language: Language) -> str | None:
    """Return a term's text, or None where the group has no such term. Raises `KeyError` for an unknown group."""
    term = load_terms()[group].get(identifier)
    return None if term is None else term[language]


def find_term_in(groups: tuple[str, ...], identifier: str, language: Language) -> str | None:
    """Return the text of the first group that has the term, or None."""
    return next((text for group in groups if (text := find_term(group, identifier, language)) is not None), None)


def channel_name(channel: str, language: Language) -> str | None:
    """Return the name of a channel by its quantity and instance (`co2_ppm:2`), or None for an unknown quantity."""
    quantity, _, instance = channel.partition(":")
    name = find_term("quantities", quantity, language)
    return f"{name} {instance}" if name and instance else name


def vehicle_name(name: str, language: Language) -> str:
    """Return a vehicle's name that a gateway composed of autopilot, kind and system in a language; others stay."""
    vehicle, _, system = name.partition(", system ")
    kind = next((kind for kind in load_terms()["vehicles"] if vehicle.endswith(f" {kind}")), None)
    if kind is None or language == "en":
        return name
    told = f"{vehicle.removesuffix(kind)}{find_term('vehicles', kind, language)}"
    pattern = find_term("vehicle_names", "numbered", language) or "{name} {number}"
    return pattern.format(name=told, number=system) if system else told


@dataclass(frozen=True, slots=True)
class CatalogText:
    """A text of the catalogue with the values of its placeholders, which has a language only when it is shown.

    A value may be a message itself.
    """

    group: str
    identifier: str
    values: Mapping[str, str | CatalogText] = field(default_factory=dict)

    def text(self, language: Language) -> str:
        """Return the text in a language. Raises `KeyError` for an unknown text or a missing value."""
        values = {
            name: value.text(language) if isinstance(value, CatalogText) else value
            for name, value in self.values.items()
        }
        return load_terms()[self.group][self.identifier][language].format(**values)


def term_or_name(group: str, name: str) -> str | CatalogText:
    """Return the term of a name that people may have chosen, or the name itself where the group has none."""
    identifier = name.strip().lower()
    return CatalogText(group, identifier) if identifier in load_terms()[group] else name
