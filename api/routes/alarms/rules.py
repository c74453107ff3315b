"""Routes of alarm rules: what gateways and forecasts make of them now, and their simulation on past data."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Annotated, Final

from fastapi import Query, Request
from starlette.responses import Response

from api.dependencies import HomeOf, ScopeOf
from api.http.problems import ProblemError, declare_problems
from api.http.query_windows import settle_window
from api.http.records import BodyOf
from api.http.responses import reply
from api.http.router import Router
from api.routes.alarms.alarms import Id
from api.routes.alarms.kinds import RULES
from api.routes.parameters import NAME_PATTERN, End, Start
from api.routes.registry import body_of_kind, decode_record
from api.schemas.alarms import (
    DeviceSimulation,
    RuleSimulation,
    SimulatedAlarm,
)
from api.schemas.model import fill
from headland.alarms.rules.forecast_preview import preview_forecast_rule
from headland.alarms.rules.forecast_standing import ForecastRulesList, forecast_standings
from headland.alarms.rules.gateway_rules import GatewayRulesList, rules_of_gateways, standing_of
from headland.alarms.rules.rule_conditions import is_for_gateways, is_for_sites
from headland.alarms.rules.rule_simulation import simulate_rule
from headland.alarms.rules.targets import EvaluationTargets, load_targets
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.weather.hourly_forecast import hourly_forecast
from headland.analysis.weather.measured_hours import measured_hours
from headland.contract.gateway_state import RulesState
from headland.registry.models.alarms import AlarmRule
from headland.units_of_time import DAY_MS

LONGEST_REPLAY_MS: Final = 366 * DAY_MS
#: A rule that is being written is tried on the last weeks, again after each change.
LONGEST_DRAFT_MS: Final = 93 * DAY_MS

router = Router(prefix="/v1", tags=["alarms"], responses=declare_problems(404, 422, 503))


@router.get("/gateway-rules", response_model=GatewayRulesList)
def get_gateway_rules(request: Request, scope: ScopeOf, home: HomeOf) -> Response:
    """List what each gateway does with the farm's alarm rules: it applies the current ones, waits or refuses.

    A rule is sent to the gateways whose site and devices it is for. Without a registry the list is empty.
    """
    if scope.registry is None:
        return reply(request, GatewayRulesList(items=[]))
    ingest = home.gateways if home.serves(scope) else None
    states = {} if ingest is None else {state.id: state.rules for state in ingest.gateways()}
    rules = rules_of_gateways(scope.repositories)
    gateways = sorted(scope.repositories.gateways.all(), key=lambda gateway: gateway.name)
    standings = [
        standing_of(gateway, rules[gateway.name], states.get(gateway.name, RulesState()))
        for gateway in gateways
        if gateway.name in rules
    ]
    return reply(request, GatewayRulesList(items=standings))


@router.get("/forecast-rules", response_model=ForecastRulesList)
def get_forecast_rules(request: Request, scope: ScopeOf) -> Response:
    """List what each rule on the weather to come says now at each site, and why one cannot be judged.

    The station alone judges them: no gateway gets one. Without a registry the list is empty.
    """
    if scope.registry is None:
        return reply(request, ForecastRulesList(items=[]))
    rules = [rule for rule in scope.repositories.alarm_rules.all() if is_for_sites(rule)]
    items = forecast_standings(rules, _forecasting_targets(scope), scope.now_ms) if rules else []
    return reply(request, ForecastRulesList(items=items))


@router.post(
    "/alarm-rules/replay",
    response_model=RuleSimulation,
    openapi_extra=body_of_kind(RULES),
    responses=declare_problems(400, 413),
)
def replay_draft(request: Request, scope: ScopeOf, body: BodyOf, start: Start = None, end: End = None) -> Response:
    """Simulate a rule that is not stored over [start, end): how often it would have raised an alarm."""
    draft = scope.repositories.alarm_rules.checked(decode_record(RULES, body))
    window = settle_window(start, end, scope.now_ms, LONGEST_DRAFT_MS)
    return reply(request, _simulate(scope, draft, window, None))


@router.post("/alarm-rules/{rule}/replay", response_model=RuleSimulation, responses=declare_problems(400))
def replay_rule(
    request: Request,
    scope: ScopeOf,
    rule: Id,
    device: Annotated[str | None, Query(description="Only on this device.", pattern=NAME_PATTERN)] = None,
    start: Start = None,
    end: End = None,
) -> Response:
    """Simulate a rule over [start, end) on the stored data, late data included: the alarms it would have raised.

    Nothing is stored and nothing is notified. Where a value was never known, the result is insufficient_data.
    """
    window = settle_window(start, end, scope.now_ms, LONGEST_REPLAY_MS)
    return reply(request, _simulate(scope, scope.repositories.alarm_rules.get(rule), window, device))


def _simulate(scope: OrgScope, alarm_rule: AlarmRule, window: Window, device: str | None) -> RuleSimulation:
    """Return the alarms that a rule would have raised. Raises ProblemError for a rule of gateways."""
    if is_for_gateways(alarm_rule):
        sentence = "The states of gateways have no history: simulate a rule on devices."
        raise ProblemError(400, "no-history", "No history of gateways", sentence)
    targets = _forecasting_targets(scope)
    devices: list[DeviceSimulation] = []
    for subject in targets.subjects_of(alarm_rule):
        if device not in (None, subject.name):
            continue
        preview = None
        if is_for_sites(alarm_rule):
            measured = partial(measured_hours, scope)
            alarms, preview = preview_forecast_rule(alarm_rule, subject, targets, measured, *window.pair)
            judged = preview.judged
        else:
            simulation = simulate_rule(alarm_rule, subject, targets, scope.store, scope.organisation, *window.pair)
            alarms, judged = simulation.alarms, simulation.known_count
        devices.append(
            fill(
                DeviceSimulation,
                ForecastRulesList,
                subject,
                device=subject.name,
                name=subject.title,
                judged=judged,
                reason=None if judged else "insufficient_data",
                alarms=[fill(SimulatedAlarm, alarm) for alarm in alarms],
                forecast=preview,
            )
        )
    count = sum(len(result.alarms) for result in devices)
    start_ms, end_ms = window.pair
    return RuleSimulation(rule=alarm_rule.name, start_ms=start_ms, end_ms=end_ms, alarms=count, devices=devices)


def _forecasting_targets(scope: OrgScope) -> EvaluationTargets:
    """Return the subjects of rules, with the weather to come at the sites among them."""
    targets = load_targets(scope.store, scope.repositories, scope.organisation, {})
    return replace(targets, outlook_of=partial(hourly_forecast, scope))
