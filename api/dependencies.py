"""Dependencies of the routes: the scope of a request, its access, and the services beside this API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Depends, Request

from api.ops.ingest_port import IngestPort
from api.ops.readiness import Check
from api.ops.store_admin_port import StoreAdmin
from headland.analysis.scope import OrgScope
from headland.registry.registry import Access


@dataclass(frozen=True, slots=True)
class HomeServices:
    """The services in this process, all of one organisation: no other organisation's key reads them."""

    scope: OrgScope
    readiness: Callable[[], list[Check]]
    counters: Callable[[], Mapping[str, float]]
    gateways: IngestPort | None = None
    store_desk: StoreAdmin | None = None

    def serves(self, scope: OrgScope) -> bool:
        """Tell whether these services belong to the organisation of `scope`."""
        return scope.organisation == self.scope.organisation


def scope_of(request: Request) -> OrgScope:
    """Return the scope of a request: the organisation and the name of its key or session."""
    access: Access = request.state.access
    return replace(home_of(request).scope, organisation=access.organisation.handle, by=access.by)


def home_of(request: Request) -> HomeServices:
    """Return the services in this process."""
    home: HomeServices = request.app.state.home
    return home


def access_of(request: Request) -> Access:
    """Return the access that the request's key or session grants."""
    access: Access = request.state.access
    return access


ScopeOf = Annotated[OrgScope, Depends(scope_of)]
HomeOf = Annotated[HomeServices, Depends(home_of)]
AccessOf = Annotated[Access, Depends(access_of)]
