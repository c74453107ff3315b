"""Thread that evaluates the alarm rules of the station, those on the weather to come included."""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from headland.alarms.rounds.evaluator import AlarmEvaluator
from headland.alarms.rules.default_rules import add_default_rules
from headland.alarms.rules.targets import STATION, in_real_time
from headland.analysis.plant_protection.harvest_alarms import alarms_of_records
from headland.clock import since_boot_s, wall_clock_ms
from headland.contract.gateway_state import GatewayState
from headland.errors import HeadlandError, RetryLater
from headland.i18n import Language
from headland.registry.registry import Registry
from headland.runtime.readiness import Check
from headland.runtime.supervised_thread import SupervisedThread, ThreadStatus
from station.server.notifications.webhook_publisher import WebhookPublisher
from station.server.organisation import ensure_organisation
from station.server.site_outlooks import SiteOutlooks

if TYPE_CHECKING:
    from headland.store.port import Store

#: Time between two rounds without new data, where this process is told of new data and where it is not.
_EVALUATE_EVERY_S: Final = 15.0
_LOOK_EVERY_S: Final = 5.0
#: The longest wait after a failed round: the check fails until one succeeds.
_LONGEST_RETRY_S: Final = 8.0
#: The shortest time between two rounds, and how much longer it is than the processor time of the last one: at most a
#: twentieth of a core.
_REST_S: Final = 2.0
_REST_FACTOR: Final = 20.0
#: Lifetime of this process's lease on the alarms: without a renewal another process takes over.
_LEASE_MS: Final = 90_000
#: Age at which the lease is renewed: not each round, as each renewal is written to the disk.
_RENEW_AFTER_MS: Final = 30_000


class AlarmWorker:
    """Evaluates all alarm rules soon after each commit, in one process at a time.

    Every 15 s without commits, and every 5 s where no commits are handed over (`is_told` is false). Retries while store
    or registry are away. `on_notices` is called where there are new notices.
    """

    def __init__(
        self,
        registry: Registry,
        store: Store,
        handle: str,
        gateways: Callable[[], Sequence[GatewayState]] | None,
        *,
        has_broker: bool = False,
        language: Language = "en",
        is_told: bool = True,
        on_notices: Callable[[], object] = lambda: None,
        simulated_lag_ms: Callable[[int], int] = in_real_time,
        now_ms: Callable[[], int] = wall_clock_ms,
        in_doubt: Callable[[], bool] = lambda: False,
        station_values: Callable[[], Mapping[str, float]] = dict,
        up_s: Callable[[], float] = since_boot_s,
        shown_ms: Callable[[], int] | None = None,
    ) -> None:
        self._station_values = station_values
        self._now_ms, self._in_doubt, self._up_s = now_ms, in_doubt, up_s
        self._shown_ms = now_ms if shown_ms is None else shown_ms
        self._thread = SupervisedThread(
            "alarm-worker",
            self.evaluate,
            every_s=_EVALUATE_EVERY_S if is_told else _LOOK_EVERY_S,
            retry_wait_s=lambda failed: min(_LONGEST_RETRY_S, 2.0 ** min(failed - 1, 10)),
            rest_s=lambda: max(_REST_S, _REST_FACTOR * self._processor_s),
        )
        self._on_notices = on_notices
        self._processor_s = 0.0
        self._webhooks = WebhookPublisher(
            registry, store, handle, ensure_organisation(registry, handle, "station"), gateways, self._thread.items
        )
        self._repositories = ensure_organisation(registry, handle, "station")
        self._gateways = gateways
        self._has_broker, self._language = has_broker, language
        self._gateway_values: Mapping[str, Mapping[str, float]] = {}
        self._evaluator = AlarmEvaluator(
            store,
            self._repositories,
            handle,
            self._read_gateways,
            self._thread.items,
            simulated_lag_ms,
            alarms_of_records(self._repositories),
            SiteOutlooks(store, registry, handle).outlook,
        )
        self._name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self._webhook_posts = 0
        self._has_lease = False
        self._leased_ms = 0

    def start(self) -> None:
        """Add the default rules and start the thread."""
        add_default_rules(self._repositories, has_broker=self._has_broker, language=self._language)
        self._thread.start()

    def stop(self) -> None:
        """Finish the current round, end the thread and release the lease."""
        self._thread.stop()
        self.release()

    def wake(self) -> None:
        """Evaluate soon: there is new data. From any thread."""
        self._thread.wake()

    def release(self) -> None:
        """Save the state of the rules and release the lease; where that fails, the next process evaluates again."""
        if self._has_lease:
            self._has_lease = False
            with suppress(HeadlandError):
                self._evaluator.write()
                self._repositories.alarms.release_lease(self._name)

    def counters(self) -> Mapping[str, int]:
        """Return the number of rounds, evaluations and notices since the start."""
        counts = {f"alarm_{name}": self._evaluator.counts[name] for name in ("rounds", "judged", "notices")}
        return {
            **counts,
            "alarm_unstored": len(self._evaluator.retries),
            "webhook_posts": self._webhook_posts,
            "webhook_unqueued": self._webhooks.unqueued,
            "webhook_dropped": self._webhooks.dropped,
        }

    def check(self) -> Check:
        """Return the readiness check: whether rules are evaluated, here or by another process.

        It fails from a failed round to the next one that succeeds.
        """
        thread = self._thread.status()
        # One item that cannot be stored is no reason to take the station away: all others are.
        waits = self._evaluator.retries.sentence(self._now_ms())
        if self._webhooks.unqueued:
            waits = f"{waits}; " if waits else ""
            waits += f"{self._webhooks.unqueued} events could not be queued for their webhooks and are tried again"
        trouble = thread.fault or thread.trouble
        return Check("alarms", not trouble, trouble or waits or "evaluated")

    def threads(self) -> list[ThreadStatus]:
        """Return the status of the thread."""
        return [self._thread.status()]

    def evaluate(self) -> bool:
        """Do one round; return False where another process has the lease. Raises HeadlandError."""
        began_s = time.thread_time()
        try:
            has_lease = self._acquire_lease(self._now_ms())
            if has_lease and not self._has_lease:
                self._evaluator.forget()
            self._has_lease = has_lease
            if has_lease:
                posts = self._webhook_posts
                notices = self._evaluator.round(
                    self._now_ms(), in_doubt=self._in_doubt(), up_s=self._up_s(), shown_ms=self._shown_ms()
                ).notices
                self._publish_webhooks()
                if notices or self._webhook_posts > posts:
                    self._on_notices()
            return has_lease
        finally:
            self._processor_s = time.thread_time() - began_s

    def _acquire_lease(self, now_ms: int) -> bool:
        """Return whether this process has the lease; renew it where it is not new."""
        if self._has_lease and 0 <= now_ms - self._leased_ms < _RENEW_AFTER_MS:
            return True
        has_lease = self._repositories.alarms.acquire_lease(self._name, _LEASE_MS)
        self._leased_ms = now_ms
        return has_lease

    def _publish_webhooks(self) -> None:
        """Publish new events to webhooks; an error here does not stop the alarms."""
        with self._thread.items.isolate("The publishing of webhooks"):
            self._webhook_posts += self._webhooks.round(self._now_ms())

    def _read_gateways(self) -> Mapping[str, Mapping[str, float]]:
        """Return the values of all gateways, the last known ones while ingest does not respond, and of the station."""
        own = self._station_values()
        values = self._ask_gateways()
        return {**values, STATION: {**values.get(STATION, {}), **own}} if own else values

    def _ask_gateways(self) -> Mapping[str, Mapping[str, float]]:
        if self._gateways is None:
            return self._gateway_values
        now_ms, values = self._now_ms(), dict[str, Mapping[str, float]]()
        # What one gateway says of itself keeps no rule from being evaluated for all others.
        with suppress(RetryLater), self._thread.items.isolate("The gateways"):
            for gateway in self._gateways():
                with self._thread.items.isolate(f"Gateway {gateway.id}"):
                    values[gateway.id] = gateway_values(gateway, now_ms)
            self._gateway_values = values
        return self._gateway_values


def gateway_values(gateway: GatewayState, now_ms: int) -> dict[str, float]:
    """Return the values of a gateway that rules can use; unknown values are left out."""
    spool = gateway.spool
    values: dict[str, float] = {}
    if gateway.online is not None:
        values["gateway_offline"] = float(not gateway.online)
    if gateway.online:
        # The last report of an offline gateway does not describe its spool any more.
        values |= {
            "gateway_spool_records": float(spool.records),
            "gateway_spool_bytes": float(spool.bytes),
            "gateway_spool_age_s": 0.0 if spool.oldest_ms is None else max(0, now_ms - spool.oldest_ms) / 1000.0,
            "gateway_dropped_records": float(spool.dropped_records),
            "gateway_trouble": float(bool(spool.trouble)),
        }
    if gateway.last_status_ms is not None:
        values["gateway_status_age_s"] = max(0, now_ms - gateway.last_status_ms) / 1000.0
    recent = gateway.recent
    return values | {
        "gateway_refused_messages": float(recent.quarantined),
        "gateway_conflicting_samples": float(recent.conflicting),
        "gateway_differing_records": float(recent.other_content),
        "gateway_turns": float(recent.alternations),
        "gateway_lost_records": float(gateway.loss),
    }
