"""`headland field`: the fields of a farm."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from headland.errors import SettingsError
from station.cli.commands_app import Commands
from station.cli.options import DataOption, RegistryOption, farm_folder
from station.server.storage.registries import registry_url

if TYPE_CHECKING:
    from headland.registry.models.models import Farm
    from headland.registry.repositories.organisation_repositories import OrganisationRepositories

field_app = Commands(no_args_is_help=True, help="Import field boundaries.")


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
        str | None,
        typer.Option(
            help="Coordinate system where the file names none: EPSG:32650, or GCJ-02 or BD-09 of Chinese maps."
        ),
    ] = None,
    name_property: Annotated[
        str | None, typer.Option(help="Property that holds the name of a field.", show_default="name")
    ] = None,
    owner_property: Annotated[
        str | None, typer.Option(help="Property that holds the owner of a plot.", show_default="owner")
    ] = None,
    data: DataOption = None,
    registry: RegistryOption = None,
) -> None:
    """Import the boundaries in a file as fields. If one is invalid, none is imported and the errors are listed."""
    from headland.formats.field_import.importer import read_fields
    from headland.formats.field_import.outline import RefusedFile
    from headland.registry.validation.shared_ground import find_shared_ground
    from station.server.organisation import open_first_organisation

    folder = farm_folder(data)
    folder.create()
    with open_first_organisation(registry_url(registry, folder.registry_path), "headland field import") as repositories:
        try:
            read = read_fields(
                repositories,
                _choose_farm(repositories, farm),
                file.read_bytes(),
                crs=crs,
                name_property=name_property,
                owner_property=owner_property,
            )
            shared_ground = find_shared_ground(read.fields, list(repositories.fields.all()))
            fields = repositories.fields.add_all(read.fields)
        except RefusedFile as refused:
            for error in refused.errors:
                typer.echo(f"  {error.detail.rstrip('.')}.", err=True)
            raise SettingsError(f"No field was imported from {file}.") from refused
    for field in fields:
        owner = f", {field.owner}" if field.owner else ""
        typer.echo(f"  {field.name}: {field.area_m2 / 10_000:.3f} ha{owner}, {field.id}")
    for shared in shared_ground:
        typer.echo(
            f"  {shared.first.name} and {shared.second.name} share {shared.area_m2:,.0f} m2 of ground.", err=True
        )
    if read.encoding is not None and read.encoding.by == "assumed":
        typer.echo(
            "  Some letters of names could not be read: export the file in UTF-8, or correct the names.", err=True
        )
    typer.echo(f"{len(fields)} {'field' if len(fields) == 1 else 'fields'} imported from {file}.")


@field_app.command("base-map")
def base_map(
    file: Annotated[
        Path,
        typer.Argument(
            help="PMTiles, a GeoTIFF of 8 bits, or GeoJSON of roads and water in WGS84.", exists=True, dir_okay=False
        ),
    ],
    data: DataOption = None,
) -> None:
    """Put a base map under the fields of the page. Nothing is ever fetched: the file stays on this machine."""
    from headland.formats.images.orthophoto import is_tiff

    folder = farm_folder(data)
    folder.create()
    with file.open("rb") as opened:
        start = opened.read(64)
    waiting = folder.base_map_path.with_suffix(".new")
    if is_tiff(start):
        _tile_photo(file, waiting)
    elif start.lstrip().startswith((b"PMTiles\x03", b"{")):
        shutil.copyfile(file, waiting)
    else:
        raise SettingsError(f"{file} is neither PMTiles (version 3), a GeoTIFF nor GeoJSON.")
    waiting.replace(folder.base_map_path)
    typer.echo(f"The pages of this farm now show {file} under the fields.")


def _tile_photo(file: Path, target: Path) -> None:
    from headland.formats.images.orthophoto import RefusedPhoto, tile_photo

    try:
        made = tile_photo(file, target)
    except RefusedPhoto as error:
        target.unlink(missing_ok=True)
        raise SettingsError(f"{file}: {error}") from error
    typer.echo(
        f"{made.tiles} tiles, at the finest {made.finest_m:.2f} m a pixel; the picture has {made.source_m:.2f} m."
    )


def _choose_farm(repositories: OrganisationRepositories, name: str | None) -> Farm:
    farms = list(repositories.farms.all(name=name)) if name is not None else repositories.farms.list(limit=2)
    if len(farms) == 1:
        return farms[0]
    known = ", ".join(farm.name for farm in repositories.farms.all())
    raise SettingsError(f"The farm is not clear: choose one with --farm NAME. Farms: {known}.")
