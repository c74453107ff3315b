"""The village of a played season: members, plots in blocks, who holds them, two operators and what they spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.geometry.local_plane import Plane
from headland.contract.quantities import QUANTITIES
from headland.contract.records import ChannelInfo, Descriptor
from headland.registry.models.geometry import Geometry
from headland.registry.models.models import (
    Farm,
    Field,
    Implement,
    ImplementKind,
    PatternPoint,
    Product,
    ProductKind,
    Site,
)
from headland.registry.models.people import Holding, HoldingKind, Person
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.units_of_time import DAY_MS

#: 2026-03-02 06:00 in Shanghai, when the wheat gets its first dressing.
FIRST_MS: Final = 1_772_402_400_000
#: The season that is settled, and the day on which it is.
SEASON_START_MS, SEASON_END_MS, NOW_MS = FIRST_MS - 30 * DAY_MS, FIRST_MS + 120 * DAY_MS, FIRST_MS + 121 * DAY_MS
#: The village lies near Jurong in Jiangsu.
PLANE: Final = Plane(31.95, 119.17)
GATEWAY: Final = "gateway-1"
OPERATORS: Final = {"spreader-a": "东风农机服务队", "spreader-b": "惠农飞防队"}
UREA: Final = "尿素 46%"
SWATH_M: Final = 6.0
#: A plot is 1.8 mu; a block is what one flight treats, at most nine plots wide.
PLOT_M: Final = (24.0, 50.0)
_ACROSS: Final = 9
_APART_M: Final = 400.0
_SURNAMES: Final = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗"
_GIVEN: Final = "建国秀英志强桂兰明华玉梅海燕国庆春生丽萍德福小军"
#: Every tenth plot is held by two members, every seventh let for a part of the season.
_SHARED_EVERY, _LET_EVERY = 10, 7


@dataclass(frozen=True, slots=True)
class PlotBlock:
    """Plots that are flown as one: its south-west corner [m], and its plots by row from the south and column."""

    number: int
    west_m: float
    south_m: float
    rows: int
    columns: int
    plots: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Village:
    """People and blocks of plots in the registry, and the product and the implement of each operator."""

    people: tuple[Person, ...]
    blocks: tuple[PlotBlock, ...]
    product: Product
    implements: dict[str, Implement]

    @property
    def plots(self) -> list[Field]:
        """All plots."""
        return [plot for block in self.blocks for plot in block.plots]


def settle_village(repositories: OrganisationRepositories, members: int, plots: int, blocks: int) -> Village:
    """Add the village to an empty organisation."""
    east_deg, north_deg = PLANE.longitude_deg, PLANE.latitude_deg
    farm = repositories.farms.add(Farm(name="句容示范合作社", longitude_deg=east_deg, latitude_deg=north_deg))
    repositories.sites.add(
        Site(farm=farm.id, name="home", time_zone="Asia/Shanghai", longitude_deg=east_deg, latitude_deg=north_deg)
    )
    people, _ = repositories.add_people([_person(number) for number in range(members)], [])
    shapes = _shapes(plots, blocks)
    made = repositories.fields.add_all(
        [
            Field(farm=farm.id, name=f"{block + 1:02}-{number + 1:02}", geometry=_box(west, south))
            for block, shape in enumerate(shapes)
            for number, (west, south) in enumerate(_corners(block, shape))
        ]
    )
    repositories.add_people([], _holdings(made, people))
    product = repositories.products.add(
        Product(name=UREA, kind=ProductKind.GRANULAR, n_pct=46.0, p2o5_pct=0.0, k2o_pct=0.0)
    )
    rest = iter(made)
    return Village(
        tuple(people),
        tuple(
            PlotBlock(
                number, *_corners(number, shape)[0], shape[0], shape[1], tuple(next(rest) for _ in range(shape[2]))
            )
            for number, shape in enumerate(shapes)
        ),
        product,
        {device: _implement(repositories, device) for device in OPERATORS},
    )


def descriptor_of(device: str) -> Descriptor:
    """Return how an operator's machine describes itself."""
    reported = ("latitude_deg", "longitude_deg", "pump_on", "mass_flow_kg_min", "relative_altitude_m")
    channels = {channel: ChannelInfo(unit=QUANTITIES[channel].unit) for channel in reported}
    return Descriptor(device=device, kind="drone", site="home", name=device, channels=channels, simulated=True)


def _implement(repositories: OrganisationRepositories, device: str) -> Implement:
    known = repositories.record_descriptor(GATEWAY, descriptor_of(device))
    pattern = tuple(PatternPoint(offset_m=x, rate=r) for x, r in ((-4.0, 0.0), (-2.0, 1.0), (2.0, 1.0), (4.0, 0.0)))
    return repositories.implements.add(
        Implement(name=f"{device} spreader", kind=ImplementKind.SPREADER, swath_m=SWATH_M, pattern=pattern,
                  max_flow_kg_min=60.0, device=known.id)
    )  # fmt: skip


def _person(number: int) -> Person:
    surname, given = _SURNAMES[number % len(_SURNAMES)], number // len(_SURNAMES) * 2 % len(_GIVEN)
    return Person(name=surname + _GIVEN[given : given + 2], number=f"{number + 1:03}")


def _shapes(plots: int, blocks: int) -> list[tuple[int, int, int]]:
    """Return rows, columns and plots of each block."""
    counts = [plots // blocks + (block < plots % blocks) for block in range(blocks)]
    return [(-(-count // _ACROSS), min(count, _ACROSS), count) for count in counts]


def _corners(block: int, shape: tuple[int, int, int]) -> list[tuple[float, float]]:
    """Return the south-west corners of a block's plots; the first is the block's."""
    west, south = block % 5 * _APART_M, block // 5 * _APART_M
    return [(west + n % shape[1] * PLOT_M[0], south + n // shape[1] * PLOT_M[1]) for n in range(shape[2])]


def _box(west_m: float, south_m: float) -> Geometry:
    east, north = np.array([0.0, 1.0, 1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0, 1.0, 0.0])
    latitude, longitude = PLANE.to_degrees(west_m + east * PLOT_M[0], south_m + north * PLOT_M[1])
    return ((tuple(zip(longitude.tolist(), latitude.tolist(), strict=True)),),)


def _holdings(plots: Sequence[Field], people: Sequence[Person]) -> list[Holding]:
    held = []
    for number, plot in enumerate(plots):
        owner, next_one = people[number % len(people)].id, people[(number + 1) % len(people)].id
        kind = HoldingKind.OWNERSHIP if number % _LET_EVERY == 0 else HoldingKind.LEASE
        owners = [owner, next_one] if number % _SHARED_EVERY == 0 and owner != next_one else [owner]
        held += [Holding(field=plot.id, person=each, kind=kind, parts=1, of_parts=len(owners)) for each in owners]
        if kind is HoldingKind.OWNERSHIP:
            tenant = people[(number + 2) % len(people)].id
            held.append(
                Holding(field=plot.id, person=tenant, kind=HoldingKind.LEASE, parts=1, of_parts=3,
                        start_ms=FIRST_MS + 10 * DAY_MS)
            )  # fmt: skip
    return held
