"""Limits of a farm's own alarm rules: by them every door tells frost and nearness of condensation.

A rule that a farm edits is edited for all of them at once. Where a farm has no such rule, that which comes with
Headland holds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from headland.agronomy.climate.air import AIR_TEMPERATURE
from headland.analysis.greenhouse.house import House
from headland.analysis.inputs.scope import OrgScope
from headland.contract.alarm_rules import GREENHOUSE, MARGIN, usual_limit
from headland.registry.models.alarms import AlarmRule

FROST, HEAT, CONDENSATION, FIELD_FROST = "frost", "heat", "condensation", "field-frost"


@dataclass(frozen=True, slots=True)
class RuleLimits:
    """Air temperatures of frost and of heat, and the margin of leaves below which condensation is near."""

    frost_degc: float = usual_limit(FROST)
    near_condensation_k: float = usual_limit(CONDENSATION)
    heat_degc: float = usual_limit(HEAT)


USUAL_LIMITS = RuleLimits()


def house_limits(
    rules: Iterable[AlarmRule], site: str, devices: Collection[str], zones: Collection[str] = ()
) -> RuleLimits:
    """Return the limits of a greenhouse of some devices and zones, the most careful of several rules."""
    known = list(rules)
    return RuleLimits(
        limit_of(known, FROST, AIR_TEMPERATURE, GREENHOUSE, site, devices, zones),
        limit_of(known, CONDENSATION, MARGIN, GREENHOUSE, site, devices, zones),
        limit_of(known, HEAT, AIR_TEMPERATURE, GREENHOUSE, site, devices, zones, is_above=True),
    )


def field_frost_limit(rules: Iterable[AlarmRule], site: str, devices: Collection[str]) -> float:
    """Return below which temperature it is frost outdoors at a site, by the rule of its weather stations."""
    return limit_of(rules, FIELD_FROST, AIR_TEMPERATURE, "weather", site, devices, ())


def limit_of(
    rules: Iterable[AlarmRule],
    name: str,
    what: str,
    kind: str,
    site: str,
    devices: Collection[str],
    zones: Collection[str],
    *,
    is_above: bool = False,
) -> float:
    """Return the highest limit below which a rule of a name raises its alarm; the usual one where none does.

    With `is_above` the lowest one above which it does.
    """
    limits = [
        limit
        for rule in rules
        if rule.name == name and rule.enabled and rule.kind in (None, kind)
        if rule.site in (None, site) and (rule.device is None or rule.device in devices)
        if rule.zone is None or rule.zone in zones
        for group in rule.any_of
        for test in group
        if test.what == what and test.hours is None and test.within_h is None
        if (limit := test.above if is_above else test.below) is not None
    ]
    return (min if is_above else max)(limits, default=usual_limit(name))


def limits_of(scope: OrgScope, house: House) -> RuleLimits:
    """Return the limits of a house by the rules of its organisation."""
    if scope.registry is None:
        return USUAL_LIMITS
    rules = scope.repositories.alarm_rules.all()
    descriptors = [record.descriptor for record in house.records]
    sites = {descriptor.site for descriptor in descriptors}
    zones = {zone.id for zone in house.zones.values()}
    return house_limits(rules, next(iter(sites), ""), {one.device for one in descriptors}, zones)
