"""ISOXML (ISO 11783-10): a task with a type 2 grid, rates as 32-bit integers in the unit of their DDI."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as ET

import numpy as np

from headland.agronomy.series.arrays import Values
from headland.files.zip_members import pack_zip
from headland.registry.models.geometry import Geometry

#: ISO 11783-11 data dictionary: set points of mass and volume per area, and the number of their units (mg/m2,
#: 0.01 mm3/m2) in a kg/ha or L/ha.
_SETPOINT: Final = {"kg/ha": ("0006", 100.0), "L/ha": ("0001", 10_000.0)}
_ACTUAL: Final = {"kg/ha": ("0007", 100.0), "L/ha": ("0002", 10_000.0)}
_GRID_FILE: Final = "GRD00001"
_OUTSIDE, _IN_GRID = "0", "1"


@dataclass(frozen=True, slots=True)
class Task:
    """A task: names, the outline, and the position and rates of the grid.

    `rate_ha` (rows, columns), row 0 the southernmost, in `unit` (kg/ha or L/ha); NaN is no rate. `corner_deg` is the
    grid's south-west (latitude, longitude), `cell_deg` height and width of a cell. `is_applied` marks applied rates,
    else planned.
    """

    name: str
    field: str
    geometry: Geometry
    area_m2: float
    product: str
    unit: str
    rate_ha: Values
    corner_deg: tuple[float, float]
    cell_deg: tuple[float, float]
    is_applied: bool = False


def encode_grid(rate_ha: Values, unit: str, *, is_applied: bool = False) -> bytes:
    """Return the bytes of a type 2 grid: int32 little-endian, rows from south to north, each from west to east."""
    scale = (_ACTUAL if is_applied else _SETPOINT)[unit][1]
    return np.rint(np.nan_to_num(rate_ha, nan=0.0) * scale).astype("<i4").tobytes()


def write_task(task: Task) -> bytes:
    """Return a zip of TASKDATA/TASKDATA.XML and its grid, in the layout that terminals read."""
    grid = encode_grid(task.rate_ha, task.unit, is_applied=task.is_applied)
    return pack_zip({"TASKDATA/TASKDATA.XML": _xml(task, len(grid)), f"TASKDATA/{_GRID_FILE}.BIN": grid})


def _xml(task: Task, grid_length: int) -> bytes:
    root = ET.Element(
        "ISO11783_TaskData",
        VersionMajor="4",
        VersionMinor="3",
        ManagementSoftwareManufacturer="Headland",
        ManagementSoftwareVersion="1",
        DataTransferOrigin="1",
    )
    # Names have at most 32 characters in the standard.
    field = ET.SubElement(root, "PFD", A="PFD1", C=task.field[:32], D=str(round(task.area_m2)))
    for rings in task.geometry:
        polygon = ET.SubElement(field, "PLN", A="1")
        for number, ring in enumerate(rings):
            line = ET.SubElement(polygon, "LSG", A="1" if number == 0 else "2")
            for longitude_deg, latitude_deg in ring:
                ET.SubElement(line, "PNT", A="2", C=f"{latitude_deg:.9f}", D=f"{longitude_deg:.9f}")
    product = {}
    if task.product:
        ET.SubElement(root, "PDT", A="PDT1", B=task.product[:32])
        product = {"C": "PDT1"}
    job = ET.SubElement(root, "TSK", A="TSK1", B=task.name[:32], E="PFD1", G="1", H=_OUTSIDE, J=_OUTSIDE)
    ddi = (_ACTUAL if task.is_applied else _SETPOINT)[task.unit][0]
    for code in (_OUTSIDE, _IN_GRID):
        zone = ET.SubElement(job, "TZN", A=code)
        ET.SubElement(zone, "PDV", {"A": ddi, "B": "0", **product})
    rows, columns = task.rate_ha.shape
    (south, west), (high, wide) = task.corner_deg, task.cell_deg
    place = {"A": f"{south:.9f}", "B": f"{west:.9f}", "C": f"{high:.15f}", "D": f"{wide:.15f}"}
    shape = {"E": str(columns), "F": str(rows), "G": _GRID_FILE, "H": str(grid_length), "I": "2", "J": _IN_GRID}
    ET.SubElement(job, "GRD", {**place, **shape})
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))
