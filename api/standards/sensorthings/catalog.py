"""SensorThings entities of the organisation, built for each request from the store's devices and the registry's places.

Ids are names that never change: a Thing, its Location and its Sensor have the device's id, a Datastream has
`device:channel`, an ObservedProperty the quantity's name, a FeatureOfInterest the site's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any, Final, Self

from api.standards.sensorthings.entities import ENTITY_TYPES, Entity, Interval, TimeInstant
from api.standards.sensorthings.observations import find_first_ms
from headland.analysis.inputs.errors import AnalysisError
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.telemetry import unit_of
from headland.contract.quantities import QUANTITIES, split_channel
from headland.registry.models.errors import NotFound
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.store.core.latest import newest_by_device
from headland.store.port import DeviceRecord, Latest, SeriesFilter, SeriesKey

_GEOJSON: Final = "application/geo+json"
_MEASUREMENT: Final = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"
#: A position is used where no quality test failed it.
_FIT_QUALITY: Final = 2


class EntityCatalog:
    """All entities except the Observations.

    Entities refer to others by functions of the catalog, which has them: `with` takes this circle apart, so that the
    memory of a large answer is free at its end and not only when garbage is searched for.
    """

    def __init__(self, scope: OrgScope) -> None:
        self.scope = scope
        self.records = {record.descriptor.device: record for record in scope.store.devices(scope.organisation)}
        self._entities: dict[str, dict[str, Entity]] = {}
        self._times: dict[str, dict[str, Interval]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._entities.clear()

    def entities(self, plural: str) -> list[Entity]:
        """Return the entities of a kind by id."""
        return list(self._by_id(plural).values())

    def find(self, plural: str, id_: str) -> Entity | None:
        """Return one entity by its id."""
        return self._by_id(plural).get(id_)

    def streams_at(self, site: str) -> list[str]:
        """Return the ids of the Datastreams whose device is at a site."""
        return [
            stream.id
            for stream in self.entities("Datastreams")
            if self.records[split_stream(stream.id)[0]].descriptor.site == site
        ]

    def _by_id(self, plural: str) -> dict[str, Entity]:
        if plural not in self._entities:
            entities = sorted(self._build(plural), key=lambda entity: entity.id)
            self._entities[plural] = {entity.id: entity for entity in entities}
        return self._entities[plural]

    def _build(self, plural: str) -> Iterable[Entity]:
        if plural == "Locations":
            return (self._location(device, *position) for device, position in self._positions.items())
        if plural == "HistoricalLocations":
            times = ((device, time_ms) for device, (_, _, time_ms) in self._positions.items())
            return (self._history(device, time_ms) for device, time_ms in times if time_ms is not None)
        if plural == "Datastreams":
            by_record = ((self.records[device], channels) for device, channels in self._channels.items())
            return (self._stream(record, channel) for record, channels in by_record for channel in channels)
        if plural == "ObservedProperties":
            channels = {channel for listed in self._channels.values() for channel in listed}
            return map(self._quantity, {_quantity_name(channel) for channel in channels})
        if plural == "FeaturesOfInterest":
            return map(self._feature, {record.descriptor.site for record in self.records.values()})
        return map(self._thing if plural == "Things" else self._sensor, self.records.values())

    @cached_property
    def _channels(self) -> dict[str, list[str]]:
        """The channels with samples, by device."""
        channels: dict[str, set[str]] = {}
        for device, channel in self._origins:
            if device in self.records:
                channels.setdefault(device, set()).add(channel)
        return {device: sorted(names) for device, names in channels.items()}

    @cached_property
    def _origins(self) -> dict[tuple[str, str], bool]:
        """Whether the samples of a device's channel are a simulator's: a Datastream has the real ones, if any."""
        origins: dict[tuple[str, str], bool] = {}
        for key in self.scope.store.series(SeriesFilter(self.scope.organisation)):
            origins[key.device, key.channel] = key.simulated and origins.get((key.device, key.channel), True)
        return origins

    def is_simulated(self, device: str, channel: str) -> bool:
        """Return whether the samples of a Datastream are a simulator's."""
        return self._origins.get((device, channel), False)

    @cached_property
    def _latest(self) -> dict[str, dict[str, Latest]]:
        newest = self.scope.store.last(SeriesFilter(self.scope.organisation))
        return newest_by_device(sample for sample in newest if self._is_listed(sample.key))

    @cached_property
    def _repositories(self) -> OrganisationRepositories | None:
        try:
            return self.scope.repositories
        except (NotFound, AnalysisError):
            return None

    @cached_property
    def _sites(self) -> dict[str, dict[str, Any]]:
        """The points of the registry's sites."""
        sites = [] if self._repositories is None else self._repositories.sites.all()
        return {
            site.name: _point(site.longitude_deg, site.latitude_deg, site.altitude_m)
            for site in sites
            if site.longitude_deg is not None and site.latitude_deg is not None
        }

    @cached_property
    def _positions(self) -> dict[str, tuple[dict[str, Any], str, int | None]]:
        """Position of each device with a known one: the point, its source, and since when for a moving device."""
        positions = ((device, self._position(record)) for device, record in self.records.items())
        return {device: position for device, position in positions if position is not None}

    def _position(self, record: DeviceRecord) -> tuple[dict[str, Any], str, int | None] | None:
        descriptor, newest = record.descriptor, self._latest.get(record.descriptor.device, {})
        latitude, longitude = newest.get("latitude_deg"), newest.get("longitude_deg")
        if latitude and longitude and latitude.time_ms == longitude.time_ms:
            if max(latitude.quality, longitude.quality) <= _FIT_QUALITY:
                return _point(longitude.value, latitude.value, None), "its newest position", latitude.time_ms
            return None
        if descriptor.latitude_deg is not None and descriptor.longitude_deg is not None:
            point = _point(descriptor.longitude_deg, descriptor.latitude_deg, descriptor.altitude_m)
            return point, "its description by the gateway", record.last_seen_ms
        site = self._sites.get(descriptor.site)
        return None if site is None else (site, "the position of its site in the registry", record.last_seen_ms)

    def _thing(self, record: DeviceRecord) -> Entity:
        descriptor = record.descriptor
        fields = {
            "name": descriptor.name or descriptor.device,
            "description": f"{descriptor.kind} {descriptor.device} at {descriptor.site}",
            "properties": {
                "device": descriptor.device,
                "kind": descriptor.kind,
                "site": descriptor.site,
                "gateway": record.gateway,
                "simulated": descriptor.simulated,
                "lastSeen": None if record.last_seen_ms is None else str(TimeInstant(record.last_seen_ms)),
            },
        }
        related = {
            "Datastreams": lambda: self._streams_of(descriptor.device),
            "Locations": self._to_one("Locations", descriptor.device),
            "HistoricalLocations": self._to_one("HistoricalLocations", descriptor.device),
        }
        return Entity(ENTITY_TYPES["Things"], descriptor.device, fields, related)

    def _location(self, device: str, point: dict[str, Any], source: str, time_ms: int | None) -> Entity:
        descriptor = self.records[device].descriptor
        fields = {
            "name": f"Location of {descriptor.name or device}",
            "description": f"Known from {source}.",
            "properties": {"source": source, "time": None if time_ms is None else str(TimeInstant(time_ms))},
            "encodingType": _GEOJSON,
            "location": point,
        }
        related = {
            "Things": self._to_one("Things", device),
            "HistoricalLocations": self._to_one("HistoricalLocations", device),
        }
        return Entity(ENTITY_TYPES["Locations"], device, fields, related)

    def _history(self, device: str, time_ms: int) -> Entity:
        related = {"Thing": self._to_one("Things", device), "Locations": self._to_one("Locations", device)}
        return Entity(ENTITY_TYPES["HistoricalLocations"], device, {"time": TimeInstant(time_ms)}, related)

    def _stream(self, record: DeviceRecord, channel: str) -> Entity:
        descriptor, info = record.descriptor, record.descriptor.channels.get(channel)
        known, unit = QUANTITIES.get(_quantity_name(channel)), unit_of(record, channel)
        properties = {
            "channel": channel,
            "kind": None if known is None else known.kind,
            "simulated": self.is_simulated(descriptor.device, channel),
            "sensor": info and info.sensor,
            "interval_s": info and info.interval_s,
            "evidence": info and info.evidence,
            "calibration": info and info.calibration,
        }
        fields = {
            "name": f"{channel} of {descriptor.name or descriptor.device}",
            "description": channel if known is None else known.meaning,
            "properties": {name: value for name, value in properties.items() if value is not None},
            "observationType": _MEASUREMENT,
            "unitOfMeasurement": {"name": unit, "symbol": unit, "definition": f"urn:headland:unit:{unit}"},
        }
        related = {
            "Thing": self._to_one("Things", descriptor.device),
            "Sensor": self._to_one("Sensors", descriptor.device),
            "ObservedProperty": self._to_one("ObservedProperties", _quantity_name(channel)),
        }

        def time() -> Interval | None:
            return self._times_of(descriptor.device).get(channel)

        id_ = f"{descriptor.device}:{channel}"
        return Entity(ENTITY_TYPES["Datastreams"], id_, fields, related, {"phenomenonTime": time, "resultTime": time})

    def _sensor(self, record: DeviceRecord) -> Entity:
        descriptor = record.descriptor
        model = " ".join(part for part in (descriptor.model, descriptor.software) if part)
        fields = {
            "name": descriptor.model or descriptor.device,
            "description": model or f"{descriptor.kind} of an unknown model",
            "properties": {
                "model": descriptor.model,
                "software": descriptor.software,
                "simulated": descriptor.simulated,
            },
            "encodingType": "text/plain",
            "metadata": model or "unknown",
        }
        return Entity(
            ENTITY_TYPES["Sensors"],
            descriptor.device,
            fields,
            {"Datastreams": lambda: self._streams_of(descriptor.device)},
        )

    def _quantity(self, name: str) -> Entity:
        known = QUANTITIES.get(name)
        fields = {
            "name": name,
            "definition": f"urn:headland:quantity:{name}",
            "description": f"{name}, which is not in the table of quantities" if known is None else known.meaning,
            "properties": {} if known is None else {"unit": known.unit, "kind": known.kind},
        }

        def streams() -> list[Entity]:
            return [
                stream for stream in self.entities("Datastreams") if _quantity_name(split_stream(stream.id)[1]) == name
            ]

        return Entity(ENTITY_TYPES["ObservedProperties"], name, fields, {"Datastreams": streams})

    def _feature(self, site: str) -> Entity:
        fields = {
            "name": site,
            "description": f"The site {site}",
            "properties": {"site": site},
            "encodingType": _GEOJSON,
            # GeoJSON's form of an unknown place.
            "feature": {"type": "Feature", "geometry": self._sites.get(site), "properties": {"site": site}},
        }
        return Entity(ENTITY_TYPES["FeaturesOfInterest"], site, fields)

    def _to_one(self, plural: str, id_: str) -> Callable[[], list[Entity]]:
        def related() -> list[Entity]:
            entity = self.find(plural, id_)
            return [] if entity is None else [entity]

        return related

    def _streams_of(self, device: str) -> list[Entity]:
        streams = self._by_id("Datastreams")
        return [streams[f"{device}:{channel}"] for channel in self._channels.get(device, ())]

    def _times_of(self, device: str) -> dict[str, Interval]:
        """Return the first and last sample time of each channel of a device, without samples dated in the future.

        The first request reads one device; the second reads all devices at once.
        """
        if device not in self._times:
            first_ms = find_first_ms(self.scope, None if self._times else device, self._is_listed)
            devices = self.records if self._times else {device: self.records[device]}
            for name in devices:
                self._times[name] = {
                    channel: Interval(TimeInstant(first_ms[name, channel]), TimeInstant(sample.time_ms))
                    for channel, sample in self._latest.get(name, {}).items()
                    if first_ms.get((name, channel), sample.time_ms + 1) <= sample.time_ms
                }
        return self._times[device]

    def _is_listed(self, key: SeriesKey) -> bool:
        """Return whether a series belongs to the Datastream of its channel."""
        return key.device in self.records and self._origins.get((key.device, key.channel)) == key.simulated


def split_stream(id_: str) -> tuple[str, str]:
    """Return the device and the channel of a Datastream's id."""
    device, _, channel = id_.partition(":")
    return device, channel


def _quantity_name(channel: str) -> str:
    parts = split_channel(channel)
    return channel if parts is None else parts[0]


def _point(longitude_deg: float, latitude_deg: float, altitude_m: float | None) -> dict[str, Any]:
    position = [longitude_deg, latitude_deg]
    return {"type": "Point", "coordinates": position if altitude_m is None else [*position, altitude_m]}
