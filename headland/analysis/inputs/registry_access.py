"""Access to the registry of a scope."""

from __future__ import annotations

from headland.analysis.inputs.errors import AnalysisError
from headland.analysis.inputs.scope import OrgScope
from headland.registry.repositories.organisation_repositories import OrganisationRepositories


def repositories_of(scope: OrgScope) -> OrganisationRepositories:
    """Return the organisation's repositories; raises AnalysisError (no-registry) without a registry."""
    if scope.registry is None:
        raise AnalysisError("no-registry", "No registry", "This API runs without a registry: start it with one.")
    organisation = scope.registry.organisation(scope.organisation).id
    return scope.registry.repositories(organisation, scope.by, scope.person, scope.role)
