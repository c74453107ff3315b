"""The registry's side of the farm that a request is about."""

from __future__ import annotations

from headland.analysis.errors import ProblemError
from headland.analysis.scope import OrgScope
from headland.registry.repositories.organisation_repositories import OrganisationRepositories


def repositories_of(scope: OrgScope) -> OrganisationRepositories:
    """Return what the farm's organisation has; a 404 where this API runs without a registry."""
    if scope.registry is None:
        raise ProblemError(404, "no-registry", "No registry here", "This API runs without a registry.")
    return scope.registry.repositories(scope.registry.organisation(scope.organisation).id, scope.by)
