"""Thread that sends the farm's alarm rules to its gateways."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from headland.alarms.rules.gateway_rules import Sending, SiteRules, number_to_send, rules_of_gateways
from headland.clock import wall_clock_ms
from headland.contract.gateway_state import GatewayState, RulesState
from headland.registry.registry import Registry
from headland.runtime.supervised_thread import SupervisedThread, SupervisedWorker
from station.server.organisation import ensure_organisation

#: How often the registry is asked whether anything changed, and how often what gateways report is looked at.
_CHECK_EVERY_S: Final = 2.0
_REPORTS_EVERY_MS: Final = 20_000


class GatewayRulesSender(SupervisedWorker):
    """Sends each gateway its rules soon after any change of the registry, and again to one that reports others.

    Several on one registry do no harm: the same change has the same number and content. Retries while registry or
    ingest are not reachable. `send` has a gateway's name, the number and the content.
    """

    def __init__(
        self,
        registry: Registry,
        handle: str,
        gateways: Callable[[], Sequence[GatewayState]],
        send: Callable[[str, int, bytes], None],
        now_ms: Callable[[], int] = wall_clock_ms,
    ) -> None:
        self._registry = registry
        self._repositories = ensure_organisation(registry, handle, "station")
        self._gateways, self._send_rules, self._now_ms = gateways, send, now_ms
        self._thread = SupervisedThread("gateway-rules", self.send_changes, every_s=_CHECK_EVERY_S)
        self._number: int | None = None
        self._rules: Mapping[str, SiteRules] = {}
        self._sent: dict[str, Sending] = {}
        self._looked_ms: int | None = None
        self._count = 0

    def counters(self) -> Mapping[str, int]:
        """Return the number of messages since the start."""
        return {"gateway_rules_sent": self._count}

    def send_changes(self) -> None:
        """Send what changed since the last call, and what gateways lack. Raises HeadlandError."""
        number, now_ms = self._change_number(), self._now_ms()
        is_changed = number != self._number
        has_looked = self._looked_ms is not None and 0 <= now_ms - self._looked_ms < _REPORTS_EVERY_MS
        if has_looked and not is_changed:
            return
        if is_changed:
            rules = rules_of_gateways(self._repositories)
            if self._change_number() != number:
                return  # changed meanwhile: a number is for one content only
            self._rules = rules
        states = {state.id: state.rules for state in self._gateways()}
        for gateway, current in self._rules.items():
            with self._thread.items.isolate(f"The alarm rules of gateway {gateway}"):
                self._send(gateway, current, states.get(gateway, RulesState()), number, now_ms)
            self._thread.succeed()
            if self._thread.stopping.is_set():
                return
        self._number, self._looked_ms = number, now_ms

    def _send(self, gateway: str, current: SiteRules, state: RulesState, number: int, now_ms: int) -> None:
        to_send = number_to_send(current, self._sent.get(gateway), state, number, now_ms)
        if to_send is not None:
            self._send_rules(gateway, to_send, current.content)
            self._sent[gateway] = Sending(current.revision, now_ms)
            self._count += 1

    def _change_number(self) -> int:
        """Return a number that grows with each change of the organisation's records."""
        return int(self._registry.change_mark(self._repositories.organisation)[0] or 0)
