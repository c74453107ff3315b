"""Alarm rules that come with Headland: one table, `alarm_rules.toml`, for the station and for gateways.

A gateway evaluates rules of one test on a channel, on the condensation margin of the leaf, or on silence, and only
those of a greenhouse come with it. `gateway_rule` says a station's rule as such a gateway's table, so that an edited
rule, too, is one rule at both.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from headland.contract.indices import INDICES
from headland.contract.leaf import LEAF_TEMPERATURE

#: The name of the set of a gateway's built-in rules, and the kind of the devices that they are for.
GREENHOUSE: Final = "greenhouse"
MARGIN: Final = "condensation_margin_k"
OVERDUE: Final = "overdue_s"
_TABLE: Final = Path(__file__).parent / "alarm_rules.toml"
_SAME: Final = ("name", "severity", "kind", "device", "for_s", "clear_for_s", "repeat_s", "text")
#: Of a station's test what a gateway knows, too.
_PLAIN: Final = frozenset({"what", "below", "above", "hysteresis", "of"})
#: Values of the station that are no channel of a device, and those of a gateway's status.
_OF_STATION: Final = {index.name for index in INDICES.values() if index.alarmable} - {MARGIN, OVERDUE}


@cache
def default_rules() -> tuple[Mapping[str, Any], ...]:
    """Return the rules as tables of the registry's alarm rules."""
    return tuple(tomllib.loads(_TABLE.read_text(encoding="utf-8"))["rule"])


def usual_limit(name: str) -> float:
    """Return the limit of the first test of a rule that comes with Headland."""
    test = next(rule for rule in default_rules() if rule["name"] == name)["any_of"][0][0]
    return float(test["below"] if "below" in test else test["above"])


def built_in_rules() -> list[dict[str, Any]]:
    """Return the `[[alarm]]` tables that come with every gateway: the rules of a greenhouse."""
    tables = [gateway_rule(rule) for rule in default_rules() if rule.get("kind") == GREENHOUSE]
    return [table for table in tables if table is not None]


def gateway_rule(rule: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a rule of the station as an `[[alarm]]` table of edge.toml; None for one that a gateway cannot evaluate.

    That a removed device is forgotten is the station's part: a gateway forgets its devices at each start.
    """
    groups = rule["any_of"]
    tests = [test for test in groups[0] if test.get("what") != "age_s" or "below" not in test] if groups else []
    if len(groups) != 1 or len(tests) != 1:
        return None
    test = {key: value for key, value in tests[0].items() if value not in (None, (), [])}
    what = test.get("what", "")
    if not test.keys() <= _PLAIN or what in _OF_STATION:
        return None
    table = {key: rule[key] for key in _SAME if rule.get(key) not in (None, "")}
    limits = {key: test[key] for key in ("below", "above", "hysteresis") if key in test}
    if what == OVERDUE:
        return (
            {**table, "channel": test["of"], "overdue_s": test["above"]} if "of" in test and "above" in test else None
        )
    if what == MARGIN:
        margin = {"surface": LEAF_TEMPERATURE, "else_estimated": True}
        return {**table, **limits, "margin": margin} if "below" in test else None
    return {**table, **limits, "channel": what}
