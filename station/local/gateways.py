"""Gateways that were added to a farm: their names and passwords, stored in the farm's folder."""

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
from station.local.enrolment.record import read_enrolments
from station.local.folder import DEVICES_USER, GATEWAY, HOME_USER, IMPORT_GATEWAY, INGEST_USER, FarmFolder
from station.server.files import write_whole
from station.server.organisation import FIRST_ORGANISATION

#: Prefixes of the farm's own logins and client ids. On the gateways' listener the login is the client id: a gateway
#: with such a name could take over another session.
_RESERVED_PREFIXES: Final = ("ingest", "edge-", "import", "sim-", "home-assistant", "alarms-")
#: Client ids of the station's publisher for Home Assistant, and of the check of a farm.
_RESERVED: Final = (f"home-{FIRST_ORGANISATION}", "doctor")


class GatewayLogin(msgspec.Struct, frozen=True, kw_only=True):
    """A gateway that may log in at the broker as `name`."""

    name: str
    site: str
    password: str
    added_ms: int


class Gateways:
    """Stores the gateways in `gateways.json`, readable by its owner only. Hold the lock (`hold`) for changes."""

    def __init__(self, folder: FarmFolder) -> None:
        self._folder = folder

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Lock the list, and the broker's logins made from it, for the length of the block."""
        with self._folder.gateways_path.with_suffix(".lock").open("w") as file:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX)
            yield

    def all(self) -> list[GatewayLogin]:
        """Return the gateways by name; raises SettingsError where the file cannot be read."""
        path = self._folder.gateways_path
        try:
            gateways = msgspec.json.decode(path.read_bytes(), type=list[GatewayLogin])
        except FileNotFoundError:
            return []
        except (OSError, msgspec.MsgspecError) as error:
            raise SettingsError(
                f"{path} cannot be read: {error}. Correct it, or move it aside and add the gateways again."
            ) from error
        return sorted(gateways, key=lambda gateway: gateway.name)

    def add(self, name: str, site: str, now_ms: int) -> GatewayLogin:
        """Add a gateway with a new password; raises SettingsError for an invalid, reserved or existing name."""
        for what, word in (("name", name), ("site", site)):
            if not is_name(word):
                raise SettingsError(
                    f"{word!r} is not a valid {what}: use 1 to 64 letters, digits, dots, dashes and underscores, "
                    "starting with a letter or digit."
                )
        reserved = (GATEWAY, *_RESERVED)
        if name.casefold() in reserved or name.casefold().startswith(_RESERVED_PREFIXES):
            raise SettingsError(
                f"{name!r} is reserved, as are {', '.join(reserved)} and names that start with "
                f"{', '.join(_RESERVED_PREFIXES)}, in any case of letters: choose another name."
            )
        known = self.all()
        if any(gateway.name.casefold() == name.casefold() for gateway in known):
            raise SettingsError(
                f"A gateway {name!r} exists already (case is ignored). For a new password: "
                f"headland gateway remove {name}, then add it again."
            )
        gateway = GatewayLogin(name=name, site=site, password=secrets.token_urlsafe(24), added_ms=now_ms)
        self._write([*known, gateway])
        return gateway

    def change_password(self, name: str) -> GatewayLogin:
        """Give a known gateway another password, which nobody has, and return it."""
        gateways = [
            msgspec.structs.replace(each, password=secrets.token_urlsafe(24)) if each.name == name else each
            for each in self.all()
        ]
        self._write(gateways)
        return next(gateway for gateway in gateways if gateway.name == name)

    def remove(self, name: str) -> None:
        """Remove a gateway; raises SettingsError where it does not exist."""
        known = self.all()
        remaining = [gateway for gateway in known if gateway.name != name]
        if len(remaining) == len(known):
            names = ", ".join(gateway.name for gateway in known) or "none"
            raise SettingsError(f"No gateway {name!r} was added. Gateways: {names}.")
        self._write(remaining)

    def _write(self, gateways: list[GatewayLogin]) -> None:
        write_whole(self._folder.gateways_path, msgspec.json.format(msgspec.json.encode(gateways)) + b"\n")


def own_users(folder: FarmFolder) -> list[BrokerUser]:
    """Return the logins of the farm's own parts: all that a broker without an access list may have."""
    return [
        BrokerUser(INGEST_USER, folder.secret(INGEST_USER), "ingest"),
        BrokerUser(GATEWAY, folder.secret(GATEWAY), "gateway"),
        BrokerUser(IMPORT_GATEWAY, folder.secret(IMPORT_GATEWAY), "gateway"),
        BrokerUser(DEVICES_USER, folder.secret(DEVICES_USER), "devices"),
    ]


def broker_users(folder: FarmFolder) -> list[BrokerUser]:
    """Return all logins of the farm's broker: its own parts, Home Assistant, the added gateways.

    A gateway whose certificates were revoked has no rights before it is enrolled again, also where it has a new code: a
    session that it has open can do nothing from then on.
    """
    shut = shut_gateways(folder)
    return [
        *own_users(folder),
        BrokerUser(HOME_USER, folder.secret(HOME_USER), "home"),
        *(
            BrokerUser(gateway.name, gateway.password, "gateway")
            for gateway in Gateways(folder).all()
            if gateway.name not in shut
        ),
    ]


def shut_gateways(folder: FarmFolder) -> frozenset[str]:
    """Return the gateways that were enrolled by code and of which nothing is accepted now."""
    try:
        known = read_enrolments(folder.enrolment_dir)
    except SettingsError:
        return frozenset()
    return frozenset(each.gateway for each in known if each.is_shut)
