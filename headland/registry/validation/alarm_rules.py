"""Validation of alarm rules, recipients and maintenance windows."""

from __future__ import annotations

from typing import Final

import msgspec
import sqlalchemy as sa

from headland.contract.catalogue import CATALOGUE
from headland.contract.indices import INDICES, unit_of_index
from headland.contract.quantities import quantity_of, unit_of_channel
from headland.network.service_address import HIDDEN
from headland.registry.db.tables.alarm_tables import alarm_recipients
from headland.registry.models.alarms import (
    AlarmRecipient,
    AlarmRule,
    AlarmTest,
    Group,
    MaintenanceWindow,
    PushSubscription,
    RecipientKind,
)
from headland.registry.models.duty import DutyRota
from headland.registry.models.errors import InvalidRecord
from headland.registry.validation.people import check_person_exists
from headland.registry.validation.targets import check_mail_address, check_service, check_url
from headland.units_of_time import DAY_MS

_ALARMABLE: Final = [index for index in CATALOGUE.indices if index.alarmable]
#: Values of a gateway for a rule's test.
GATEWAY_VALUES: Final = tuple(index.name for index in _ALARMABLE if index.section == "gateway")
#: Values of a rule's test beside channels and those of a gateway.
_INDICES: Final = tuple(index.name for index in _ALARMABLE if index.section != "gateway")
#: Values that are the age of the newest sample, or how far it is beyond the age from which on a channel is silent.
AGES: Final = ("age_s", "overdue_s")
#: Channels of the weather to come that a rule can test: the quantity of a forecast's hour that has each.
FORECAST_VALUES: Final = {
    quantity.name: quantity.forecast for quantity in CATALOGUE.quantities if quantity.forecast is not None
}
#: Those of which the hours add up, and of which the value itself is a chance.
FORECAST_SUM: Final = "precipitation_mm"
FORECAST_CHANCE: Final = "precipitation_chance_pct"
#: Shortest cycle of an alarm: noise cannot cause a flood of alarms.
LEAST_CYCLE_S: Final = 60.0
#: Limits of a rule that people can still read.
MOST_TESTS: Final = 32
MOST_DEEP: Final = 4


def unit_of_what(what: str) -> str | None:
    """Return the unit of a test's value, or None for an unknown one."""
    index = INDICES.get(what)
    return unit_of_index(what) if index is not None and index.alarmable else unit_of_channel(what)


def check_rule(rule: AlarmRule, _connection: sa.Connection, _organisation: str) -> AlarmRule:
    """Validate every test, that gateways and devices are not mixed, and the shortest cycle."""
    tests = tests_of(rule.any_of)
    if len(tests) > MOST_TESTS or _depth(rule.any_of) > MOST_DEEP:
        raise InvalidRecord(
            f"A rule may have at most {MOST_TESTS} tests, in at most {MOST_DEEP} levels: write two rules."
        )
    for test in tests:
        _check_test(test)
    _check_joined(rule.any_of)
    _check_devices(rule, tests)
    if any(all(test.what == "local_hour" for test in tests_of((group,))) for group in rule.any_of):
        raise InvalidRecord("local_hour alone does not test a device: add a test of a measured value.")
    of_gateways = {test.what in GATEWAY_VALUES for test in tests}
    if len(of_gateways) > 1:
        raise InvalidRecord("A rule tests gateways or devices, not both: write two rules.")
    if of_gateways == {True} and (rule.kind not in (None, "gateway") or rule.zone is not None):
        raise InvalidRecord("A rule for gateways has no zone, and no kind except gateway.")
    _check_forecasts(rule, tests)
    if any(test.what in AGES for test in tests) and any(test.hours or test.what == "dli_mol_m2" for test in tests):
        raise InvalidRecord(
            "A rule with age_s or overdue_s tests the newest values only: count hours and light in another rule."
        )
    if rule.for_s + rule.clear_for_s < LEAST_CYCLE_S:
        raise InvalidRecord(
            f"for_s and clear_for_s must add up to at least {LEAST_CYCLE_S:g} s, or noise would cause many alarms."
        )
    waits = [step.after_s for step in rule.escalation]
    if waits != sorted(set(waits)):
        raise InvalidRecord("Each escalation must come later than the one before it.")
    return rule


def tests_of(groups: tuple[Group, ...]) -> list[AlarmTest]:
    """Return the plain tests of groups, nested groups included, in order."""
    return [plain for group in groups for test in group for plain in (tests_of(test.parts) if test.parts else [test])]


def _depth(groups: tuple[Group, ...]) -> int:
    return 1 + max((_depth(test.parts) for group in groups for test in group if test.parts), default=0)


def _check_joined(groups: tuple[Group, ...]) -> None:
    """Validate that a test with groups has no other fields."""
    for test in (test for group in groups for test in group if test.parts):
        if msgspec.structs.replace(test, any_of=(), none_of=()) != AlarmTest() or (test.any_of and test.none_of):
            raise InvalidRecord("A test with any_of or none_of must have nothing else: move the rest to another test.")
        _check_joined(test.parts)


def _check_devices(rule: AlarmRule, tests: list[AlarmTest]) -> None:
    """Validate that each test has a device and the rule a subject."""
    if any(test.device is not None and (test.across or test.what == "local_hour") for test in tests):
        raise InvalidRecord("device names the one device of a test: leave it out for local_hour and with across.")
    looking = [test for test in tests if test.what != "local_hour"]
    of_zones = any(test.across for test in tests)
    if of_zones and rule.device is not None:
        raise InvalidRecord("A rule across the devices of a zone is for zones: leave its device out.")
    if of_zones and any(test.across is None and test.device is None for test in looking):
        raise InvalidRecord("In a rule for zones each test needs across, any or all, or a device.")
    if not of_zones and rule.device is None and looking and all(test.device is not None for test in looking):
        raise InvalidRecord("Every test names its device: set the device of the rule to the one of its alarms.")
    if any(test.what in GATEWAY_VALUES and (test.device or test.across) for test in tests):
        raise InvalidRecord("Values of gateways belong to no device: leave device and across out.")


def _check_forecasts(rule: AlarmRule, tests: list[AlarmTest]) -> None:
    """Validate that a rule on a forecast tests nothing that is measured, and is for sites."""
    if all(test.within_h is None for test in tests):
        return
    if any(test.within_h is None and test.what != "local_hour" for test in tests):
        raise InvalidRecord("A rule tests a forecast or what is measured, not both: write two rules.")
    if rule.device is not None or rule.zone is not None or rule.kind is not None:
        raise InvalidRecord("A rule on a forecast is for sites: leave device, kind and zone out.")


def _check_forecast(test: AlarmTest) -> None:
    """Validate the fields of a test that belong to a forecast."""
    if test.within_h is None:
        if test.chance_pct is not None:
            raise InvalidRecord("chance_pct is of a forecast: give within_h, too, or leave it out.")
        return
    if test.what not in FORECAST_VALUES:
        raise InvalidRecord(f"No forecast has {test.what!r}: use one of {', '.join(FORECAST_VALUES)}.")
    if test.what == FORECAST_CHANCE and test.chance_pct is not None:
        raise InvalidRecord(f"{test.what} is a chance itself: give it above or below, and no chance_pct.")
    if (test.hours, test.rise_h, test.of, test.device, test.across) != (None,) * 5:
        raise InvalidRecord("A test of a forecast has no hours, of_hours, rise_h, of, device or across.")


def _check_test(test: AlarmTest) -> None:
    if not test.what:
        raise InvalidRecord("A test needs what, any_of or none_of.")
    if (test.below is None) == (test.above is None):
        raise InvalidRecord(f"A test of {test.what} needs exactly one of below and above.")
    if unit_of_what(test.what) is None:
        raise InvalidRecord(
            f"{test.what!r} is neither a channel, whose name ends in a unit, nor one of {', '.join(_INDICES)}, "
            f"{', '.join(GATEWAY_VALUES)}."
        )
    _check_forecast(test)
    if (test.hours is None) != (test.of_hours is None):
        raise InvalidRecord("hours and of_hours belong together: give both or none.")
    if test.hours is not None and test.of_hours is not None:
        if test.hours > test.of_hours:
            raise InvalidRecord(
                f"{test.hours:g} hours of the last {test.of_hours:g} are impossible: give at most {test.of_hours:g}."
            )
        if test.hysteresis or test.what in GATEWAY_VALUES or test.what in (*AGES, "local_hour"):
            raise InvalidRecord("hours counts a channel or an index of it: leave hysteresis out.")
    if test.rise_h is not None:
        quantity = quantity_of(test.what)
        if quantity is None or quantity.kind != "total" or test.hours is not None:
            raise InvalidRecord("rise_h needs a total, such as rain_total_mm, and no hours.")
    if test.of is not None and test.what not in AGES:
        raise InvalidRecord("of names the channel of age_s or overdue_s: leave it out for other tests.")


def check_recipient(recipient: AlarmRecipient, connection: sa.Connection, organisation: str) -> AlarmRecipient:
    """Validate the address (a URL for a webhook, a mailbox for e-mail, none for MQTT), and that its person exists."""
    if recipient.person is not None:
        check_person_exists(recipient.person, connection, organisation)
    match recipient.kind:
        case RecipientKind.WEBHOOK:
            check_url(recipient.address)
        case RecipientKind.EMAIL:
            check_mail_address(recipient.address)
        case RecipientKind.PUSH:
            check_url(subscription_of(recipient.address).endpoint)
        case RecipientKind.APPRISE:
            check_service(recipient.address.replace(HIDDEN, "shown"))
        case RecipientKind.MQTT:
            if recipient.address:
                raise InvalidRecord("MQTT goes to the station's own broker: leave the address empty.")
    return recipient


def subscription_of(address: str) -> PushSubscription:
    """Return the subscription in the address of a browser; raises InvalidRecord."""
    try:
        subscription = msgspec.json.decode(address, type=PushSubscription)
    except msgspec.DecodeError as error:
        raise InvalidRecord("The subscription of this browser is not readable: subscribe again.") from error
    if not subscription.endpoint.startswith("https://"):
        raise InvalidRecord("The subscription of this browser is not readable: subscribe again.")
    return subscription


def check_rota(rota: DutyRota, connection: sa.Connection, organisation: str) -> DutyRota:
    """Validate that people are recipients of alarms, and that exceptions end after their start."""
    if not rota.weekly and not rota.exceptions:
        raise InvalidRecord("A duty rota needs a shift or an exception: say who is on duty when.")
    mine = (alarm_recipients.c.organisation == organisation, alarm_recipients.c.deleted_ms.is_(None))
    known = set(connection.execute(sa.select(alarm_recipients.c.name).where(*mine)).scalars())
    of_shifts = [name for shift in rota.weekly for name in shift.people]
    named = [*rota.order, *of_shifts, *(name for exception in rota.exceptions for name in exception.people)]
    if unknown := [name for name in named if name not in known]:
        raise InvalidRecord(f"There is no alarm recipient {unknown[0]!r}: add it first.")
    if rota.name in known:
        raise InvalidRecord("An alarm recipient has this name: give the duty rota another one.")
    if any(each.end_ms <= each.start_ms for each in rota.exceptions):
        raise InvalidRecord("An exception of a duty rota must end after its start.")
    return rota


def check_window(window: MaintenanceWindow, _connection: sa.Connection, _organisation: str) -> MaintenanceWindow:
    """Validate that a window ends after its start, within a year."""
    if not 0 < window.end_ms - window.start_ms <= 366 * DAY_MS:
        raise InvalidRecord("A maintenance window must end after its start, and within a year.")
    return window
