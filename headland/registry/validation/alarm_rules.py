"""What makes a rule, a recipient or a maintenance window sound beyond the bounds of its fields."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

import msgspec
import sqlalchemy as sa

from headland.contract.quantities import quantity_of, split_channel, unit_of_name
from headland.registry.models.alarms import (
    AlarmRecipient,
    AlarmRule,
    AlarmTest,
    Group,
    MaintenanceWindow,
    RecipientKind,
)
from headland.registry.models.errors import InvalidRecord
from headland.units_of_time import DAY_MS

#: What a rule can look at beside channels, and the unit of each.
INDICES: Final = {
    "vpd_kpa": "kPa",
    "dew_point_degc": "degC",
    "condensation_margin_k": "K",
    "delta_t_k": "K",
    "dli_mol_m2": "mol/m2",
    "local_hour": "h",
    "age_s": "s",
}
#: What a rule can look at of a gateway.
GATEWAY_VALUES: Final = {
    "gateway_offline": "1",
    "gateway_status_age_s": "s",
    "gateway_spool_records": "1",
    "gateway_spool_bytes": "byte",
    "gateway_spool_age_s": "s",
    "gateway_dropped_records": "1",
    "gateway_trouble": "1",
}
#: A cycle of an alarm takes at least so long, so that no noise makes a storm of it.
LEAST_CYCLE_S: Final = 60.0
#: What people can still read aloud.
MOST_TESTS: Final = 32
MOST_DEEP: Final = 4
_MAILBOX: Final = re.compile(r"[^@\s,;<>\"]{1,64}@[A-Za-z0-9.-]{1,255}")


def unit_of_what(what: str) -> str | None:
    """Return the unit of what a test looks at, None where nothing tells it."""
    told = INDICES.get(what) or GATEWAY_VALUES.get(what)
    if told is not None:
        return told
    quantity = quantity_of(what)
    if quantity is not None:
        return quantity.unit
    parts = split_channel(what)
    return None if parts is None else unit_of_name(parts[0])


def check_rule(rule: AlarmRule, _connection: sa.Connection, _organisation: str) -> AlarmRule:
    """Each test can be meant, gateways and devices are not mixed, and no noise can make a storm."""
    tests = tests_of(rule.any_of)
    if len(tests) > MOST_TESTS or _depth(rule.any_of) > MOST_DEEP:
        raise InvalidRecord(f"A rule has at most {MOST_TESTS} tests, in at most {MOST_DEEP} layers: write two rules.")
    for test in tests:
        _check_test(test)
    _check_joined(rule.any_of)
    _check_devices(rule, tests)
    if any(all(test.what == "local_hour" for test in tests_of((group,))) for group in rule.any_of):
        raise InvalidRecord("local_hour alone says nothing of a device: put a test of what it measures beside it.")
    of_gateways = {test.what in GATEWAY_VALUES for test in tests}
    if len(of_gateways) > 1:
        raise InvalidRecord("A rule looks at gateways or at devices, not at both: write two rules.")
    if of_gateways == {True} and (rule.kind not in (None, "gateway") or rule.zone is not None):
        raise InvalidRecord("A rule of gateways has no zone, and no kind but gateway.")
    if any(test.what == "age_s" for test in tests) and any(test.hours or test.what == "dli_mol_m2" for test in tests):
        raise InvalidRecord("A rule of age_s looks at the newest values only: count hours and light in another.")
    if rule.for_s + rule.clear_for_s < LEAST_CYCLE_S:
        raise InvalidRecord(
            f"for_s and clear_for_s come to {LEAST_CYCLE_S:g} s at least, so that noise makes no storm."
        )
    waits = [step.after_s for step in rule.escalation]
    if waits != sorted(set(waits)):
        raise InvalidRecord("Each escalation comes later than the one before it.")
    return rule


def tests_of(groups: tuple[Group, ...]) -> list[AlarmTest]:
    """Return the plain tests of some groups and of all groups in them, in the order they are written."""
    return [plain for group in groups for test in group for plain in (tests_of(test.parts) if test.parts else [test])]


def _depth(groups: tuple[Group, ...]) -> int:
    return 1 + max((_depth(test.parts) for group in groups for test in group if test.parts), default=0)


def _check_joined(groups: tuple[Group, ...]) -> None:
    """What stands for more tests is nothing else beside."""
    for test in (test for group in groups for test in group if test.parts):
        if msgspec.structs.replace(test, any_of=(), none_of=()) != AlarmTest() or (test.any_of and test.none_of):
            raise InvalidRecord("In the place of a test stands any_of or none_of, and nothing beside it.")
        _check_joined(test.parts)


def _check_devices(rule: AlarmRule, tests: list[AlarmTest]) -> None:
    """It is clear what each test looks at, and what the alarm is of."""
    if any(test.device is not None and (test.across or test.what == "local_hour") for test in tests):
        raise InvalidRecord("device names the one device that a test looks at: not of local_hour, nor with across.")
    looking = [test for test in tests if test.what != "local_hour"]
    of_zones = any(test.across for test in tests)
    if of_zones and rule.device is not None:
        raise InvalidRecord("A rule that looks across the devices of a zone is for zones: leave its device out.")
    if of_zones and any(test.across is None and test.device is None for test in looking):
        raise InvalidRecord("In a rule of zones each test says across, any or all, or names its device.")
    if not of_zones and rule.device is None and looking and all(test.device is not None for test in looking):
        raise InvalidRecord("Every test names its device: say with the rule's device which of them the alarm is of.")
    if any(test.what in GATEWAY_VALUES and (test.device or test.across) for test in tests):
        raise InvalidRecord("What gateways say of themselves is of no device.")


def _check_test(test: AlarmTest) -> None:
    if not test.what:
        raise InvalidRecord("A test says what it looks at, or stands for more tests as any_of or none_of.")
    if (test.below is None) == (test.above is None):
        raise InvalidRecord(f"A test of {test.what} has exactly one of below and above.")
    if unit_of_what(test.what) is None:
        raise InvalidRecord(
            f"{test.what!r} is neither a channel, whose name ends in a unit, nor one of {', '.join(INDICES)}, "
            f"{', '.join(GATEWAY_VALUES)}."
        )
    if (test.hours is None) != (test.of_hours is None):
        raise InvalidRecord("hours and of_hours come together: so many hours of the last so many.")
    if test.hours is not None and test.of_hours is not None:
        if test.hours > test.of_hours:
            raise InvalidRecord(f"{test.hours:g} hours of the last {test.of_hours:g} cannot be.")
        if test.hysteresis or test.what in GATEWAY_VALUES or test.what in ("age_s", "local_hour"):
            raise InvalidRecord("Hours are counted of a channel or an index of one, without hysteresis.")
    if test.rise_h is not None:
        quantity = quantity_of(test.what)
        if quantity is None or quantity.kind != "total" or test.hours is not None:
            raise InvalidRecord("rise_h looks at a total, such as rain_total_mm, and counts no hours beside it.")
    if test.of is not None and test.what != "age_s":
        raise InvalidRecord("of names the channel of age_s, and of nothing else.")


def check_recipient(recipient: AlarmRecipient, _connection: sa.Connection, _organisation: str) -> AlarmRecipient:
    """A webhook has a URL, an e-mail a mailbox, and MQTT the station's own broker."""
    match recipient.kind:
        case RecipientKind.WEBHOOK:
            try:
                url = urlsplit(recipient.address)
                usable = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
            except ValueError:
                usable = False
            if not usable or not recipient.address.isascii() or not recipient.address.isprintable():
                raise InvalidRecord(f"{recipient.address[:200]!r} is no URL: write https://HOST/PATH.")
        case RecipientKind.EMAIL:
            if not _MAILBOX.fullmatch(recipient.address):
                raise InvalidRecord(f"{recipient.address[:200]!r} is no mailbox: write NAME@HOST.")
        case RecipientKind.MQTT:
            if recipient.address:
                raise InvalidRecord("MQTT goes to the station's own broker: leave the address empty.")
    return recipient


def check_window(window: MaintenanceWindow, _connection: sa.Connection, _organisation: str) -> MaintenanceWindow:
    """A window ends after its start, within a year."""
    if not 0 < window.end_ms - window.start_ms <= 366 * DAY_MS:
        raise InvalidRecord("A maintenance window ends after its start, and within a year.")
    return window
