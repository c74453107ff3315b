"""Examples of the OpenAPI document, generated from its schemas.

The schema's own values have precedence (`example`, `const`, `enum`, `default`), then the usual value of the property's
name, then the smallest value that the schema allows.
"""

from __future__ import annotations

import re
from typing import Any, Final

from api.schemas.model import EXAMPLE_ID, EXAMPLE_MS

_MOST_DEEP: Final = 12
_JSON: Final = re.compile(r"application/(geo\+|ld\+|vnd\.[a-z.]+\+)?json")
_TEXTS: Final[dict[str, Any]] = {
    "text/csv": "time_ms,device,simulated,co2_ppm\r\n1795507200000,gh-1,false,612.5\r\n",
    "text/plain": "headland_ingest_messages 12.0\n",
    "text/event-stream": {"event": "gap", "id": "4f1c-7", "data": '{"reason":"restarted"}'},
}
#: Usual values of properties and parameters, by name.
_NAMES: Final[dict[str, Any]] = {
    "device": "gh-1",
    "gateway": "gw-1",
    "greenhouse": "gh-1",
    "subject": "gh-1",
    "site": "home",
    "kind": "greenhouse",
    "channel": "co2_ppm",
    "name": "House 1",
    "unit": "degC",
    "method": "fao56",
    "time_zone": "Asia/Shanghai",
    "latitude_deg": 31.95,
    "longitude_deg": 119.17,
    "cursor": "WyJnaC0xIl0",
    "next": None,
    "software": "headland 0.1.0",
    "text": "Frost in House 1: 1.2 degC",
    "text_zh": "一号棚霜冻：1.2 ℃",
    "detail": "There is no device gh-9.",
    "who": "app",
    "base_url": "https://farm.example",
    "by": "day",
    "id": EXAMPLE_ID,
    "farm": EXAMPLE_ID,
    "field": EXAMPLE_ID,
    "product": EXAMPLE_ID,
    "implement": EXAMPLE_ID,
    "season": EXAMPLE_ID,
    "prescription": EXAMPLE_ID,
    "pass_id": EXAMPLE_ID,
    "devices": "gh-1",
    "model": "SHT85",
    "clock": "ntp",
    "crop": "tomato",
    "stage": "fruiting",
    "source": "Allen et al. 1998, FAO 56, equation 11",
    "evidence": "measured",
    "reason": None,
    "note": "vents were opened by hand",
    "hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "coverage": 0.98,
    "quality": 1,
    "n": 3600,
}


def add_examples(document: dict[str, Any]) -> None:
    """Add an example to each parameter, body and successful response without one."""
    maker = _Maker(document)
    for operation in (operation for methods in document["paths"].values() for operation in methods.values()):
        for parameter in operation.get("parameters", ()):
            is_shown = parameter.get("required") or parameter["name"] in ("limit", "cursor")
            if is_shown and not {"example", "examples"} & parameter.keys():
                parameter["example"] = maker.make(parameter["schema"], parameter["name"])
        contents = [operation.get("requestBody", {}).get("content", {})]
        contents += [
            response.get("content", {}) for status, response in operation["responses"].items() if status < "400"
        ]
        for media, media_type in (pair for content in contents for pair in content.items()):
            if {"example", "examples"} & media_type.keys():
                continue
            if _JSON.fullmatch(media):
                media_type["example"] = maker.make(media_type.get("schema", {}), "")
            elif media in _TEXTS:
                media_type["example"] = _TEXTS[media]


class _Maker:
    def __init__(self, document: dict[str, Any]) -> None:
        self._schemas = document["components"]["schemas"]

    def make(self, schema: dict[str, Any], name: str, depth: int = 0) -> Any:
        """Return a value of a schema; `name` is that of the property or parameter."""
        if "$ref" in schema:
            return self.make(self._schemas[schema["$ref"].rpartition("/")[2]], name, depth + 1)
        for word in ("example", "const", "default"):
            if word in schema and not (word == "default" and schema[word] in (None, [], (), {}, "")):
                return schema[word]
        if schema.get("examples"):
            return schema["examples"][0]
        if "enum" in schema:
            return schema["enum"][0]
        for word in ("anyOf", "oneOf"):
            if word in schema:
                return self._choose(schema[word], name, depth)
        if "allOf" in schema:
            return self.make(schema["allOf"][0], name, depth)
        return self._of_type(schema, name, depth)

    def _choose(self, choices: list[dict[str, Any]], name: str, depth: int) -> Any:
        nothing = {"type": "null"} in choices
        if nothing and (depth > _MOST_DEEP or (name in _NAMES and _NAMES[name] is None)):
            return None
        return self.make(next(each for each in choices if each != {"type": "null"}), name, depth)

    def _of_type(self, schema: dict[str, Any], name: str, depth: int) -> Any:
        kinds = schema.get("type", "object" if "properties" in schema else None)
        kind = kinds if isinstance(kinds, str) or kinds is None else next(each for each in kinds if each != "null")
        match kind:
            case "object":
                return self._object(schema, depth)
            case "array":
                if "prefixItems" in schema:
                    return [self.make(each, name, depth + 1) for each in schema["prefixItems"]]
                if depth > _MOST_DEEP and not schema.get("minItems"):
                    return []
                return [self.make(schema.get("items", {}), name, depth + 1)] * max(1, schema.get("minItems", 1))
            case "string":
                return _text(schema, name)
            case "integer" | "number":
                return _number(schema, name, kind)
            case "boolean":
                return False
            case _:
                return None

    def _object(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        needed = schema.get("required", ())
        value = {
            name: self.make(property_schema, name, depth + 1)
            for name, property_schema in schema.get("properties", {}).items()
            if name in needed or depth < 3
        }
        more = schema.get("additionalProperties")
        if isinstance(more, dict) and not value:
            value["co2_ppm"] = self.make(more, "", depth + 1)
        return value


def _text(schema: dict[str, Any], name: str) -> str:
    if schema.get("format") == "date-time":
        return "2026-11-24T08:00:00Z"
    if schema.get("format") == "date":
        return "2026-11-24"
    pattern, usual = schema.get("pattern"), _NAMES.get(name)
    for text in (usual, EXAMPLE_ID, "gh-1", "EPSG:32650", "hl_0123456789_0123456789"):
        if isinstance(text, str) and _holds(schema, text) and (pattern is not None or text == usual):
            return text
    return (name or "text")[: schema.get("maxLength", 200)].ljust(schema.get("minLength", 0), "x")


def _holds(schema: dict[str, Any], text: str) -> bool:
    pattern = schema.get("pattern")
    fits = schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", len(text))
    return fits and (pattern is None or re.search(pattern, text) is not None)


def _number(schema: dict[str, Any], name: str, kind: str) -> float:
    usual = _NAMES.get(name, EXAMPLE_MS if name.endswith("_ms") else 100 if name == "limit" else None)
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    for value in (usual, 1, low, None if above is None else above + 1, 0, high, None if below is None else below / 2):
        if value is None or (kind == "integer" and not isinstance(value, int)):
            continue
        inside = (low is None or value >= low) and (high is None or value <= high)
        if inside and (above is None or value > above) and (below is None or value < below):
            number: float = value
            return number
    return 0
