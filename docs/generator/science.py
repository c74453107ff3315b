"""Reference of quantities, methods and formulas."""

from __future__ import annotations

import inspect
import textwrap
from types import ModuleType

import headland.agronomy
import headland.analysis
from docs.generator.docstrings import docstring_to_markdown
from docs.generator.methods import modules
from docs.generator.tables import table
from headland.agronomy.climate.disease import VALIDITY
from headland.contract.catalogue import CATALOGUE
from headland.contract.indices import LABELS, unit_of_index
from headland.contract.quantities import QUANTITIES
from headland.contract.senml.units import UNITS as SENML_UNITS
from headland.contract.units import UNIT_BY_SUFFIX


def endings_to_markdown() -> str:
    """Return the table of the endings of channel names and their units."""
    return table(["ending", "unit"], [(f"`{ending}`", unit) for ending, unit in UNIT_BY_SUFFIX.items()])


def senml_units_to_markdown() -> str:
    """Return the units of SenML that are known, the rest of a sentence of a list."""
    return (
        textwrap.fill(" ".join(f"`{name}`" for name in SENML_UNITS), 130, initial_indent="  ", subsequent_indent="  ")
        + "."
    )


def quantities_to_markdown() -> str:
    """Return the table of all quantities."""
    rows = [
        (f"`{each.name}`", each.unit, _number(each.low), _number(each.high), each.kind, each.meaning)
        for each in QUANTITIES.values()
    ]
    return table(["name", "unit", "low", "high", "kind", "meaning"], rows)


def indices_to_markdown() -> str:
    """Return the table of all indices: what they are called, what they need, and where they can be used."""
    rows = []
    for index in CATALOGUE.indices:
        uses = (("alarm", index.alarmable), ("band", index.bandable), ("sum", index.summable), ("report", index.report))
        rows.append(
            (
                f"`{index.name}`",
                unit_of_index(index.name),
                LABELS[index.name]["en"],
                ", ".join(f"`{channel}`" for channel in index.inputs),
                ", ".join(use for use, is_so in uses if is_so),
            )
        )
    return table(["index", "unit", "name", "needs", "used in"], rows)


def validity_to_markdown() -> str:
    """Return the table of what each disease index is valid for."""
    return table(["index", "validity"], [(f"`{name}`", text) for name, text in VALIDITY.items()])


def formulas_to_markdown() -> str:
    """Return a section for each module of the science: its text with the sources, and each public function."""
    return "\n\n".join(_module(module) for module in modules(headland.agronomy))


def _module(module: ModuleType) -> str:
    name = module.__name__.removeprefix("headland.")
    parts = [f"### {name}", docstring_to_markdown(module.__doc__)]
    for function in vars(module).values():
        if (
            inspect.isfunction(function)
            and function.__module__ == module.__name__
            and not function.__name__.startswith("_")
        ):
            signature = ", ".join(inspect.signature(function).parameters)
            parts += [f"**`{function.__name__}({signature})`**", docstring_to_markdown(function.__doc__)]
    return "\n\n".join(part for part in parts if part)


def _number(value: float) -> str:
    return f"{value:g}" if abs(value) < 1e6 else str(int(value))
