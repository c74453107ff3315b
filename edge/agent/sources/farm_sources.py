"""Sources that the farm gave to this gateway: checked, kept on its disk beside the spool, and run as edge.toml's are.

The file is written before a source runs, in one step: after a power cut a gateway has the sources that it answered for.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, Final

import msgspec

from edge.sources.modbus.registers import Register, RegisterMap, built_in_maps, find_map_fault
from edge.sources.modbus.settings import ModbusSettings
from edge.sources.mqtt.settings import MqttSettings
from edge.toml.settings import TableError
from headland.contract.gateway_orders import MOST_SENSORS, SensorChannel, SensorSource
from headland.errors import SettingsError

_LOGGER = logging.getLogger(__name__)

SOURCES_FILE: Final = "farm_sources.json"
_MAPS_FOLDER: Final = "farm_registers"
_POLL_S: Final = 5.0
_REGISTER: Final = re.compile(r"([1-4]):([0-9]{1,5}):(u?int(?:16|32)|float32)")


def settings_of(source: SensorSource, data_dir: Path) -> MqttSettings | ModbusSettings:
    """Return the settings of a source, and write the register map that it needs. Raises SettingsError."""
    try:
        settings = _mqtt(source) if source.type == "mqtt" else _modbus(source, data_dir)
        return settings.resolve(data_dir)
    except (msgspec.ValidationError, ValueError, TableError) as error:
        raise SettingsError(f"{source.name}: {error}") from error


class FarmSources:
    """The sources by name. `start` runs one and returns its end; called by the agent's thread alone."""

    def __init__(
        self,
        data_dir: Path,
        own_names: Collection[str],
        own_devices: Collection[str],
        start: Callable[[MqttSettings | ModbusSettings], Callable[[], None]],
    ) -> None:
        self._data_dir = data_dir
        self._path = data_dir / SOURCES_FILE
        self._own_names, self._own_devices = frozenset(own_names), frozenset(own_devices)
        self._start = start
        self._sources: dict[str, SensorSource] = {}
        self._stops: dict[str, Callable[[], None]] = {}

    @property
    def sources(self) -> tuple[SensorSource, ...]:
        """The sources, without passwords."""
        return tuple(msgspec.structs.replace(source, password=None) for source in self._sources.values())

    def start_all(self) -> None:
        """Read the file and run its sources; one that cannot run any more is named and kept."""
        try:
            stored = msgspec.json.decode(self._path.read_bytes(), type=list[SensorSource])
        except FileNotFoundError:
            return
        except (OSError, msgspec.MsgspecError, ValueError) as error:
            _LOGGER.warning("%s cannot be read, the farm's sources do not run: %s", self._path, error)
            return
        for source in stored:
            # edge.toml may have got a source of this name or device since.
            why = self._find_clash(source) or self._run(source)
            self._sources[source.name] = source
            if why:
                _LOGGER.warning("the farm's source %s does not run: %s", source.name, why)
        self._drop_unused_maps()

    def put(self, source: SensorSource) -> str:
        """Run a source from now on; return why it is refused, with all as before, or ""."""
        why = self._find_clash(source) or self._put(source)
        self._drop_unused_maps()
        return why

    def remove(self, name: str) -> str:
        """End a source; return why that cannot be, or ""."""
        if name not in self._sources:
            return f"there is no source {name!r} of the farm here"
        sources = {key: source for key, source in self._sources.items() if key != name}
        why = self._save(sources)
        if not why:
            self._stop(name)
            self._sources = sources
            self._drop_unused_maps()
        return why

    def _put(self, source: SensorSource) -> str:
        sources = {**self._sources, source.name: source}
        if len(sources) > MOST_SENSORS:
            return f"a gateway takes {MOST_SENSORS} sources of the farm at most"
        try:
            settings_of(source, self._data_dir)
        except SettingsError as error:
            return str(error)
        why = self._save(sources)
        if why:
            return why
        self._stop(source.name)
        why = self._run(source)
        if not why:
            self._sources = sources
            return ""
        self._save(self._sources)
        before = self._sources.get(source.name)
        if before is not None:
            self._run(before)
        return why

    def _run(self, source: SensorSource) -> str:
        """Run a source; return why that cannot be, or "". Whatever is wrong with one, the gateway goes on."""
        try:
            self._stops[source.name] = self._start(settings_of(source, self._data_dir))
        except SettingsError as error:
            return str(error)
        except Exception as error:
            _LOGGER.exception("the farm's source %s cannot be started", source.name)
            return f"{source.name}: the gateway cannot start it ({type(error).__name__}): see its log"
        return ""

    def _find_clash(self, source: SensorSource) -> str:
        if source.name in self._own_names:
            return f"the gateway's own edge.toml has a source {source.name!r}: choose another name"
        taken = set(self._own_devices)
        for name, other in self._sources.items():
            if name != source.name:
                taken |= {device.device for device in other.devices}
        twice = next((device.device for device in source.devices if device.device in taken), "")
        if twice:
            return f"another source reads the device {twice!r} already"
        return "" if source.devices else "a source needs a device: say which one it is"

    def _drop_unused_maps(self) -> None:
        """Delete register maps that no source has any more; a disk that refuses keeps them, which costs nothing."""
        used = {_map_name(source) for source in self._sources.values()}
        with contextlib.suppress(OSError):
            for path in (self._data_dir / _MAPS_FOLDER).iterdir():
                if path.name not in used:
                    path.unlink()

    def _stop(self, name: str) -> None:
        stop = self._stops.pop(name, None)
        if stop is not None:
            stop()

    def _save(self, sources: dict[str, SensorSource]) -> str:
        """Write the file in one step, and onto the disk; return why that failed, or ""."""
        new_file = self._path.with_suffix(".json.new")
        try:
            new_file.unlink(missing_ok=True)
            new_file.touch(mode=0o600)  # it may hold the password of a broker
            with new_file.open("wb") as file:
                file.write(msgspec.json.encode(list(sources.values())))
                file.flush()
                os.fsync(file.fileno())
            new_file.replace(self._path)
            folder = os.open(self._data_dir, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            return f"the gateway cannot write its disk: {error}"
        return ""


def _mqtt(source: SensorSource) -> MqttSettings:
    table: dict[str, Any] = {
        "type": "mqtt",
        "name": source.name,
        "format": source.format,
        "host": source.host,
        "port": source.port,
        "topic": source.topic or None,
        "username": source.username,
        "password": source.password,
        "device_level": source.device_level,
        "device_from": list(source.device_from),
        "skip": list(source.skip),
        "listed_only": bool(source.devices),
        "channel": [
            {"from": each.key, "channel": each.channel, "unit": each.unit or None, "scale": each.scale}
            for each in source.channels
        ],
        "node": [{"match": each.match, "device": each.device, "kind": each.kind} for each in source.devices],
    }
    return msgspec.convert(table, MqttSettings)


def _modbus(source: SensorSource, data_dir: Path) -> ModbusSettings:
    registers = _built_in(source.registers) if source.registers else _write_map(source, data_dir)
    table = {
        "type": "modbus_tcp",
        "name": source.name,
        "host": source.host,
        "port": source.port,
        "poll_s": _POLL_S,
        "node": [
            {"device": each.device, "kind": each.kind, "unit": source.unit, "registers": str(registers)}
            for each in source.devices
        ],
    }
    return msgspec.convert(table, ModbusSettings)


def _built_in(name: str) -> Path:
    """Return the path of a built-in map: the farm reads no other file of the gateway."""
    path = next((path for path in built_in_maps() if path.name == name), None)
    if path is None:
        raise ValueError(f"there is no built-in register map {name!r}")
    return path


def _write_map(source: SensorSource, data_dir: Path) -> Path:
    """Write the checked register map of a source's channels where there is none of this content; return its path."""
    if not source.channels:
        raise ValueError("nothing of it would be read: say what its numbers measure")
    registers = RegisterMap(register=[_register(channel) for channel in source.channels])
    fault = find_map_fault(registers)
    if fault is not None:
        raise ValueError(fault[2])
    path = data_dir / _MAPS_FOLDER / _map_name(source)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_map_text(registers), encoding="utf-8")
    except OSError as error:
        raise ValueError(f"the gateway cannot write its disk: {error}") from error
    return path


def _map_name(source: SensorSource) -> str:
    """Return the name of the map's file: of its content, so that no source changes the map of another."""
    return f"{hashlib.sha256(msgspec.json.encode(source.channels)).hexdigest()[:16]}.toml"


def _register(channel: SensorChannel) -> Register:
    match = _REGISTER.fullmatch(channel.key)
    if match is None:
        raise ValueError(f"{channel.key!r} is no register: write function:address:type")
    register: dict[str, Any] = {
        "channel": channel.channel,
        "function": int(match[1]),
        "address": int(match[2]),
        "type": match[3],
        "scale": channel.scale,
        "unit": channel.unit or None,
    }
    return msgspec.convert(register, Register)


def _map_text(registers: RegisterMap) -> str:
    """Return a checked map as TOML; a text of JSON is one of TOML."""
    lines = []
    for register in registers.register:
        unit = [] if register.unit is None else [f"unit = {json.dumps(register.unit)}"]
        lines += [
            "[[register]]",
            f"channel = {json.dumps(register.channel)}",
            f"function = {register.function}",
            f"address = {register.address}",
            f"type = {json.dumps(register.type)}",
            f"scale = {register.scale!r}",
            *unit,
        ]
    return "\n".join([*lines, ""])
