"""The gateways of a farm beside its own: their names and passwords, kept in the farm's folder."""

from __future__ import annotations

import fcntl
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import msgspec

from headland.contract.records import is_name
from headland.errors import SettingsError
from station.local.broker import BrokerUser
from station.local.folder import DEVICES_USER, GATEWAY, HOME_USER, IMPORT_GATEWAY, INGEST_USER, FarmFolder
from station.server.files import write_whole

#: The farm's own logins. Client ids begin like these, too, and at the gateways' door a login is its client id: a
#: gateway of such a name could push another session off the broker.
_OWN_BEGINNINGS: Final = ("ingest", "edge-", "import", "sim-", "home-assistant")


class Gateway(msgspec.Struct, frozen=True, kw_only=True):
    """A gateway that may log in at the broker as `name`."""

    name: str
    site: str
    password: str
    added_ms: int


class Gateways:
    """The list in `gateways.json`, readable by its owner only. Changes are made within `hold`."""

    def __init__(self, folder: FarmFolder) -> None:
        self._folder = folder

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Keep the list, and the broker's logins made from it, to this process for the length of the block."""
        with self._folder.gateways_path.with_suffix(".lock").open("w") as file:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX)
            yield

    def all(self) -> list[Gateway]:
        """Return the gateways by name; raises SettingsError where the file cannot be read."""
        path = self._folder.gateways_path
        try:
            found = msgspec.json.decode(path.read_bytes(), type=list[Gateway])
        except FileNotFoundError:
            return []
        except (OSError, msgspec.MsgspecError) as error:
            raise SettingsError(f"{path} cannot be read: {error}. Mend it, or move it away and add anew.") from error
        return sorted(found, key=lambda gateway: gateway.name)

    def add(self, name: str, site: str, now_ms: int) -> Gateway:
        """Make a gateway with a password of its own; raises SettingsError for a name that cannot be taken."""
        for what, word in (("name", name), ("site", site)):
            if not is_name(word):
                raise SettingsError(
                    f"{word!r} is no {what}: 1 to 64 letters, digits, dots, dashes and underscores, "
                    "the first a letter or digit."
                )
        if name == GATEWAY or name.startswith(_OWN_BEGINNINGS):
            raise SettingsError(
                f"{name!r} is kept for the farm's own parts, as {GATEWAY} and all that begins with "
                f"{', '.join(_OWN_BEGINNINGS)} is: choose another name."
            )
        known = self.all()
        if any(gateway.name.casefold() == name.casefold() for gateway in known):
            raise SettingsError(
                f"There is a gateway {name!r} already (letters' size aside). For a new password: "
                f"headland gateway remove {name}, then add it again."
            )
        gateway = Gateway(name=name, site=site, password=secrets.token_urlsafe(24), added_ms=now_ms)
        self._write([*known, gateway])
        return gateway

    def remove(self, name: str) -> None:
        """Forget a gateway; raises SettingsError where there is none of that name."""
        known = self.all()
        left = [gateway for gateway in known if gateway.name != name]
        if len(left) == len(known):
            names = ", ".join(gateway.name for gateway in known) or "none"
            raise SettingsError(f"There is no gateway {name!r}; added are: {names}.")
        self._write(left)

    def _write(self, gateways: list[Gateway]) -> None:
        write_whole(self._folder.gateways_path, msgspec.json.format(msgspec.json.encode(gateways)) + b"\n")


def broker_users(folder: FarmFolder) -> list[BrokerUser]:
    """Return everyone who may log in at the farm's broker: its own parts, then the gateways that were added."""
    return [
        BrokerUser(INGEST_USER, folder.secret(INGEST_USER), "ingest"),
        BrokerUser(GATEWAY, folder.secret(GATEWAY), "gateway"),
        BrokerUser(IMPORT_GATEWAY, folder.secret(IMPORT_GATEWAY), "gateway"),
        BrokerUser(DEVICES_USER, folder.secret(DEVICES_USER), "devices"),
        BrokerUser(HOME_USER, folder.secret(HOME_USER), "home"),
        *(BrokerUser(gateway.name, gateway.password, "gateway") for gateway in Gateways(folder).all()),
    ]
