"""The gateway daemon: a thread for each source, one that batches, one that sends.

source threads --readings, events--> channel processor -> intake queue -> thread `batch` (batcher -> spool) -> thread
`uplink` -> broker
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Final

from edge.agent.farm_orders import FarmOrders
from edge.agent.gc_tuning import tune_gc
from edge.agent.intake import Intake
from edge.agent.settings import EdgeSettings, SourceSettings
from edge.agent.sources.factory import MakeLogFormats, SharedParts, no_formats
from edge.agent.sources.farm_sources import FarmSources
from edge.agent.sources.runner import SourceRunner
from edge.agent.status import MOST_FLAGS, AgentStatus, UplinkStatus, write_status
from edge.agent.traces import start_traces
from edge.pipeline.alarms.farm_rules import FarmRules, UsableRules
from edge.pipeline.alarms.raised_alarms import AlarmStateFile, read_alarms
from edge.pipeline.alarms.rule_tables import AlarmRule, own_rules
from edge.pipeline.factory import make_processor, own_rules_of, rules_in_use
from edge.spool.queue import Spool
from edge.spool.settings import SpoolOwner
from edge.uplink.uplink import Uplink
from headland.clock import wall_clock_ms
from headland.contract.gateway_orders import GatewayRun
from headland.runtime.item_failures import ItemFailures
from headland.runtime.service_manager import ServiceManager
from headland.runtime.supervised_thread import ThreadStatus

if TYPE_CHECKING:
    from edge.uplink.certificate import CertificateRenewal

SPOOL_FILE: Final = "spool.sqlite"
STATUS_S: Final = 2.0
#: Together the steps of a stop take less than the 5 s that a supervisor allows.
_STOP_SOURCES_S: Final = 1.2
_DRAIN_S: Final = 2.0


def run_agent(settings: EdgeSettings, stop: threading.Event, log_formats: MakeLogFormats = no_formats) -> None:
    """Run the gateway until `stop` is set, then flush and return; prints nothing.

    `log_formats` makes the readers of logs on vehicles' cards for one source. Raises SettingsError where the settings
    cannot work (a register map, the spool's folder); no other error ends it.
    """
    agent = Agent(settings, log_formats)
    manager = ServiceManager(agent.threads)
    tune_gc()
    agent.start()
    manager.report_ready()
    try:
        while not stop.wait(STATUS_S):
            agent.tidy()
            agent.write_status()
            manager.report()
    finally:
        manager.report_stopping()
        agent.stop()


class Agent:
    """The connected parts of a gateway. `start` and `stop` are called once, by the same thread."""

    def __init__(self, settings: EdgeSettings, log_formats: MakeLogFormats = no_formats) -> None:
        gateway = settings.gateway
        self._settings = settings
        self._started_ms = wall_clock_ms()
        self._software = software_version()
        owner = SpoolOwner(gateway.id, gateway.site, settings.clock)
        parts = SharedParts(settings, log_formats)
        runners = [SourceRunner(source, settings, parts) for source in settings.source]
        self._spool = Spool(
            settings.data_dir / SPOOL_FILE, owner, settings.spool.max_bytes, retention=settings.spool.retention
        )
        self._renewal = _renewal_of(settings)
        self._traces = start_traces(settings.traces.export(), gateway.id)
        records = None if self._traces is None else self._traces.records
        if records is not None:
            self._spool.on_append = records.appended
        self._uplink = Uplink(settings.broker, gateway.id, self._spool, software=self._software, traces=records)
        self._intake = Intake(settings.batch, self._spool, self._uplink.describe, self._uplink.wake)
        self._uplink.on_followed = self._intake.follow
        parts.behind = self._intake
        self._own_rules = own_rules_of(settings)
        self._farm_rules = _farm_rules_of(settings, self._own_rules)
        self._processor = make_processor(
            settings,
            read_alarms(settings.data_dir),
            self._rules_in_use(),
            takes_rules=self._farm_rules.is_wanted,
        )
        if self._farm_rules.is_wanted:
            self._uplink.take_rules(self._farm_rules.offer)
        self._uplink.report_rules(self._farm_rules.report)
        self._alarm_file = AlarmStateFile(settings.data_dir)
        self._runners: list[SourceRunner] = runners
        self._parts = parts
        devices = {device for source in settings.source for _, device in source.devices()}
        self._farm_sources = FarmSources(
            settings.data_dir, [source.name for source in settings.source], devices, self._start_source
        )
        self._orders = FarmOrders(
            GatewayRun(gateway.id, self._uplink.instance),
            settings.broker.ack_key,
            self._farm_sources,
            self._uplink.answer,
        )
        if self._takes_orders:
            self._uplink.take_orders(self._orders.offer)
        self._failures = ItemFailures()
        self._uplink.report_sources(lambda: [runner.report() for runner in self._runners])

    def start(self) -> None:
        """Start all threads, the uplink first and the sources last."""
        if self._renewal is not None:
            self._renewal.start()
        self._uplink.start()
        self._intake.start()
        self._processor.expect_devices(self._settings.gateway.site, self._settings.clock, wall_clock_ms())
        for runner in self._runners:
            runner.start(self._processor.sink(runner.name, self._intake, has_limits=not runner.is_vehicle))
        if self._takes_orders:
            self._farm_sources.start_all()
        self.write_status()

    @property
    def _takes_orders(self) -> bool:
        """Whether the farm may give sources: where it signs what it says, and unless edge.toml keeps them to itself."""
        return self._settings.broker.ack_key is not None and self._settings.gateway.farm_sources

    def _start_source(self, source: SourceSettings) -> Callable[[], None]:
        """Run a source of the farm and return what ends it. Raises SettingsError."""
        runner = SourceRunner(source, self._settings, self._parts)
        runner.start(self._processor.sink(runner.name, self._intake))
        self._runners = [*self._runners, runner]

        def end() -> None:
            runner.request_stop()
            runner.join(_STOP_SOURCES_S)
            self._runners = [each for each in self._runners if each is not runner]

        return end

    def stop(self) -> None:
        """End the sources, append their last readings to the spool, and give the uplink time to drain it."""
        self._orders.stop()
        for runner in self._runners:
            runner.request_stop()
        deadline_s = time.monotonic() + _STOP_SOURCES_S
        for runner in self._runners:
            runner.join(max(0.0, deadline_s - time.monotonic()))
        self._processor.finish(self._intake)
        self._intake.stop()
        if self._renewal is not None:
            self._renewal.stop()
        self._write_alarms(at_once=True)
        self._uplink.stop(_DRAIN_S)
        if self._traces is not None:
            self._traces.exporter.stop()
        self.write_status()
        self._spool.close()

    def tidy(self) -> None:
        """Do the periodic work: the farm's rules, silence rules, waiting rows, the alarm file, and the spool's age."""
        with self._failures.isolate("The farm's alarm rules"):
            if self._farm_rules.take():
                gateway, clock = self._settings.gateway, self._settings.clock
                self._processor.replace_rules(self._rules_in_use(), gateway.site, clock, wall_clock_ms())
        with self._failures.isolate("The farm's orders"):
            self._orders.take(wall_clock_ms())
        with self._failures.isolate("The silence rules of the gateway"):
            self._processor.tick(self._intake)
        with self._failures.isolate("The file of the gateway's alarms"):
            self._write_alarms()
        with self._failures.isolate("The age limit of the spool"):
            self._spool.tidy()

    def _rules_in_use(self) -> UsableRules:
        return rules_in_use(self._settings, self._own_rules, self._farm_rules.usable)

    def threads(self) -> list[ThreadStatus]:
        """Return the status of all threads."""
        sources = [status for runner in self._runners for status in runner.threads()]
        renewal = [] if self._renewal is None else self._renewal.threads()
        traces = [] if self._traces is None else self._traces.exporter.threads()
        return [*self._uplink.threads(), *self._intake.threads(), *sources, *renewal, *traces]

    def status(self) -> AgentStatus:
        """Return the status of all parts."""
        state = self._uplink.state()
        return AgentStatus(
            gateway=self._settings.gateway.id,
            time_ms=wall_clock_ms(),
            started_ms=self._started_ms,
            pid=os.getpid(),
            software=self._software,
            epoch=self._spool.epoch,
            sources=[runner.status() for runner in self._runners],
            threads=self.threads(),
            channels={**self._processor.counters(), **self._farm_rules.counters(), **self._orders.counters()},
            flags=self._processor.flags()[:MOST_FLAGS],
            alarms=self._processor.raised()[0],
            rules=self._farm_rules.report(),
            intake=self._intake.counters(),
            spool=self._spool.status(),
            spool_counters=self._spool.counters(),
            uplink=UplinkStatus(
                connected=state.connected,
                detail=state.detail,
                acked_seq=state.acked_seq,
                acked_ms=state.acked_ms,
                overdue_ms=state.overdue_ms,
                delete_on=state.delete_on,
                counters=self._uplink.counters(),
            ),
            traces=None if self._traces is None else self._traces.status(),
        )

    def _write_alarms(self, *, at_once: bool = False) -> None:
        alarms, changes = self._processor.raised()
        self._alarm_file.write(alarms, changes, time.monotonic(), at_once=at_once)

    def write_status(self) -> None:
        """Write the status file; a full disk does not stop the gateway."""
        with self._failures.isolate("The status file of the gateway"):
            write_status(self.status(), self._settings.data_dir)


def _renewal_of(settings: EdgeSettings) -> CertificateRenewal | None:
    """Return what renews the gateway's certificate; None where nothing does, and then its modules are not loaded."""
    tls = settings.broker.tls
    if tls is None or tls.renew_at is None:
        return None
    from edge.uplink.certificate import CertificateRenewal

    return CertificateRenewal(tls)


def _farm_rules_of(settings: EdgeSettings, own: Sequence[AlarmRule]) -> FarmRules:
    """Return the farm's rules at this gateway; only a farm's ingest, which sends commit acks, sends them."""
    return FarmRules(
        settings.data_dir,
        settings.gateway.id,
        settings.broker.ack_key,
        is_wanted=settings.alarms.farm_rules and settings.broker.delete_on == "commit",
        own=[rule.name for rule in own_rules(own)],
    )


def software_version() -> str:
    """Return the installed version of Headland, or an empty text in a bare checkout."""
    try:
        return version("headland")
    except PackageNotFoundError:
        return ""
