"""SensorThings JSON: entities with links, pages and nested expansions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from api.http.problems import ProblemError
from api.standards.sensorthings.catalog import EntityCatalog
from api.standards.sensorthings.entities import OBSERVATION, Entity, EntityType, Interval, QualityFlag, TimeInstant
from api.standards.sensorthings.filter_eval import holds, values_of
from api.standards.sensorthings.observations import (
    MOST_EXAMINED,
    ObservationQuery,
    ObservedSample,
    PagePosition,
    count_samples,
    read_each,
    read_samples,
)
from api.standards.sensorthings.query_options import Options
from api.standards.sensorthings.query_pushdown import QueryPlan, plan_filter, time_order
from api.standards.sensorthings.resource_path import observation_of, query_of, streams_of

#: Largest number of entities in a response, expanded ones included.
MOST_ENTITIES: Final = 50_000
_COMPONENTS: Final = ("id", *OBSERVATION.fields)
#: `resultQuality` has it already, and it would repeat its name in each row.
_NOT_IN_ROWS: Final = "parameters"
#: Largest number of Observations that are read at once for the Datastreams of a response.
_MOST_READ_AT_ONCE: Final = 100_000


class Page:
    """A page of a collection, the total number where requested, and the options of the next page."""

    def __init__(self, entities: list[Entity], count: int | None, following: str | None) -> None:
        self.entities = entities
        self.count = count
        self.following = following


class _Expansion(NamedTuple):
    """An entity whose Observations are still to be read, and where they belong."""

    body: dict[str, Any]
    entity: Entity
    relation: str
    options: Options


class Serializer:
    """Serialises the entities of a response; `root` is the address of the service."""

    def __init__(self, catalog: EntityCatalog, root: str, now_ms: int) -> None:
        self._catalog = catalog
        self._root = root
        self._now_ms = now_ms
        self._remaining = MOST_ENTITIES
        self._waiting: list[_Expansion] = []

    def link(self, entity: Entity) -> str:
        """Return the address of an entity."""
        return f"{self._root}/{entity.kind.plural}('{quote(entity.id.replace(chr(39), chr(39) * 2), safe=':@')}')"

    def entity(self, entity: Entity, options: Options) -> dict[str, Any]:
        """Return an entity with its selected fields and expanded relations."""
        body = self._entity(entity, options)
        self._read_waiting()
        return body

    def _entity(self, entity: Entity, options: Options) -> dict[str, Any]:
        self._remaining -= 1
        if self._remaining < 0:
            sentence = f"This would be more than {MOST_ENTITIES} entities: request fewer with $top, here or in $expand."
            raise ProblemError(400, "too-many-entities", "Response too large", sentence)
        select, own = options.select, self.link(entity)
        body: dict[str, Any] = {}
        if select is None or "id" in select:
            body["@iot.id"] = entity.id
        if select is None or select & {"@iot.selfLink", "selfLink", "id"}:
            body["@iot.selfLink"] = own
        for name in entity.kind.fields:
            if select is None or name in select:
                value = entity.value_of(name)
                if value is not None:
                    body[name] = to_json_value(value)
        for relation in (*entity.kind.to_one, *entity.kind.to_many):
            inner = options.expand.get(relation)
            if inner is not None:
                self._expand(body, entity, relation, inner)
            elif select is None or relation in select:
                body[f"{relation}@iot.navigationLink"] = f"{own}/{relation}"
        return body

    def collection(self, page: Page, options: Options, address: str) -> dict[str, Any]:
        """Return a page as a collection with the link of the next one."""
        body: dict[str, Any] = {}
        if page.count is not None:
            body["@iot.count"] = page.count
        if page.following is not None:
            body["@iot.nextLink"] = f"{address}?{page.following}"
        body["value"] = [self._entity(entity, options) for entity in page.entities]
        self._read_waiting()
        return body

    def data_array(self, page: Page, options: Options, address: str) -> dict[str, Any]:
        """Return a page of Observations as arrays, one per Datastream."""
        select = options.select
        names = [name for name in _COMPONENTS if (name in select if select else name != _NOT_IN_ROWS)]
        groups: dict[str, list[list[Any]]] = {}
        for entity in page.entities:
            row = [to_json_value(entity.value_of(name)) for name in names]
            groups.setdefault(entity.id.rpartition("@")[0], []).append(row)
        body = self.collection(Page([], page.count, page.following), options, address)
        body["value"] = [
            {
                "Datastream@iot.navigationLink": f"{self._root}/Datastreams('{quote(stream, safe=':@')}')",
                "components": names,
                "dataArray@iot.count": len(rows),
                "dataArray": rows,
            }
            for stream, rows in groups.items()
        ]
        return body

    def page(self, kind: EntityType, parent: Entity | None, relation: str, options: Options, after: str | None) -> Page:
        """Return the requested page of a collection; raises ProblemError where it would cost too much."""
        if kind is OBSERVATION:
            return self._observations(parent, options, after)
        listed = self._catalog.entities(kind.plural) if parent is None else parent.related[relation]()
        return self._page_of(listed, options)

    def _expand(self, body: dict[str, Any], entity: Entity, relation: str, inner: Options) -> None:
        if relation in entity.kind.to_one:
            related = entity.related[relation]()
            body[relation] = self._entity(related[0], inner) if related else None
            return
        target = entity.kind.related_type(relation)
        assert target is not None  # noqa: S101 # the options were read against the kind
        expansion = _Expansion(body, entity, relation, inner)
        if target is OBSERVATION and entity.kind.plural == "Datastreams" and self._reads_many(inner):
            body[relation] = []
            self._waiting.append(expansion)
            return
        self._fill(expansion, self.page(target, entity, relation, inner, None))

    def _fill(self, expansion: _Expansion, page: Page) -> None:
        """Put a page in its place in the entity that it belongs to."""
        body, relation, options = expansion.body, expansion.relation, expansion.options
        body[relation] = [self._entity(entity, options) for entity in page.entities]
        if page.count is not None:
            body[f"{relation}@iot.count"] = page.count
        if page.following is not None:
            body[f"{relation}@iot.nextLink"] = f"{self.link(expansion.entity)}/{relation}?{page.following}"

    def _reads_many(self, options: Options) -> bool:
        """Return whether the Observations of many Datastreams are read at once for some options."""
        is_of_time = time_order(options.order, one_stream=True) is not None
        is_short = 0 < options.skip + options.top < MOST_ENTITIES
        return (
            is_short and is_of_time and not options.count and plan_filter(options.condition, self._now_ms).rest is None
        )

    def _read_waiting(self) -> None:
        """Read the Observations of all Datastreams that wait for theirs, those of one $expand at once."""
        while self._waiting:
            options = self._waiting[0].options
            most = max(_MOST_READ_AT_ONCE // (options.skip + options.top + 1), 1)
            same = [expansion for expansion in self._waiting if expansion.options is options][:most]
            taken = {id(expansion) for expansion in same}
            self._waiting = [expansion for expansion in self._waiting if id(expansion) not in taken]
            self._read_expansions(same, options)

    def _read_expansions(self, expansions: list[_Expansion], options: Options) -> None:
        plan = plan_filter(options.condition, self._now_ms)
        descending = bool(time_order(options.order, one_stream=True))
        streams = [each.entity.id for each in expansions if self._is_requested(plan, each.entity.id)]
        query = query_of(self._catalog, streams, plan.start_ms, plan.end_ms)
        most = options.skip + options.top
        samples_of = read_each(query, most + 1, descending=descending) if options.top else {}
        for expansion in expansions:
            samples = samples_of.get(expansion.entity.id, [])
            following = None
            if len(samples) > most:
                following = _link_to(options, PagePosition(samples[most - 1].time_ms, samples[most - 1].stream))
            chosen = samples[options.skip : most]
            self._fill(expansion, Page([observation_of(self._catalog, each) for each in chosen], None, following))

    def _page_of(self, listed: Iterable[Entity], options: Options) -> Page:
        condition = options.condition
        matching = [entity for entity in listed if condition is None or holds(condition, entity, self._now_ms)]
        for order in reversed(options.order):
            matching.sort(key=lambda entity: sort_key(values_of(entity, order.path)), reverse=order.descending)
        end = options.skip + options.top
        more = options.top > 0 and len(matching) > end
        following = options.link(skip=str(end)) if more else None
        return Page(matching[options.skip : end], len(matching) if options.count else None, following)

    def _observations(self, parent: Entity | None, options: Options, after: str | None) -> Page:
        plan = plan_filter(options.condition, self._now_ms)
        streams = [stream for stream in streams_of(self._catalog, parent) if self._is_requested(plan, stream)]
        query = query_of(self._catalog, streams, plan.start_ms, plan.end_ms)
        descending = time_order(options.order, one_stream=len(streams) <= 1)
        if descending is None:
            samples = self._all_matching(query, plan, "sort")
            return self._page_of(
                (observation_of(self._catalog, sample) for sample in samples), _without_filter(options)
            )
        count = self._count(query, plan) if options.count else None
        if options.top == 0:
            return Page([], count, None)
        position = None if after is None else _read_position(after)
        samples, next_position = read_samples(
            query,
            options.top,
            descending=descending,
            skip=options.skip,
            after=position,
            matches=None if plan.rest is None else lambda sample: self._matches(plan, sample),
        )
        link = None if next_position is None else _link_to(options, next_position)
        return Page([observation_of(self._catalog, sample) for sample in samples], count, link)

    def _is_requested(self, plan: QueryPlan, stream: str) -> bool:
        entity = self._catalog.find("Datastreams", stream)
        return all(holds(condition, entity, self._now_ms) for condition in plan.streams)

    def _matches(self, plan: QueryPlan, sample: ObservedSample) -> bool:
        return plan.rest is None or holds(plan.rest, observation_of(self._catalog, sample), self._now_ms)

    def _count(self, query: ObservationQuery, plan: QueryPlan) -> int:
        return count_samples(query) if plan.rest is None else len(self._all_matching(query, plan, "count"))

    def _all_matching(self, query: ObservationQuery, plan: QueryPlan, purpose: str) -> list[ObservedSample]:
        """Return all matching samples; raises ProblemError where too many must be examined."""
        if count_samples(query) > MOST_EXAMINED:
            sentence = (
                f"To {purpose} by this, more than {MOST_EXAMINED} observations must be examined: set a shorter time "
                "in $filter, as in phenomenonTime ge 2026-11-24T00:00:00Z, or one Datastream."
            )
            raise ProblemError(400, "too-many-observations", "Too many observations", sentence)
        samples, _ = read_samples(query, MOST_EXAMINED, descending=False)
        return [sample for sample in samples if self._matches(plan, sample)]


def to_json_value(value: Any) -> Any:
    """Return a value as JSON."""
    if isinstance(value, QualityFlag):
        return [str(int(value))]
    return str(value) if isinstance(value, TimeInstant | Interval) else value


def sort_key(values: list[Any]) -> tuple[int, Any]:
    """Return the sort key of a path's values: numbers, then times, then texts, then others."""
    value = values[0] if values else None
    if isinstance(value, Interval):
        value = value.start
    for rank, kind in enumerate((int | float, TimeInstant, str)):
        if isinstance(value, kind):
            return rank, value
    return 3, 0


def _without_filter(options: Options) -> Options:
    return Options(
        options.written, None, options.order, options.select, options.expand, options.top, options.skip, options.count
    )


def _link_to(options: Options, position: PagePosition) -> str:
    """Return the options of the page after a place; skipped entities are not skipped again."""
    changed = {"skiptoken": f"{position.time_ms},{position.stream}"}
    if options.skip or position.skip:
        changed["skip"] = str(position.skip)
    return options.link(**changed)


def _read_position(text: str) -> PagePosition:
    match = re.fullmatch(r"(-?[0-9]{1,15}),(.{1,200})", text)
    if match is None:
        sentence = "$skiptoken comes from @iot.nextLink: follow that link unchanged."
        raise ProblemError(400, "bad-query", "Invalid query", sentence)
    return PagePosition(int(match[1]), match[2])
