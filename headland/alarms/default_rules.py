"""The rules that come along, as data with their sources, and putting them in place once."""

from __future__ import annotations

import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from headland.registry.models.alarms import AlarmRecipient, AlarmRule, RecipientKind
from headland.registry.models.errors import Conflict
from headland.registry.repositories.organisation_repositories import OrganisationRepositories

_FILE: Final = Path(__file__).parent / "default_rules.toml"
#: Whoever listens to the farm's own broker.
BROKER_RECIPIENT: Final = "farm broker"


def load_default_rules() -> list[AlarmRule]:
    """Return the rules that come along."""
    text = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return [msgspec.convert(rule, AlarmRule) for rule in text["rule"]]


def add_default_rules(repositories: OrganisationRepositories, *, has_broker: bool) -> int:
    """Keep the rules that come along, and the farm's own broker where there is one; return how many rules are new.

    What people changed of them stays, and what they deleted stays deleted.
    """
    known = {rule.name for rule in repositories.alarm_rules.all()}
    added = 0
    for rule in load_default_rules():
        if rule.name in known or repositories.alarm_rules.deleted_ms(name=rule.name) is not None:
            continue
        with suppress(Conflict):  # another process was quicker
            repositories.alarm_rules.add(rule)
            added += 1
    told = repositories.alarm_recipients
    if has_broker and not told.list(name=BROKER_RECIPIENT) and told.deleted_ms(name=BROKER_RECIPIENT) is None:
        with suppress(Conflict):
            told.add(AlarmRecipient(name=BROKER_RECIPIENT, kind=RecipientKind.MQTT))
    return added
