"""The entities of SensorThings 1.1: what each kind says of itself and what it leads to."""

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
    """From the first instant to the last, both of them in it."""

    start: Moment
    end: Moment

    def __str__(self) -> str:
        return f"{self.start}/{self.end}"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of entity: `fields` in the order of writing, `free` those with parts of any name, and where it leads."""

    name: str
    plural: str
    fields: tuple[str, ...]
    free: frozenset[str] = frozenset()
    one: Mapping[str, str] = field(default_factory=dict)
    many: Mapping[str, str] = field(default_factory=dict)

    def leads_to(self, relation: str) -> Kind | None:
        """Return the kind behind a relation, or None where there is no such relation."""
        plural = self.one.get(relation) or self.many.get(relation)
        return None if plural is None else KINDS[plural]

    @property
    def names(self) -> list[str]:
        """What may be asked of it: its id, its fields and its relations."""
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
    """One entity: `said` are its fields, `asked` those that cost a question, `related` what its relations lead to.

    What is None is left out of answers. A Datastream and a FeatureOfInterest have their Observations elsewhere: they
    are read from the store as they are asked for.
    """

    kind: Kind
    id: str
    said: Mapping[str, Any]
    related: Mapping[str, Callable[[], list[Entity]]] = field(default_factory=dict)
    asked: Mapping[str, Callable[[], Any]] = field(default_factory=dict)

    def value_of(self, name: str) -> Any:
        """Return the value of a field, None where it has none."""
        if name in ("id", "@iot.id"):
            return self.id
        return self.asked[name]() if name in self.asked else self.said.get(name)
