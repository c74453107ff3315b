"""Bounds, overflows and times of a session, without a server."""

from __future__ import annotations

import asyncio
import time as process_time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from asyncua import ua

from edge.sources.opcua import session as opcua_session
from edge.sources.opcua.session import OpcUaSession
from edge.sources.opcua.settings import OpcUaSettings
from headland.errors import RetryLater

CO2 = "ns=2;s=co2"
AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SETTINGS = msgspec.convert(
    {
        "name": "climate",
        "url": "opc.tcp://127.0.0.1:1",
        "device": "gh-1",
        "channel": [{"from": CO2, "channel": "co2_ppm", "unit": "ppm"}],
        "type": "opcua",
    },
    OpcUaSettings,
)


@pytest.fixture
def session() -> OpcUaSession:
    session = OpcUaSession(SETTINGS)
    session._names = {CO2: CO2}
    return session


@pytest.fixture
def _shanghai() -> Iterator[None]:
    """A gateway whose system has the local time of China."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Asia/Shanghai")
        process_time.tzset()
        yield
    process_time.tzset()


def notify(session: OpcUaSession, status: int = 0, name: str = CO2, time: datetime | None = AT) -> None:
    value = ua.DataValue(ua.Variant(612.0), ua.StatusCode(status), time)
    data = SimpleNamespace(monitored_item=SimpleNamespace(Value=value))
    session.datachange_notification(SimpleNamespace(nodeid=ua.NodeId.from_string(name)), 612.0, data)


def test_changes_beyond_the_bound_are_counted_and_not_kept(
    session: OpcUaSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opcua_session, "_MOST_WAITING", 2)
    for _ in range(5):
        notify(session)
    assert len(session.take()) == 2
    assert session.overflows == 3
    assert session.take() == []


def test_a_change_that_the_server_marks_as_the_first_after_lost_ones_is_counted(session: OpcUaSession) -> None:
    notify(session)
    notify(session, status=0x480)
    assert session.overflows == 1


def test_a_change_of_a_variable_that_nobody_asked_for_is_left_out(session: OpcUaSession) -> None:
    notify(session, name="ns=2;s=other")
    assert session.take() == []
    assert session.overflows == 0


@pytest.mark.parametrize("time", [AT.replace(tzinfo=None), AT, AT.astimezone(timezone(timedelta(hours=8)))])
@pytest.mark.usefixtures("_shanghai")
def test_times_are_utc_with_or_without_saying_so(session: OpcUaSession, time: datetime) -> None:
    notify(session, time=time)
    assert session.take()[0].time_ms == round(AT.timestamp() * 1000)


def test_an_answer_with_another_number_of_values_is_a_lost_connection(session: OpcUaSession) -> None:
    async def read(parameters: Any) -> list[Any]:
        del parameters
        return []

    session._client = SimpleNamespace(uaclient=SimpleNamespace(read=read))
    with pytest.raises(RetryLater, match="another number of values"):
        asyncio.run(session.read([CO2]))
