"""Access to the registry of a scope."""

from __future__ import annotations

from headland.analysis.inputs.scope import OrgScope
from headland.registry.repositories.organisation_repositories import OrganisationRepositories


def repositories_of(scope: OrgScope) -> OrganisationRepositories:
    """Return the organisation's repositories; raises AnalysisError (no-registry) without a registry."""
    return scope.repositories
