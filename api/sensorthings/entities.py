"""Entity types of SensorThings 1.1, with their fields and relations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """An instant."""

    time_ms: int

    def __str__(self) -> str:
        moment = _EPOCH + timedelta(milliseconds=self.time_ms)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Interval:
    """A closed interval of instants."""

    start: Moment
    end: Moment

    def __str__(self) -> str:
        return f"{self.start}/{self.end}"


@dataclass(frozen=True, slots=True)
class Kind:
    """An entity type: its `fields` in output order, those with arbitrary parts (`free`), and its relations."""

    name: str
    plural: str
    fields: tuple[str, ...]
    free: frozenset[str] = frozenset()
    one: Mapping[str, str] = field(default_factory=dict)
    many: Mapping[str, str] = field(default_factory=dict)

    def leads_to(self, relation: str) -> Kind | None:
        """Return the entity type of a relation; None for an unknown relation."""
        plural = self.one.get(relation) or self.many.get(relation)
        return None if plural is None else KINDS[plural]

    @property
    def names(self) -> list[str]:
        """Names that a query may use: the id, the fields and the relations."""
        return ["id", *self.fields, *self.one, *self.many]


def _themselves(*plurals: str) -> dict[str, str]:
    return {plural: plural for plural in plurals}


KINDS: Final[dict[str, Kind]] = {
    kind.plural: kind
    for kind in (
        Kind(
            "Thing",
            "Things",
            ("name", "description", "properties"),
            frozenset({"properties"}),
            many=_themselves("Datastreams", "Locations", "HistoricalLocations"),
        ),
        Kind(
            "Location",
            "Locations",
            ("name", "description", "properties", "encodingType", "location"),
            frozenset({"properties", "location"}),
            many=_themselves("Things", "HistoricalLocations"),
        ),
        Kind(
            "HistoricalLocation",
            "HistoricalLocations",
            ("time",),
            one={"Thing": "Things"},
            many=_themselves("Locations"),
        ),
        Kind(
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
            one={"Thing": "Things", "Sensor": "Sensors", "ObservedProperty": "ObservedProperties"},
            many=_themselves("Observations"),
        ),
        Kind(
            "Sensor",
            "Sensors",
            ("name", "description", "properties", "encodingType", "metadata"),
            frozenset({"properties"}),
            many=_themselves("Datastreams"),
        ),
        Kind(
            "ObservedProperty",
            "ObservedProperties",
            ("name", "definition", "description", "properties"),
            frozenset({"properties"}),
            many=_themselves("Datastreams"),
        ),
        Kind(
            "Observation",
            "Observations",
            ("phenomenonTime", "resultTime", "result", "resultQuality"),
            one={"Datastream": "Datastreams", "FeatureOfInterest": "FeaturesOfInterest"},
        ),
        Kind(
            "FeatureOfInterest",
            "FeaturesOfInterest",
            ("name", "description", "properties", "encodingType", "feature"),
            frozenset({"properties", "feature"}),
            many=_themselves("Observations"),
        ),
    )
}

OBSERVATION: Final = KINDS["Observations"]


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity: `values` by field, `computed` values that need a query, and `related` entities by relation.

    None values are left out of responses. The Observations of a Datastream and a FeatureOfInterest are not held here:
    they are read from the store on request.
    """

    kind: Kind
    id: str
    values: Mapping[str, Any]
    related: Mapping[str, Callable[[], list[Entity]]] = field(default_factory=dict)
    computed: Mapping[str, Callable[[], Any]] = field(default_factory=dict)

    def value_of(self, name: str) -> Any:
        """Return the value of a field; None without one."""
        if name in ("id", "@iot.id"):
            return self.id
        return self.computed[name]() if name in self.computed else self.values.get(name)
