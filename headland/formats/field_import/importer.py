"""A file of outlines into fields of a farm: all of them, or none and what is wrong with each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pyproj import CRS

from headland.formats.field_import.geojson import read_geojson
from headland.formats.field_import.kml import read_kml, read_kmz
from headland.formats.field_import.outline import DEGREES, Outline, RefusedFile, Trouble, read_crs, to_degrees
from headland.formats.field_import.shapefiles import read_shapefile
from headland.registry.models.errors import InvalidGeometry
from headland.registry.models.geometry import Geometry, Position
from headland.registry.models.models import Farm, Field
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.registry.validation.geometry import check_geometry


def import_fields(
    repositories: OrganisationRepositories,
    farm: Farm,
    data: bytes,
    *,
    crs: str | None = None,
    name_property: str | None = None,
) -> list[Field]:
    """Keep the fields of a file and return them; raises RefusedFile, and then nothing of it is kept.

    `crs` is the coordinate system where the file names none; `name_property` what its features are named by, `name`
    if it is left out. Outlines are doubted that lie far from the farm, or from its other fields where it has no place.
    """
    outlines, troubles, named = _read(data, name_property)
    system = _choose_crs(data, named, crs)
    near = _place_of(repositories, farm)
    found: list[tuple[Outline, Geometry]] = []
    for outline in outlines:
        what = f"feature {outline.feature}" + (f" ({outline.name!r})" if outline.name else "")
        try:
            found.append((outline, check_geometry(to_degrees(outline, system), what, near)))
        except InvalidGeometry as error:
            troubles.append(Trouble(outline.feature, outline.name, str(error)))
    names = [outline.name or f"{farm.name[:180]} {outline.feature}" for outline, _ in found]
    troubles += _taken_names(repositories, farm, [outline for outline, _ in found], names)
    if troubles:
        raise RefusedFile(sorted(troubles, key=lambda trouble: trouble.feature))
    if not found:
        raise RefusedFile.whole("The file holds no polygon")
    fields = [Field(farm=farm.id, name=name, geometry=each) for name, (_, each) in zip(names, found, strict=True)]
    return repositories.fields.add_all(fields)


def _read(data: bytes, name_property: str | None) -> tuple[list[Outline], list[Trouble], CRS | None]:
    start = data[:2048].lstrip(b"\xef\xbb\xbf \t\r\n")
    if data[:2] == b"PK":
        read = read_kmz if b".kml" in data.lower()[-4096:] or b"doc.kml" in data[:256].lower() else read_shapefile
        return read(data, name_property)
    if start[:1] in (b"{", b"["):
        return read_geojson(data.removeprefix(b"\xef\xbb\xbf"), name_property)
    if start[:1] == b"<":
        return read_kml(data, name_property)
    raise RefusedFile.whole(
        "The file is none of GeoJSON, KML, KMZ and zipped shapefile: a .shp alone needs its .dbf and .prj in a zip"
    )


def _choose_crs(data: bytes, named: CRS | None, told: str | None) -> CRS:
    asked = None if told is None else read_crs(told)
    if named is not None:
        if asked is not None and asked != named:
            raise RefusedFile.whole(
                f"The file says that it is in {named.name}, and you say {asked.name}: leave `crs` out"
            )
        return named
    if asked is None and data[:2] == b"PK":
        raise RefusedFile.whole("The shapefile has no .prj: say its coordinate system as `crs`, such as EPSG:32650")
    return asked or CRS(DEGREES)


def _place_of(repositories: OrganisationRepositories, farm: Farm) -> Position | None:
    if farm.longitude_deg is not None and farm.latitude_deg is not None:
        return farm.longitude_deg, farm.latitude_deg
    others = repositories.fields.list(farm=farm.id, limit=1)
    return others[0].geometry[0][0][0] if others else None


def _taken_names(
    repositories: OrganisationRepositories, farm: Farm, outlines: Sequence[Outline], names: Sequence[str]
) -> list[Trouble]:
    """Return what is named as another feature or as a field of the farm: an import twice shows here."""
    known = {field.name for field in repositories.fields.all(farm=farm.id)}
    count = Counter(names)
    return [
        Trouble(
            outline.feature,
            name,
            f"feature {outline.feature} is called {name!r} as "
            + (f"a field of {farm.name!r} that is kept already" if name in known else "another feature of the file"),
        )
        for outline, name in zip(outlines, names, strict=True)
        if name in known or count[name] > 1
    ]
