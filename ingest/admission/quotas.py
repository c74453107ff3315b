"""Quotas of a gateway: bytes and events, as a store that fills evenly over days. Pure: the time is an argument."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from headland.units_of_time import DAY_MS

#: Gateway names come from outside: above this number the gateways share one quota.
MAX_GATEWAYS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Quotas:
    """What one gateway may have: devices, series of a device, and bytes and events within a day.

    The bytes and events of a whole day may come at once, as after days without a connection.
    """

    devices: int
    series: int
    bytes_per_day: int
    events_per_day: int


#: For tests and tools that judge single messages.
NO_QUOTAS: Final = Quotas(2**31, 2**31, 2**62, 2**62)


@dataclass(slots=True)
class _Budget:
    """What is left of a gateway's day, at `at_ms`."""

    bytes: float
    events: float
    at_ms: int


class GatewayBudgets:
    """Bytes and events that each gateway may still send. After a restart each has a whole day's."""

    def __init__(self, quotas: Quotas) -> None:
        self._quotas = quotas
        self._budgets: dict[str, _Budget] = {}

    def take(self, gateway: str, bytes_: int, events: int, now_ms: int) -> str:
        """Take bytes and events from a gateway's budget; return what it has less of, `bytes` or `events`, else "".

        Nothing is taken of what is not there.
        """
        budget = self._refill(gateway, now_ms)
        if budget.bytes < bytes_:
            return "bytes"
        budget.bytes -= bytes_
        if budget.events < events:
            return "events"
        budget.events -= events
        return ""

    def _refill(self, gateway: str, now_ms: int) -> _Budget:
        quotas = self._quotas
        budget = self._budgets.get(gateway)
        if budget is None:
            name = gateway if len(self._budgets) < MAX_GATEWAYS else ""
            fresh = _Budget(quotas.bytes_per_day, quotas.events_per_day, now_ms)
            budget = self._budgets.setdefault(name, fresh)
        if now_ms > budget.at_ms:
            day = (now_ms - budget.at_ms) / DAY_MS
            budget.bytes = min(quotas.bytes_per_day, budget.bytes + quotas.bytes_per_day * day)
            budget.events = min(quotas.events_per_day, budget.events + quotas.events_per_day * day)
        budget.at_ms = now_ms
        return budget
