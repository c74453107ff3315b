"""Session with an OPC UA server by asyncua: connect, read, subscribe. Imports asyncua when it is used."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from edge.sources.opcua.settings import OpcUaSettings
from edge.sources.opcua.variables import VariableValue
from headland.errors import RetryLater

if TYPE_CHECKING:
    from asyncua import Client, ua

#: asyncua logs every lost connection with a trace; here it is counted, and logged once.
logging.getLogger("asyncua").setLevel(logging.CRITICAL)

#: Variables in one request: small servers take no more.
_AT_ONCE: Final = 50
#: What a server may keep of one variable between two publications.
_QUEUE: Final = 100
_CLOSE_S: Final = 0.5
#: The state of the server, which every server has: read to see that it is there.
_SERVER_STATE: Final = "i=2259"
#: Values that wait for the gateway.
_MOST_WAITING: Final = 20_000
_OVERFLOW: Final = 0x480


class OpcUaSession:
    """One connection. `read`, `subscribe` and `is_alive` raise RetryLater where it is lost."""

    def __init__(self, settings: OpcUaSettings) -> None:
        self._settings = settings
        self._client: Client | None = None
        self._waiting: list[VariableValue] = []
        self._names: dict[str, str] = {}
        #: Whether values arrived that were not taken yet.
        self.has_values = asyncio.Event()
        self.overflows = 0

    async def open(self) -> None:
        """Connect. Raises RetryLater with a sentence."""
        with self._telling_loss():
            self._client = client = self._make_client()
            await asyncio.wait_for(client.connect(), 2 * self._settings.timeout_s)

    async def read(self, node_ids: Sequence[str]) -> list[VariableValue]:
        """Return the present values of variables."""
        from asyncua import ua

        found: list[VariableValue] = []
        for first in range(0, len(node_ids), _AT_ONCE):
            names = node_ids[first : first + _AT_ONCE]
            items = [ua.ReadValueId(NodeId=ua.NodeId.from_string(name)) for name in names]
            for item in items:
                item.AttributeId = ua.AttributeIds.Value
            parameters = ua.ReadParameters()
            parameters.TimestampsToReturn = ua.TimestampsToReturn.Source
            parameters.NodesToRead = items
            with self._telling_loss():
                answers = await asyncio.wait_for(self._use().uaclient.read(parameters), self._settings.timeout_s)
                if len(answers) != len(names):
                    raise ValueError("its answer has another number of values")
            found += [_value_of(name, answer) for name, answer in zip(names, answers, strict=True)]
        return found

    async def subscribe(self, node_ids: Sequence[str], period_s: float) -> None:
        """Have the server send each change of variables; `take` returns them."""
        from asyncua import ua

        self._names = {ua.NodeId.from_string(name).to_string(): name for name in node_ids}
        with self._telling_loss():
            subscription = await self._use().create_subscription(1000 * period_s, self)
            for first in range(0, len(node_ids), _AT_ONCE):
                nodes = [self._use().get_node(name) for name in node_ids[first : first + _AT_ONCE]]
                handles = await subscription.subscribe_data_change(nodes, queuesize=_QUEUE)
                for node, handle in zip(nodes, handles if isinstance(handles, list) else [handles], strict=False):
                    if isinstance(handle, ua.StatusCode):
                        name = self._names[node.nodeid.to_string()]
                        self._waiting.append(VariableValue(name, None, handle.value, None))
            self.has_values.set()

    def datachange_notification(self, node: Any, value: object, data: Any) -> None:
        """Take a change, as asyncua calls it."""
        del value
        name = self._names.get(node.nodeid.to_string())
        if name is not None and len(self._waiting) < _MOST_WAITING:
            self._waiting.append(_value_of(name, data.monitored_item.Value))
            self.overflows += self._waiting[-1].status & _OVERFLOW == _OVERFLOW
        else:
            self.overflows += name is not None
        self.has_values.set()

    def take(self) -> list[VariableValue]:
        """Return the changes that arrived, in their order."""
        self.has_values.clear()
        waiting, self._waiting = self._waiting, []
        return waiting

    async def is_alive(self) -> None:
        """Ask for the server's state."""
        await self.read([_SERVER_STATE])

    async def close(self) -> None:
        """Disconnect, as far as the server lets it."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(Exception):
                await asyncio.wait_for(client.disconnect(), _CLOSE_S)

    def _make_client(self) -> Client:
        from asyncua import Client

        settings = self._settings
        client = Client(settings.url, timeout=settings.timeout_s)
        if settings.username is not None:
            client.set_user(settings.username)
            client.set_password(settings.password or "")
        return client

    def _use(self) -> Client:
        if self._client is None:
            raise RetryLater(f"{self._settings.url} is not connected")
        return self._client

    @contextmanager
    def _telling_loss(self) -> Iterator[None]:
        """Raise RetryLater for whatever a server can cause."""
        try:
            yield
        except RetryLater:
            raise
        except Exception as error:
            # Errors of asyncua, of sockets and of bytes that it cannot read have no base of their own, and none of them
            # may end the source.
            why = str(error) or type(error).__name__
            raise RetryLater(f"no answer of {self._settings.url}: {why}") from error


def _value_of(name: str, answer: ua.DataValue) -> VariableValue:
    value = None if answer.Value is None else answer.Value.Value
    status = 0 if answer.StatusCode is None else int(answer.StatusCode.value)
    return VariableValue(name, value, status, _time_ms(answer.SourceTimestamp))


def _time_ms(time: datetime | None) -> int | None:
    """Return a time of asyncua, which is UTC with or without saying so, as epoch ms."""
    if time is None:
        return None
    aware = time.replace(tzinfo=UTC) if time.tzinfo is None else time
    try:
        return round(aware.timestamp() * 1000)
    except (ValueError, OverflowError):
        return None


def status_names() -> dict[int, str]:
    """Return the names of the status codes."""
    from asyncua import ua

    return {code: name for name, code in vars(ua.StatusCodes).items() if isinstance(code, int)}
