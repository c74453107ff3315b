"""The catalogue is the one table of units and channels: no other literal has three channels or four units."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from typing import Final

import pytest

from headland.contract.quantities import QUANTITIES
from headland.contract.units import UNITS
from tests.floors.modules import ROOT

PARTS: Final = ("headland", "edge", "ingest", "api", "station", "firmware_sim", "docs/generator", "deploy")
CHANNELS: Final = frozenset(QUANTITIES)
#: Letters and signs that are in texts of all kinds are no sign of a table.
SYMBOLS: Final = frozenset(UNITS) - {"1", "%", "d", "g", "h", "m", "s", "t"}
#: What others call a quantity or a unit, simulators, and examples in documents.
FOREIGN: Final = (
    "api/schemas",
    "edge/imports/dataflash",
    "edge/imports/machine",
    "edge/imports/ulog",
    "edge/sources/mavlink",
    "edge/sources/mqtt",
    "edge/survey",
    "firmware_sim",
    "headland/formats/farmos.py",
    "station/chaos",
    "station/demo",
    "station/local/simulators.py",
)
#: What a question reads, and figures of a method for a channel: they say nothing of what it is.
QUESTIONS: Final = (
    "headland/agronomy/series/sensor_health.py",
    "headland/analysis/greenhouse/control.py",
    "headland/analysis/greenhouse/forecast.py",
    "headland/analysis/passes/application.py",
    "headland/analysis/passes/telemetry.py",
    "headland/analysis/weather/issue_hours.py",
    "headland/analysis/weather/outdoor_weather.py",
    "headland/analysis/yields/harvest_passes.py",
)
#: Columns of tables of the registry and fields of answers, which may be called as channels are.
COLUMNS: Final = ("api/http/field_texts.py", "headland/registry/db", "headland/registry/migrations")
_DISPLAYS: Final = (ast.Dict, ast.List, ast.Set, ast.Tuple)


def tables_of(source: str) -> Iterator[tuple[int, str]]:
    """Yield the line of each literal with three channels or four units, the outermost one, and how many it has."""
    waiting: list[tuple[ast.AST, bool]] = [(ast.parse(source), False)]
    while waiting:
        node, is_inside = waiting.pop()
        is_inside |= isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        # `A, B = "a", "b"` gives names; it is no table.
        is_naming = isinstance(node, ast.Assign) and any(isinstance(target, ast.Tuple) for target in node.targets)
        for child in ast.iter_child_nodes(node):
            is_table = isinstance(child, _DISPLAYS) and not is_naming and not (is_inside and _is_computed(child))
            texts = _texts_of(child) if is_table else set()
            channels, units = len(texts & CHANNELS), len(texts & SYMBOLS)
            if channels >= 3 or units >= 4:
                yield getattr(child, "lineno", 0), f"{channels} channels, {units} units"
            else:
                waiting.append((child, is_inside))


def _is_computed(display: ast.AST) -> bool:
    """Tell whether a display in a function has values of its variables."""
    called = {id(node.func) for node in ast.walk(display) if isinstance(node, ast.Call)}
    names = [node.id for node in ast.walk(display) if isinstance(node, ast.Name) and id(node) not in called]
    return any(not name.lstrip("_")[:1].isupper() for name in names)


def _texts_of(display: ast.AST) -> set[str]:
    return {node.value for node in ast.walk(display) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


@cache
def found() -> dict[str, list[str]]:
    """Return the tables of the product by file."""
    tables: dict[str, list[str]] = {}
    for part in PARTS:
        for path in sorted((ROOT / part).rglob("*.py")):
            if any(_is_in(path.relative_to(ROOT).as_posix(), place) for place in COLUMNS):
                continue
            for line, what in tables_of(path.read_text(encoding="utf-8")):
                tables.setdefault(path.relative_to(ROOT).as_posix(), []).append(f"line {line}: {what}")
    return tables


def _is_in(file: str, place: str) -> bool:
    return file == place or file.startswith(f"{place}/")


def test_no_other_literal_is_a_table_of_channels_or_units() -> None:
    allowed = (*FOREIGN, *QUESTIONS)
    elsewhere = {file: lines for file, lines in found().items() if not any(_is_in(file, place) for place in allowed)}
    assert elsewhere == {}, "move it to headland/contract/catalogue.json, and derive it from there"


def test_the_exceptions_are_few_and_each_is_needed() -> None:
    files = found()
    assert len(FOREIGN) <= 12
    assert len(QUESTIONS) <= 8
    assert [place for place in (*FOREIGN, *QUESTIONS) if not any(_is_in(file, place) for file in files)] == []


@pytest.mark.parametrize(
    ("planted", "is_found"),
    [
        ('A = ("air_temperature_degc", "co2_ppm", "vent_open_pct")', True),
        ('A = {"degC": 1, "kPa": 2, "ppm": 0, "W/m2": 0}', True),
        ('A = frozenset({"tank_l", "hopper_kg", "flow_l_min"})', True),
        ('A = dict.fromkeys(("lx", "ppm", "W/m2", "umol/m2/s"), 0)', True),
        ('A = {"x": [row("tank_l", "L"), row("hopper_kg", "kg"), row("co2_ppm", "ppm")]}', True),
        ('def f():\n    units = {"tank_l": "L", "hopper_kg": "kg", "co2_ppm": "ppm"}\n    return units', True),
        ('A, B, C = "tank_l", "hopper_kg", "co2_ppm"', False),
        ('A = ("tank_l", "hopper_kg")', False),
        ('def f(a):\n    return {"tank_l": a, "hopper_kg": a + 1, "co2_ppm": a + 2}', False),
    ],
)
def test_a_planted_table_is_found(planted: str, is_found: bool) -> None:
    assert bool(list(tables_of(planted))) is is_found
