"""Alarm rules of a farm for each of its gateways, and what a gateway does with them. Pure but for reading the registry.

A rule goes to the gateways whose site and devices it is for, as `headland.contract.alarm_rules.gateway_rule` says it.
One that a gateway cannot evaluate is evaluated at the station alone, and the answer names it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

import msgspec

from headland.alarms.rules.rule_conditions import is_for_gateways, is_for_zones
from headland.contract.alarm_rules import gateway_rule
from headland.contract.codec import MAX_SEQ
from headland.contract.gateway_rules import MAX_INACTIVE, MAX_RULES, MAX_RULES_BYTES, encode_content, revision_of
from headland.contract.gateway_state import RulesState
from headland.registry.models.alarms import AlarmRule
from headland.registry.models.models import Device, Gateway, Site
from headland.registry.repositories.inactive_places import InactivePlaces, find_inactive_places
from headland.registry.repositories.organisation_repositories import OrganisationRepositories

#: The message has a header beside its content.
_HEADER_BYTES: Final = 1024
#: How long a gateway that is online may be without the rules before they are sent to it again.
RESEND_MS: Final = 60_000


class SiteRules(msgspec.Struct, frozen=True, kw_only=True):
    """The rules of a gateway: the content of its message with its revision, and names of rules by where they are.

    `at_gateway` are in the content, `station_only` apply to its devices and cannot be evaluated there, `left_out` found
    no room in the message.
    """

    content: bytes
    revision: str
    at_gateway: tuple[str, ...] = ()
    station_only: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sending:
    """The last sending of rules to a gateway: their revision, and when."""

    revision: str
    time_ms: int


#: What a gateway does with the current rules: it applies them, has not taken them yet, refuses them, has rules of its
#: own by its edge.toml, or says nothing of rules.
RulesStanding = Literal["applied", "waiting", "refused", "own", "unknown"]


class GatewayRulesStanding(msgspec.Struct, frozen=True, kw_only=True):
    """Alarm rules of the farm at a gateway: what it does with the current ones, and since when."""

    gateway: Annotated[str, "Id of the gateway."]
    site: Annotated[str, "Its site, whose rules it gets."]
    state: Annotated[
        RulesStanding,
        "What it does with the current rules: `applied`, `waiting`, `refused`, `own` (edge.toml takes none from the"
        " farm), or `unknown` for a gateway that has reported nothing about rules.",
    ]
    since_ms: Annotated[
        int | None,
        "Since when: `applied` and `refused` by the gateway's clock, `waiting` since the rules were sent; null where"
        " that is not known.",
    ] = None
    revision: Annotated[str, "Revision of the current rules: the same for the same rules."] = ""
    applied_revision: Annotated[str, "Revision that the gateway reports to apply; empty for none."] = ""
    reason: Annotated[str, "Why it refuses the rules: the word of its report; empty otherwise."] = ""
    trouble: Annotated[str, "Why the rules could not be sent; empty where nothing prevents it."] = ""
    at_gateway: Annotated[tuple[str, ...], "Rules that are sent to it."] = ()
    station_only: Annotated[tuple[str, ...], "Rules of its devices that only the station can evaluate."] = ()
    left_out: Annotated[tuple[str, ...], "Rules that found no room in the message: the station evaluates them."] = ()
    refused: Annotated[int, "Rules of the applied revision that the gateway cannot evaluate."] = 0
    refused_names: Annotated[tuple[str, ...], "The first of them."] = ()
    replaced: Annotated[int, "Rules of its edge.toml for which the farm has one of the same name, which holds."] = 0
    replaced_names: Annotated[tuple[str, ...], "The first of them."] = ()
    unsaved: Annotated[bool, "Whether the gateway's disk has not taken the rules: a restart may lose them."] = False


class GatewayRulesList(msgspec.Struct, frozen=True, kw_only=True):
    """Alarm rules of the farm at its gateways, by gateway."""

    items: list[GatewayRulesStanding]


def rules_of_gateways(repositories: OrganisationRepositories) -> dict[str, SiteRules]:
    """Return the current rules of each gateway in the registry, by its name. Raises RetryLater."""
    rules = sorted(repositories.alarm_rules.all(), key=lambda rule: rule.name)
    sites = {site.name: site for site in repositories.sites.all()}
    devices: dict[str, list[Device]] = {}
    for device in repositories.devices.all():
        devices.setdefault(device.gateway, []).append(device)
    inactive = find_inactive_places(repositories)
    return {
        gateway.name: rules_of(gateway, rules, devices.get(gateway.name, ()), sites.get(gateway.site), inactive)
        for gateway in repositories.gateways.all()
    }


def rules_of(
    gateway: Gateway,
    rules: Iterable[AlarmRule],
    devices: Sequence[Device],
    site: Site | None,
    inactive: InactivePlaces,
) -> SiteRules:
    """Return the current rules of a gateway with its devices; of a deactivated site it has none."""
    tables: list[Mapping[str, Any]] = []
    names: list[str] = []
    alone: list[str] = []
    if gateway.site not in inactive.sites:
        for rule in rules:
            if not rule.enabled or is_for_gateways(rule) or not _concerns(rule, gateway, devices):
                continue
            table = None if is_for_zones(rule) else gateway_rule(msgspec.to_builtins(rule))
            if table is None:
                if rule.kind is None or any(device.kind == rule.kind for device in devices):
                    alone.append(rule.name)
                continue
            for device in _named_devices(rule, devices):
                tables.append(table if device is None else {**table, "device": device})
                names.append(rule.name)
    idle = sorted(device.name for device in devices if inactive.has_device(device.name, device.site))[:MAX_INACTIVE]
    place_deg = None
    if site is not None and site.latitude_deg is not None and site.longitude_deg is not None:
        place_deg = (site.latitude_deg, site.longitude_deg)
    kept = min(len(tables), MAX_RULES)
    content = encode_content(tables[:kept], idle, place_deg)
    while len(content) > MAX_RULES_BYTES - _HEADER_BYTES:
        kept = kept * 9 // 10
        content = encode_content(tables[:kept], idle, place_deg)
    return SiteRules(
        content=content,
        revision=revision_of(content),
        at_gateway=tuple(dict.fromkeys(names[:kept])),
        station_only=tuple(alone),
        left_out=tuple(dict.fromkeys(names[kept:])),
    )


def standing_of(gateway: Gateway, current: SiteRules, state: RulesState) -> GatewayRulesStanding:
    """Return what a gateway does with its current rules, by its report and by what was sent."""
    known = GatewayRulesStanding(
        gateway=gateway.name,
        site=gateway.site,
        state="unknown",
        revision=current.revision,
        applied_revision=state.revision,
        trouble=state.trouble,
        at_gateway=current.at_gateway,
        station_only=current.station_only,
        left_out=current.left_out,
        refused=state.refused,
        refused_names=state.refused_names,
        replaced=state.replaced,
        replaced_names=state.replaced_names,
        unsaved=state.unsaved,
    )
    if not state.reported:
        return known
    if state.own:
        return msgspec.structs.replace(known, state="own")
    if state.revision == current.revision:
        return msgspec.structs.replace(known, state="applied", since_ms=state.since_ms)
    # A message that could not be read has no revision; it came after what was sent.
    is_of_current = state.rejected_revision in ("", current.revision)
    if state.rejected and is_of_current and state.sent_revision == current.revision:
        return msgspec.structs.replace(known, state="refused", since_ms=state.rejected_ms, reason=state.rejected)
    sent_ms = state.sent_ms if state.sent_revision == current.revision else None
    return msgspec.structs.replace(known, state="waiting", since_ms=sent_ms)


def number_to_send(current: SiteRules, sent: Sending | None, state: RulesState, number: int, now_ms: int) -> int | None:
    """Return the number under which the rules are to be sent to a gateway now; None where nothing is to be sent.

    They are sent once, and again while the broker has them not, or while the gateway reports others. `number` grows
    with each change of the registry; where the gateway has a higher one, as after a restoration of the registry, the
    next one above it.
    """
    if sent is not None and sent.revision == current.revision:
        lacks = state.reported and not state.own and state.revision != current.revision
        is_due = not 0 <= now_ms - sent.time_ms < RESEND_MS
        if not is_due or not (lacks or state.trouble):
            return None
    if state.revision == current.revision:
        return max(number, state.number)
    return min(max(number, state.number + 1), MAX_SEQ)


def _concerns(rule: AlarmRule, gateway: Gateway, devices: Sequence[Device]) -> bool:
    """Return whether a rule can be for a device of a gateway, as far as names, site and zone say."""
    if rule.site not in (None, gateway.site):
        return False
    if rule.zone is not None:
        return any(device.zone == rule.zone for device in devices)
    return rule.device is None or rule.device in {device.name for device in devices}


def _named_devices(rule: AlarmRule, devices: Sequence[Device]) -> list[str | None]:
    """Return the devices that a rule is to name: a gateway knows no zones. None: the rule's own word on it."""
    if rule.zone is None:
        return [None]
    return [
        device.name
        for device in sorted(devices, key=lambda each: each.name)
        if device.zone == rule.zone and rule.device in (None, device.name) and rule.kind in (None, device.kind)
    ]
