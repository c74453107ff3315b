"""Types and base tables that the settings of all sources share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Self

import msgspec
from msgspec import Meta

from edge.toml.positions import TomlPath
from headland.contract.records import NAME

Name = Annotated[str, Meta(pattern=rf"^{NAME.pattern}\Z")]
Host = Annotated[str, Meta(min_length=1, max_length=255)]
Port = Annotated[int, Meta(ge=1, le=65535)]
Seconds = Annotated[float, Meta(ge=0.05, le=86_400)]


class SourceTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every `[[source]]` table. Subclasses have a `name`, and a tag for `type`."""

    def devices(self) -> Sequence[tuple[TomlPath, str]]:
        """Return the devices that the table names, each with the path of its own table within this one.

        A device id may appear once in a gateway. By default: the fields `device` and `node`.
        """
        device, nodes = getattr(self, "device", None), getattr(self, "node", None)
        devices: list[tuple[TomlPath, str]] = [((), device)] if isinstance(device, str) else []
        if isinstance(nodes, list):
            devices += [(("node", index), node.device) for index, node in enumerate(nodes)]
        return devices

    def resolve(self, folder: Path) -> Self:
        """Return the table with full paths; relative ones start at `folder`, where edge.toml is.

        Raises TableError where a file that the table names is missing or unusable.
        """
        del folder
        return self


class PlaceSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Kind and place of a device; `site` defaults to the gateway's."""

    kind: Name = "greenhouse"
    site: Name | None = None
    simulated: bool = False
    latitude_deg: Annotated[float, Meta(ge=-90, le=90)] | None = None
    longitude_deg: Annotated[float, Meta(ge=-180, le=180)] | None = None
    altitude_m: Annotated[float, Meta(ge=-500, le=9000)] | None = None
