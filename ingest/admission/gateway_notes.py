"""Events that ingest itself reports about a gateway, each at most once an hour for the same cause."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from headland.contract.delivery import RefusedDevice
from headland.contract.records import DEVICE_REFUSED, RECORD_DIFFERS, Clock, Event, Scalar
from headland.store.port import Mark
from headland.units_of_time import HOUR_MS
from ingest.admission.admit import UNDESCRIBED_SITE

_MAX_CAUSES: Final = 2000
_MAX_PENDING: Final = 200


class GatewayNotes:
    """Events that wait for the next commit. Used by the writer's thread; beyond the limits they are not reported."""

    def __init__(self) -> None:
        self._reported_ms: OrderedDict[tuple[str, ...], int] = OrderedDict()
        self._pending: list[Event] = []

    def refused_device(self, gateway: str, refused: RefusedDevice, now_ms: int) -> None:
        """Report that a gateway wrote about a device of another one."""
        data: dict[str, Scalar] = {"device": refused.device, "owner": refused.owner}
        self._report(DEVICE_REFUSED, gateway, (refused.device,), data, now_ms)

    def other_content(self, mark: Mark, now_ms: int) -> None:
        """Report that a record arrived with another content than before under its number."""
        self._report(RECORD_DIFFERS, mark.gateway, (mark.epoch,), {"epoch": mark.epoch, "seq": mark.last}, now_ms)

    def pending(self) -> Sequence[Event]:
        """Return the events that are not committed yet."""
        return tuple(self._pending)

    def committed(self, events: Sequence[Event]) -> None:
        """Forget events that are in the store now."""
        if events:
            self._pending = [event for event in self._pending if event not in events]

    def _report(self, kind: str, gateway: str, about: tuple[str, ...], data: dict[str, Scalar], now_ms: int) -> None:
        cause = (kind, gateway, *about)
        before_ms = self._reported_ms.get(cause)
        if (before_ms is not None and abs(now_ms - before_ms) < HOUR_MS) or len(self._pending) >= _MAX_PENDING:
            return
        self._reported_ms[cause] = now_ms
        self._reported_ms.move_to_end(cause)
        if len(self._reported_ms) > _MAX_CAUSES:
            self._reported_ms.popitem(last=False)
        event = Event(
            t=now_ms,
            device=gateway,
            kind=kind,
            device_kind="gateway",
            site=UNDESCRIBED_SITE,
            clock=Clock.NTP,
            data=data,
        )
        self._pending.append(event)
