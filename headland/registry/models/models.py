"""Records of the registry, frozen. A record is visible to its organisation only.

The registry sets `id`, `version`, `created_ms` and `changed_ms` and ignores them in a new record. A field with the name
of another record (`field.farm`, `season.field`) holds that record's id.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from headland.contract.posts.consoles import SenderMap
from headland.contract.records import NAME, ChannelInfo, Clock
from headland.registry.models.energy_price import EnergyPrice
from headland.registry.models.geometry import Geometry
from headland.registry.models.house_model import HouseModel

Text = Annotated[str, Meta(min_length=1, max_length=200)]
Note = Annotated[str, Meta(max_length=2000)]
#: Name on the wire: of a gateway, a site, a device, a kind.
WireName = Annotated[str, Meta(pattern=f"^{NAME.pattern}$")]
Percent = Annotated[float, Meta(ge=0, le=100)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]
Latitude = Annotated[float, Meta(ge=-90, le=90)]
Positive = Annotated[float, Meta(gt=0, le=1e9)]
NotNegative = Annotated[float, Meta(ge=0, le=1e9)]


class Scope(StrEnum):
    """Permission of a key or a member: `read`, `write` and `admin` include those before, `samples` is a sender's."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"
    #: Posts samples and does nothing else, which `write` and `admin` may too; it reads nothing.
    SAMPLES = "samples"

    def includes(self, needed: Scope) -> bool:
        """Tell whether who has this scope may do what needs another."""
        return needed in _INCLUDED[self]


_INCLUDED = {
    Scope.SAMPLES: frozenset((Scope.SAMPLES,)),
    Scope.READ: frozenset((Scope.READ,)),
    Scope.WRITE: frozenset((Scope.SAMPLES, Scope.READ, Scope.WRITE)),
    Scope.ADMIN: frozenset(Scope),
}


class VersionedRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all records. A change is refused unless it has the current version."""

    id: str = ""
    version: int = 0
    created_ms: int = 0
    changed_ms: int = 0


class Organisation(VersionedRecord, frozen=True, kw_only=True):
    """A farm business or cooperative; `handle` is its name in the time-series store and never changes."""

    handle: WireName
    name: Text


class Member(VersionedRecord, frozen=True, kw_only=True):
    """A login of the organisation; `subject` is its id at the identity provider, `person` the id of who uses it."""

    subject: Annotated[Text, "Id at the identity provider."]
    name: Text
    role: Annotated[Scope, "What the member may do at most: read, write or admin."]
    person: str | None = None


class Farm(VersionedRecord, frozen=True, kw_only=True):
    """A farm with fields and greenhouses. With a position, outlines far from it are refused."""

    name: Text
    longitude_deg: Longitude | None = None
    latitude_deg: Latitude | None = None
    note: Note = ""


class Site(VersionedRecord, frozen=True, kw_only=True):
    """A place, by its name in telemetry; its days begin at midnight of `time_zone` (IANA).

    One that is not `active` was given up: its history remains, and nothing there raises alarms or is forecast.
    """

    farm: str
    name: WireName
    time_zone: Text
    longitude_deg: Longitude | None = None
    latitude_deg: Latitude | None = None
    altitude_m: Annotated[float, Meta(ge=-500, le=9000)] | None = None
    active: Annotated[bool, "Whether it is in use; false: it was given up, and its history remains."] = True


class ZoneKind(StrEnum):
    """Kind of an untreated part of a field."""

    EXCLUSION = "exclusion"  # a pond, a pylon, a neighbour's plot
    BUFFER = "buffer"  # a strip along water or houses that regulations exclude


class FieldZone(msgspec.Struct, frozen=True, kw_only=True):
    """An untreated part of a field; a buffer strip has its width."""

    kind: Annotated[ZoneKind, "exclusion or buffer."]
    name: Text
    geometry: Geometry
    width_m: Positive | None = None


class Field(VersionedRecord, frozen=True, kw_only=True):
    """An area that is worked as one. The areas are computed from the geometry; values of a caller are ignored.

    `usable_area_m2` leaves out the `zones`. `owner` names the owner of the plot where a cooperative works for several.
    """

    farm: str
    name: Text
    geometry: Geometry
    zones: tuple[FieldZone, ...] = ()
    site: str | None = None
    owner: Annotated[str, Meta(max_length=200), "Name of the plot's owner, where a cooperative works for several."] = ""
    area_m2: float = 0.0
    usable_area_m2: Annotated[float, "Area without the untreated parts in square metres, computed."] = 0.0


class Greenhouse(VersionedRecord, frozen=True, kw_only=True):
    """A greenhouse, on a site whose days and weather it shares.

    One that is not `active` is not in use: its history remains, and it raises no alarms and is not forecast.
    """

    farm: str
    site: str
    name: Text
    cover: Annotated[str, Meta(max_length=100), "Material of the cover; empty where it is not told."] = ""
    lamp: Annotated[str, Meta(max_length=100), "Kind of the lamps; empty for none."] = ""
    floor_area_m2: Annotated[Positive | None, "Floor area; null where it is not told."] = None
    volume_m3: Annotated[Positive | None, "Volume of the air; null where it is not told."] = None
    longitude_deg: Longitude | None = None
    latitude_deg: Latitude | None = None
    active: Annotated[bool, "Whether it is in use; false: its history remains."] = True
    climate_model: Annotated[HouseModel | None, "Model for what-if answers; null without one."] = None
    energy_prices: Annotated[
        Annotated[tuple[EnergyPrice, ...], Meta(max_length=100)] | None, "Prices of its energy, each from a day on."
    ] = None
    lamp_power_w_m2: Annotated[
        Annotated[float, Meta(gt=0, le=1000)] | None,
        "Electric power of the lamps at full output per floor area; null where it is not told.",
    ] = None


class GreenhouseZone(VersionedRecord, frozen=True, kw_only=True):
    """A compartment or bed of a greenhouse with its own analysis; `crop` and `stage` select the target bands."""

    greenhouse: str
    name: Text
    area_m2: Positive | None = None
    crop: Annotated[str, Meta(max_length=100)] = ""
    stage: Annotated[str, Meta(max_length=100), "Crop stage, which selects the target bands."] = ""


class Gateway(VersionedRecord, frozen=True, kw_only=True):
    """A gateway by its login, which belongs to one organisation; `shard` follows from the name."""

    name: WireName
    site: WireName
    shard: int = 0


class Device(VersionedRecord, frozen=True, kw_only=True):
    """A device by its name on the wire: the content of its descriptor, and its zone or field, set by a person."""

    name: WireName
    kind: WireName
    gateway: WireName
    site: WireName
    title: Annotated[str, Meta(max_length=500)] = ""
    model: Annotated[str, Meta(max_length=500)] = ""
    software: Annotated[str, Meta(max_length=500)] = ""
    longitude_deg: float | None = None
    latitude_deg: float | None = None
    altitude_m: float | None = None
    clock: Clock | None = None
    channels: dict[str, ChannelInfo] = {}
    simulated: bool = False
    zone: str | None = None
    field: str | None = None


class ProductKind(StrEnum):
    """Form of a product: handled by mass or by volume."""

    GRANULAR = "granular"
    LIQUID = "liquid"


class Product(VersionedRecord, frozen=True, kw_only=True):
    """A fertilizer: grade as N-P2O5-K2O in percent of mass, and the forms of its nitrogen.

    The three forms of nitrogen are all given or all left out, and add up to the nitrogen. `density_kg_l` is the bulk
    density of granules or the density of a liquid; it alone converts volumes to masses.
    """

    name: Text
    kind: Annotated[ProductKind, "Form of the product."]
    n_pct: Percent
    p2o5_pct: Percent
    k2o_pct: Percent
    nitrate_n_pct: Percent | None = None
    ammonium_n_pct: Percent | None = None
    amide_n_pct: Percent | None = None
    s_pct: Percent = 0.0
    density_kg_l: Annotated[float, Meta(ge=0.3, le=3)] | None = None
    maker: Annotated[str, Meta(max_length=200), "Name of the maker."] = ""


class ImplementKind(StrEnum):
    """Kind of an implement."""

    SPREADER = "spreader"
    SPRAYER = "sprayer"


class PatternPoint(msgspec.Struct, frozen=True, kw_only=True):
    """The relative rate at an offset from the track, positive to the right."""

    offset_m: Annotated[float, Meta(ge=-100, le=100), "Offset from the track, positive to the right."]
    rate: Annotated[NotNegative, "Relative rate."]


class DropletClass(StrEnum):
    """Droplet class of a sprayer's nozzles by ANSI/ASABE S572."""

    EXTREMELY_FINE = "extremely_fine"
    VERY_FINE = "very_fine"
    FINE = "fine"
    MEDIUM = "medium"
    COARSE = "coarse"
    VERY_COARSE = "very_coarse"
    EXTREMELY_COARSE = "extremely_coarse"
    ULTRA_COARSE = "ultra_coarse"


class Implement(VersionedRecord, frozen=True, kw_only=True):
    """A spreader or sprayer. `pattern` is its lateral distribution, measured with trays, by offset; empty is uniform.

    The latencies are from the valve's opening and closing to the change on the ground. `device` is the vehicle's id.
    """

    name: Text
    kind: Annotated[ImplementKind, "Kind of the implement."]
    swath_m: Annotated[float, Meta(gt=0, le=100)]
    pattern: Annotated[tuple[PatternPoint, ...], "Lateral distribution by offset; empty for a uniform one."] = ()
    on_latency_s: Annotated[float, Meta(ge=0, le=60), "Time from the valve's opening to the change on the ground."] = (
        0.0
    )
    off_latency_s: Annotated[float, Meta(ge=0, le=60), "Time from the valve's closing to the change on the ground."] = (
        0.0
    )
    nozzle_behind_m: Annotated[float, Meta(ge=-50, le=50), "Distance of the outlet behind the vehicle's position."] = (
        0.0
    )
    droplet_class: Annotated[
        DropletClass | None, "Droplet class of the nozzles by ANSI/ASABE S572; null where it is not told."
    ] = None
    tank_l: Annotated[Positive | None, "Volume of the tank; null where it is not told."] = None
    max_flow_l_min: Annotated[Positive | None, "Largest flow of a liquid; null where it is not told."] = None
    max_flow_kg_min: Annotated[Positive | None, "Largest flow of granules; null where it is not told."] = None
    min_speed_m_s: Annotated[NotNegative | None, "Smallest working speed; null where it is not told."] = None
    max_speed_m_s: Annotated[Positive | None, "Largest working speed; null where it is not told."] = None
    device: str | None = None


class Season(VersionedRecord, frozen=True, kw_only=True):
    """One crop on one field from sowing to harvest."""

    field: str
    name: Text
    crop: Text
    variety: Annotated[str, Meta(max_length=200)] = ""
    sowing_date: Annotated[date | None, "Day of the sowing; null where it is not told."] = None
    harvest_date: date | None = None
    target_yield_t_ha: Annotated[Positive | None, "Yield aimed at; null where it is not told."] = None


class Pass(VersionedRecord, frozen=True, kw_only=True):
    """A declared pass: this vehicle on this field in [start_ms, end_ms). It is never changed.

    `device` is the vehicle's name on the wire. The plan is a prescription of the field, or one rate for all of it:
    `planned_rate_ha` in kilograms, or litres of a liquid, per hectare.
    """

    field: str
    device: WireName
    start_ms: Annotated[int, Meta(ge=0)]
    end_ms: Annotated[int, Meta(gt=0)]
    implement: str | None = None
    product: str | None = None
    season: str | None = None
    prescription: str | None = None
    planned_rate_ha: Positive | None = None
    note: Note = ""


class GrowerNote(VersionedRecord, frozen=True, kw_only=True):
    """A note of a person about a greenhouse or its zone, a field, a site or an alarm at `time_ms`; `author` wrote it.

    The position is where the person stood, with the accuracy that the device said. `photos` are ids of photos that were
    sent before; each belongs to one note.
    """

    time_ms: Annotated[int, Meta(ge=0, le=253_402_300_799_999)]
    author: Text
    text: Annotated[str, Meta(min_length=1, max_length=2000), "Text of the note."]
    greenhouse: str | None = None
    field: str | None = None
    zone: str | None = None
    site: str | None = None
    alarm: Annotated[str | None, "Id of the alarm that it is about; null for none."] = None
    longitude_deg: Longitude | None = None
    latitude_deg: Latitude | None = None
    accuracy_m: Annotated[
        Annotated[float, Meta(ge=0, le=1e6)] | None, "Accuracy of the position, as the device said."
    ] = None
    photos: Annotated[tuple[Annotated[str, Meta(pattern="^[0-9a-z]{26}$")], ...], Meta(max_length=6)] = ()


class NotePhoto(msgspec.Struct, frozen=True, kw_only=True):
    """A photo whose bytes are in a file: `digest` is their SHA-256. `note` is the note that it belongs to."""

    id: str
    media: str
    width_px: int
    height_px: int
    size_bytes: int
    digest: str
    added_ms: int
    note: str | None = None


class ApiKey(VersionedRecord, frozen=True, kw_only=True):
    """A key without its secret, which was shown once and is not stored. `prefix` is its readable beginning."""

    name: Text
    scope: Annotated[Scope, "What the key may do at most; `samples`: post samples, and nothing else."]
    prefix: Annotated[str, "Readable beginning of the key."] = ""
    expires_ms: int | None = None
    last_used_ms: Annotated[int | None, "Time of last use, to the minute."] = None
    person: Annotated[str | None, "Id of the person who uses it: their role limits it."] = None
    sender: Annotated[str | None, "Kind of sender that it was made for; an address has it in its prefix."] = None
    map: Annotated[SenderMap | None, "What is kept of a sender's bodies, so that no address has to say it."] = None
