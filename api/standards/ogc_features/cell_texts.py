"""Cells of an as-applied map as GeoJSON text: there are tens of thousands, and an object for each costs the most."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from api.standards.ogc_features.pass_maps import PassCells
from headland.agronomy.application.as_applied import EVIDENCE
from headland.agronomy.geometry.outline import PLACES
from headland.analysis.inputs.window import utc_of
from headland.analysis.passes.detection import FieldPass

#: Cells that become numbers of Python at once: what is not asked for costs little.
_AT_ONCE: Final = 2000


def write_cells(field_pass: FieldPass, cells: PassCells, wanted: NDArray[np.intp]) -> Iterator[tuple[int, str]]:
    """Yield the index and the feature of each wanted cell of a pass."""
    common = _members(
        {
            "pass_id": field_pass.id,
            "field": field_pass.field.id,
            "device": field_pass.device,
            "start": utc_of(field_pass.start_ms),
            "end": utc_of(field_pass.end_ms),
        }
    )
    marks = _members(
        {
            "coverage": cells.coverage,
            "simulated": field_pass.simulated,
            "source": cells.method,
            "quality": cells.quality,
        }
    )
    evidence, places = [_json(name) for name in EVIDENCE], [_json(name) for name in PLACES]
    identity = _json(field_pass.id)[:-1]
    rate_name, amount_name = _json(f"rate_{cells.unit}_ha"), _json(f"amount_{cells.unit}")
    for first in range(0, len(wanted), _AT_ONCE):
        at = wanted[first : first + _AT_ONCE]
        numbers = [column[at].tolist() for column in (cells.rate_ha, cells.amount, cells.evidence, cells.places)]
        edges = cells.edges_deg[:, at].tolist()
        for index, west, south, east, north, rate, amount, seen, place in zip(
            at.tolist(), *edges, *numbers, strict=True
        ):
            text = (
                f'{{"type":"Feature","id":{identity}.{index}","geometry":{{"type":"Polygon","coordinates":'
                f"[[[{west},{south}],[{east},{south}],[{east},{north}],[{west},{north}],[{west},{south}]]]}},"
                f'"properties":{{{common},{rate_name}:{"null" if rate != rate else rate},{amount_name}:{amount},'
                f'"evidence":{evidence[seen]},"place":{places[place]},{marks}}}}}'
            )
            yield index, text


def _members(values: dict[str, Any]) -> str:
    """Return the members of a JSON object, without its braces."""
    return _json(values)[1:-1]


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
