"""Kinds of senders that post samples over HTTP: path, form of the body, and where the key is carried. The one table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final


class KeyPlace(StrEnum):
    """Where a request carries what permits it."""

    #: `Authorization: Bearer KEY`, with an API key of scope `samples`, which `write` and `admin` include.
    HEADER = "header"
    #: An unguessable part of the address, for what can send no header.
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class SampleSender:
    """A kind of sender whose samples the station takes."""

    slug: Annotated[str, "Name of the kind, which never changes."]
    en: Annotated[str, "Name for people in English."]
    zh: Annotated[str, "Name for people in Chinese."]
    path: Annotated[str, "Path that it posts to, below the station's address."]
    content_types: Annotated[tuple[str, ...], "Content types of its bodies; none where the address says all."]
    methods: Annotated[tuple[str, ...], "HTTP methods that it may use."] = ("POST",)
    key: Annotated[KeyPlace, "`header`: in `Authorization: Bearer KEY`; `address`: in `{address}` of the path."] = (
        KeyPlace.HEADER
    )
    more_paths: Annotated[tuple[str, ...], "Further paths that take its samples."] = ()


@dataclass(frozen=True, slots=True)
class SampleSenders:
    """All kinds of senders, in the order in which people see them."""

    items: Annotated[tuple[SampleSender, ...], "Kinds of senders."]
    next: Annotated[None, "Null: the list is whole."] = None


_JSON: Final = ("application/json",)
_FORM: Final = ("application/x-www-form-urlencoded",)

SAMPLE_SENDERS: Final = SampleSenders(
    (
        SampleSender("senml", "Program, SenML", "程序（SenML）", "/v1/samples", ("application/senml+json", *_JSON)),
        SampleSender(
            "line-protocol",
            "Program, InfluxDB line protocol",
            "程序（InfluxDB 行协议）",
            "/v1/samples",
            ("text/plain",),
        ),
        SampleSender("things-stack", "The Things Stack v3", "The Things Stack v3", "/v1/samples/things-stack", _JSON),
        SampleSender("chirpstack", "ChirpStack v4", "ChirpStack v4", "/v1/samples/chirpstack", _JSON),
        SampleSender(
            "sensorthings",
            "OGC SensorThings 1.1",
            "OGC SensorThings 1.1",
            "/sta/v1.1/Observations",
            _JSON,
            more_paths=("/sta/v1.1/Datastreams({datastream})/Observations", "/sta/v1.1/CreateObservations"),
        ),
        SampleSender(
            "ecowitt",
            "Ecowitt, Fine Offset, Ambient Weather",
            "Ecowitt、Fine Offset、Ambient Weather 气象站",
            "/v1/samples/ecowitt/{address}",
            _FORM,
            ("GET", "POST"),
            KeyPlace.ADDRESS,
        ),
        SampleSender("shelly", "Shelly", "Shelly", "/v1/samples/shelly/{address}", (), ("GET",), KeyPlace.ADDRESS),
        SampleSender(
            "weatherlink",
            "Davis WeatherLink Live, by a bridge",
            "Davis WeatherLink Live（经转发程序）",
            "/v1/samples/weatherlink/{address}",
            _JSON,
            key=KeyPlace.ADDRESS,
        ),
        SampleSender(
            "json", "JSON by a map", "JSON（按映射）", "/v1/samples/json/{address}", _JSON, key=KeyPlace.ADDRESS
        ),
    )
)
#: Kinds of senders that have an address of their own.
ADDRESSED: Final = tuple(each.slug for each in SAMPLE_SENDERS.items if each.key is KeyPlace.ADDRESS)
