"""Sources of a gateway built from their settings, with what several of them share."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Final

from edge.agent.plugin_loader import UnusableSource, build_plugin_source
from edge.agent.settings import EdgeSettings, SourceSettings
from edge.plugins import GatewayIdentity, PluginSettings
from edge.sources.bacnet.settings import BacnetSettings
from edge.sources.http.settings import HttpSettings
from edge.sources.mavlink.settings import MavlinkSettings
from edge.sources.modbus.dtu.settings import ModbusDtuSettings
from edge.sources.modbus.settings import ModbusRtuSettings, ModbusSettings
from edge.sources.mqtt.settings import MqttSettings
from edge.sources.opcua.settings import OpcUaSettings
from edge.sources.sdi12.settings import Sdi12Settings
from edge.sources.serial_text.settings import LinesSettings
from edge.sources.source import Sink, Source
from headland.runtime.extensions import ExtensionError

if TYPE_CHECKING:
    from edge.sources.mavlink.card.gateway_flights import GatewayFlights
    from edge.sources.mavlink.card.span_reader import CardParts, HistorySink, LogFormats
    from edge.sources.mavlink.protocol.signing_stamps import SigningStamps
    from edge.sources.mavlink.vehicle.vehicle_names import VehicleNames

#: Folder of flights with gaps, and of parts of logs from vehicles' cards.
CARD_FOLDER: Final = "card"

#: Function from a source's settings to the formats of logs that it can read.
MakeLogFormats = Callable[[MavlinkSettings], "LogFormats"]


def no_formats(_source: MavlinkSettings) -> LogFormats:
    """Return no formats: no logs on cards are read."""
    return ()


class SharedParts:
    """What sources of a gateway share; made when the first of them asks."""

    def __init__(self, edge: EdgeSettings, log_formats: MakeLogFormats = no_formats) -> None:
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

            try:
                return MqttSource(settings, gateway.id, gateway.site)
            except ExtensionError as error:
                return UnusableSource(settings.name, str(error))
        case OpcUaSettings():
            from edge.sources.opcua.source import OpcUaSource

            return OpcUaSource(settings, gateway.id, gateway.site, clock=edge.clock)
        case BacnetSettings():
            from edge.sources.bacnet.source import BacnetSource

            return BacnetSource(settings, gateway.id, gateway.site, clock=edge.clock)
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
