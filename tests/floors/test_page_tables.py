"""Sources of the dashboard: what a unit, a channel or an index is comes from the station's catalogue, from no table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import pytest

from headland.contract.indices import INDICES
from headland.contract.quantities import QUANTITIES
from headland.contract.units import UNITS
from tests.floors.test_dashboard_choices import sources

#: The page's own order of quantities in its panels: names only.
ORDERS: Final = "components/shown_quantities.ts"
MOST_NAMES: Final = 2
MOST_UNITS: Final = 3
#: The place of a site, a plot or a vehicle, of which a record has each: no table.
PLACE: Final = {"latitude_deg", "longitude_deg", "altitude_m", "heading_deg"}
#: The units in which a duration is written.
DURATIONS: Final = {"ms", "s", "min", "h", "d"}
NAMES: Final = (QUANTITIES.keys() | INDICES.keys()) - PLACE
SYMBOLS: Final = UNITS.keys() - DURATIONS - {"1"}
TOKEN: Final = re.compile(
    r"""//[^\n]*|/\*.*?\*/|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`|[\w$]+|=>|\s+|.""", re.DOTALL
)
#: What stands before the brace of an object; that of a block follows `)` or `=>`.
BEFORE_OBJECT: Final = {"=", ",", "(", "[", ":", "?", "return", "{", "|", "&"}


def tables_in(source: str) -> Iterator[tuple[int, set[str]]]:
    """Yield the line and the names of every list or object that names more quantities or units than a sentence does."""
    opened: list[tuple[bool, int, set[str], set[str]]] = []
    line, before = 1, ""
    for match in TOKEN.finditer(source):
        token, begun = match[0], line
        line += token.count("\n")
        if token.isspace() or token.startswith(("//", "/*")):
            continue
        if token in "[{(":
            opened.append((token == "[" or (token == "{" and before in BEFORE_OBJECT), begun, set(), set()))
        elif token in "]})":
            is_table, start, names, symbols = opened.pop() if opened else (False, 0, set[str](), set[str]())
            if is_table and (len(names) > MOST_NAMES or len(symbols) > MOST_UNITS):
                yield start, names | symbols
            elif opened:
                opened[-1][2].update(names)
                opened[-1][3].update(symbols)
        elif opened:
            word = token.strip("\"'")
            is_key = source[match.end() :].lstrip().startswith(":") and before in {"{", ","}
            opened[-1][2].update({word} & NAMES)
            if token[0] in "\"'" or is_key:
                opened[-1][3].update({word} & SYMBOLS)
        before = token


def test_no_other_file_of_the_page_has_a_table_of_units_or_channels() -> None:
    found = [
        f"{name}:{line}: {', '.join(sorted(names))}"
        for name, source in sources()
        if name != ORDERS
        for line, names in tables_in(source)
    ]
    assert found == []


def test_the_orders_of_the_page_name_what_the_catalogue_has_and_no_unit() -> None:
    source = next(source for name, source in sources() if name == ORDERS)
    words = {match[0].strip('"') for match in TOKEN.finditer(source) if match[0].startswith('"')}
    assert words & UNITS.keys() == set()
    unknown = words - QUANTITIES.keys() - INDICES.keys()
    # A kind of device, and hours beyond a limit, whose name has the limit.
    assert {
        word for word in unknown if not re.fullmatch(r"greenhouse|drone|(heat|cold)_hours_\w+_degc|\.\S+", word)
    } == set()


@pytest.mark.parametrize(
    "source",
    [
        'const DIGITS = { degC: 1, "%": 0, kPa: 2, V: 1 };',
        'const UNITS = [["_degc", "degC"], ["_pct", "%"], ["_v", "V"], ["_kpa", "kPa"]];',
        'const USUAL = ["air_temperature_degc", "vpd_kpa", "co2_ppm"];',
        'function f() {\n  for (const [name] of [["vpd_kpa", 2], ["co2_ppm", 0], ["wind_speed_m_s", 1]]) g(name);\n}',
        "const DIGITS = {\n  vpd_kpa: 2,\n  dew_point_degc: 1,\n  frost_point_degc: 1,\n};",
    ],
)
def test_a_table_is_found(source: str) -> None:
    assert len(list(tables_in(source))) == 1


@pytest.mark.parametrize(
    "source",
    [
        'if (unit === "degC") a("kPa"); else if (unit === "%") { b("V"); }',
        "const site = { latitude_deg: 1, longitude_deg: 2, altitude_m: 3 };",
        'const parts = [["d", 1], ["h", 2], ["min", 3], ["s", 4]];',
        'const f = () => { g("vpd_kpa"); h("co2_ppm"); i("wind_speed_m_s"); };',
    ],
)
def test_what_is_no_table_is_not(source: str) -> None:
    assert list(tables_in(source)) == []
