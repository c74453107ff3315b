"""The registry's side of the farm that a request is about."""

from __future__ import annotations

from api.farm import Farm
from api.problems import ProblemError
from headland.registry.estate import Estate


def estate_of(farm: Farm) -> Estate:
    """Return what the farm's organisation has; a 404 where this API runs without a registry."""
    if farm.registry is None:
        raise ProblemError(404, "no-registry", "No registry here", "This API runs without a registry.")
    return farm.registry.estate(farm.registry.organisation(farm.organisation).id, farm.by)
