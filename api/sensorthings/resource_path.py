"""Resource paths: `Things('gh-1')/Datastreams`, a field of an entity, its raw value."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from api.http.problems import ProblemError
from api.sensorthings.catalog import EntityCatalog, split_stream
from api.sensorthings.entities import KINDS, OBSERVATION, Entity, Kind, Moment
from api.sensorthings.observations import Sample, Wanted, read_samples

_STEP: Final = re.compile(r"/?([A-Za-z@.]+|\$value|\$ref)(?:\((?:'((?:[^']|'')*)'|(-?[0-9]+))\))?(?=/|$)")


@dataclass(frozen=True, slots=True)
class Found:
    """Target of a path: an `entity`, or the entities of type `kind` related to `parent` (all where it is None)."""

    kind: Kind
    entity: Entity | None = None
    parent: Entity | None = None
    relation: str = ""
    field: str = ""
    as_value: bool = False
    as_reference: bool = False


def locate(picture: EntityCatalog, address: str) -> Found:
    """Resolve a path; raises ProblemError (404)."""
    steps = _steps(address)
    name, id_ = steps[0]
    if name not in KINDS:
        raise _nothing(f"There is no {name[:40]} here; there are {', '.join(KINDS)}.")
    found = _choose(picture, Found(KINDS[name]), id_)
    for name, id_ in steps[1:]:
        found = _follow(picture, found, name, id_)
    return found


def observation_of(picture: EntityCatalog, sample: Sample) -> Entity:
    """Return a sample as an Observation; result time and phenomenon time are equal."""
    device = split_stream(sample.stream)[0]
    time = Moment(sample.time_ms)
    said = {
        "phenomenonTime": time,
        "resultTime": time,
        "result": sample.value,
        "resultQuality": sample.quality,
    }
    return Entity(
        OBSERVATION,
        f"{sample.stream}@{sample.time_ms}",
        said,
        {
            "Datastream": lambda: _listed(picture.find("Datastreams", sample.stream)),
            "FeatureOfInterest": lambda: _listed(
                picture.find("FeaturesOfInterest", picture.records[device].descriptor.site)
            ),
        },
    )


def wanted_of(picture: EntityCatalog, streams: list[str], start_ms: int, end_ms: int) -> Wanted:
    """Return the store query of the Observations of Datastreams."""
    keys = {}
    for stream in streams:
        device, channel = split_stream(stream)
        keys[device, channel, picture.records[device].descriptor.simulated] = stream
    return Wanted(picture.farm, keys, start_ms, end_ms)


def streams_behind(picture: EntityCatalog, parent: Entity | None) -> list[str]:
    """Return the Datastreams of a parent: a Datastream, a FeatureOfInterest, or None for all."""
    if parent is None:
        return [stream.id for stream in picture.entities("Datastreams")]
    return [parent.id] if parent.kind.plural == "Datastreams" else picture.streams_at(parent.id)


def _steps(address: str) -> list[tuple[str, str | None]]:
    steps, at = [], 0
    while at < len(address):
        match = _STEP.match(address, at)
        if match is None or (match[0].startswith("/") == (at == 0)):
            raise _nothing(f"The path is invalid from {address[at : at + 40]!r} on.")
        quoted = match[2].replace("''", "'") if match[2] is not None else match[3]
        steps.append((match[1], quoted))
        at = match.end()
    return steps


def _follow(picture: EntityCatalog, found: Found, name: str, id_: str | None) -> Found:
    if found.as_value or found.as_reference:
        raise _nothing("$value and $ref end a path.")
    if name == "$ref" and not found.field:
        return Found(found.kind, found.entity, found.parent, found.relation, as_reference=True)
    entity = found.entity
    if entity is None:
        raise _nothing(f"One of the {found.kind.plural} is meant before /{name[:40]}: name its id in brackets.")
    if name == "$value" and found.field:
        return Found(found.kind, entity, field=found.field, as_value=True)
    following = None if found.field else entity.kind.leads_to(name)
    if following is not None:
        if name in entity.kind.one:
            if id_ is not None:
                raise _nothing(f"{name} is one entity and takes no id.")
            return Found(following, _one(entity, name))
        return _choose(picture, Found(following, parent=entity, relation=name), id_)
    if found.field or id_ is not None or name not in ("id", "@iot.id", *entity.kind.fields):
        raise _nothing(f"{entity.kind.plural} lead to {', '.join(entity.kind.names)}, not to {name[:40]}.")
    return Found(found.kind, entity, field=name)


def _choose(picture: EntityCatalog, found: Found, id_: str | None) -> Found:
    """Return an entity of a collection by id, or the collection without an id."""
    if id_ is None:
        return found
    if found.kind is OBSERVATION:
        entity = _find_observation(picture, streams_behind(picture, found.parent), id_)
    elif found.parent is None:
        entity = picture.find(found.kind.plural, id_)
    else:
        entity = next((one for one in found.parent.related[found.relation]() if one.id == id_), None)
    if entity is None:
        raise _nothing(f"There is no {found.kind.name} {id_[:80]} here.")
    return Found(found.kind, entity)


def _find_observation(picture: EntityCatalog, streams: list[str], id_: str) -> Entity | None:
    stream, _, time = id_.rpartition("@")
    if stream not in streams or not re.fullmatch(r"-?[0-9]{1,15}", time):
        return None
    time_ms = int(time)
    samples, _ = read_samples(wanted_of(picture, [stream], time_ms, time_ms + 1), 1, descending=False)
    return observation_of(picture, samples[0]) if samples else None


def _one(entity: Entity, relation: str) -> Entity:
    reached = entity.related[relation]()
    if not reached:
        raise _nothing(f"{entity.kind.name} {entity.id} has no {relation}.")
    return reached[0]


def _listed(entity: Entity | None) -> list[Entity]:
    return [] if entity is None else [entity]


def _nothing(sentence: str) -> ProblemError:
    return ProblemError(404, "unknown-entity", "No such entity", sentence)
