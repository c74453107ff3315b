"""Prescriptions: written once and never changed, because a machine may have received them."""

from __future__ import annotations

import zlib
from base64 import b64decode, b64encode
from typing import Annotated, Literal

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from headland.registry.models.models import Latitude, Longitude, Note, NotNegative, Positive, Text, VersionedRecord

#: Value of a cell outside all zones, in the bytes of `cells`.
_NO_ZONE = 255
MAX_CELLS = 250_000


class PrescribedZone(msgspec.Struct, frozen=True, kw_only=True):
    """A zone and its rate in the prescription's unit.

    `index_mean` is the mean of the first index of the zoning, null where zones were drawn without one.
    """

    rate_ha: NotNegative
    area_ha: NotNegative
    amount: Annotated[NotNegative, "Amount for the zone, in kg or L."]
    n_kg_ha: NotNegative | None
    index_mean: Annotated[
        float | None, "Mean of the first index of the zoning; null where zones were drawn without one."
    ]


class PrescriptionCheck(msgspec.Struct, frozen=True, kw_only=True):
    """Check of a constraint: whether it holds (None: unknown), and a sentence."""

    id: Text
    holds: Annotated[bool | None, "Whether the constraint holds; null where that is not known."]
    detail: Note


class Prescription(VersionedRecord, frozen=True, kw_only=True):
    """Rates of a product by zone of a field, on a grid from its south-west corner.

    `cells` are the zones of the cells, rows from the south, a byte each (255: not treated), deflated, as base64.
    `method` describes the zoning.
    """

    field: str
    name: Text
    product: Annotated[str | None, "Id of the product; null for none."] = None
    implement: str | None = None
    season: str | None = None
    unit: Literal["kg/ha", "L/ha"]
    south_deg: Latitude
    west_deg: Longitude
    cell_north_deg: Positive
    cell_east_deg: Positive
    cell_m: Positive
    rows: Annotated[int, Meta(ge=1, le=MAX_CELLS), "Number of rows."]
    columns: Annotated[int, Meta(ge=1, le=MAX_CELLS), "Number of columns."]
    cells: Annotated[
        str, "Zones of the cells, rows from the south, a byte each (255: not treated), as deflated Base64."
    ]
    zones: Annotated[tuple[PrescribedZone, ...], "Zones by number."]
    total: Annotated[NotNegative, "Amount for all zones, in kg or L."]
    checks: Annotated[tuple[PrescriptionCheck, ...], "Checks of constraints."]
    method: Annotated[dict[str, str | float | None], "Figures of the zoning by name."]

    def zone_of_cell(self) -> NDArray[np.int64]:
        """Return the zone of each cell (rows, columns), row 0 the southernmost; -1 outside zones."""
        plain = np.frombuffer(zlib.decompress(b64decode(self.cells)), np.uint8).astype(np.int64)
        return np.where(plain == _NO_ZONE, -1, plain).reshape(self.rows, self.columns)

    def rate_of_cell(self) -> NDArray[np.float64]:
        """Return the rate of each cell; NaN outside zones."""
        return self.rate_of_zone(self.zone_of_cell())

    def rate_of_zone(self, zones: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the rates of zones; NaN for -1."""
        return np.array([*(zone.rate_ha for zone in self.zones), np.nan])[zones]

    def zone_at(self, latitude_deg: NDArray[np.float64], longitude_deg: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the zone at each place, -1 outside zones."""
        column = np.floor((longitude_deg - self.west_deg) / self.cell_east_deg).astype(np.int64)
        row = np.floor((latitude_deg - self.south_deg) / self.cell_north_deg).astype(np.int64)
        inside = (row >= 0) & (row < self.rows) & (column >= 0) & (column < self.columns)
        zones = np.full(np.shape(latitude_deg), -1, np.int64)
        zones[inside] = self.zone_of_cell()[row[inside], column[inside]]
        return zones


def pack_cells(labels: NDArray[np.int64]) -> str:
    """Return the zones of cells (-1: none) in the format of `Prescription.cells`."""
    plain = np.where(labels < 0, _NO_ZONE, labels).astype(np.uint8)
    return b64encode(zlib.compress(plain.tobytes(), 6)).decode()
