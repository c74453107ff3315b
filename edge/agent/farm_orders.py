"""Orders of the farm to this gateway: each is checked, carried out once, and answered.

A survey runs on a thread of its own, one at a time; everything else is done by the agent's thread.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping
from typing import Final

from edge.agent.sources.farm_sources import FarmSources
from headland.contract.gateway_orders import (
    MAX_ORDER_BYTES,
    VERSION,
    AnswerState,
    FoundSource,
    GatewayAnswer,
    GatewayRun,
    ListSources,
    Order,
    PutSource,
    ReceivedOrder,
    RemoveSource,
    SurveyBroker,
    SurveyModbus,
    decode_order,
    encode_answer,
)
from headland.errors import HeadlandError
from headland.runtime.supervised_thread import SupervisedThread

_LOGGER = logging.getLogger(__name__)

_MOST_WAITING: Final = 16


class FarmOrders:
    """Orders that were received. `offer` is called by the uplink's thread, all else by the agent's."""

    def __init__(self, run: GatewayRun, key: str | None, sources: FarmSources, answer: Callable[[bytes], None]) -> None:
        self._run, self._key = run, key
        self._sources = sources
        self._answer = answer
        self._waiting: deque[bytes] = deque(maxlen=_MOST_WAITING)
        #: When the last order was given: one that is not later was carried out already, or never will be.
        self._last_ms = 0
        self._last_id = ""
        self._counts: Counter[str] = Counter()
        self._survey = _Survey()

    def offer(self, payload: bytes) -> None:
        """Note a message for the next `take`; from any thread, at once."""
        self._waiting.append(payload[: MAX_ORDER_BYTES + 1])  # enough to be refused as too large

    def take(self, now_ms: int) -> None:
        """Carry out the orders that were offered, and answer them."""
        while self._waiting:
            received = decode_order(self._waiting.popleft(), self._run, self._key)
            if isinstance(received, ReceivedOrder) and received.id == self._last_id:
                self._counts["repeated"] += 1
                continue
            if isinstance(received, ReceivedOrder) and received.t_ms <= self._last_ms:
                received = "not_later"  # the broker may deliver a message twice, or somebody repeats one
            if not isinstance(received, ReceivedOrder) or self._key is None:
                _LOGGER.warning("an order was refused: %s", received)
                self._counts[f"refused_{received}"] += 1
                continue
            if received.is_current(now_ms):
                self._last_ms, self._last_id = received.t_ms, received.id
                answer = self._try(received)
                self._counts["not_possible" if answer.state is AnswerState.REFUSED else "done"] += 1
            else:
                answer = self._expired(received, now_ms)
                self._counts["refused_not_current"] += 1
            self._answer(encode_answer(answer, self._key))

    def counters(self) -> Mapping[str, int]:
        """Return the numbers of orders so far: done, not possible here, and refused by reason."""
        return {f"farm_orders_{name}": count for name, count in sorted(self._counts.copy().items())}

    def stop(self) -> None:
        """End a survey that runs."""
        self._survey.stop()

    def _expired(self, received: ReceivedOrder, now_ms: int) -> GatewayAnswer:
        """Return the answer to an order that came late, or by a clock that differs from this one."""
        off_s = abs(now_ms - received.t_ms) // 1000
        why = f"the order is {off_s} s from the gateway's clock: set the clocks of gateway and station, then try again"
        _LOGGER.warning("an order was refused: %s", why)
        return GatewayAnswer(v=VERSION, gw=self._run.gateway, id=received.id, state=AnswerState.REFUSED, why=why)

    def _try(self, received: ReceivedOrder) -> GatewayAnswer:
        """Carry out an order; what fails in a way that nobody foresaw is refused, and the gateway goes on."""
        try:
            return self._carry_out(received.id, received.order)
        except Exception as error:
            _LOGGER.exception("an order failed")
            why = f"the gateway could not do it ({type(error).__name__}): see its log"
            return GatewayAnswer(v=VERSION, gw=self._run.gateway, id=received.id, state=AnswerState.REFUSED, why=why)

    def _carry_out(self, order_id: str, order: Order) -> GatewayAnswer:
        why, state = "", AnswerState.APPLIED
        found: tuple[FoundSource, ...] = ()
        match order:
            case SurveyBroker() | SurveyModbus():
                why = self._survey.start(order)
                state = AnswerState.RUNNING
            case PutSource(source=source):
                why = self._sources.put(source)
                _LOGGER.info("the farm's source %s: %s", source.name, why or "applied")
            case RemoveSource(name=name):
                why = self._sources.remove(name)
                _LOGGER.info("the farm's source %s is removed: %s", name, why or "applied")
            case ListSources():
                state = AnswerState.DONE
            case _:
                state, why, found = self._survey.result()
        if why and state is not AnswerState.DONE:
            state = AnswerState.REFUSED
        return GatewayAnswer(
            v=VERSION,
            gw=self._run.gateway,
            id=order_id,
            state=state,
            why=why,
            found=found,
            sources=self._sources.sources if isinstance(order, ListSources | PutSource | RemoveSource) else (),
        )


class _Survey:
    """The last survey: it runs, or has found something, or could not."""

    def __init__(self) -> None:
        self._thread: SupervisedThread | None = None
        self._found: tuple[FoundSource, ...] = ()
        self._why = ""

    def start(self, order: SurveyBroker | SurveyModbus) -> str:
        """Begin a survey; return why that cannot be, or ""."""
        if self._thread is not None and self._thread.is_alive():
            return "a survey runs already: wait for its end"
        self._found, self._why = (), ""
        thread = SupervisedThread("survey", lambda: self._run(order, thread.stopping), overdue_after_s=None)
        self._thread = thread
        thread.start()
        return ""

    def result(self) -> tuple[AnswerState, str, tuple[FoundSource, ...]]:
        """Return how the survey stands, why it could not be made, and what it found."""
        if self._thread is None:
            return AnswerState.REFUSED, "no survey was made since the gateway started", ()
        if self._thread.is_alive():
            return AnswerState.RUNNING, "", ()
        return AnswerState.DONE, self._why, self._found

    def stop(self) -> None:
        """End it."""
        if self._thread is not None:
            self._thread.stopping.set()

    def _run(self, order: SurveyBroker | SurveyModbus, stop: threading.Event) -> None:
        """Make the survey; its failure is its result, and it is made once."""
        try:
            self._found = tuple(_look(order, stop))
        except HeadlandError as error:
            self._why = str(error)
        except Exception as error:
            _LOGGER.exception("a survey failed")
            self._why = f"the gateway could not search ({type(error).__name__}): see its log"
        stop.set()


def _look(order: SurveyBroker | SurveyModbus, stop: threading.Event) -> list[FoundSource]:
    """Return what is found; imports what it needs only here: a gateway at rest has no use for it."""
    if isinstance(order, SurveyModbus):
        from edge.survey.modbus_units import survey_units

        return survey_units(order, stop)
    from edge.sources.mqtt.settings import MqttSettings
    from edge.survey.found import found_sources
    from edge.survey.listener import listen

    settings = MqttSettings(
        name="listen",
        format="json",
        host=order.host,
        port=order.port,
        topic="#",
        username=order.username,
        password=order.password,
    )
    return found_sources(listen(settings, order.seconds, stop).topics, order)
