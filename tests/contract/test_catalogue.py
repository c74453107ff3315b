"""Rows of the catalogue: each name once, each unit, channel and ending known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest

from headland.contract.catalogue import CATALOGUE, read_catalogue
from headland.contract.indices import METHOD_LABELS, decimals_of, unit_of
from headland.contract.quantities import QUANTITIES
from headland.contract.units import UNITS, factors_of, factors_to, home_spelling, unit_labels


def twice(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


def test_a_name_belongs_to_one_unit_quantity_or_index() -> None:
    assert twice(name for unit in CATALOGUE.units for name in {unit.symbol, *unit.senml, *unit.spellings}) == []
    assert twice(word for unit in CATALOGUE.units for word in unit.words) == []
    assert twice(ending for unit in CATALOGUE.units for ending in unit.endings) == []
    assert twice(row.name for row in CATALOGUE.quantities) == []
    assert twice(row.name for row in CATALOGUE.indices) == []


def test_every_unit_that_a_row_names_is_a_row() -> None:
    named = {row.unit for row in CATALOGUE.quantities} | {row.unit for row in CATALOGUE.indices if row.unit}
    named |= {to for unit in CATALOGUE.units for to in unit.into}
    assert named <= UNITS.keys()
    for unit in CATALOGUE.units:
        assert unit.words == tuple(word.lower() for word in unit.words)
        assert all(factor > 0.0 for factor, _ in factors_of(unit).values())


def test_an_index_has_a_unit_names_and_inputs_that_are_channels() -> None:
    for index in CATALOGUE.indices:
        assert (not index.unit) == (index.name in QUANTITIES), index.name
        assert bool(index.en) == bool(index.zh) == (index.name not in QUANTITIES), index.name
        assert set(index.inputs) <= QUANTITIES.keys(), index.name
        assert bool(index.method_en) == bool(index.method_zh)
        assert 0 <= decimals_of(index.name, unit_of(index.name) or "1") <= 6
        assert not index.summable or not index.bandable or index.name == "dli_mol_m2"
    assert len(METHOD_LABELS) == sum(bool(index.method_en) for index in CATALOGUE.indices)


def test_forms_of_a_unit() -> None:
    assert unit_labels(UNITS["K"]) == {"en": "K", "zh": "℃"}
    assert unit_labels(UNITS["1"]) == {"en": "", "zh": ""}
    assert [home_spelling(UNITS[symbol]) for symbol in ("pH", "1", "degC", "kPa")] == [None, None, "°C", "kPa"]
    assert factors_to("t/ha")["斤/亩"] == 0.0075
    assert unit_of("no_such_thing") is None


@pytest.mark.parametrize(
    "units", ['[{"symbol": "x", "decimal": 1}]', '[{"symbol": "x", "decimals": "1"}]', '[{"decimals": 1}]']
)
def test_a_field_that_is_none_or_of_another_type_is_refused(tmp_path: Path, units: str) -> None:
    path = tmp_path / "catalogue.json"
    path.write_text(f'{{"units": {units}, "quantities": [], "indices": []}}', encoding="utf-8")
    with pytest.raises(msgspec.ValidationError):
        read_catalogue(path)
