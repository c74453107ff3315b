"""Gateway of an import: whose login sends a file's records, and the settings file of the import."""

from __future__ import annotations

import json
from pathlib import Path

from station.local.folder import GATEWAY, IMPORT_GATEWAY, FarmFolder
from station.local.gateways import Gateways
from station.server.files import write_whole


def find_password(folder: FarmFolder, gateway: str) -> str | None:
    """Return the password of a gateway of this farm, None where another machine alone has it."""
    if gateway in (GATEWAY, IMPORT_GATEWAY):
        return folder.secret(gateway)
    return next((login.password for login in Gateways(folder).all() if login.name == gateway), None)


def import_folder(folder: FarmFolder, gateway: str) -> Path:
    """Return the folder of a gateway's spool for imports; that of its live data is in use."""
    return folder.import_dir if gateway == IMPORT_GATEWAY else folder.import_dir / "as" / gateway


def write_import_settings(folder: FarmFolder, gateway: str, password: str) -> Path:
    """Write the settings of an import for the farm that runs on `folder`; raises RetryLater when none does."""
    state = folder.read_state()
    place = import_folder(folder, gateway)
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = place / "import.toml"
    quoted = json.dumps  # TOML's basic strings escape as JSON's do
    text = f"""# Written by `headland edge import` at every call.
[gateway]
id = {quoted(gateway)}
site = "home"
data_dir = {quoted(str(place))}

[broker]
host = "{state.broker_host}"
port = {state.broker_port}
username = {quoted(gateway)}
password = {quoted(password)}
ack_key = "{folder.ack_key(gateway)}"
"""
    write_whole(path, text.encode())
    return path
