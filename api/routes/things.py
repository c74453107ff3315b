"""Resolver of the thing that a path names: that it is not known is said before what else is wrong with a request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from fastapi import Request
from starlette.routing import Match

from api.dependencies import home_of, scope_of
from api.http.problems import ProblemError
from api.routes.access.keys import MEMBERS
from api.routes.access.webhooks import WEBHOOKS
from api.routes.alarms.kinds import ALARM_KINDS
from api.routes.parameters import check_gateway
from api.routes.record_kinds import ACCOUNT_KINDS, KINDS, TRIAL_KINDS
from api.routes.station.lifecycle import check_kind
from headland.analysis.greenhouse.house import find_house
from headland.analysis.inputs.errors import AnalysisError
from headland.analysis.inputs.telemetry import find_device
from headland.analysis.passes.detection import find_pass
from headland.errors import HeadlandError
from headland.registry.models.errors import NotFound
from headland.registry.repositories.organisation_repositories import OrganisationRepositories

#: An id of the right form of which there is never a record.
_NO_ID: Final = "0" * 26
_Find = Callable[[OrganisationRepositories, str], object]

#: Look-ups of records by the collection in a path. Each raises NotFound.
_RECORDS: Final[dict[str, _Find]] = {
    **{
        kind.path: lambda of, thing, kind=kind: kind.repository(of).get(thing)  # type: ignore[misc]
        for kind in (*KINDS, *ALARM_KINDS, MEMBERS, WEBHOOKS, *ACCOUNT_KINDS, *TRIAL_KINDS)
    },
    "alarm-notices": lambda of, thing: of.alarms.notice(thing),
    "alarms": lambda of, thing: of.alarms.get(thing),
    "certificates": lambda of, thing: of.certificates.records.get(thing),
    "deliveries": lambda of, thing: of.accounts.records.get(thing),
    "keys": lambda of, thing: of.keys.get(thing),
    "lot-operations": lambda of, thing: of.lots.operations.get(thing),
    "lots": lambda of, thing: of.lots.lots.get(thing),
    "person-data": lambda of, thing: of.people.get(thing, also_deleted=True),
    "prescriptions": lambda of, thing: of.prescriptions.get(thing),
    "push-subscriptions": lambda of, thing: of.alarm_recipients.get(thing),
    "sample-logins": lambda of, thing: of.keys.get(thing),
    "statement-runs": lambda of, thing: of.statements.runs.get(thing),
    "statements": lambda of, thing: of.statements.statements.get(thing),
    "trials": lambda of, thing: of.trials.get(thing),
    "treatments": lambda of, thing: of.treatments.get(thing),
}


def find_unknown(request: Request) -> HeadlandError | None:
    """Return the error of a path whose thing is not there, or whose id has the wrong form; None for any other path."""
    parts = request.url.path.split("/")
    if len(parts) < 4 or parts[1] != "v1" or not hasattr(request.state, "access"):
        return None
    collection, thing = parts[2], parts[3]
    if parts[2:4] == ["store", "lifecycle"] and len(parts) == 5:
        thing = parts[4]
    is_named = thing in map(str, request.path_params.values())
    if not is_named and ("endpoint" in request.scope or not _is_of_wrong_form(request, parts)):
        return None
    scope = scope_of(request)
    try:
        if collection == "passes":
            find_pass(scope, thing)
        elif collection == "devices":
            find_device(scope, thing)
        elif collection == "greenhouses" and len(parts) > 4:
            find_house(scope, thing)
        elif collection == "store":
            check_kind(parts[-1])
        elif collection == "gateways":
            check_gateway(home_of(request), scope, thing)
        elif (find := _RECORDS.get(collection)) is not None and scope.registry is not None:
            if collection == "sites" and len(parts) > 4:
                return None
            find(scope.repositories, thing)
    except (NotFound, AnalysisError, ProblemError) as error:
        return error
    return None


def _is_of_wrong_form(request: Request, parts: list[str]) -> bool:
    """Tell whether a path leads nowhere only because its id does not look like one."""
    path = "/".join([*parts[:3], _NO_ID, *parts[4:]])
    scope = {key: value for key, value in request.scope.items() if key not in ("route", "endpoint", "path_params")}
    return any(route.matches({**scope, "path": path})[0] is not Match.NONE for route in request.app.routes)
