"""Parameters shared by several routes, and whether what they name is known."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Path, Query

from api.dependencies import HomeServices
from api.http.problems import ProblemError
from api.http.query_windows import QueryInstant
from headland.analysis.inputs.scope import OrgScope
from headland.registry.repositories.organisation_repositories import OrganisationRepositories

#: Valid ids of gateways and devices.
NAME_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"

DeviceId = Annotated[str, Path(description="Id of a device.", pattern=NAME_PATTERN)]

Start = Annotated[
    QueryInstant | None,
    Query(
        description=(
            "First instant: ISO 8601 with a zone (write + as %2B) or epoch milliseconds. "
            "An hour before `end` by default."
        ),
        openapi_examples={"iso": {"value": "2026-11-24T08:00:00Z"}, "ms": {"value": 1_795_507_200_000}},
    ),
]

End = Annotated[
    QueryInstant | None,
    Query(
        description="Instant after the last, written like `start`. Now by default.",
        openapi_examples={"iso": {"value": "2026-11-24T16:00:00+08:00"}, "ms": {"value": 1_795_510_800_000}},
    ),
]

#: Repositories of the records that filters name.
_OF_FILTERS: Final = {
    "farm": "farms",
    "field": "fields",
    "greenhouse": "greenhouses",
    "person": "people",
    "site": "sites",
    "zone": "zones",
}


def check_filters(repositories: OrganisationRepositories, **filters: str | None) -> None:
    """Raise NotFound where a filter names a record that there never was; what is of a deleted one is listed still.

    To be asked where nothing was found: whoever finds something has named something.
    """
    for name, id in filters.items():  # noqa: A001 - it is the record's id
        if id is None:
            continue
        if name == "alarm":
            repositories.alarms.get(id)
        elif name in _OF_FILTERS:
            getattr(repositories, _OF_FILTERS[name]).get(id, also_deleted=True)


def check_gateway(home: HomeServices, scope: OrgScope, gateway: str) -> None:
    """Raise ProblemError (404) where a gateway is not known: its name may be misspelt."""
    if scope.registry is not None and scope.repositories.gateways.list(name=gateway, limit=1):
        return
    if home.gateways is not None and home.serves(scope) and gateway in {known.id for known in home.gateways.gateways()}:
        return
    sentence = f"There is no gateway {gateway}: add it, or let it connect once."
    raise ProblemError(404, "unknown-gateway", "Unknown gateway", sentence)
