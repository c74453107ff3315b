"""Chinese reference tables, from the catalogue of terms."""

from __future__ import annotations

from docs.generator.tables import table
from headland.contract.catalogue import CATALOGUE
from headland.contract.indices import LABELS, unit_of_index
from headland.contract.quantities import QUANTITIES
from headland.i18n import load_terms


def quantities_to_markdown() -> str:
    """Return the table of all quantities with their Chinese names."""
    names = load_terms()["quantities"]
    rows = [(f"`{each.name}`", names[each.name]["zh"], each.unit) for each in QUANTITIES.values()]
    return table(["名称", "含义", "单位"], rows)


def indices_to_markdown() -> str:
    """Return the table of all indices with their Chinese names."""
    return table(
        ["标识", "含义", "单位"],
        [(f"`{each.name}`", LABELS[each.name]["zh"], unit_of_index(each.name)) for each in CATALOGUE.indices],
    )


def group_to_markdown(group: str) -> str:
    """Return the table of a group of terms."""
    return table(
        ["标识", "含义"], [(f"`{name}`", term["zh"]) for name, term in load_terms()[group].items() if term["zh"]]
    )
