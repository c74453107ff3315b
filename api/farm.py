"""Whose data a request reads: the store and the organisation, bound together so that no read leaves either out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from api.gateway_desk import GatewayDesk
from api.readiness import Check
from api.store_desk import StoreDesk
from headland.registry.registry import Registry
from headland.store.port import Store


@dataclass(frozen=True, slots=True)
class Farm:
    """What the routes work with."""

    store: Store
    organisation: str
    readiness: Callable[[], list[Check]]
    counters: Callable[[], Mapping[str, float]]
    now_ms: Callable[[], int]
    gateways: GatewayDesk | None = None
    registry: Registry | None = None
    store_desk: StoreDesk | None = None


def farm_of(request: Request) -> Farm:
    """Return the farm that the app was created for."""
    farm: Farm = request.app.state.farm
    return farm


FarmOf = Annotated[Farm, Depends(farm_of)]
