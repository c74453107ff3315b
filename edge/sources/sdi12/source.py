"""SDI-12 source: the sensors of one line, measured on a fixed grid."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from edge.sources.connection.reconnect import Attempts
from edge.sources.connection.schedule import PollSchedule
from edge.sources.devices.device import SourceDevice
from edge.sources.retried_source import RetriedSource
from edge.sources.sdi12.bus import NoAnswer, Sdi12Bus
from edge.sources.sdi12.sensor import Sensor
from edge.sources.sdi12.settings import Sdi12Settings
from edge.sources.source import Sink
from headland.contract.records import Clock
from headland.errors import RetryLater

_COUNTERS: Final = (
    "polls", "rows", "connects", "lost", "no_answer", "unanswered", "missed_slots", "out_of_range",
    "bad_crc", "bad_form", "stray_lines", "values_missing", "service_requests",
)  # fmt: skip


class Sdi12Source(RetriedSource):
    """Measures all sensors of a line, and retries each for ever; a dead sensor costs a few time-outs a back-off.

    In a round the concurrent sensors start first, then each other sensor is measured, then the concurrent ones are
    collected. Rows have the gateway's time of the start of the measurement, with `clock` as its quality.
    """

    def __init__(self, settings: Sdi12Settings, gateway_id: str, site: str, *, clock: Clock = Clock.RTC) -> None:
        del gateway_id  # a fixed sensor is named in its settings, within its gateway
        super().__init__(settings.name, _COUNTERS)
        self._poll_s = settings.poll_s
        self._bus = Sdi12Bus(settings, self._counts)
        devices = _make_devices(settings, site, self._counts)
        self._sensors = [
            Sensor(
                node,
                devices[node.device],
                self._counts,
                clock,
                name=f"{settings.name} {node.address}{node.measure}",
                clock_speed=settings.clock_speed,
            )
            for node in settings.node
        ]

    def _begin(self) -> None:
        self._schedule = PollSchedule(self._poll_s, time.monotonic())

    def _work(self, sink: Sink) -> None:
        """Measure all sensors at the next slot."""
        if self._stopping.wait(self._schedule.wait_s(time.monotonic())):
            return
        if not self._bus.link.is_open:
            self._bus.link.open()
            self._counts["connects"] += 1
        self._round(sink)
        self._advance()

    def _wait_after(self, error: RetryLater) -> None:
        super()._wait_after(error)
        self._advance()

    def _advance(self) -> None:
        self._counts["missed_slots"] += self._schedule.advance(time.monotonic())

    def _interrupt(self) -> None:
        self._bus.link.interrupt()

    def _close(self) -> None:
        self._bus.link.close()

    def _peers(self) -> Sequence[Attempts]:
        return (self._attempts, *(sensor.attempts for sensor in self._sensors))

    def _round(self, sink: Sink) -> None:
        """Measure every sensor that is not in its back-off. Raises RetryLater for a lost line."""
        now_s = time.monotonic()
        ready = [sensor for sensor in self._sensors if now_s >= sensor.retry_s]
        concurrent = [sensor for sensor in ready if sensor.is_concurrent]
        for sensor in concurrent:
            self._try(sensor, lambda ready_sensor: ready_sensor.begin(self._bus))
        for sensor in ready:
            if not sensor.is_concurrent:
                self._try(sensor, lambda ready_sensor: self._measure(ready_sensor, sink))
        for sensor in concurrent:
            if sensor.due_s is not None and not self._stopping.wait(max(0.0, sensor.due_s - time.monotonic())):
                self._try(sensor, lambda ready_sensor: ready_sensor.collect(self._bus, sink))

    def _measure(self, sensor: Sensor, sink: Sink) -> None:
        sensor.begin(self._bus)
        sensor.await_service(self._bus)
        if not self._stopping.is_set():
            sensor.collect(self._bus, sink)

    def _try(self, sensor: Sensor, work: Callable[[Sensor], None]) -> None:
        """Run `work` on a sensor; one that does not answer enters its back-off."""
        if self._stopping.is_set():
            return
        try:
            work(sensor)
        except NoAnswer as error:
            if not self._stopping.is_set():
                self._counts["no_answer"] += 1
                sensor.retry_s = time.monotonic() + sensor.attempts.fail(error)
        else:
            self._attempts.succeed()
            sensor.attempts.succeed()


def _make_devices(settings: Sdi12Settings, site: str, counts: Counter[str]) -> dict[str, SourceDevice]:
    """Return the devices by id; one with several measurements has the channels of all, and the place of the first."""
    devices: dict[str, SourceDevice] = {}
    for node in settings.node:
        if node.device not in devices:
            devices[node.device] = SourceDevice(
                node.device,
                node,
                site,
                counts,
                name=settings.name if len(settings.node) == 1 else f"{settings.name} {node.device}",
                channels=[
                    field.channel for other in settings.node if other.device == node.device for field in other.channel
                ],
                interval_s=settings.poll_s * settings.clock_speed,
            )
    return devices
