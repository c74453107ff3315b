"""The gateway daemon: a thread for each source, one that batches, one that sends.

source threads --readings, events--> channel processor -> intake queue -> thread `batch` (batcher -> spool) -> thread
`uplink` -> broker
"""

from __future__ import annotations

import logging
import math
import os
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Final, Literal

from edge.agent.farm_orders import FarmOrders
from edge.agent.farm_sources import FarmSources
from edge.agent.gc_tuning import tune_gc
from edge.agent.intake import Intake
from edge.agent.plugin_loader import build_plugin_source, tag_of
from edge.agent.settings import EdgeSettings, SourceSettings
from edge.agent.status import MOST_FLAGS, AgentStatus, SourceStatus, UplinkStatus, write_status
from edge.agent.traces import start_traces
from edge.pipeline.alarms.farm_rules import FarmRules, UsableRules
from edge.pipeline.alarms.raised_alarms import AlarmStateFile, read_alarms
from edge.pipeline.alarms.rule_tables import AlarmRule, own_rules
from edge.pipeline.factory import make_processor, own_rules_of, rules_in_use
from edge.plugins import GatewayIdentity, PluginSettings
from edge.sources.connection.reconnect import Backoff
from edge.sources.http.settings import HttpSettings
from edge.sources.mavlink.settings import MavlinkSettings
from edge.sources.modbus.dtu.settings import ModbusDtuSettings
from edge.sources.modbus.settings import ModbusRtuSettings, ModbusSettings
from edge.sources.mqtt.settings import MqttSettings
from edge.sources.sdi12.settings import Sdi12Settings
from edge.sources.serial_text.settings import LinesSettings
from edge.sources.source import NotingSource, Sink, Source
from edge.spool.queue import Spool
from edge.spool.settings import SpoolOwner
from edge.uplink.uplink import Uplink
from headland.clock import wall_clock_ms
from headland.contract.gateway_orders import GatewayRun
from headland.contract.records import SourceReport
from headland.contract.texts import displayable
from headland.errors import HeadlandError
from headland.runtime.item_failures import ItemFailures
from headland.runtime.service_manager import ServiceManager
from headland.runtime.supervised_thread import SupervisedThread, ThreadStatus

if TYPE_CHECKING:
    from edge.sources.mavlink.card.gateway_flights import GatewayFlights
    from edge.sources.mavlink.card.span_reader import CardParts, HistorySink, LogFormats
    from edge.sources.mavlink.protocol.signing_stamps import SigningStamps
    from edge.sources.mavlink.vehicle.vehicle_names import VehicleNames
    from edge.uplink.certificate import CertificateRenewal

_LOGGER = logging.getLogger(__name__)

#: Folder of flights with gaps, and of parts of logs from vehicles' cards.
CARD_FOLDER: Final = "card"
SPOOL_FILE: Final = "spool.sqlite"
STATUS_S: Final = 2.0
#: Together the steps of a stop take less than the 5 s that a supervisor allows.
_STOP_SOURCES_S: Final = 1.2
_DRAIN_S: Final = 2.0
#: For so long a source that ended by itself is reported with its reason.
_FAILED_FOR_S: Final = 120.0
_SOURCE_BACKOFF: Final = Backoff(1.0, 60.0)


#: Function from a source's settings to the formats of logs that it can read.
MakeLogFormats = Callable[[MavlinkSettings], "LogFormats"]


def _no_formats(_source: MavlinkSettings) -> LogFormats:
    return ()


def run_agent(settings: EdgeSettings, stop: threading.Event, log_formats: MakeLogFormats = _no_formats) -> None:
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

    def __init__(self, settings: EdgeSettings, log_formats: MakeLogFormats = _no_formats) -> None:
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


class SourceRunner:
    """One source and its thread `source-<name>`; restarts the source, with a growing wait, whenever it fails."""

    def __init__(
        self, settings: SourceSettings | PluginSettings, edge: EdgeSettings, parts: SharedParts | None = None
    ) -> None:
        """Build the source. Raises SettingsError."""
        self._settings = settings
        self._build: Callable[[], Source] = lambda: build_source(settings, edge, parts)
        self._source = self._build()
        self._restarts = 0
        self._last_error = ""
        self._failed_s = -math.inf
        self._sink: Sink | None = None
        self._counts_read: Mapping[str, int] = {}
        self._thread = SupervisedThread(
            f"source-{settings.name}", self._run_once, overdue_after_s=None, reports_success=True
        )
        self._stopping = self._thread.stopping

    @property
    def name(self) -> str:
        """The source's name in edge.toml."""
        return self._settings.name

    @property
    def is_vehicle(self) -> bool:
        """Whether the source reads vehicles, to which only limits of edge.toml apply."""
        return isinstance(self._settings, MavlinkSettings)

    def start(self, sink: Sink) -> None:
        """Start the thread."""
        self._sink = sink
        self._thread.start()

    def request_stop(self) -> None:
        """Make the thread end within a second."""
        self._stopping.set()
        self._stop_source()

    def join(self, wait_s: float) -> None:
        """Wait for the thread's end."""
        self._thread.join(wait_s)

    def threads(self) -> list[ThreadStatus]:
        """Return the status of the thread; its last success is the last look at which the source had counted more."""
        counts = self._counters()
        if counts != self._counts_read:
            self._counts_read = counts
            self._thread.succeed()
        return [self._thread.status()]

    def status(self) -> SourceStatus:
        """Return the status of the source."""
        counters = self._counters()
        return SourceStatus(
            name=self._settings.name,
            type=tag_of(self._settings),
            running=self._thread.is_alive(),
            restarts=self._restarts,
            last_error=self._last_error,
            counters=counters,
            notes=self._sentences("notes"),
            warnings=self._sentences("warnings"),
        )

    def report(self) -> SourceReport:
        """Return the source for the gateway's status at the station: what prevents it from reading, where known."""
        warnings = self._sentences("warnings")
        failed = time.monotonic() - self._failed_s < _FAILED_FOR_S
        trouble = warnings[0] if warnings else self._last_error if failed else ""
        return SourceReport(
            name=self._settings.name,
            type=tag_of(self._settings),
            restarts=self._restarts,
            trouble=displayable(trouble),
        )

    def _sentences(self, of: Literal["notes", "warnings"]) -> list[str]:
        """Return the source's sentences; an exception of a plug-in there must not end the gateway."""
        source = self._source
        if not isinstance(source, NotingSource):
            return []
        try:
            return [str(sentence) for sentence in (source.notes() if of == "notes" else source.warnings())]
        except Exception as error:
            self._last_error = f"{type(error).__name__}: {error}"
            return []

    def _counters(self) -> Mapping[str, int]:
        """Return the source's counters; an exception of a plug-in there must not end the gateway."""
        try:
            return dict(self._source.counters())
        except Exception as error:
            self._last_error = f"{type(error).__name__}: {error}"
            return {}

    def _run_once(self) -> None:
        """Run the source until it ends or fails, wait, and build it again: one source must never end the others."""
        try:
            if self._sink is not None:
                self._source.run(self._sink)
            reason = "it ended by itself"
        except HeadlandError as error:
            reason = str(error)
        except BaseException as error:
            reason = f"{type(error).__name__}: {error}"
            self._thread.note_failure(error)
        if self._stopping.is_set():
            return
        self._last_error, self._failed_s = reason, time.monotonic()
        self._restarts += 1
        wait_s = _SOURCE_BACKOFF.wait_s(self._restarts, random.random())  # noqa: S311 - jitter, not a secret
        _LOGGER.warning("source %s stopped, restart in %.1f s: %s", self._settings.name, wait_s, reason)
        if not self._stopping.wait(wait_s):
            self._rebuild()

    def _rebuild(self) -> None:
        """Replace the source by a new one; where that fails the old one runs again."""
        try:
            self._source = self._build()
        except HeadlandError as error:
            self._last_error = str(error)
        if self._stopping.is_set():
            self._stop_source()

    def _stop_source(self) -> None:
        """Stop the source; an exception here must not keep the other sources running."""
        try:
            self._source.stop()
        except Exception:
            _LOGGER.warning("source %s cannot be stopped", self._settings.name, exc_info=True)


class SharedParts:
    """What sources of a gateway share; made when the first of them asks."""

    def __init__(self, edge: EdgeSettings, log_formats: MakeLogFormats = _no_formats) -> None:
        self._edge = edge
        self._log_formats = log_formats
        #: Where samples of the past go, set by the gateway that runs the sources.
        self.behind: Sink | None = None

    @cached_property
    def vehicle_names(self) -> VehicleNames:
        """The ids of vehicles without a unique one."""
        from edge.sources.mavlink.vehicle.vehicle_names import NAMES_FILE, VehicleNames

        sources = [source.name for source in self._edge.source if isinstance(source, MavlinkSettings)]
        return VehicleNames(self._edge.data_dir / NAMES_FILE, sources)

    @cached_property
    def signing_stamps(self) -> SigningStamps:
        """The newest stamps of signed streams."""
        from edge.sources.mavlink.protocol.signing_stamps import STAMPS_FILE, SigningStamps

        return SigningStamps(self._edge.data_dir / STAMPS_FILE)

    @cached_property
    def flights(self) -> GatewayFlights:
        """The flights of the gateway's vehicles."""
        from edge.sources.mavlink.card.gateway_flights import GatewayFlights

        return GatewayFlights(self._edge.data_dir / CARD_FOLDER, self._edge.clock)

    def card_parts(self, source: MavlinkSettings) -> CardParts:
        """Return what a source needs to read its vehicles' cards."""
        from edge.pipeline.history import HistoryOutput
        from edge.sources.mavlink.card.span_reader import CardParts

        def history() -> HistorySink:
            if self.behind is None:
                raise RuntimeError("the sources run before their gateway")
            return HistoryOutput(self._edge, source.name, self.behind)

        return CardParts(self._edge.data_dir / CARD_FOLDER, self._log_formats(source), history, self.flights)


def build_source(
    settings: SourceSettings | PluginSettings, edge: EdgeSettings, parts: SharedParts | None = None
) -> Source:
    """Return the source for `settings`; imports only the modules it needs. Raises SettingsError."""
    gateway, parts = edge.gateway, parts or SharedParts(edge)
    match settings:
        case ModbusSettings() | ModbusRtuSettings():
            from edge.sources.modbus.source import ModbusSource

            return ModbusSource(settings, gateway.id, gateway.site, clock=edge.clock)
        case ModbusDtuSettings():
            from edge.sources.modbus.dtu.source import ModbusDtuSource

            return ModbusDtuSource(settings, gateway.id, gateway.site, clock=edge.clock)
        case LinesSettings():
            from edge.sources.serial_text.source import LinesSource

            return LinesSource(settings, gateway.id, gateway.site)
        case Sdi12Settings():
            from edge.sources.sdi12.source import Sdi12Source

            return Sdi12Source(settings, gateway.id, gateway.site, clock=edge.clock)
        case MqttSettings():
            from edge.sources.mqtt.source import MqttSource

            return MqttSource(settings, gateway.id, gateway.site)
        case HttpSettings():
            from edge.sources.http.source import HttpSource

            return HttpSource(settings, gateway.id, gateway.site)
        case MavlinkSettings():
            from edge.sources.mavlink.source import MavlinkSource

            return MavlinkSource(
                settings,
                gateway.id,
                gateway.site,
                clock=edge.clock,
                names=parts.vehicle_names,
                card=parts.card_parts(settings),
                stamps=None if settings.signing is None else parts.signing_stamps,
            )
        case _:
            return build_plugin_source(settings, GatewayIdentity(gateway.id, gateway.site, edge.clock))


def software_version() -> str:
    """Return the installed version of Headland, or an empty text in a bare checkout."""
    try:
        return version("headland")
    except PackageNotFoundError:
        return ""
