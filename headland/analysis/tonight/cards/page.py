"""Cards of tonight: the statements about each greenhouse and field with alarms and what was done, most trouble first.

Statements about greenhouses are those of the forecast that the station recorded at the last whole hour, so all of them
are read at once and ordered; records of earlier statements, and statements about fields, are computed for one page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from headland.agronomy.series.answer import COVER_NOT_KNOWN
from headland.analysis.greenhouse.crop_targets import CropTargets
from headland.analysis.greenhouse.derived import OUTSIDE
from headland.analysis.greenhouse.forecast_basis import basis_of_record
from headland.analysis.greenhouse.house import place_of
from headland.analysis.greenhouse.own_bands import crop_targets_of
from headland.analysis.greenhouse.rule_limits import field_frost_limit
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.sensor_faults import recent_faults
from headland.analysis.tonight.cards.card import Card, CardPage
from headland.analysis.tonight.cards.forecasts import make_missing, newest_forecasts
from headland.analysis.tonight.done import Done, collect_done, water_given
from headland.analysis.tonight.field_statements import field_statements, site_forecast
from headland.analysis.tonight.house_statements import COVER, USUAL, HouseLimits, house_statements
from headland.analysis.tonight.outdoor_statements import irrigation_need
from headland.analysis.tonight.plan import HousePlan, place_deg_of, plan_house
from headland.analysis.tonight.recalls import Recall, list_recalls, recalls_of
from headland.analysis.tonight.statements import HOURS, MOST_STATEMENTS, RANKS, OutlookStatement
from headland.analysis.tonight.subjects import OutlookSubject, SubjectKind, alarms_of, list_subjects, rule_limits
from headland.analysis.weather.outdoors.forecast_origin import source_of
from headland.analysis.weather.outdoors.measured_hours import hourly_radiation
from headland.registry.models.alarms import Alarm, AlarmRule, Severity
from headland.registry.models.models import Field, Greenhouse, GrowerNote, Site
from headland.registry.repositories.forecasts import Forecast
from headland.registry.repositories.local_time import NOT_KNOWN, LocalTime, find_local_time
from headland.units_of_time import DAY_MS, HOUR_MS, MINUTE_MS

#: Samples of outdoor weather are read again after so long.
_FRESH_MS: Final = MINUTE_MS
#: Alarms that are looked through for what was acknowledged.
_MOST_ALARMS: Final = 500
_SEVERITY: Final = {Severity.CRITICAL: 3, Severity.WARNING: 2, Severity.INFO: 1}
_SURFACE_SENSORS: Final = {
    "leaf_condensation": "leaf_temperature_degc",
    "cover_condensation": "cover_temperature_degc",
}


@dataclass(frozen=True, slots=True)
class FarmLimits:
    """What tells the limits of each house: covers of known material, and the rules of a farm."""

    targets: CropTargets
    rules: Sequence[AlarmRule]

    def of(self, subject: OutlookSubject) -> HouseLimits:
        """Return the limits of a house; a cover that is measured, or without outdoor air, is not asked for."""
        channels = {channel for device in subject.devices for channel in device.descriptor.channels}
        name = subject.record.cover if isinstance(subject.record, Greenhouse) else ""
        is_told = _SURFACE_SENSORS[COVER] in channels or OUTSIDE not in channels
        return HouseLimits(is_told or self.targets.cover(name)[1], rule_limits(subject, self.rules))


def list_cards(
    scope: OrgScope,
    limit: int,
    first: int = 0,
    kind: SubjectKind | None = None,
    subject_id: str | None = None,
    *,
    with_sensors: bool = True,
) -> CardPage:
    """Return the cards from place `first` on, those with the most trouble first, or that of one subject by its id.

    Without `with_sensors` no faults of sensors are looked for: that takes longer than all else. Raises AnalysisError.
    """
    repositories = scope.repositories
    subjects = [one for one in list_subjects(scope, repositories) if kind in (None, one.kind)]
    subjects = [one for one in subjects if subject_id in (None, one.id)]
    active = repositories.alarms.active()
    recalls = list_recalls(scope, active)
    forecasts = newest_forecasts(scope, repositories, subjects)
    ranked, limits = [], FarmLimits(crop_targets_of(scope), tuple(repositories.alarm_rules.all()))
    for subject in subjects:
        alarms = alarms_of(subject, active)
        statements = []
        if subject.kind == "greenhouse":
            statements = house_statements(forecasts.get(subject.id), (), limits.of(subject))
        ranked.append((_rank(statements, alarms, recalls_of(subject, recalls)), subject, alarms))
    ranked.sort(key=lambda entry: (-entry[0], entry[1].key))
    page = ranked[first : first + limit]
    made = make_missing(scope, repositories, [subject for _, subject, _ in page], forecasts)
    recent = [alarm for alarm in repositories.alarms.newest(limit=_MOST_ALARMS) if alarm.acknowledged_ms is not None]
    known = _Known(
        {**forecasts, **made},
        recent,
        list(repositories.sites.all()),
        limits,
        find_local_time(repositories),
        with_sensors,
    )
    cards = [_card(scope, subject, alarms, recalls_of(subject, recalls), known) for _, subject, alarms in page]
    cards.sort(key=lambda card: (-card.rank, card.subject.key))
    end = first + len(page)
    return CardPage(cards, len(ranked), end if end < len(ranked) else None, recalls)


@dataclass(frozen=True, slots=True)
class _Known:
    """What all cards of an answer are made of, read once."""

    forecasts: Mapping[str, Forecast]
    acknowledged: Sequence[Alarm]
    sites: Sequence[Site]
    limits: FarmLimits
    local: LocalTime
    with_sensors: bool

    def site_of(self, subject: OutlookSubject) -> Site | None:
        """Return the site of a subject; None where it has none in the registry."""
        return next((site for site in self.sites if site.name == subject.site), None)


def _card(
    scope: OrgScope, subject: OutlookSubject, alarms: Sequence[Alarm], recalls: Sequence[Recall], known: _Known
) -> Card:
    forecast, site, is_house = (
        known.forecasts.get(subject.forecast_id),
        known.site_of(subject),
        subject.kind == "greenhouse",
    )
    limits = known.limits.of(subject) if is_house else USUAL
    statements = (
        _house_statements(scope, subject, forecast, limits) if is_house else _field_statements(scope, subject, known)
    )
    plan = HousePlan([_in_time(statement, scope.now_ms) for statement in statements])
    place = place_of(site, list(subject.devices), NOT_KNOWN if site is not None else known.local)
    if is_house:
        end_ms = (scope.now_ms if forecast is None else forecast.origin_ms) + HOURS * HOUR_MS
        plan = plan_house(plan.statements, [alarm.rule for alarm in alarms], place, scope.now_ms, end_ms)
    return Card(
        subject=subject,
        rank=_rank(plan.statements, alarms, recalls),
        plan=plan,
        time_zone=place.time_zone,
        time_zone_known=place.time_zone_known,
        alarms=alarms,
        done=_done(scope, subject, known.acknowledged),
        recalls=recalls,
        estimated=_estimated(subject),
        forecast_ms=None if forecast is None else forecast.made_ms,
        basis=None if forecast is None else basis_of_record(forecast, scope.now_ms),
        sensors=recent_faults(scope, subject.devices) if is_house and known.with_sensors else (),
        forecast=forecast,
        limits=limits,
        place_deg=place_deg_of(place),
    )


def _house_statements(
    scope: OrgScope, subject: OutlookSubject, forecast: Forecast | None, limits: HouseLimits
) -> list[OutlookStatement]:
    made_ms = 0 if forecast is None else forecast.made_ms
    family = ("tonight-water", scope.organisation, subject.id)
    water = scope.cache.get((*family, scope.now_ms // _FRESH_MS), lambda: _water_need(scope, subject), family)

    def compute() -> list[OutlookStatement]:
        past: list[Forecast] = []
        if forecast is not None:
            origins = [forecast.origin_ms - days * DAY_MS for days in range(MOST_STATEMENTS, 0, -1)]
            past = scope.repositories.forecasts.of_origins(subject.forecast_id, origins)
        return house_statements(forecast, past, limits)

    # What was measured since is added to recorded forecasts before a new one is made.
    family = ("tonight-house", scope.organisation, subject.id)
    return [*scope.cache.get((*family, made_ms, limits), compute, family), water]


def _water_need(scope: OrgScope, subject: OutlookSubject) -> OutlookStatement:
    forecast = site_forecast(scope, subject.site)
    ahead = [hour.global_radiation_w_m2 for hour in forecast.hours]
    said = [None if value is None else value.value for value in ahead]
    return irrigation_need(hourly_radiation(scope, subject.devices), said, source_of(forecast))


def _field_statements(scope: OrgScope, subject: OutlookSubject, known: _Known) -> list[OutlookStatement]:
    field = subject.record
    if not isinstance(field, Field):
        return []
    family = ("tonight-field", scope.organisation, field.id)
    devices = {device.descriptor.device for device in subject.devices}
    frost_degc = field_frost_limit(known.limits.rules, subject.site, devices)
    site = next((each for each in known.sites if each.id == field.site), None)
    key = (*family, field.version, subject.site, frost_degc, scope.now_ms // _FRESH_MS)
    return scope.cache.get(key, lambda: field_statements(scope, subject, field, site, frost_degc), family)


def _done(scope: OrgScope, subject: OutlookSubject, acknowledged: Sequence[Alarm]) -> Sequence[Done]:
    repositories, notes = scope.repositories, list[GrowerNote]()
    if subject.kind == "greenhouse":
        if subject.record is not None:
            notes = list(repositories.notes.all(greenhouse=subject.record.id))
        return collect_done(
            scope.now_ms, notes, alarms_of(subject, acknowledged), irrigation_l=water_given(scope, subject)
        )
    notes = list(repositories.notes.all(field=subject.id))
    return collect_done(scope.now_ms, notes, alarms_of(subject, acknowledged), repositories.passes.of_field(subject.id))


def _estimated(subject: OutlookSubject) -> frozenset[str]:
    channels = {channel for device in subject.devices for channel in device.descriptor.channels}
    if subject.kind == "field":
        return frozenset()
    return frozenset(kind for kind, sensor in _SURFACE_SENSORS.items() if sensor not in channels)


def _in_time(statement: OutlookStatement, now_ms: int) -> OutlookStatement:
    """Return a statement whose advice is due now where its time has come already."""
    advice = statement.advice
    if advice is None or advice.until_ms is None or advice.until_ms > now_ms:
        return statement
    return replace(statement, advice=replace(advice, until_ms=None))


def _rank(statements: Sequence[OutlookStatement], alarms: Sequence[Alarm], recalls: Sequence[Recall]) -> int:
    """Return the trouble of a subject: that of its worst alarm or statement, an alarm before a statement.

    A recall that nobody has acknowledged is a critical alarm.
    """
    open_ = [_SEVERITY[alarm.severity] for alarm in alarms if alarm.acknowledged_ms is None]
    open_ += [_SEVERITY[Severity.CRITICAL] for recall in recalls if recall.is_open]
    alarm = max(open_, default=0)
    # What is asked of the grower is no trouble.
    said = max((RANKS[one.level] for one in statements if one.reason != COVER_NOT_KNOWN), default=0)
    return 10 * max(alarm, said) + (5 if alarm else 0) + min(4, sum(one.level == "high" for one in statements))
