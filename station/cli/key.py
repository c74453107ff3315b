"""`headland key`: the keys of an organisation, for who can read the registry itself."""

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
from station.cli.options import DataOption, farm_folder
from station.cli.registry_options import RegistryOption
from station.server.registries import open_registry, registry_url

if TYPE_CHECKING:
    from headland.registry.repositories.organisation_repositories import OrganisationRepositories

key_app = typer.Typer(no_args_is_help=True, help="Keys to the API: who has one, and until when.")

OrganisationOption = Annotated[str, typer.Option(help="Whose key.")]

_BY: Final = "headland key"


class KeyScope(StrEnum):
    """What a key may do; each includes those before it."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


@key_app.command("add")
def key_add(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    scope: Annotated[KeyScope, typer.Option(help="What it may do.")] = KeyScope.READ,
    days: Annotated[int | None, typer.Option(help="It expires after so many days; never by default.", min=1)] = None,
    organisation: OrganisationOption = "local",
    data: DataOption = None,
    registry: RegistryOption = None,
) -> None:
    """Make a key and print it, this once: nobody can ask for it again."""
    with _repositories(organisation, data, registry) as repositories:
        from headland.registry.models.models import Scope

        expires_ms = None if days is None else wall_clock_ms() + days * DAY_MS
        _, key = repositories.mint_key(name, Scope(scope.value), expires_ms)
        typer.echo(key)


@key_app.command("list")
def key_list(
    organisation: OrganisationOption = "local", data: DataOption = None, registry: RegistryOption = None
) -> None:
    """List the keys: their readable beginning, what they may do, and when they were used last."""
    with _repositories(organisation, data, registry) as repositories:
        typer.echo(f"{'BEGINS':<12} {'SCOPE':<6} {'EXPIRES (UTC)':<17} {'LAST USED (UTC)':<17} NAME")
        for key in repositories.keys.all():
            expires, used = _utc(key.expires_ms, "never"), _utc(key.last_used_ms, "never")
            typer.echo(f"{key.prefix:<12} {key.scope.value:<6} {expires:<17} {used:<17} {key.name}")


@key_app.command("revoke")
def key_revoke(
    which: Annotated[str, typer.Argument(help="The beginning of the key as `list` shows it, or its name.")],
    organisation: OrganisationOption = "local",
    data: DataOption = None,
    registry: RegistryOption = None,
) -> None:
    """Revoke a key: it opens nothing from now on, nor do the sessions that it began."""
    with _repositories(organisation, data, registry) as repositories:
        found = [key for key in repositories.keys.all() if which in (key.prefix, key.name)]
        if len(found) != 1:
            raise SettingsError(f"{len(found)} keys are called {which!r}; `headland key list` shows all.")
        repositories.keys.delete(found[0].id, found[0].version)
        typer.echo(f"{found[0].prefix} ({found[0].name}) opens nothing any more.")


@contextmanager
def _repositories(organisation: str, data: Path | None, url: str | None) -> Iterator[OrganisationRepositories]:
    from headland.registry.models.errors import NotFound

    folder = farm_folder(data)
    with closing(open_registry(registry_url(url, folder.registry_path))) as registry:
        try:
            found = registry.organisation(organisation)
        except NotFound as error:
            names = ", ".join(one.handle for one in registry.organisations()) or "none: start Headland first"
            raise SettingsError(f"There is no organisation {organisation!r}; there are {names}.") from error
        yield registry.repositories(found.id, _BY)


def _utc(time_ms: int | None, otherwise: str) -> str:
    return otherwise if time_ms is None else datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")
