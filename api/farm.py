"""Whose data a request reads: the store and the organisation, bound together so that no read leaves either out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Depends, Request

from api.gateway_desk import GatewayDesk
from api.readiness import Check
from api.store_desk import StoreDesk
from headland.registry.registry import Access, Registry
from headland.store.port import Store


@dataclass(frozen=True, slots=True)
class Farm:
    """What the routes work with; `by` is who asks, for the audit log."""

    store: Store
    organisation: str
    readiness: Callable[[], list[Check]]
    counters: Callable[[], Mapping[str, float]]
    now_ms: Callable[[], int]
    gateways: GatewayDesk | None = None
    registry: Registry | None = None
    store_desk: StoreDesk | None = None
    by: str = "nobody"

    def seen_by(self, access: Access) -> Farm:
        """Return the farm of who asks. What runs beside this API is its own organisation's, and of no other's farm."""
        handle = access.organisation.handle
        if handle == self.organisation:
            return replace(self, by=access.by)
        return Farm(self.store, handle, list, dict, self.now_ms, registry=self.registry, by=access.by)


def farm_of(request: Request) -> Farm:
    """Return the farm of who asks."""
    access: Access = request.state.access
    return home_of(request).seen_by(access)


def home_of(request: Request) -> Farm:
    """Return the farm whose ingest, alarms and store run in this process: only for what is said to nobody else."""
    farm: Farm = request.app.state.farm
    return farm


def access_of(request: Request) -> Access:
    """Return what the request was let in with."""
    access: Access = request.state.access
    return access


FarmOf = Annotated[Farm, Depends(farm_of)]
HomeOf = Annotated[Farm, Depends(home_of)]
AccessOf = Annotated[Access, Depends(access_of)]
