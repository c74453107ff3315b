"""farmOS records as JSON:API resources: logs with quantities, their assets, and terms.

Ids are UUIDs made of our own ids (RFC 9562, version 5), so that a repeated import finds the resources of the first one.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

#: Measure of farmOS by unit; other units have the measure `value`.
_MEASURES: Final = {
    "kg": "weight", "L": "volume", "kg/ha": "rate", "L/ha": "rate", "ha": "area", "m2": "area", "h": "time",
    "degC": "temperature", "%": "water_content", "kPa": "pressure", "hPa": "pressure", "K": "temperature",
}  # fmt: skip

Resource = dict[str, Any]


@dataclass(slots=True)
class LogDocument:
    """A document of logs and the resources that they refer to, each once."""

    logs: list[Resource] = field(default_factory=list)
    included: dict[tuple[str, str], Resource] = field(default_factory=dict)

    def include(self, kind: str, name: str, attributes: Mapping[str, Any], relations: Mapping[str, Any]) -> Resource:
        """Add a resource that logs refer to; return its reference."""
        reference = {"type": kind, "id": uuid_of(kind, name)}
        related = {key: {"data": value} for key, value in relations.items()}
        resource = {**reference, "attributes": dict(attributes), **({"relationships": related} if related else {})}
        self.included.setdefault((kind, reference["id"]), resource)
        return reference

    def term(self, vocabulary: str, name: str) -> Resource:
        """Add a term of a vocabulary; return its reference."""
        return self.include(f"taxonomy_term--{vocabulary}", name, {"name": name}, {})

    def quantity(
        self,
        log: str,
        label: str,
        value: float,
        unit: str,
        material: str | None = None,
        measure: str | None = None,
        key: str | None = None,
    ) -> Resource:
        """Add a quantity of a log; return its reference. `key` names it in the log, by default its label."""
        kind = "standard" if material is None else "material"
        attributes = {
            "measure": measure or _MEASURES.get(unit, "value"),
            "value": {"decimal": f"{value:.6f}".rstrip("0").rstrip(".")},
            "label": label,
        }
        relations: dict[str, Any] = {"units": self.term("unit", unit)}
        if material is not None:
            relations["material_type"] = [self.term("material_type", material)]
        return self.include(f"quantity--{kind}", f"{log}:{key or label}", attributes, relations)

    def add_log(
        self,
        kind: str,
        name: str,
        *,
        title: str,
        time: str,
        notes: str,
        data: str,
        about: Sequence[Resource],
        equipment: Sequence[Resource] = (),
        quantities: Sequence[Resource] = (),
    ) -> None:
        """Add a completed log; `data` is its machine-readable content."""
        attributes = {
            "name": title[:255],
            "timestamp": time,
            "status": "done",
            "is_movement": False,
            "notes": {"value": notes, "format": "default"},
            "data": data,
        }
        relations = {"asset": list(about), "location": list(about), "equipment": list(equipment)}
        self.logs.append(
            {
                "type": f"log--{kind}",
                "id": uuid_of(f"log--{kind}", name),
                "attributes": attributes,
                "relationships": {
                    key: {"data": value} for key, value in {**relations, "quantity": list(quantities)}.items()
                },
            }
        )

    def document(self, links: Mapping[str, str | None]) -> dict[str, Any]:
        """Return the JSON:API document."""
        return {
            "jsonapi": {"version": "1.1"},
            "links": dict(links),
            "data": self.logs,
            "included": list(self.included.values()),
        }


def uuid_of(kind: str, name: str) -> str:
    """Return the UUID of a resource, the same for the same name."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"urn:headland:farmos:{kind}:{name}"))
