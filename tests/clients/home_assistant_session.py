"""Runs the core of Home Assistant on a farm's broker, and prints as JSON what it made of the farm and what it recorded.

    python home_assistant_session.py HOST PORT USER PASSWORD SECONDS [TEMPLATES]

TEMPLATES is a file with the part `template:` of a configuration.yaml; what its weather entity shows is printed, too.

It imports nothing of Headland: what a user's Home Assistant sees is all that it knows. Of Home Assistant it runs the
core, the recorder on SQLite and the MQTT integration, without its frontend and its cloud.
"""

import asyncio
import json
import logging
import socket
import sqlite3
import sys
import tempfile
import time
from pathlib import Path
from types import MappingProxyType
from typing import Any

from homeassistant import auth, bootstrap, config_entries, core, loader
from homeassistant.components.mqtt.const import CONFIG_ENTRY_MINOR_VERSION, CONFIG_ENTRY_VERSION
from homeassistant.helpers import device_registry, entity_registry
from homeassistant.helpers.recorder import async_initialize_recorder, get_instance
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import parse_yaml

#: Until all devices are described and every sensor has its first value.
SETTLE_S = 20.0
DATABASE = "home-assistant_v2.db"
#: Tables of the recorder that grow with each change and each five minutes, and the numbers of their rows.
GROWING = {"states": "state_id", "statistics_short_term": "id"}
BYTES = """
SELECT tbl_name, sum(pgsize) FROM dbstat JOIN sqlite_master USING (name) WHERE tbl_name NOT LIKE 'sqlite_%' GROUP BY 1
"""


class Complaints(logging.Handler):
    """Keeps warnings and errors."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        why = "" if record.exc_info is None else f" ({record.exc_info[1]!r})"
        self.lines.append(f"{record.name}: {record.getMessage()[:400]}{why[:400]}")


def rows_now(folder: Path, table: str) -> int:
    """Return the rows of a table now."""
    with sqlite3.connect(f"file:{folder / DATABASE}?mode=ro", uri=True) as database:
        return int(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def bytes_a_row(path: Path) -> dict[str, float]:
    """Return what a row of each growing table takes with its indexes: of many rows, copies of those recorded later."""
    with sqlite3.connect(path) as database:
        for table, number in GROWING.items():
            columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
            (last,) = database.execute(f"SELECT max({number}) FROM {table}").fetchone()
            later = ", ".join(
                f"{name} + ?1 * {last}" if name in (number, f"old_{number}") else
                f"{name} + ?1 * 300" if name.endswith("_ts") else name
                for name in columns
            )  # fmt: skip
            many = f"INSERT INTO {table} SELECT {later} FROM {table} WHERE {number} <= {last}"
            database.executemany(many, [(copy,) for copy in range(1, 201)])
        database.commit()
        database.execute("VACUUM")
        sizes = dict(database.execute(BYTES).fetchall())
        return {
            table: sizes[table] / database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in GROWING
        }


async def start(folder: Path, complaints: Complaints) -> core.HomeAssistant:
    """Return a started core with its recorder."""
    hass = core.HomeAssistant(str(folder))
    loader.async_setup(hass)
    hass.config.skip_pip = True
    hass.config_entries = config_entries.ConfigEntries(hass, {})
    await loader.async_get_custom_components(hass)
    await bootstrap.async_load_base_functionality(hass)
    hass.auth = await auth.auth_manager_from_config(hass, [], [])
    config: dict[str, Any] = {"recorder": {"commit_interval": 1}}
    for domain in ("homeassistant", "persistent_notification"):
        assert await async_setup_component(hass, domain, config), domain
    async_initialize_recorder(hass)
    with socket.create_server(("127.0.0.1", 0)) as free:
        http = {"server_host": "127.0.0.1", "server_port": free.getsockname()[1]}
    assert await async_setup_component(hass, "http", {"http": http}), complaints.lines
    assert await async_setup_component(hass, "recorder", config), complaints.lines
    return hass


async def weather_of(hass: core.HomeAssistant) -> dict[str, Any]:
    """Return each weather entity with its state, attributes and hourly forecast."""
    found = {}
    for state in hass.states.async_all("weather"):
        data = {"entity_id": state.entity_id, "type": "hourly"}
        answer: Any = None
        if state.state not in ("unknown", "unavailable"):
            answer = await hass.services.async_call(
                "weather", "get_forecasts", data, blocking=True, return_response=True
            )
        hours = [] if answer is None else answer[state.entity_id]["forecast"]
        found[state.entity_id] = {"state": state.state, "attributes": dict(state.attributes), "hours": hours}
    return found


async def run(
    host: str, port: int, user: str, password: str, seconds: float, folder: Path, templates: str
) -> dict[str, Any]:
    """Run for some seconds after all devices were described; return what was seen."""
    complaints = Complaints()
    logging.getLogger().addHandler(complaints)
    hass = await start(folder, complaints)
    complaints.lines.clear()  # of its own start, such as a missing compression
    entry = config_entries.ConfigEntry(
        data={"broker": host, "port": port, "username": user, "password": password, "discovery": True},
        discovery_keys=MappingProxyType({}), domain="mqtt", options={}, source="user", subentries_data=(), title="farm",
        unique_id=None, version=CONFIG_ENTRY_VERSION, minor_version=CONFIG_ENTRY_MINOR_VERSION,
    )  # fmt: skip
    if templates:
        template = {"template": parse_yaml(templates)["template"]}
        assert await async_setup_component(hass, "template", template), complaints.lines
    await hass.config_entries.async_add(entry)
    await hass.async_start()
    await asyncio.sleep(SETTLE_S)
    await get_instance(hass).async_block_till_done()
    before, began_s = rows_now(folder, "states"), time.monotonic()
    await asyncio.sleep(seconds)
    await get_instance(hass).async_block_till_done()
    weather = json.loads(json.dumps(await weather_of(hass), default=str))
    entities = list(entity_registry.async_get(hass).entities.values())
    states = hass.states.async_all()
    found = {
        "entry": entry.state.value,
        "devices": sorted(str(one.name) for one in device_registry.async_get(hass).devices.values()),
        "unique_ids": sorted(one.unique_id for one in entities),
        "enabled": sum(not one.disabled for one in entities),
        "with_statistics": sum("state_class" in state.attributes for state in states),
        "with_value": sum(state.state not in ("unknown", "unavailable") for state in states),
        "complaints": complaints.lines,
        "states": rows_now(folder, "states") - before,
        "attributes": rows_now(folder, "state_attributes"),
        "weather": weather,
        "lasted_s": time.monotonic() - began_s,
    }
    await hass.async_stop(force=True)
    return found


def main() -> None:
    """Run, and print what was found as the last line."""
    host, port, user, password, seconds, *more = sys.argv[1:7]
    templates = Path(more[0]).read_text(encoding="utf-8") if more else ""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "configuration.yaml").touch()
        found = asyncio.run(run(host, int(port), user, password, float(seconds), folder, templates))
        print(json.dumps({**found, "row_bytes": bytes_a_row(folder / DATABASE)}))


main()
