"""`headland key`: the API keys of an organisation, for an administrator with access to the registry."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from headland.clock import wall_clock_ms
from headland.errors import SettingsError
from headland.units_of_time import DAY_MS
from station.cli.commands_app import Commands
from station.cli.options import DataOption, RegistryOption, farm_folder
from station.server.storage.registries import open_registry, registry_url

if TYPE_CHECKING:
    from headland.registry.repositories.organisation_repositories import OrganisationRepositories

key_app = Commands(no_args_is_help=True, help="Create, list and revoke API keys.")

OrganisationOption = Annotated[str, typer.Option(help="Organisation that owns the key.")]

_BY: Final = "headland key"


class KeyScope(StrEnum):
    """Permission of a key; `read`, `write` and `admin` each include those before, `samples` posts samples alone."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"
    SAMPLES = "samples"


@key_app.command("add")
def key_add(
    name: Annotated[str, typer.Argument(help="Purpose of the key.")],
    scope: Annotated[KeyScope, typer.Option(help="Permission of the key.")] = KeyScope.READ,
    days: Annotated[int | None, typer.Option(help="Days until the key expires.", show_default="never", min=1)] = None,
    organisation: OrganisationOption = "local",
    data: DataOption = None,
    registry: RegistryOption = None,
) -> None:
    """Create a key and print it. It is shown only now and cannot be recovered."""
    with _repositories(organisation, data, registry) as repositories:
        from headland.registry.models.models import Scope

        expires_ms = None if days is None else wall_clock_ms() + days * DAY_MS
        _, key = repositories.add_key(name, Scope(scope.value), expires_ms)
        typer.echo(key)


@key_app.command("list")
def key_list(
    organisation: OrganisationOption = "local", data: DataOption = None, registry: RegistryOption = None
) -> None:
    """List the keys: their prefix, permission, expiry and last use."""
    with _repositories(organisation, data, registry) as repositories:
        typer.echo(f"{'PREFIX':<12} {'SCOPE':<7} {'EXPIRES (UTC)':<17} {'LAST USED (UTC)':<17} NAME")
        for key in repositories.keys.all():
            expires, used = _utc(key.expires_ms, "never"), _utc(key.last_used_ms, "never")
            typer.echo(f"{key.prefix:<12} {key.scope.value:<7} {expires:<17} {used:<17} {key.name}")


@key_app.command("revoke")
def key_revoke(
    which: Annotated[str, typer.Argument(help="Prefix of the key from `list`, or its name.", metavar="KEY")],
    organisation: OrganisationOption = "local",
    data: DataOption = None,
    registry: RegistryOption = None,
) -> None:
    """Revoke a key and the sessions that it started."""
    with _repositories(organisation, data, registry) as repositories:
        keys = [key for key in repositories.keys.all() if which in (key.prefix, key.name)]
        if len(keys) != 1:
            raise SettingsError(f"{len(keys)} keys match {which!r}: name one by its prefix from `headland key list`.")
        repositories.keys.delete(keys[0].id, keys[0].version)
        typer.echo(f"Revoked {keys[0].prefix} ({keys[0].name}).")


@contextmanager
def _repositories(organisation: str, data: Path | None, url: str | None) -> Iterator[OrganisationRepositories]:
    from headland.registry.models.errors import NotFound

    folder = farm_folder(data)
    with closing(open_registry(registry_url(url, folder.registry_path))) as registry:
        try:
            owner = registry.organisation(organisation)
        except NotFound as error:
            names = ", ".join(known.handle for known in registry.organisations()) or "none; start Headland first"
            raise SettingsError(f"No organisation {organisation!r}. Organisations: {names}.") from error
        yield registry.repositories(owner.id, _BY)


def _utc(time_ms: int | None, default: str) -> str:
    return default if time_ms is None else datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")
