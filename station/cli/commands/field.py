"""`headland field`: the fields of a farm."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from headland.errors import SettingsError
from station.cli.options import DataOption, RegistryOption, farm_folder
from station.server.storage.registries import registry_url

if TYPE_CHECKING:
    from headland.registry.models.models import Farm
    from headland.registry.repositories.organisation_repositories import OrganisationRepositories

field_app = typer.Typer(no_args_is_help=True, help="Import field boundaries.")


@field_app.command("import")
def field_import(
    file: Annotated[
        Path,
        typer.Argument(help="GeoJSON, KML, KMZ, or a zip with .shp, .dbf and .prj.", exists=True, dir_okay=False),
    ],
    farm: Annotated[
        str | None, typer.Option(help="Name of the farm that the fields belong to.", show_default="the only one")
    ] = None,
    crs: Annotated[
        str | None, typer.Option(help="Coordinate system, such as EPSG:32650, where the file names none.")
    ] = None,
    name_property: Annotated[
        str | None, typer.Option(help="Property that holds the name of a field.", show_default="name")
    ] = None,
    data: DataOption = None,
    registry: RegistryOption = None,
) -> None:
    """Import the boundaries in a file as fields. If one is invalid, none is imported and the errors are listed."""
    from headland.formats.field_import.importer import import_fields
    from headland.formats.field_import.outline import RefusedFile
    from station.server.organisation import open_first_organisation

    folder = farm_folder(data)
    folder.create()
    with open_first_organisation(registry_url(registry, folder.registry_path), "headland field import") as repositories:
        try:
            fields = import_fields(
                repositories, _choose_farm(repositories, farm), file.read_bytes(), crs=crs, name_property=name_property
            )
        except RefusedFile as refused:
            for error in refused.errors:
                typer.echo(f"  {error.detail.rstrip('.')}.", err=True)
            raise SettingsError(f"No field was imported from {file}.") from refused
    for field in fields:
        typer.echo(f"  {field.name}: {field.area_m2 / 10_000:.3f} ha, {field.id}")
    typer.echo(f"{len(fields)} {'field' if len(fields) == 1 else 'fields'} imported from {file}.")


def _choose_farm(repositories: OrganisationRepositories, name: str | None) -> Farm:
    farms = list(repositories.farms.all(name=name)) if name is not None else repositories.farms.list(limit=2)
    if len(farms) == 1:
        return farms[0]
    known = ", ".join(farm.name for farm in repositories.farms.all())
    raise SettingsError(f"The farm is not clear: choose one with --farm NAME. Farms: {known}.")
