"""Resource paths: `Things('gh-1')/Datastreams`, a field of an entity, its raw value."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from api.http.problems import ProblemError
from api.standards.sensorthings.catalog import EntityCatalog, split_stream
from api.standards.sensorthings.entities import ENTITY_TYPES, OBSERVATION, Entity, EntityType, QualityFlag, TimeInstant
from api.standards.sensorthings.observations import ObservationQuery, ObservedSample, read_samples

_STEP: Final = re.compile(r"/?([A-Za-z@.]+|\$value|\$ref)(?:\((?:'((?:[^']|'')*)'|(-?[0-9]+))\))?(?=/|$)")


@dataclass(frozen=True, slots=True)
class PathTarget:
    """Target of a path: an `entity`, or the entities of type `kind` related to `parent` (all where it is None)."""

    kind: EntityType
    entity: Entity | None = None
    parent: Entity | None = None
    relation: str = ""
    field: str = ""
    as_value: bool = False
    as_reference: bool = False


def resolve_path(catalog: EntityCatalog, path: str) -> PathTarget:
    """Resolve a path; raises ProblemError (404)."""
    steps = _steps(path)
    name, id_ = steps[0]
    if name not in ENTITY_TYPES:
        raise _not_found(f"There is no {name[:40]} here; there are {', '.join(ENTITY_TYPES)}.")
    target = _select(catalog, PathTarget(ENTITY_TYPES[name]), id_)
    for name, id_ in steps[1:]:
        target = _follow_step(catalog, target, name, id_)
    return target


def observation_of(catalog: EntityCatalog, sample: ObservedSample) -> Entity:
    """Return a sample as an Observation; result time and phenomenon time are equal."""
    device = split_stream(sample.stream)[0]
    time = TimeInstant(sample.time_ms)
    fields = {
        "phenomenonTime": time,
        "resultTime": time,
        "result": sample.value,
        "resultQuality": QualityFlag(sample.quality),
        "parameters": {"qartod": sample.quality},
    }
    return Entity(
        OBSERVATION,
        f"{sample.stream}@{sample.time_ms}",
        fields,
        {
            "Datastream": lambda: _as_list(catalog.find("Datastreams", sample.stream)),
            "FeatureOfInterest": lambda: _as_list(
                catalog.find("FeaturesOfInterest", catalog.records[device].descriptor.site)
            ),
        },
    )


def query_of(catalog: EntityCatalog, streams: list[str], start_ms: int, end_ms: int) -> ObservationQuery:
    """Return the store query of the Observations of Datastreams."""
    keys = {}
    for stream in streams:
        device, channel = split_stream(stream)
        keys[device, channel, catalog.is_simulated(device, channel)] = stream
    return ObservationQuery(catalog.scope, keys, start_ms, end_ms)


def streams_of(catalog: EntityCatalog, parent: Entity | None) -> list[str]:
    """Return the Datastreams of a parent: a Datastream, a FeatureOfInterest, or None for all."""
    if parent is None:
        return [stream.id for stream in catalog.entities("Datastreams")]
    return [parent.id] if parent.kind.plural == "Datastreams" else catalog.streams_at(parent.id)


def _steps(path: str) -> list[tuple[str, str | None]]:
    steps, at = [], 0
    while at < len(path):
        match = _STEP.match(path, at)
        if match is None or (match[0].startswith("/") == (at == 0)):
            raise _not_found(f"The path is invalid from {path[at : at + 40]!r} on.")
        quoted = match[2].replace("''", "'") if match[2] is not None else match[3]
        steps.append((match[1], quoted))
        at = match.end()
    return steps


def _follow_step(catalog: EntityCatalog, target: PathTarget, name: str, id_: str | None) -> PathTarget:
    if target.as_value or target.as_reference:
        raise _not_found("$value and $ref end a path.")
    if name == "$ref" and not target.field:
        return PathTarget(target.kind, target.entity, target.parent, target.relation, as_reference=True)
    entity = target.entity
    if entity is None:
        raise _not_found(f"One of the {target.kind.plural} is meant before /{name[:40]}: name its id in brackets.")
    if name == "$value" and target.field:
        return PathTarget(target.kind, entity, field=target.field, as_value=True)
    related_type = None if target.field else entity.kind.related_type(name)
    if related_type is not None:
        if name in entity.kind.to_one:
            if id_ is not None:
                raise _not_found(f"{name} is one entity and takes no id.")
            return PathTarget(related_type, _related_entity(entity, name))
        return _select(catalog, PathTarget(related_type, parent=entity, relation=name), id_)
    if target.field or id_ is not None or name not in ("id", "@iot.id", *entity.kind.fields):
        raise _not_found(f"{entity.kind.plural} lead to {', '.join(entity.kind.names)}, not to {name[:40]}.")
    return PathTarget(target.kind, entity, field=name)


def _select(catalog: EntityCatalog, target: PathTarget, id_: str | None) -> PathTarget:
    """Return an entity of a collection by id, or the collection without an id."""
    if id_ is None:
        return target
    if target.kind is OBSERVATION:
        entity = _find_observation(catalog, streams_of(catalog, target.parent), id_)
    elif target.parent is None:
        entity = catalog.find(target.kind.plural, id_)
    else:
        entity = next((related for related in target.parent.related[target.relation]() if related.id == id_), None)
    if entity is None:
        raise _not_found(f"There is no {target.kind.name} {id_[:80]} here.")
    return PathTarget(target.kind, entity)


def _find_observation(catalog: EntityCatalog, streams: list[str], id_: str) -> Entity | None:
    stream, _, time = id_.rpartition("@")
    if stream not in streams or not re.fullmatch(r"-?[0-9]{1,15}", time):
        return None
    time_ms = int(time)
    samples, _ = read_samples(query_of(catalog, [stream], time_ms, time_ms + 1), 1, descending=False)
    return observation_of(catalog, samples[0]) if samples else None


def _related_entity(entity: Entity, relation: str) -> Entity:
    related = entity.related[relation]()
    if not related:
        raise _not_found(f"{entity.kind.name} {entity.id} has no {relation}.")
    return related[0]


def _as_list(entity: Entity | None) -> list[Entity]:
    return [] if entity is None else [entity]


def _not_found(sentence: str) -> ProblemError:
    return ProblemError(404, "unknown-entity", "No such entity", sentence)
