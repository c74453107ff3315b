"""Default alarm rules, read from `default_rules.toml` and installed once."""

from __future__ import annotations

import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from headland.registry.models.alarms import AlarmRecipient, AlarmRule, RecipientKind
from headland.registry.models.errors import RecordConflict
from headland.registry.repositories.organisation_repositories import OrganisationRepositories

_FILE: Final = Path(__file__).parent / "default_rules.toml"
#: The name of the recipient for all clients of the farm's own broker.
BROKER_RECIPIENT: Final = "farm broker"


def load_default_rules() -> list[AlarmRule]:
    """Return the default rules."""
    table = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return [msgspec.convert(rule, AlarmRule) for rule in table["rule"]]


def add_default_rules(repositories: OrganisationRepositories, *, has_broker: bool) -> int:
    """Add the default rules, and the farm's own broker as a recipient if there is one; return the number of new rules.

    Rules that people have changed or deleted are not touched.
    """
    known = {rule.name for rule in repositories.alarm_rules.all()}
    added = 0
    for rule in load_default_rules():
        if rule.name in known or repositories.alarm_rules.deleted_ms(name=rule.name) is not None:
            continue
        with suppress(RecordConflict):  # another process added it first
            repositories.alarm_rules.add(rule)
            added += 1
    recipients = repositories.alarm_recipients
    is_new = not recipients.list(name=BROKER_RECIPIENT) and recipients.deleted_ms(name=BROKER_RECIPIENT) is None
    if has_broker and is_new:
        with suppress(RecordConflict):
            recipients.add(AlarmRecipient(name=BROKER_RECIPIENT, kind=RecipientKind.MQTT))
    return added
