"""Entity types of SensorThings 1.1, with their fields and relations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, order=True)
class TimeInstant:
    """An instant."""

    time_ms: int

    def __str__(self) -> str:
        moment = _EPOCH + timedelta(milliseconds=self.time_ms)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Interval:
    """A closed interval of instants."""

    start: TimeInstant
    end: TimeInstant

    def __str__(self) -> str:
        return f"{self.start}/{self.end}"


class QualityFlag(int):
    """A QARTOD flag: a number in conditions, and a list of one text in an Observation, as 18-088 has it."""


@dataclass(frozen=True, slots=True)
class EntityType:
    """An entity type: its `fields` in output order, those with arbitrary parts (`free`), and its relations."""

    name: str
    plural: str
    fields: tuple[str, ...]
    free: frozenset[str] = frozenset()
    to_one: Mapping[str, str] = field(default_factory=dict)
    to_many: Mapping[str, str] = field(default_factory=dict)

    def related_type(self, relation: str) -> EntityType | None:
        """Return the entity type of a relation; None for an unknown relation."""
        plural = self.to_one.get(relation) or self.to_many.get(relation)
        return None if plural is None else ENTITY_TYPES[plural]

    @property
    def names(self) -> list[str]:
        """Names that a query may use: the id, the fields and the relations."""
        return ["id", *self.fields, *self.to_one, *self.to_many]


def _same_names(*plurals: str) -> dict[str, str]:
    return {plural: plural for plural in plurals}


ENTITY_TYPES: Final[dict[str, EntityType]] = {
    kind.plural: kind
    for kind in (
        EntityType(
            "Thing",
            "Things",
            ("name", "description", "properties"),
            frozenset({"properties"}),
            to_many=_same_names("Datastreams", "Locations", "HistoricalLocations"),
        ),
        EntityType(
            "Location",
            "Locations",
            ("name", "description", "properties", "encodingType", "location"),
            frozenset({"properties", "location"}),
            to_many=_same_names("Things", "HistoricalLocations"),
        ),
        EntityType(
            "HistoricalLocation",
            "HistoricalLocations",
            ("time",),
            to_one={"Thing": "Things"},
            to_many=_same_names("Locations"),
        ),
        EntityType(
            "Datastream",
            "Datastreams",
            (
                "name",
                "description",
                "properties",
                "observationType",
                "unitOfMeasurement",
                "phenomenonTime",
                "resultTime",
            ),
            frozenset({"properties", "unitOfMeasurement"}),
            to_one={"Thing": "Things", "Sensor": "Sensors", "ObservedProperty": "ObservedProperties"},
            to_many=_same_names("Observations"),
        ),
        EntityType(
            "Sensor",
            "Sensors",
            ("name", "description", "properties", "encodingType", "metadata"),
            frozenset({"properties"}),
            to_many=_same_names("Datastreams"),
        ),
        EntityType(
            "ObservedProperty",
            "ObservedProperties",
            ("name", "definition", "description", "properties"),
            frozenset({"properties"}),
            to_many=_same_names("Datastreams"),
        ),
        EntityType(
            "Observation",
            "Observations",
            ("phenomenonTime", "resultTime", "result", "resultQuality", "parameters"),
            frozenset({"parameters"}),
            to_one={"Datastream": "Datastreams", "FeatureOfInterest": "FeaturesOfInterest"},
        ),
        EntityType(
            "FeatureOfInterest",
            "FeaturesOfInterest",
            ("name", "description", "properties", "encodingType", "feature"),
            frozenset({"properties", "feature"}),
            to_many=_same_names("Observations"),
        ),
    )
}

OBSERVATION: Final = ENTITY_TYPES["Observations"]


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity: `values` by field, `computed` values that need a query, and `related` entities by relation.

    None values are left out of responses. The Observations of a Datastream and a FeatureOfInterest are not held here:
    they are read from the store on request.
    """

    kind: EntityType
    id: str
    values: Mapping[str, Any]
    related: Mapping[str, Callable[[], list[Entity]]] = field(default_factory=dict)
    computed: Mapping[str, Callable[[], Any]] = field(default_factory=dict)

    def value_of(self, name: str) -> Any:
        """Return the value of a field; None without one."""
        if name in ("id", "@iot.id"):
            return self.id
        return self.computed[name]() if name in self.computed else self.values.get(name)
