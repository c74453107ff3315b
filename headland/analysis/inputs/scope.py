"""Scope of a request: store, registry, organisation, present time and person."""

from __future__ import annotations

from dataclasses import dataclass, field

from headland.analysis.inputs.result_cache import ResultCache
from headland.registry.models.access_table import Role
from headland.registry.registry import Registry
from headland.store.port import Store


@dataclass(frozen=True, slots=True)
class OrgScope:
    """The data sources of an analysis, bound to one organisation so that no read can leave the organisation out.

    `registry` is None where none is configured. `now_ms` is the instant of the request, fixed once: windows without an
    end stop there. `by` is the person or process that asks, for the audit log. `cache` holds
    results that several requests share; a scope without one has its own. `person` is the member of the cooperative
    whose own fields and passes are all that the scope shows; None shows the organisation, without what is closed to
    `role`.
    """

    store: Store
    registry: Registry | None
    organisation: str
    now_ms: int
    by: str = "nobody"
    cache: ResultCache = field(default_factory=ResultCache, repr=False)
    person: str | None = None
    role: Role = Role.MANAGER
