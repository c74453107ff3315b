"""Owners of devices: which gateway may send what about a device, and how many devices and series a gateway may have.

A device belongs to the gateway that was first received with it, by its descriptor, a block or an event: another
gateway's content about it is refused, until an administrator moves the device. A vehicle with the unique id of its
autopilot may be received by several gateways; only its owner may mark it as simulated. Pure, no I/O.
"""

from __future__ import annotations

import operator
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final

import msgspec

from headland.clock.station_clock.record import TimeLimits
from headland.contract.delivery import RefusedDevice
from headland.contract.records import CLOCK_IN_DOUBT, RECEIVED_MS, Block, Event
from headland.contract.refusals import Reason, Refused
from headland.store.port import DeviceRecord, SeriesKey
from ingest.accounting.spool_reports import REPORT_KINDS
from ingest.admission.admit import Admitted
from ingest.admission.quotas import Quotas

#: Id of a vehicle, or of a part of one, that is known by the unique id of its autopilot (edge names them so).
_BY_UNIQUE_ID: Final = re.compile(r"uav-[0-9a-f]+(?:\.[A-Za-z0-9._-]+)?")
_NOTHING: Final[set[str]] = set()
#: Id of a vehicle that a flight log does not name: each imported file is a device of its own, so there may be many.
_OF_A_LOG: Final = re.compile(r"log-[0-9a-f]+\.[A-Za-z0-9._-]+")
_LOGS_TO_DEVICES: Final = 10
#: Devices of all gateways together: gateway names come from outside, and a broker may not check them.
MAX_DEVICES: Final = 200_000
#: Kind of the device of events by which a gateway reports on itself.
_GATEWAY: Final = "gateway"
#: Instants in the data of an event: like its own time they are at most this side's present.
_INSTANTS: Final = frozenset(("since_ms", "raised_ms", "cleared_ms", "began_ms", "from_ms", "to_ms"))


def is_shared(device: str) -> bool:
    """Return whether a device may be received by several gateways."""
    return _BY_UNIQUE_ID.fullmatch(device) is not None


class DeviceOwners:
    """The known devices with their owners and series; used by the writer's thread.

    A claim counts at once, also where the batch that made it must be written again: who was first remains first.
    `unsaved` are the owners that are not on the disk yet. Where other workers describe devices in the same store,
    `look_up` returns the store's devices, or none where it was called a moment ago.
    """

    def __init__(self, quotas: Quotas, look_up: Callable[[], Iterable[DeviceRecord]] | None = None) -> None:
        self._quotas = quotas
        self._look_up = look_up
        self._owners: dict[str, str] = {}
        self._counts: Counter[tuple[str, bool]] = Counter()
        self._simulated: set[str] = set()
        self._series: dict[tuple[str, str, str, bool], set[str]] = {}
        self._series_counts: Counter[str] = Counter()
        self._foreign: list[RefusedDevice] = []
        self.unsaved: dict[str, str] = {}

    def owner(self, device: str) -> str | None:
        """Return the gateway that a device belongs to, None where it is not known."""
        return self._owners.get(device)

    def load(self, saved: Mapping[str, str], records: Iterable[DeviceRecord], series: Iterable[SeriesKey]) -> None:
        """Set the owners as they were saved, then as the store has them, which an administrator may have changed."""
        for device, gateway in saved.items():
            self._set_owner(device, gateway)
        self.update(records)
        self.unsaved = {device: owner for device, owner in self._owners.items() if saved.get(device) != owner}
        for key in series:
            self._series_of(key.device, key.kind, key.site, simulated=key.simulated).add(key.channel)
            self._series_counts[key.device] += 1

    def update(self, records: Iterable[DeviceRecord]) -> set[str]:
        """Set the owners and simulation marks as the store has them; return the devices whose owner changed."""
        changed = set()
        for record in records:
            device = record.descriptor.device
            if record.descriptor.simulated:
                self._simulated.add(device)
            else:
                self._simulated.discard(device)
            if record.gateway and self._owners.get(device) != record.gateway:
                self._set_owner(device, record.gateway)
                changed.add(device)
        return changed

    def saved(self, claims: Mapping[str, str]) -> None:
        """Forget the claims that are on the disk now."""
        for device, gateway in claims.items():
            if self.unsaved.get(device) == gateway:
                del self.unsaved[device]

    def restrict(self, admitted: Admitted, limits: TimeLimits) -> Admitted:
        """Return the content that the sender may write, with a refusal for each other part.

        An event that only a clock in doubt speaks against is taken, with a mark and the time at which it came.
        """
        topic = admitted.topic
        if topic is None or not (admitted.blocks or admitted.events or admitted.descriptor):
            return admitted
        if not admitted.events and admitted.descriptor is None and self._are_known(topic.gateway, admitted.blocks):
            return admitted
        refused: list[Refused] = []
        self._foreign = []
        blocks = self._own_blocks(topic.gateway, admitted.blocks, refused)
        events = self._own_events(topic.gateway, admitted.events, refused, limits)
        descriptor = admitted.descriptor
        if descriptor is not None:
            refusal = self._claim(topic.gateway, descriptor.device, simulated=descriptor.simulated)
            if refusal is not None:
                refused.append(refusal)
                descriptor = None
        if not refused and events is admitted.events:
            return admitted
        return replace(
            admitted,
            blocks=blocks,
            events=events,
            refused_reports=_untimely_reports(topic.gateway, admitted.events, limits.flag_after_ms),
            descriptor=descriptor,
            refused=(*admitted.refused, *refused),
            foreign=tuple(dict.fromkeys(self._foreign)),
        )

    def _are_known(self, gateway: str, blocks: tuple[Block, ...]) -> bool:
        """Return whether all blocks are of known series of the gateway's own devices: nearly all messages."""
        owners, known = self._owners, self._series
        for block in blocks:
            if owners.get(block.device) != gateway:
                return False
            series = known.get((block.device, block.kind, block.site, block.simulated))
            if series is None or not block.c.keys() <= series:
                return False
        return True

    def _own_blocks(self, gateway: str, blocks: tuple[Block, ...], refused: list[Refused]) -> tuple[Block, ...]:
        own: list[Block] = []
        is_whole = True
        for block in blocks:
            refusal = self._claim(gateway, block.device, simulated=block.simulated)
            kept: Block | None = block
            if refusal is not None:
                kept = None
            elif not block.c.keys() <= self._series.get(
                (block.device, block.kind, block.site, block.simulated), _NOTHING
            ):
                kept, refusal = self._add_series(block)
            if refusal is not None:
                is_whole = False
                refused.append(refusal)
            if kept is not None:
                own.append(kept)
        return blocks if is_whole else tuple(own)

    def _own_events(
        self, gateway: str, events: tuple[Event, ...], refused: list[Refused], limits: TimeLimits
    ) -> tuple[Event, ...]:
        own = []
        for event in events:
            refusal = _check_instants(event, limits.flag_after_ms)
            # A gateway reports on itself, whatever device has its name.
            if refusal is None and (event.device != gateway or event.device_kind != _GATEWAY):
                refusal = self._claim(gateway, event.device, simulated=event.simulated)
            if refusal is None:
                own.append(_mark(event, limits))
            else:
                refused.append(refusal)
        is_whole = len(own) == len(events) and all(map(operator.is_, own, events))
        return events if is_whole else tuple(own)

    def _claim(self, gateway: str, device: str, *, simulated: bool) -> Refused | None:
        """Return why a gateway may not write about a device; a device without an owner becomes its own."""
        owner = self._owners.get(device)
        if owner == gateway:
            if simulated:
                self._simulated.add(device)
            return None
        if owner is None and self._look_up is not None:
            self.update(self._look_up())
            owner = self._owners.get(device)
            if owner == gateway:
                return None
        if owner is None:
            refusal = self._check_room(gateway, device)
            if refusal is not None:
                return refusal
            self._set_owner(device, gateway)
            if simulated:
                self._simulated.add(device)
            return None
        if not is_shared(device):
            self._foreign.append(RefusedDevice(device, owner))
            return Refused(Reason.WRONG_IDENTITY, f"the device {device[:80]} belongs to the gateway {owner}")
        if simulated and device not in self._simulated:
            self._foreign.append(RefusedDevice(device, owner))
            detail = f"the gateway {owner} describes {device[:80]} as real: {gateway} cannot mark it as simulated"
            return Refused(Reason.WRONG_IDENTITY, detail)
        return None

    def _check_room(self, gateway: str, device: str) -> Refused | None:
        """Return why a gateway may not have one more device."""
        is_log = _OF_A_LOG.fullmatch(device) is not None
        most = self._quotas.devices * (_LOGS_TO_DEVICES if is_log else 1)
        if self._counts[gateway, is_log] >= most:
            what = "devices of flight logs" if is_log else "devices"
            return Refused(Reason.OVER_QUOTA, f"{gateway} has {most} {what}, {device[:80]} would be one more")
        if len(self._owners) >= MAX_DEVICES:
            return Refused(Reason.OVER_QUOTA, f"there are {MAX_DEVICES} devices, {device[:80]} would be one more")
        return None

    def _set_owner(self, device: str, gateway: str) -> None:
        is_log = _OF_A_LOG.fullmatch(device) is not None
        before = self._owners.get(device)
        if before is not None:
            self._counts[before, is_log] -= 1
        self._owners[device] = self.unsaved[device] = gateway
        self._counts[gateway, is_log] += 1

    def _series_of(self, device: str, kind: str, site: str, *, simulated: bool) -> set[str]:
        return self._series.setdefault((device, kind, site, simulated), set())

    def _add_series(self, block: Block) -> tuple[Block | None, Refused | None]:
        """Add the new series of a block as far as they are allowed; return the allowed part and a refusal of others."""
        known = self._series.get((block.device, block.kind, block.site, block.simulated), _NOTHING)
        new = [channel for channel in block.c if channel not in known]
        room = max(0, self._quotas.series - self._series_counts[block.device])
        if room:
            allowed = self._series_of(block.device, block.kind, block.site, simulated=block.simulated)
            allowed.update(new[:room])
            self._series_counts[block.device] += len(new[:room])
        if len(new) <= room:
            return block, None
        over = frozenset(new[room:])
        detail = f"{block.device[:80]} has {self._quotas.series} series, {len(over)} of a block would be more"
        rest = {name: column for name, column in block.c.items() if name not in over}
        flags = {name: column for name, column in block.q.items() if name not in over}
        kept = msgspec.structs.replace(block, c=rest, q=flags) if rest else None
        return kept, Refused(Reason.OVER_QUOTA, detail)


def _untimely_reports(gateway: str, events: tuple[Event, ...], latest_ms: int) -> tuple[Event, ...]:
    """Return a gateway's reports about its spool whose time cannot be true: its clock was wrong, not the report."""
    reports = [event for event in events if event.kind in REPORT_KINDS and event.device == gateway]
    return tuple(event for event in reports if _check_instants(event, latest_ms) is not None)


def _mark(event: Event, limits: TimeLimits) -> Event:
    """Return an event with the time at which it came, where the station's clock is in doubt and would refuse it."""
    if not limits.in_doubt or _check_instants(event, limits.shown_until_ms) is None:
        return event
    return msgspec.structs.replace(event, data={**event.data, CLOCK_IN_DOUBT: True, RECEIVED_MS: limits.now_ms})


def _check_instants(event: Event, latest_ms: int) -> Refused | None:
    """Return why an instant of an event cannot be true; samples ahead of time are flagged, events have no flag."""
    if event.t > latest_ms:
        return Refused(Reason.BAD_TIME, f"an event of {event.device[:80]} is more than 5 minutes ahead")
    for name in _INSTANTS & event.data.keys():
        value = event.data[name]
        if isinstance(value, int | float) and not 0 <= value <= latest_ms:
            return Refused(Reason.BAD_TIME, f"{name} of an event of {event.device[:80]} is not in the past")
    return None
