"""The thread that judges the rules of alarms at the station."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from api.ops.readiness import Check
from api.schemas.gateways import Gateway
from headland.alarms.default_rules import add_default_rules
from headland.alarms.evaluator import AlarmEvaluator
from headland.clock import wall_clock_ms
from headland.errors import HeadlandError, RetryLater
from headland.registry.registry import Registry
from station.server.notifications.webhook_publisher import WebhookPublisher
from station.server.organisation import ensure_organisation

if TYPE_CHECKING:
    from headland.store.port import Store

_LOGGER = logging.getLogger(__name__)

_JUDGE_EVERY_S: Final = 15.0
#: Another process takes over when this one has not judged for so long.
_HOLD_MS: Final = 90_000


class AlarmWorker:
    """Judges round by round while no other process does. Where store or registry are away it tries again."""

    def __init__(
        self,
        registry: Registry,
        store: Store,
        handle: str,
        gateways: Callable[[], Sequence[Gateway]] | None,
        *,
        has_broker: bool = False,
    ) -> None:
        self._webhooks = WebhookPublisher(
            registry, store, handle, ensure_organisation(registry, handle, "station"), gateways
        )
        self._repositories = ensure_organisation(registry, handle, "station")
        self._gateways = gateways
        self._has_broker = has_broker
        self._told: Mapping[str, Mapping[str, float]] = {}
        self._evaluator = AlarmEvaluator(store, self._repositories, handle, self._ask_gateways)
        self._name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="alarm-keeper", daemon=True)
        self._trouble = ""
        self._webhook_trouble = ""
        self._posts = 0
        self._holds = False

    def start(self) -> None:
        """Put the rules that come along in place, and begin."""
        add_default_rules(self._repositories, has_broker=self._has_broker)
        self._thread.start()

    def stop(self) -> None:
        """End after the round under way, and let another process judge at once."""
        self._stop.set()
        self._thread.join()
        self.stop_judging()

    def stop_judging(self) -> None:
        """Keep where the rules stand, and let another process judge; where that cannot be kept it is judged again."""
        if self._holds:
            self._holds = False
            with suppress(HeadlandError):
                self._evaluator.write()
                self._repositories.alarms.let_go(self._name)

    def counters(self) -> Mapping[str, int]:
        """Return how many rounds were made, how often a rule was judged on a subject, and how much was to be said."""
        counts = {f"alarm_{name}": self._evaluator.counts[name] for name in ("rounds", "judged", "notices")}
        return {**counts, "webhook_posts": self._posts}

    def check(self) -> Check:
        """Tell whether rules are judged, here or by another process."""
        alive = self._thread.is_alive()
        return Check("alarms", alive, self._trouble or ("judged" if alive else "the thread has ended; see the log"))

    def judge(self) -> bool:
        """Do one round; False while another process does them. Raises HeadlandError."""
        holds = self._repositories.alarms.hold(self._name, _HOLD_MS)
        if holds and not self._holds:
            self._evaluator.forget()
        self._holds = holds
        if holds:
            self._evaluator.round(wall_clock_ms())
            self._tell_webhooks()
        return holds

    def _tell_webhooks(self) -> None:
        """Tell apps what is new; that this fails is no reason to judge no alarms."""
        try:
            self._posts += self._webhooks.round(wall_clock_ms())
            trouble = ""
        except HeadlandError as error:
            trouble = str(error)
        if trouble and trouble != self._webhook_trouble:
            _LOGGER.warning("Webhooks are not told now: %s", trouble)
        self._webhook_trouble = trouble

    def _ask_gateways(self) -> Mapping[str, Mapping[str, float]]:
        """Return what gateways say of themselves; what they said before while nobody can be asked."""
        if self._gateways is not None:
            now_ms = wall_clock_ms()
            with suppress(RetryLater):
                self._told = {gateway.id: gateway_values(gateway, now_ms) for gateway in self._gateways()}
        return self._told

    def _run(self) -> None:
        while True:
            try:
                self.judge()
                trouble = ""
            except HeadlandError as error:
                trouble = str(error)
            if trouble and trouble != self._trouble:
                _LOGGER.warning("Alarms are not judged now: %s", trouble)
            self._trouble = trouble
            if self._stop.wait(_JUDGE_EVERY_S):
                return


def gateway_values(gateway: Gateway, now_ms: int) -> dict[str, float]:
    """Return what rules may look at of a gateway; what nobody knows is left out."""
    spool = gateway.spool
    values: dict[str, float] = {}
    if gateway.online is not None:
        values["gateway_offline"] = float(not gateway.online)
    if gateway.online:
        # Of one that is away its last words say nothing of its spool now.
        values |= {
            "gateway_spool_records": float(spool.records),
            "gateway_spool_bytes": float(spool.bytes),
            "gateway_spool_age_s": 0.0 if spool.oldest_ms is None else max(0, now_ms - spool.oldest_ms) / 1000.0,
            "gateway_dropped_records": float(spool.dropped_records),
            "gateway_trouble": float(bool(spool.trouble)),
        }
    if gateway.last_status_ms is not None:
        values["gateway_status_age_s"] = max(0, now_ms - gateway.last_status_ms) / 1000.0
    return values
