"""JSON Schemas of collections (OGC API Features, Part 5): the type of every property, also where all are null."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from api.http.content_types import name_column
from api.http.records import describe_records, key_of
from headland.agronomy.application.as_applied import EVIDENCE
from headland.agronomy.geometry.outline import PLACES
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.passes.pass_answer import PassItem
from headland.contract.quantities import QUANTITIES, split_channel
from headland.store.port import SeriesFilter

_TEXT: Final = {"type": "string"}
_NUMBER: Final = {"type": "number"}
_INTEGER: Final = {"type": "integer"}
_TRUTH: Final = {"type": "boolean"}
_INSTANT: Final = {"type": "string", "format": "date-time"}

_FIELDS: Final[dict[str, Any]] = {
    "name": _TEXT,
    "owner": _TEXT,
    "farm": _TEXT,
    "area_m2": _NUMBER,
    "usable_area_m2": _NUMBER,
    "zones_not_treated": _INTEGER,
    "source": _TEXT,
    "quality": _TEXT,
    "version": _INTEGER,
    "since": _INSTANT,
}
_GREENHOUSES: Final[dict[str, Any]] = {
    "name": _TEXT,
    "site": _TEXT,
    "floor_area_m2": _NUMBER,
    "volume_m3": _NUMBER,
    "cover": _TEXT,
    "position_source": _TEXT,
    "source": _TEXT,
    "quality": _TEXT,
    "version": _INTEGER,
    "since": _INSTANT,
}
_DEVICES: Final[dict[str, Any]] = {
    "name": _TEXT,
    "kind": _TEXT,
    "site": _TEXT,
    "gateway": _TEXT,
    "simulated": _TRUTH,
    "position_source": _TEXT,
    "position_time": _INSTANT,
    "last_seen": _INSTANT,
    "source": _TEXT,
    "quality": _TEXT,
}
_CELLS: Final[dict[str, Any]] = {
    "pass_id": _TEXT,
    "field": _TEXT,
    "device": _TEXT,
    "start": _INSTANT,
    "end": _INSTANT,
    "rate_kg_ha": _NUMBER,
    "amount_kg": _NUMBER,
    "rate_l_ha": _NUMBER,
    "amount_l": _NUMBER,
    "evidence": {"type": "string", "enum": list(EVIDENCE)},
    "place": {"type": "string", "enum": list(PLACES)},
    "coverage": _NUMBER,
    "simulated": _TRUTH,
    "source": _TEXT,
    "quality": _INTEGER,
}
_FIXED: Final = {"fields": _FIELDS, "greenhouses": _GREENHOUSES, "devices": _DEVICES, "as-applied": _CELLS}
_GEOMETRIES: Final = {
    "fields": "any",
    "greenhouses": "point",
    "devices": "point",
    "passes": "linestring",
    "as-applied": "polygon",
}


def schema_of(scope: OrgScope, layer_id: str, title: str, address: str) -> dict[str, Any]:
    """Return the JSON Schema of a collection's features, as Part 5 writes it: geometry and properties side by side."""
    properties = _FIXED.get(layer_id, {})
    if layer_id == "devices":
        properties = properties | _values_of(scope)
    elif layer_id == "passes":
        properties = _of_passes()
    geometry = {"x-ogc-role": "primary-geometry", "format": f"geometry-{_GEOMETRIES[layer_id]}"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": address,
        "title": title,
        "type": "object",
        "properties": {
            "id": properties.get("id", {"type": "string", "x-ogc-role": "id"}),
            "geometry": geometry,
            **properties,
        },
    }


def _of_passes() -> dict[str, Any]:
    item = describe_records([PassItem])[key_of(PassItem)]["properties"]
    own = {
        "start": _INSTANT,
        "end": _INSTANT,
        "field_name": _TEXT,
        "planned_rate_unit": _TEXT,
        "positions": _INTEGER,
        "source": _TEXT,
        "quality": _INTEGER,
    }
    return {name: _typed(about) for name, about in item.items()} | own


def _typed(about: Mapping[str, Any]) -> dict[str, Any]:
    """Return the type of a model's field without its null: every property may be null."""
    kinds = [option for option in about.get("anyOf", (about,)) if option.get("type") != "null"]
    return {"type": kinds[0]["type"]}


def _values_of(scope: OrgScope) -> dict[str, Any]:
    """Return the channels of the devices that have samples, with flag and time of each."""
    records = {record.descriptor.device: record for record in scope.store.devices(scope.organisation)}
    values: dict[str, Any] = {}
    for key in scope.store.series(SeriesFilter(scope.organisation)):
        if key.device not in records:
            continue
        quantity, name = QUANTITIES.get((split_channel(key.channel) or (key.channel,))[0]), key.channel
        about = {} if quantity is None else {"title": quantity.meaning}
        about |= {} if key.unit is None else {"x-ogc-unit": key.unit}
        values |= {
            name_column(records[key.device], name): {"type": "number", **about},
            f"{name}_quality": _INTEGER,
            f"{name}_time": _INSTANT,
        }
    return dict(sorted(values.items()))
