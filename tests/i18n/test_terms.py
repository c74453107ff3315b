"""The catalogue of terms is complete: identifiers of the contract have a text in both languages."""

from __future__ import annotations

import re
from importlib import import_module
from pkgutil import walk_packages

import pytest

import headland.agronomy
from headland.agronomy.series.answer import Method
from headland.contract.alarm_rules import default_rules
from headland.contract.quantities import QUANTITIES
from headland.contract.refusals import Reason
from headland.contract.units import UNITS
from headland.i18n import LANGUAGES, find_term, load_terms, vehicle_name
from headland.registry.models.alarms import Severity

#: The methods that the modules of the formulas define by name.
METHODS = sorted(
    {
        value.id
        for module in walk_packages(headland.agronomy.__path__, "headland.agronomy.")
        for value in vars(import_module(module.name)).values()
        if isinstance(value, Method)
    }
)
ALL = [(group, identifier) for group, terms in load_terms().items() for identifier in terms]
#: Symbols that are the same in every language.
SAME = {"1", "none"}


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_every_quantity_has_a_name(quantity: str) -> None:
    assert all(find_term("quantities", quantity, language) for language in LANGUAGES)


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_of_a_refusal_has_a_text(reason: Reason) -> None:
    assert all(find_term("refusals", reason.value, language) for language in LANGUAGES)


@pytest.mark.parametrize("severity", Severity)
def test_every_severity_has_a_name(severity: Severity) -> None:
    assert all(find_term("severities", severity.value, language) for language in LANGUAGES)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_has_a_description(method: str) -> None:
    assert all(find_term("methods", method, language) for language in LANGUAGES)


def test_every_default_alarm_rule_has_a_title() -> None:
    names = {rule["name"] for rule in default_rules()}
    assert names
    assert names <= load_terms()["alarm_rules"].keys()


def test_every_term_has_exactly_the_languages() -> None:
    assert [term for group, term in ALL if load_terms()[group][term].keys() != set(LANGUAGES)] == []


def test_only_symbols_have_an_empty_text() -> None:
    empty = {key for group, key in ALL if not all(load_terms()[group][key].values())}
    assert empty == SAME


def test_a_chinese_text_has_no_english_sentence() -> None:
    # A unit symbol or a name may be Latin, such as DLI or Hutton; three words in a row are a sentence.
    english = re.compile(r"[A-Za-z]+ [a-z]+ [a-z]+")
    assert [term for group, term in ALL if english.search(load_terms()[group][term]["zh"])] == []


def test_every_unit_has_a_form_in_both_languages() -> None:
    assert [unit for unit in UNITS if find_term("units", unit, "en") is None] == []
    # A symbol that has no form of its own reads the same in both languages.
    assert find_term("units", "kPa", "en") == find_term("units", "kPa", "zh") == "kPa"
    assert (find_term("units", "m/s", "en"), find_term("units", "m/s", "zh")) == ("m/s", "米/秒")


def test_an_unknown_identifier_has_no_term() -> None:
    assert find_term("quantities", "no_such_quantity", "en") is None


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("ArduPilot quadrotor, system 2", "ArduPilot 四旋翼 2 号机"),
        ("PX4 fixed wing", "PX4 固定翼"),
        ("Spreader 7", "Spreader 7"),
        ("", ""),
    ],
)
def test_a_composed_name_of_a_vehicle_is_told_in_chinese_and_any_other_stays(name: str, told: str) -> None:
    assert vehicle_name(name, "zh") == told
    assert vehicle_name(name, "en") == name
