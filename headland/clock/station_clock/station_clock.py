"""The station's clock: it looks at the system's, remembers what that showed, and says when it cannot be believed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from headland.clock import MACHINE_CLOCK, MachineClock, since_boot_s
from headland.clock.kernel_clock import boot_id, is_kernel_clock_kept
from headland.clock.station_clock.gateway_clocks import DISCIPLINED, GatewayClocks
from headland.clock.station_clock.judgement import ClockLook, accept, judge
from headland.clock.station_clock.record import AGREE_MS, NEVER_MS, ClockRecord, TimeLimits, trusted_limits
from headland.clock.station_clock.sentences import describe
from headland.contract.records import Clock
from headland.runtime.supervised_thread import SupervisedThread, ThreadStatus

_LOGGER = logging.getLogger(__name__)

_LOOK_EVERY_S: Final = 1.0
#: The record is written again after so long without a change: a restart compares the clock with it.
_SAVE_EVERY_S: Final = 60.0
#: Without a jump everything else is judged so often.
_JUDGE_EVERY_S: Final = 0.5
#: Between two looks the clock may move by so much more or less than the time that passed: more is judged at once.
_STEP_MS: Final = 2000


@dataclass(frozen=True, slots=True)
class ClockSources:
    """What the machine says of its time. Tests pass their own."""

    now_ms: Callable[[], int] = MACHINE_CLOCK.now_ms
    boot_s: Callable[[], float] = since_boot_s
    boot_id: Callable[[], str] = boot_id
    is_synchronised: Callable[[], bool | None] = is_kernel_clock_kept


class StationClock:
    """One for a process; may be asked from any thread.

    Its record is in a file at `path`, None for nowhere. `newest_ms` returns the newest stored sample of a real device,
    asked once a boot. `local` are gateways on this machine, whose own clock is this one. Without `saves`
    another process keeps the record.
    """

    def __init__(
        self,
        path: Path | None,
        newest_ms: Callable[[], int | None] = lambda: None,
        sources: ClockSources | None = None,
        local: frozenset[str] = frozenset(),
        *,
        saves: bool = True,
    ) -> None:
        self._path = path
        self._saves = saves
        self._newest_ms = newest_ms
        self._sources = ClockSources() if sources is None else sources
        self._local = local
        self._lock = threading.RLock()
        self._gateways = GatewayClocks()
        self._hosts: set[str] = set()
        self._boot_id = self._sources.boot_id()
        self._saved_s = float("-inf")
        self._judged_s = float("-inf")
        self._record = self._load()
        self._thread: SupervisedThread | None = None
        #: Called after a change between belief and doubt, with the record before and after, in the thread that looked.
        self.on_change: Callable[[ClockRecord, ClockRecord], None] = lambda _before, _after: None
        if self._record is not None and self._record.boot_id == self._boot_id:
            self._gateways.load(self._record.gateways)
        self.look()

    def start(self) -> None:
        """Look every second from now on."""
        self._thread = SupervisedThread("station-clock", self._look_again, every_s=_LOOK_EVERY_S)
        self._thread.start()

    def stop(self) -> None:
        """End the looking and write the record."""
        if self._thread is not None:
            self._thread.stop()
        with self._lock:
            self._save()

    def threads(self) -> list[ThreadStatus]:
        """Return the status of the thread."""
        return [] if self._thread is None else [self._thread.status()]

    def look(self) -> ClockRecord:
        """Return the record as it is now: a jump of the clock is in it."""
        with self._lock:
            before, now_ms, boot_s = self._record, self._sources.now_ms(), self._sources.boot_s()
            if before is not None and boot_s - self._judged_s < _JUDGE_EVERY_S:
                passed_ms = (boot_s - before.boot_s) * 1000
                if abs(now_ms - before.wall_ms - passed_ms) <= _STEP_MS:
                    return before
            look = self._see(now_ms, boot_s, before)
            after = judge(before, look)
            return self._replace(before, after)

    def limits(self) -> TimeLimits:
        """Return how instants are judged now: a clock in doubt judges none, and each witness may be right."""
        record = self.look()
        now_ms = self._now_of(record)
        if record.doubt is None:
            return trusted_limits(now_ms)
        shown_ms = trusted_limits(record.wall_ms).latest_until_ms
        up_ms = now_ms - record.best_ms + round(record.boot_s * 1000)
        said_ms = [clock.origin_ms + up_ms for clock in record.gateways.values()]
        return TimeLimits(now_ms, NEVER_MS, max(max([now_ms, *said_ms]) + AGREE_MS, shown_ms), shown_ms)

    def now_ms(self) -> int:
        """Return the time now, as far as it is known: while the clock is in doubt, by what speaks against it.

        One witness alone does not move it, see `headland.clock.station_clock.judgement`.
        """
        return self._now_of(self.look())

    def shown_ms(self) -> int:
        """Return what the system's clock shows, believed or not: what this machine itself stamps has that time."""
        return self._sources.now_ms()

    def in_doubt(self) -> bool:
        """Return whether the clock cannot be believed now."""
        return self.look().in_doubt

    def machine(self, machine: MachineClock = MACHINE_CLOCK) -> MachineClock:
        """Return the clocks of a machine with this one in the place of the system's."""
        return MachineClock(self.now_ms, machine.monotonic_s)

    def sentence(self) -> str:
        """Return what is known of the clock now, as a sentence with the remedy."""
        return describe(self.look())

    def hear(self, gateway: str, clock: Clock, time_ms: int, vehicle: str = "") -> None:
        """Note the newest time in a message of a gateway, and the clock that it is of; satellites' is a `vehicle`'s.

        A gateway whose clock a time server sets speaks by that one alone: whoever reaches it by radio could change
        what it says.
        """
        if clock not in DISCIPLINED or (clock is Clock.NTP and gateway in self._local):
            return
        with self._lock:
            record = self.look()  # a jump comes first: a clock that follows it is no witness
            if clock is Clock.NTP:
                self._hosts.add(gateway)
            elif gateway in self._hosts:
                return
            self._gateways.add(gateway, time_ms, self._sources.boot_s(), vehicle if clock is Clock.GPS else "")
            if time_ms > record.wall_ms + AGREE_MS and not record.in_doubt:
                # Judged before the first sample could be flagged for it.
                self._judged_s = float("-inf")

    def hear_status(self, gateway: str, time_ms: int) -> None:
        """Note the time in a gateway's status, where its samples told that a time server sets its clock."""
        if gateway in self._hosts:
            self.hear(gateway, Clock.NTP, time_ms)

    def accept(self) -> ClockRecord:
        """Believe the clock as it is, by the word of a person."""
        with self._lock:
            before = self.look()
            look = self._see(self._sources.now_ms(), self._sources.boot_s(), before)
            return self._replace(before, accept(before, look))

    def _see(self, now_ms: int, boot_s: float, before: ClockRecord | None) -> ClockLook:
        is_new = before is None or before.boot_id != self._boot_id
        newest_ms = self._newest_ms() if is_new else None
        self._judged_s = boot_s
        synchronised = self._sources.is_synchronised()
        return ClockLook(now_ms, self._boot_id, boot_s, synchronised, newest_ms, self._gateways.all())

    def _replace(self, before: ClockRecord | None, after: ClockRecord) -> ClockRecord:
        self._record = after
        is_other = before is None or _doubt_of(before) != _doubt_of(after)
        is_moved = before is None or before.origin_ms != after.origin_ms or before.boot_id != after.boot_id
        if is_other or is_moved or after.boot_s - self._saved_s >= _SAVE_EVERY_S:
            self._save()
        is_corrected = (
            before is not None and is_moved and abs((after.origin_ms or 0) - (before.origin_ms or 0)) > AGREE_MS
        )
        if before is not None and (is_other or is_corrected):
            _LOGGER.warning("%s", describe(after))
            self.on_change(before, after)
        elif after.in_doubt and before is None:
            _LOGGER.warning("%s", describe(after))
        return after

    def _now_of(self, record: ClockRecord) -> int:
        passed_ms = round((self._sources.boot_s() - record.boot_s) * 1000)
        return record.best_ms + passed_ms

    def _look_again(self) -> None:
        self._judged_s = float("-inf")
        self.look()

    def _load(self) -> ClockRecord | None:
        if self._path is None:
            return None
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=ClockRecord)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError) as error:
            _LOGGER.warning("what the clock showed before cannot be read from %s: %s", self._path, error)
            return None

    def _save(self) -> None:
        if self._path is None or self._record is None or not self._saves:
            return
        self._saved_s = self._record.boot_s
        part = self._path.with_name(f"{self._path.name}.writing")
        with suppress(OSError):  # the next look tries again; a full disk is said elsewhere
            part.write_bytes(msgspec.json.format(msgspec.json.encode(self._record), indent=1))
            part.replace(self._path)


def _doubt_of(record: ClockRecord) -> tuple[object, ...]:
    doubt = record.doubt
    return () if doubt is None else (doubt.cause, doubt.since_ms, doubt.is_certain)
