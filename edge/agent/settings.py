"""Settings of the gateway: edge.toml and the environment, composed of the settings of its parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Union, get_args

import msgspec
from msgspec import Meta

from edge.agent.plugin_loader import UnusableSettings, load_source_type
from edge.agent.traces import TracesTable
from edge.pipeline.alarms.rule_tables import AlarmRule, AlarmsSettings
from edge.pipeline.channels.settings import ChannelSettings, QualitySettings
from edge.pipeline.settings import BatchSettings, resolve_tables
from edge.plugins import PluginSettings, SourceType
from edge.sources.bacnet.settings import BacnetSettings
from edge.sources.http.settings import HttpSettings
from edge.sources.mavlink.settings import MavlinkSettings
from edge.sources.modbus.dtu.settings import ModbusDtuSettings
from edge.sources.modbus.settings import ModbusRtuSettings, ModbusSettings
from edge.sources.mqtt.settings import MqttSettings
from edge.sources.opcua.settings import OpcUaSettings
from edge.sources.sdi12.settings import Sdi12Settings
from edge.sources.serial_text.settings import LinesSettings
from edge.sources.settings import Name
from edge.spool.settings import SpoolSettings
from edge.toml.positions import TomlPath
from edge.toml.settings import Settings, TableError
from edge.toml.toml_file import TomlFile
from edge.uplink.settings import BrokerSettings
from headland.contract.records import Clock
from headland.plain_numbers import is_digits
from headland.runtime.tracing.settings import TRACES

#: The built-in source types; plug-ins add others (`edge.plugins`).
SourceSettings = (
    MavlinkSettings
    | ModbusSettings
    | ModbusRtuSettings
    | ModbusDtuSettings
    | LinesSettings
    | Sdi12Settings
    | MqttSettings
    | OpcUaSettings
    | BacnetSettings
    | HttpSettings
)

_BUILT_IN: Final = frozenset(str(kind.__struct_config__.tag) for kind in get_args(SourceSettings))

#: Environment variables, and the setting that each replaces.
ENVIRONMENT: Final[dict[str, tuple[str, str]]] = {
    "HEADLAND_BROKER_HOST": ("broker", "host"),
    "HEADLAND_BROKER_PORT": ("broker", "port"),
    "HEADLAND_BROKER_USERNAME": ("broker", "username"),
    "HEADLAND_BROKER_PASSWORD": ("broker", "password"),
    "HEADLAND_ACK_KEY": ("broker", "ack_key"),
    "HEADLAND_GATEWAY_ID": ("gateway", "id"),
    "HEADLAND_DATA_DIR": ("gateway", "data_dir"),
    TRACES: ("traces", "endpoint"),
}


class GatewaySettings(Settings, frozen=True, kw_only=True):
    """The `[gateway]` table: its identity and data folder. `clock` is `ntp` only where a time server sets the clock.

    With `farm_sources = false` only edge.toml says what it reads, and the farm gives it no sources.
    """

    id: Name
    site: Name
    data_dir: Annotated[str, Meta(min_length=1)]
    clock: Literal["ntp", "rtc"] = "rtc"
    farm_sources: bool = True

    def resolve(self, folder: Path) -> GatewaySettings:
        """Return the settings with the full path of the data folder; a relative one starts at `folder`."""
        return msgspec.structs.replace(self, data_dir=str(folder / Path(self.data_dir).expanduser()))


class EdgeSettings(Settings, frozen=True, kw_only=True):
    """All of edge.toml."""

    gateway: GatewaySettings
    broker: BrokerSettings = BrokerSettings()
    spool: SpoolSettings = SpoolSettings()
    batch: BatchSettings = BatchSettings()
    source: list[SourceSettings] = msgspec.field(default_factory=list)
    channel: list[ChannelSettings] = msgspec.field(default_factory=list)
    quality: QualitySettings = QualitySettings()
    alarm: list[AlarmRule] = msgspec.field(default_factory=list)
    alarms: AlarmsSettings = AlarmsSettings()
    traces: TracesTable = TracesTable()

    @property
    def data_dir(self) -> Path:
        """The folder that holds the spool and the status file."""
        return Path(self.gateway.data_dir)

    @property
    def clock(self) -> Clock:
        """The quality of the gateway's own clock."""
        return Clock(self.gateway.clock)


def load_settings(path: Path, environ: Mapping[str, str]) -> EdgeSettings:
    """Return the settings in `path`, overridden by `environ`, with its paths resolved against the file's folder.

    Raises SettingsError with `file:line: sentence` for the first mistake.
    """
    file = _add_plugins(TomlFile(path, EdgeSettings))
    for variable, place in ENVIRONMENT.items():
        text = environ.get(variable)
        if text:
            file.override(place, int(text) if place[-1] == "port" and is_digits(text) else text, variable)
    settings = file.convert()
    folder = path.resolve().parent
    sources = _resolve_sources(file, settings.source, folder)
    broker = _resolve_broker(file, settings.broker, folder)
    try:
        settings.traces.export()
    except TableError as error:
        raise file.error(("traces", *error.path), str(error)) from error
    try:
        quality, alarms = resolve_tables(settings, folder)
    except TableError as error:
        raise file.error(error.path, str(error)) from error
    return msgspec.structs.replace(
        settings,
        gateway=settings.gateway.resolve(folder),
        broker=broker,
        source=sources,
        quality=quality,
        alarms=alarms,
    )


def _add_plugins(file: TomlFile[EdgeSettings]) -> TomlFile[EdgeSettings]:
    """Add the source types of plug-ins; a table whose plug-in is broken is replaced by one that contains the reason."""
    kinds: dict[str, type[PluginSettings]] = {}
    tables = file.raw.get("source")
    for table in tables if isinstance(tables, list) else []:
        tag = table.get("type") if isinstance(table, dict) else None
        if not isinstance(tag, str) or tag in _BUILT_IN:
            continue
        kind = load_source_type(tag)
        if isinstance(kind, SourceType):
            kinds[tag] = kind.settings
        elif kind is not None:
            kinds["unusable"] = UnusableSettings
            name = table.get("name", tag)
            table.clear()
            table.update(type="unusable", name=name, plugin=tag, reason=kind)
    if kinds:
        file.kind = _with_plugins(kinds.values())
    return file


def _with_plugins(kinds: Iterable[type[PluginSettings]]) -> type[EdgeSettings]:
    """Return EdgeSettings whose sources may also have these types."""
    union: Any = Union[(*get_args(SourceSettings), *kinds)]
    fields: list[Any] = [("source", list[union], msgspec.field(default_factory=list))]
    return msgspec.defstruct(  # type: ignore[return-value] # it has EdgeSettings as its base
        "EdgeSettings", fields, bases=(EdgeSettings,), frozen=True, kw_only=True, forbid_unknown_fields=True
    )


def _resolve_sources(file: TomlFile[EdgeSettings], sources: Sequence[SourceSettings], folder: Path) -> list[Any]:
    names: set[str] = set()
    devices: set[str] = set()
    resolved: list[Any] = []
    for index, source in enumerate(sources):
        here: TomlPath = ("source", index)
        if source.name in names:
            raise file.error((*here, "name"), f"source.name must be unique; two sources are called {source.name!r}")
        names.add(source.name)
        for place, device in source.devices():
            if device in devices:
                raise file.error(
                    (*here, *place, "device"), f"source.device must be unique; two sources read {device!r}"
                )
            devices.add(device)
        try:
            resolved.append(source.resolve(folder))
        except TableError as error:
            raise file.error((*here, *error.path), str(error)) from error
    return resolved


def _resolve_broker(file: TomlFile[EdgeSettings], broker: BrokerSettings, folder: Path) -> BrokerSettings:
    try:
        return broker.resolve(folder)
    except TableError as error:
        raise file.error(("broker", *error.path), str(error)) from error
