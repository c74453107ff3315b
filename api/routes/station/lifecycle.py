"""Lifecycle of everything that a station keeps: what bounds it, and the days of the audit log and of alarms."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from fastapi import Query

from api.dependencies import AccessOf, HomeOf, HomeServices, ScopeOf
from api.http.languages import current_language
from api.http.problems import ProblemError, declare_problems
from api.http.records import Sent
from api.http.router import Router
from api.schemas.station.lifecycle import KeptKind, KeptKinds, NewDays
from headland.analysis.inputs.scope import OrgScope
from headland.clock.station_clock.sentences import describe
from headland.i18n import find_term
from headland.registry.lifecycle import KINDS, REGISTRY_KINDS, RecordKind
from headland.registry.repositories.retention import RecordRetention, RetentionRepository
from headland.store.core.store_work import RetentionPreview

router = Router(prefix="/v1/store/lifecycle", tags=["health"], responses=declare_problems(400, 404, 422, 503))

#: Days in the answer of a store that is a file, by kind.
_STORE_DAYS: Final = {
    "samples": "raw_days",
    "rollup_minutes": "minute_days",
    "rollup_hours": "hour_days",
    "events": "event_days",
}
Days = Annotated[int | None, Query(ge=1, le=100_000, description="Days to try; without, the ones in force.")]
ForEver = Annotated[bool, Query(description="Try to keep them for ever.")]


@router.get("", response_model=KeptKinds)
def get_lifecycle(scope: ScopeOf, home: HomeOf) -> KeptKinds:
    """List everything that the station keeps: what bounds it, the days in force, and what was deleted by them."""
    kept = _retentions(home, scope)
    store = None if home.store_admin is None or not home.serves(scope) else home.store_admin.preview(None)
    return KeptKinds(items=[_kind_of(kind, kept.get(kind.slug), store) for kind in KINDS])


@router.get("/{kind}", response_model=KeptKind)
def preview_lifecycle(
    scope: ScopeOf, home: HomeOf, kind: str, days: Days = None, for_ever: ForEver = False
) -> KeptKind:
    """Return what a retention of these days deletes, and changes nothing."""
    repository, kept = _of_kind(home, scope, kind)
    tried = kept.days if days is None and not for_ever else days
    return _shown(home, repository, kind, kept, tried)


@router.put("/{kind}", response_model=KeptKind)
def put_lifecycle(scope: ScopeOf, access: AccessOf, home: HomeOf, kind: str, new: Sent[NewDays]) -> KeptKind:
    """Set the days of the audit log or of alarms; return what they delete. Deleted records stay so."""
    repository, _ = _of_kind(home, scope, kind, access.by)
    kept = repository.choose(kind, new.days, chosen=not new.is_default)
    return _shown(home, repository, kind, kept, kept.days)


def _shown(
    home: HomeServices, repository: RetentionRepository, kind: str, kept: RecordRetention, days: int | None
) -> KeptKind:
    due = repository.preview(kind, days, home.now_ms())
    known = next(each for each in KINDS if each.slug == kind)
    clock = None if home.clock is None else home.clock.state()
    held_back = describe(clock) if clock is not None and clock.doubt is not None else ""
    return msgspec.structs.replace(
        _kind_of(known, kept, None), days=days, due=due.count, due_before_ms=due.until_ms, held_back=held_back
    )


def _retentions(home: HomeServices, scope: OrgScope) -> dict[str, RecordRetention]:
    """Return the retention of the kinds in the registry; the days are no record of the organisation's people."""
    if home.registry is None:
        return {}
    owner = home.registry.organisation(scope.organisation).id
    return {kept.kind: kept for kept in home.registry.repositories(owner, "station").retention.all()}


def _of_kind(
    home: HomeServices, scope: OrgScope, kind: str, by: str = "station"
) -> tuple[RetentionRepository, RecordRetention]:
    kept = _retentions(home, scope).get(kind)
    if kept is None or home.registry is None:
        raise _no_days()
    owner = home.registry.organisation(scope.organisation).id
    return home.registry.repositories(owner, by).retention, kept


def check_kind(kind: str) -> None:
    """Raise ProblemError (404) for a kind of record that has no retention of its own."""
    if kind not in REGISTRY_KINDS:
        raise _no_days()


def _no_days() -> ProblemError:
    named = ", ".join(REGISTRY_KINDS)
    sentence = f"There is no retention of this kind: set the days of one of {named}."
    return ProblemError(404, "no-days", "No such retention", sentence)


def _kind_of(kind: RecordKind, kept: RecordRetention | None, store: RetentionPreview | None) -> KeptKind:
    language = current_language()
    name, bound, remains = (
        find_term(group, kind.slug, language) or kind.slug
        for group in ("lifecycle", "lifecycle_bounds", "lifecycle_remains")
    )
    days = None if kind.days is None else kind.days.default
    if store is not None and kind.slug in _STORE_DAYS:
        days = getattr(store, _STORE_DAYS[kind.slug])
    deleted, before_ms = (None, None) if kept is None else (kept.deleted, kept.until_ms)
    if store is not None and kind.slug == "samples":
        deleted, before_ms = store.deleted_samples, store.deleted_before_ms
    elif store is not None and kind.slug == "events":
        deleted, before_ms = store.deleted_events, store.deleted_events_before_ms
    return KeptKind(
        kind=kind.slug,
        name=name,
        bound=kind.bound.value,
        bound_text=bound,
        remains=remains,
        days=days if kept is None else kept.days,
        default_days=None if kind.days is None else kind.days.default,
        least_days=None if kind.days is None else kind.days.least,
        is_chosen=kept.chosen if kept is not None else days is not None and kind.slug in _STORE_DAYS,
        command=kind.command,
        deleted=deleted,
        deleted_before_ms=before_ms,
    )
