"""Model of a field scenario: plots and rows, the ground, the machine and the wind."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass, replace

Place = tuple[float, float]

#: WGS84 (NGA.STND.0036, table 3.1): semi-major axis and first eccentricity squared.
_SEMI_MAJOR_M = 6_378_137.0
_ECCENTRICITY_2 = 6.694_379_990_14e-3


@dataclass(frozen=True, slots=True)
class LocalFrame:
    """East-north metres around an origin; accurate to a millimetre within a kilometre."""

    latitude_deg: float
    longitude_deg: float

    def degrees_per_metre(self) -> tuple[float, float]:
        """Return degrees of latitude per metre north and of longitude per metre east, by the radii of curvature."""
        latitude = math.radians(self.latitude_deg)
        shrink = 1 - _ECCENTRICITY_2 * math.sin(latitude) ** 2
        meridian_m = _SEMI_MAJOR_M * (1 - _ECCENTRICITY_2) / shrink**1.5
        prime_vertical_m = _SEMI_MAJOR_M / math.sqrt(shrink)
        return math.degrees(1 / meridian_m), math.degrees(1 / (prime_vertical_m * math.cos(latitude)))

    def to_degrees(self, east_m: float, north_m: float) -> tuple[float, float]:
        """Return (latitude, longitude) of a point."""
        per_north, per_east = self.degrees_per_metre()
        return self.latitude_deg + north_m * per_north, self.longitude_deg + east_m * per_east

    def to_east_north(self, latitude_deg: float, longitude_deg: float) -> tuple[float, float]:
        """Return (east, north) of a point, the inverse of `to_degrees`."""
        per_north, per_east = self.degrees_per_metre()
        return (longitude_deg - self.longitude_deg) / per_east, (latitude_deg - self.latitude_deg) / per_north


@dataclass(frozen=True, slots=True)
class SwathPlot:
    """A rectangle of the field with its swaths.

    The first corner is `along_m` along the field's rows and `across_m` to their left; `row_offsets_m` are the centre
    lines of the swaths to the left of that corner, in flight order.
    """

    length_m: float
    width_m: float
    row_offsets_m: tuple[float, ...]
    along_m: float = 0.0
    across_m: float = 0.0


@dataclass(frozen=True, slots=True)
class FieldSwath:
    """A swath in flight direction, from `start` to `end` as (along, across) metres of the field."""

    start: Place
    end: Place

    @property
    def length_m(self) -> float:
        """Length between the field's edges."""
        return math.dist(self.start, self.end)


@dataclass(frozen=True, slots=True)
class SprayerPlan:
    """A liquid sprayer and its order: `flow_bias` is the relative error of the true flow.

    The spray has a volume median of `droplet_um` and a relative span of `droplet_span`: medium by ISO 25358.
    `delta_t_k` is the depression of the wet bulb in which droplets evaporate.
    """

    product: str
    rate_l_ha: float
    tank_l: float
    pump_max_l_min: float
    flow_bias: float
    kg_per_l: float = 1.0
    droplet_um: float = 290.0
    droplet_span: float = 1.2
    delta_t_k: float = 4.0

    @property
    def rate_ha(self) -> float:
        """Ordered amount per hectare, in the machine's unit."""
        return self.rate_l_ha

    @property
    def capacity(self) -> float:
        """Amount of a full tank, in the machine's unit."""
        return self.tank_l

    @property
    def max_per_min(self) -> float:
        """Largest flow, in the machine's unit."""
        return self.pump_max_l_min


@dataclass(frozen=True, slots=True)
class SpreaderPlan:
    """A disc spreader for granules and its order.

    The spread pattern is a mixture: two Gaussian lobes `lobe_m` left and right of the track with `lobe_sd_m`, of which
    the left one has `left_share`, and a trapezoid up to `reach_m` with `flat_share` of the granules; it applies at
    `spinner_rpm` and the scenario's height, and widens as granules fly farther. `granule_mg` is that
    of a 3 mm prill of urea. `has_flow_sensor` adds a mass-flow sensor to the hopper's load cells.
    """

    product: str
    rate_kg_ha: float
    hopper_kg: float
    feed_max_kg_min: float
    flow_bias: float
    spinner_rpm: float = 1100.0
    has_flow_sensor: bool = True
    left_share: float = 0.56
    lobe_m: float = 1.0
    lobe_sd_m: float = 1.2
    flat_share: float = 0.25
    reach_m: float = 4.5
    granule_mg: float = 18.8

    @property
    def rate_ha(self) -> float:
        """Ordered amount per hectare, in the machine's unit."""
        return self.rate_kg_ha

    @property
    def capacity(self) -> float:
        """Amount of a full hopper, in the machine's unit."""
        return self.hopper_kg

    @property
    def max_per_min(self) -> float:
        """Largest flow, in the machine's unit."""
        return self.feed_max_kg_min


@dataclass(frozen=True, slots=True)
class Airframe:
    """Mass of the multirotor without load, and its battery pack."""

    dry_kg: float = 28.0
    hover_a: float = 52.0
    cells: int = 12
    capacity_mah: float = 22_000.0


@dataclass(frozen=True, slots=True)
class Gust:
    """A gust of `wind_m_s` from `start_s` after power-up, for `length_s`."""

    start_s: float
    length_s: float
    wind_m_s: float


@dataclass(frozen=True, slots=True)
class FieldScenario:
    """A field of one or more plots, and its treatment.

    The field's first corner is its origin; rows run along `bearing_deg` (clockwise from true north). Home is
    `home_before_m` before the first row, in line with it. `profile_m` is the height of the ground along the rows, as
    (along, height) in ascending order: linear between the points, level beyond and across. `wind_from_deg` is the
    direction that the wind comes from, relative to true north.
    """

    name: str
    site: str
    latitude_deg: float
    longitude_deg: float
    altitude_m: float
    bearing_deg: float
    plots: tuple[SwathPlot, ...]
    swath_m: float
    speed_m_s: float
    height_m: float
    machine: SprayerPlan | SpreaderPlan
    airframe: Airframe = Airframe()
    profile_m: tuple[Place, ...] = ()
    home_before_m: float = 9.0
    pause_s: float = 20.0
    wind_m_s: float = 2.5
    wind_from_deg: float = 120.0
    gusts: tuple[Gust, ...] = ()

    def frame(self) -> LocalFrame:
        """Return the east-north frame at the field's first corner."""
        return LocalFrame(self.latitude_deg, self.longitude_deg)

    def to_east_north(self, along_m: float, across_m: float) -> Place:
        """Convert (along, across) metres of the field to (east, north)."""
        bearing = math.radians(self.bearing_deg)
        sine, cosine = math.sin(bearing), math.cos(bearing)
        return along_m * sine - across_m * cosine, along_m * cosine + across_m * sine

    def corners_deg(self) -> tuple[tuple[Place, ...], ...]:
        """Return the four (latitude, longitude) corners of each plot, anticlockwise from its first."""
        frame = self.frame()
        return tuple(
            tuple(frame.to_degrees(*self.to_east_north(*corner)) for corner in _corners(plot)) for plot in self.plots
        )

    def bounds_m(self) -> tuple[Place, Place]:
        """Return the south-west and north-east corners of the bounding box of all plots, as (east, north)."""
        places = [self.to_east_north(*corner) for plot in self.plots for corner in _corners(plot)]
        east, north = [place[0] for place in places], [place[1] for place in places]
        return (min(east), min(north)), (max(east), max(north))

    def rows(self) -> tuple[FieldSwath, ...]:
        """Return the swaths in flight order, with alternating direction."""
        ends = [
            ((plot.along_m, plot.across_m + offset_m), (plot.along_m + plot.length_m, plot.across_m + offset_m))
            for plot in self.plots
            for offset_m in plot.row_offsets_m
        ]
        return tuple(FieldSwath(*(pair if index % 2 == 0 else pair[::-1])) for index, pair in enumerate(ends))

    def home_along_across(self) -> Place:
        """Return the take-off and landing place as (along, across)."""
        first = next(plot for plot in self.plots if plot.row_offsets_m)
        return first.along_m - self.home_before_m, first.across_m + first.row_offsets_m[0]

    def home_east_north(self) -> Place:
        """Return the take-off and landing place as (east, north)."""
        return self.to_east_north(*self.home_along_across())

    def moved_across(self, across_m: float) -> FieldScenario:
        """Return the same field moved to the left of its rows by `across_m`."""
        latitude, longitude = self.frame().to_degrees(*self.to_east_north(0.0, across_m))
        return replace(self, latitude_deg=latitude, longitude_deg=longitude)

    def width_m(self) -> float:
        """Return the extent of all plots across the rows."""
        right = min(plot.across_m for plot in self.plots)
        return max(plot.across_m + plot.width_m for plot in self.plots) - right

    def row_amount(self, row: FieldSwath) -> float:
        """Return the planned amount for a row, in the machine's unit (L or kg)."""
        return self.machine.rate_ha * row.length_m * self.swath_m / 10_000

    def ground(self) -> GroundHeight:
        """Return the ground of the field."""
        return GroundHeight(self.profile_m, self.bearing_deg, self.home_along_across()[0])


class GroundHeight:
    """Height of a field's ground relative to home; asked for at each step of a flight."""

    def __init__(self, profile_m: tuple[Place, ...], bearing_deg: float, home_along_m: float) -> None:
        bearing = math.radians(bearing_deg)
        self._profile_m = profile_m
        self._sine, self._cosine = math.sin(bearing), math.cos(bearing)
        self._home_m = self._profile(home_along_m) if profile_m else 0.0

    def height_m(self, east_m: float, north_m: float) -> float:
        """Return the height of the ground at a place."""
        if not self._profile_m:
            return 0.0
        return self._profile(east_m * self._sine + north_m * self._cosine) - self._home_m

    def _profile(self, along_m: float) -> float:
        profile = self._profile_m
        index = bisect_right(profile, (along_m, math.inf))
        if index in {0, len(profile)}:
            return profile[min(index, len(profile) - 1)][1]
        (x0, z0), (x1, z1) = profile[index - 1], profile[index]
        return z0 + (z1 - z0) * (along_m - x0) / (x1 - x0)


def _corners(plot: SwathPlot) -> tuple[Place, ...]:
    near, right = plot.along_m, plot.across_m
    far, left = near + plot.length_m, right + plot.width_m
    return (near, right), (far, right), (far, left), (near, left)
