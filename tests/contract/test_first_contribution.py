"""A first contribution as CONTRIBUTING says it: a unit, a channel and an index are two files, and are complete then."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from tests.floors.modules import ROOT

CATALOGUE: Final = "headland/contract/catalogue.json"
FORMULA: Final = "headland/agronomy/climate/air.py"
UNIT: Final = {
    "symbol": "mg/L", "zh": "毫克/升", "decimals": 1, "endings": ["mg_l"], "senml": ["mg/l"], "spellings": ["gamma/mL"],
    "offered": True, "dead_band": 0.4, "home_class": "oxygen_concentration",
}  # fmt: skip
CHANNEL: Final = {
    "name": "irrigation_oxygen_mg_l", "unit": "mg/L", "low": 0, "high": 60, "kind": "gauge", "en": "Irrigation oxygen",
    "zh": "灌溉水溶解氧", "meaning": "oxygen dissolved in the water given",
}  # fmt: skip
INDEX: Final = {
    "name": "wet_bulb_degc", "unit": "degC", "en": "Wet-bulb temperature", "zh": "湿球温度", "section": "air",
    "method": "wet_bulb", "method_en": "Wet-bulb temperature over water", "method_zh": "水面湿球温度",
    "inputs": ["air_temperature_degc", "relative_humidity_pct"], "report": True, "alarmable": True, "bandable": True,
}  # fmt: skip
#: What is asked of the changed tree, in a process of its own.
QUESTIONS: Final = """
import json
import msgspec
import numpy as np
from api.routes.station.catalogue import _catalogue
from docs.generator import science, terms
from edge.imports.table.preview import units_of
from headland.contract.foreign_units import convert_to_channel
from headland.agronomy.climate.air import Air, air_indices
from headland.agronomy.series.time_grid import make_periods
from headland.alarms.rules.rule_values import ChannelSamples, SiteConditions, values_of
from headland.contract.records import Descriptor
from headland.contract.senml.decoder import decode_senml
from headland.i18n import channel_name, find_term
from headland.registry.models.alarms import AlarmRule, AlarmTest
from headland.registry.models.crop_bands import BandIndex
from headland.registry.validation.alarm_rules import check_rule
from headland.reports.formatting import label_of, number_text, unit_text
from headland.reports.greenhouse_report import _COLUMNS
from headland.store.port import DeviceRecord
from station.server.homeassistant.dead_band import UNITS
from station.server.homeassistant.discovery import describe

name, hour_ms = "irrigation_oxygen_mg_l", 3_600_000
pack = decode_senml(b'[{"bt":1800000000,"n":"irrigation_oxygen","u":"mg/l","v":8.25}]', "d", "tank", "site")
record = DeviceRecord("own", "gw", Descriptor(device="d", kind="tank", site="site", name="Tank"), None)
periods = make_periods([0], hour_ms)
air = Air(np.full(12, 20.0), np.full(12, 50.0))
(wet,) = [index for index in air_indices(periods, air) if index.name == "wet_bulb_degc"]
test = AlarmTest(what="wet_bulb_degc", above=10.0)
rule = AlarmRule(name="wet", kind="greenhouse", any_of=((test,),), for_s=60.0)
check_rule(rule, None, "own")
samples = {
    channel: ChannelSamples(np.array([0]), np.array([value]))
    for channel, value in (("air_temperature_degc", 20.0), ("relative_humidity_pct", 50.0))
}
answer = _catalogue()
print(json.dumps({
    "senml": {channel: column for block in pack.blocks for channel, column in block.c.items()},
    "import": [units_of(name), convert_to_channel(name, "gamma/mL").scale],
    "home": describe(record, [name], {name: "mg/L"})["components"][name],
    "dead_band": UNITS["mg/L"].dead_band,
    "report": [label_of(name, "zh"), number_text(8.25, "mg/L", name), unit_text("mg/L", "zh"), *_COLUMNS["air"][-1:]],
    "alarm": values_of(rule, test, samples, np.array([0]), SiteConditions()).tolist(),
    "index": [wet.unit, wet.method.id, wet.value.tolist()],
    "band": BandIndex("wet_bulb_degc").value,
    "names": [channel_name(name + ":1", "en"), find_term("methods", "wet_bulb", "zh")],
    "catalogue": [
        next(msgspec.to_builtins(row) for row in answer.units if row.symbol == "mg/L"),
        next(msgspec.to_builtins(row) for row in answer.channels if row.name == name),
        next(msgspec.to_builtins(row) for row in answer.indices if row.name == "wet_bulb_degc"),
    ],
    "docs": [
        science.endings_to_markdown(), science.quantities_to_markdown(), science.indices_to_markdown(),
        science.senml_units_to_markdown(), terms.quantities_to_markdown(), terms.indices_to_markdown(),
    ],
}, ensure_ascii=False))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a copy of the tree answers after the two files were changed, and no other."""
    tree = tmp_path_factory.mktemp("tree")
    shutil.copytree(ROOT / "headland", tree / "headland", ignore=shutil.ignore_patterns("__pycache__"))
    for part in ("api", "docs", "edge", "ingest", "station"):
        (tree / part).symlink_to(ROOT / part)
    rows = json.loads((tree / CATALOGUE).read_text(encoding="utf-8"))
    rows["units"].append(UNIT)
    rows["quantities"].append(CHANNEL)
    last_of_air = max(at for at, row in enumerate(rows["indices"]) if row["section"] == "air")
    rows["indices"].insert(last_of_air + 1, INDEX)
    (tree / CATALOGUE).write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    formula = (tree / FORMULA).read_text(encoding="utf-8")
    for before, added in (
        ("    vapour_density_g_m3,\n", "    wet_bulb_degc,\n"),
        ("COLD_DEGC: Final = (10.0, 0.0)\n", 'WET: Final = Method("wet_bulb", 1, "ASHRAE (2009) chapter 1 eq 33")\n'),
        ('    "delta_t_k": delta_t_k,\n', '    "wet_bulb_degc": wet_bulb_degc,\n'),
        (
            '        mean_index("dew_point_degc", "degC", DEW, both, periods, air.dew_degc),\n',
            '        mean_index("wet_bulb_degc", "degC", WET, both, periods, wet_bulb_degc(t, rh)),\n',
        ),
    ):
        assert before in formula
        formula = formula.replace(before, before + added, 1)
    (tree / FORMULA).write_text(formula, encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-c", QUESTIONS],
        cwd=tree, env={"PYTHONPATH": str(tree), "PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    answer: dict[str, Any] = json.loads(ran.stdout)
    return answer


def test_senml_names_the_unit_and_leads_to_the_channel(told: dict[str, Any]) -> None:
    assert told["senml"] == {"irrigation_oxygen_mg_l": [8.25]}


def test_a_table_can_be_imported_in_it(told: dict[str, Any]) -> None:
    assert told["import"] == [["mg/L"], 1.0]


def test_home_assistant_has_its_unit_class_and_decimals(told: dict[str, Any]) -> None:
    home = told["home"]
    assert (home["unit_of_measurement"], home["device_class"]) == ("mg/L", "oxygen_concentration")
    assert home["suggested_display_precision"] == 1
    assert told["dead_band"] == 0.4


def test_a_report_names_and_rounds_it_and_has_a_column_of_the_index(told: dict[str, Any]) -> None:
    assert told["report"] == ["灌溉水溶解氧", "8.3", "毫克/升", "wet_bulb_degc"]


def test_the_index_is_answered_alarmed_on_and_can_have_a_band(told: dict[str, Any]) -> None:
    unit, method, (value,) = told["index"]
    assert (unit, method) == ("degC", "wet_bulb")
    # ASHRAE Fundamentals (2009), chapter 1: 13.8 degC at 20 degC and 50 %.
    assert value == pytest.approx(13.8, abs=0.1)
    assert told["alarm"] == pytest.approx([value])
    assert told["band"] == "wet_bulb_degc"


def test_people_read_its_names_in_both_languages(told: dict[str, Any]) -> None:
    assert told["names"] == ["Irrigation oxygen 1", "水面湿球温度"]


def test_the_api_serves_it_to_page_and_apps(told: dict[str, Any]) -> None:
    unit, channel, index = told["catalogue"]
    assert (unit["labels"], unit["decimals"]) == ({"en": "mg/L", "zh": "毫克/升"}, 1)
    assert (channel["labels"]["zh"], channel["decimals"]) == ("灌溉水溶解氧", 1)
    assert (index["labels"]["en"], index["alarmable"], index["bandable"]) == ("Wet-bulb temperature", True, True)


def test_the_documentation_lists_it(told: dict[str, Any]) -> None:
    wanted = ("`mg_l`", "`irrigation_oxygen_mg_l`", "`wet_bulb_degc`", "`mg/l`", "灌溉水溶解氧", "湿球温度")
    assert [text for text, page in zip(wanted, told["docs"], strict=True) if text not in page] == []


def test_contributing_names_the_two_files() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    part = text[text.index("## Add a unit, a channel or an index") :].split("\n## ")[0]
    places = re.findall(r"`(headland/[\w./]+)`", part)
    assert [place for place in places if not place.endswith(".py")] == [CATALOGUE, str(Path(FORMULA).parents[1])]
