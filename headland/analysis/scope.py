"""Scope of a question: the store, the registry and the organisation it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from headland.registry.registry import Registry
from headland.store.port import Store


@dataclass(frozen=True, slots=True)
class OrgScope:
    """What an analysis reads from, bound to one organisation, so that no read leaves the organisation out.

    `now_ms` is where windows without an end stop; `by` is who asks, for the audit log.
    """

    store: Store
    organisation: str
    now_ms: Callable[[], int]
    registry: Registry | None = None
    by: str = "nobody"
