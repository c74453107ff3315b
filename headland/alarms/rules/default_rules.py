"""Default alarm rules, read from `headland.contract.alarm_rules` and installed once."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

import msgspec

from headland.agronomy.climate.air import AIR_TEMPERATURE
from headland.contract.alarm_rules import default_rules
from headland.i18n import Language
from headland.registry.models.alarms import AlarmRecipient, AlarmRule, AlarmTest, RecipientKind
from headland.registry.models.errors import RecordConflict, VersionConflict
from headland.registry.repositories.organisation_repositories import OrganisationRepositories

#: Conditions that came along before, of rules whose conditions are others now: nobody has chosen them.
_FORMER: Final = {
    "air-sensor-dead": (
        (
            AlarmTest(what="age_s", above=900, of=AIR_TEMPERATURE),
            AlarmTest(what="age_s", below=604_800, of=AIR_TEMPERATURE),
        ),
    )
}
#: The name of the recipient for all clients of the farm's own broker.
BROKER_RECIPIENT: Final = "farm broker"


def load_default_rules() -> list[AlarmRule]:
    """Return the default rules."""
    return [msgspec.convert(rule, AlarmRule) for rule in default_rules()]


def add_default_rules(repositories: OrganisationRepositories, *, has_broker: bool, language: Language = "en") -> int:
    """Add the default rules, and the farm's own broker as a recipient if there is one; return the number of new rules.

    The recipient gets its texts in the language. Rules that people have changed or deleted are not touched; one that
    nobody changed follows the table.
    """
    known = {rule.name: rule for rule in repositories.alarm_rules.all()}
    added = 0
    for rule in load_default_rules():
        former = known.get(rule.name)
        if former is not None and former.version == 1 and former.any_of == _FORMER.get(rule.name):
            with suppress(RecordConflict, VersionConflict):
                repositories.alarm_rules.change(msgspec.structs.replace(former, any_of=rule.any_of, source=rule.source))
        if rule.name in known or repositories.alarm_rules.deleted_ms(name=rule.name) is not None:
            continue
        with suppress(RecordConflict):  # another process added it first
            repositories.alarm_rules.add(rule)
            added += 1
    recipients = repositories.alarm_recipients
    is_new = not recipients.list(name=BROKER_RECIPIENT) and recipients.deleted_ms(name=BROKER_RECIPIENT) is None
    if has_broker and is_new:
        with suppress(RecordConflict):
            spoken = "zh-CN" if language == "zh" else "en"
            recipients.add(AlarmRecipient(name=BROKER_RECIPIENT, kind=RecipientKind.MQTT, language=spoken))
    return added
