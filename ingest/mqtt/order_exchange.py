"""Exchange with a gateway: an order is published, and its signed answer awaited, in a session of its own."""

from __future__ import annotations

import secrets
import threading
import time
from typing import Any, Final

import msgspec
from paho.mqtt.enums import MQTTErrorCode

from headland.clock import MACHINE_CLOCK, MachineClock
from headland.contract.ack_keys import derive_ack_key
from headland.contract.gateway_orders import (
    GatewayAnswer,
    GatewayRun,
    Order,
    OrderOutcome,
    PutSource,
    RemoveSource,
    decode_answer,
    encode_order,
)
from headland.contract.texts import displayable
from headland.contract.topics import answer_topic, order_topic
from headland.errors import RetryLater
from headland.i18n.sentences import translate_sentence
from ingest.mqtt.broker_client import ANSWER_S, broker_client
from ingest.settings import IngestSettings

_POLL_S: Final = 0.1
#: How long a gateway that is online may take: it looks for orders every two seconds.
_WAIT_S: Final = 12.0
#: A gateway that has just connected may not listen yet; it carries out an order once, however often it comes.
_AGAIN_S: Final = 3.0


class _NotAnswered(RetryLater):
    """No answer came within the time."""


class OrderExchange:
    """Gives orders one at a time, each later than the one before: a gateway takes none that is not. From any thread."""

    def __init__(self, settings: IngestSettings, clock: MachineClock = MACHINE_CLOCK) -> None:
        self._settings = settings
        self._clock = clock
        self._lock = threading.Lock()
        self._last_ms = 0

    def order(self, run: GatewayRun, order: Order) -> OrderOutcome:
        """Return the answer of one run of a gateway to an order. Raises RetryLater where it does not answer."""
        if self._settings.ack_secret is None:
            raise RetryLater("this ingest has no ack secret, with which orders to gateways are signed")
        key = derive_ack_key(self._settings.ack_secret, run.gateway)
        if not self._lock.acquire(timeout=_WAIT_S):
            raise RetryLater("another order to a gateway is under way: try again")
        try:
            self._last_ms = max(self._clock.now_ms(), self._last_ms + 1)
            order_id = secrets.token_hex(8)
            payload = encode_order(run, order_id, self._last_ms, order, key)
            answer = _exchange(self._settings, run.gateway, order_id, payload, key)
        except _NotAnswered as error:
            raise RetryLater(_why_silent(run.gateway, order)) from error
        finally:
            self._lock.release()
        return OrderOutcome(
            state=answer.state,
            why=displayable(answer.why),
            why_zh=translate_sentence(answer.why, "zh") or "",
            found=answer.found,
            # A gateway answers without passwords; one that did not would be no reason to show one.
            sources=tuple(msgspec.structs.replace(source, password=None) for source in answer.sources),
        )


def _exchange(settings: IngestSettings, gateway: str, order_id: str, payload: bytes, key: str) -> GatewayAnswer:
    answers: list[GatewayAnswer] = []
    faults: list[str] = []
    client = broker_client(settings, f"order-{order_id}", connect_s=ANSWER_S)

    def on_connect(_client: Any, _data: object, _flags: object, reason: Any, _properties: object) -> None:
        if reason.is_failure:
            faults.append(str(reason))
        else:
            client.subscribe(answer_topic(gateway), qos=1)

    def on_message(_client: Any, _data: object, message: Any) -> None:
        answer = decode_answer(message.payload, gateway, order_id, key)
        if answer is not None:
            answers.append(answer)

    client.on_connect = on_connect
    client.on_message = on_message
    client.on_subscribe = lambda *_: client.publish(order_topic(gateway), payload, qos=1)
    try:
        client.connect(settings.host, settings.port, settings.keepalive_s)
        deadline_s = time.monotonic() + _WAIT_S
        again_s = time.monotonic() + _AGAIN_S
        # No thread of the library: this one waits anyway.
        while not (answers or faults) and time.monotonic() < deadline_s:
            if time.monotonic() >= again_s:
                again_s += _AGAIN_S
                client.publish(order_topic(gateway), payload, qos=1)
            if client.loop(_POLL_S) != MQTTErrorCode.MQTT_ERR_SUCCESS:
                faults.append("the connection is lost")
    except (OSError, ValueError, RuntimeError) as error:
        raise RetryLater(f"the broker cannot be reached: {error}") from error
    finally:
        client.disconnect()
    if answers:
        return answers[0]
    if faults:
        raise RetryLater(f"the broker refused: {faults[0]}")
    raise _NotAnswered(gateway)


def _why_silent(gateway: str, order: Order) -> str:
    """Return what a missing answer means: what changes a gateway may have been carried out all the same."""
    if isinstance(order, PutSource | RemoveSource):
        return (
            f"the gateway {gateway} did not answer: whether it carried the order out is not known; "
            "give it again when the gateway is online"
        )
    return f"the gateway {gateway} does not answer: it is offline, or older than this station"
