"""Publisher of the farm's alarm rules to its gateways, retained, each signed with the gateway's key."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Final

from headland.clock import MACHINE_CLOCK, MachineClock
from headland.contract.ack_keys import derive_ack_key
from headland.contract.gateway_rules import encode_rules, revision_of
from headland.contract.topics import rules_topic
from ingest.mqtt.broker_client import publish_once
from ingest.settings import IngestSettings

#: Gateways whose last sending is remembered; names come from the farm's own registry.
_MOST_GATEWAYS: Final = 10_000


@dataclass(frozen=True, slots=True)
class SentRules:
    """The last sending to a gateway: the revision, when the broker first had it, and why it has it not."""

    revision: str
    time_ms: int | None = None
    trouble: str = ""


class RulesPublisher:
    """Publishes in a session of its own: a broker that refuses the topic does not disturb the acks. From any thread."""

    def __init__(self, settings: IngestSettings, clock: MachineClock = MACHINE_CLOCK) -> None:
        self._settings = settings
        self._clock = clock
        self._lock = threading.Lock()
        self._sent: dict[str, SentRules] = {}

    def send(self, gateway: str, number: int, content: bytes) -> None:
        """Publish the rules of a gateway under a number, and note what the broker said."""
        secret = self._settings.ack_secret
        key = None if secret is None else derive_ack_key(secret, gateway)
        payload = encode_rules(gateway, number, content, key)
        trouble = publish_once(
            self._settings, f"rules-{self._settings.client_id}", rules_topic(gateway), payload, retain=True
        )
        self._note(gateway, SentRules(revision_of(content), None if trouble else self._clock.now_ms(), trouble))

    def sent(self) -> dict[str, SentRules]:
        """Return the last sending to each gateway since the start."""
        with self._lock:
            return dict(self._sent)

    def _note(self, gateway: str, sent: SentRules) -> None:
        with self._lock:
            before = self._sent.pop(gateway, None)
            if before is not None and before.revision == sent.revision and before.time_ms is not None:
                sent = replace(sent, time_ms=before.time_ms)
            self._sent[gateway] = sent
            if len(self._sent) > _MOST_GATEWAYS:
                del self._sent[next(iter(self._sent))]
