"""Scope of a request: store, registry, organisation, present time and person."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from headland.analysis.inputs.errors import AnalysisError
from headland.analysis.inputs.result_cache import ResultCache
from headland.registry.models.access_table import Role
from headland.registry.registry import Registry
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.store.port import Store


@dataclass(frozen=True)
class OrgScope:
    """The data sources of an analysis, bound to one organisation so that no read can leave the organisation out.

    `registry` is None where none is configured. `now_ms` is the instant of the request, fixed once: windows without an
    end stop there. `by` is the person or process that asks, for the audit log. `cache` holds
    results that several requests share; a scope without one has its own. `person` is the member of the cooperative
    whose own fields and passes are all that the scope shows; None shows the organisation, without what is closed to
    `role`. `organisation_id` is its id in the registry where that is known already.
    """

    store: Store
    registry: Registry | None
    organisation: str
    now_ms: int
    by: str = "nobody"
    cache: ResultCache = field(default_factory=ResultCache, repr=False)
    person: str | None = None
    role: Role = Role.MANAGER
    organisation_id: str | None = None

    @cached_property
    def repositories(self) -> OrganisationRepositories:
        """The organisation's repositories, the same at each look; raises AnalysisError (no-registry) without one."""
        if self.registry is None:
            raise AnalysisError("no-registry", "No registry", "This API runs without a registry: start it with one.")
        organisation = self.organisation_id or self.registry.organisation(self.organisation).id
        return self.registry.repositories(organisation, self.by, self.person, self.role)
