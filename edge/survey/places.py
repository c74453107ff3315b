"""Place of a number whose name is bare: a `temperature` is of the air only where nothing else of its device says other.

Other numbers of the device, or its name, tell that it measures soil, water or the weather outside. Then a bare
temperature or humidity is of one of two places, and a person says which. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Literal, NamedTuple

from headland.contract.foreign_names import words_of

_About = Literal["soil", "water", "outside"]


class OpenPlace(NamedTuple):
    """A question to a person: what else the device measures, and the channels of which one is right."""

    about: _About
    channels: tuple[str, ...]


#: Words by which a number, or the name of a device, is of a place; Chinese words count within others.
_WORDS: Final[dict[_About, frozenset[str]]] = {
    "soil": frozenset((
        "soil", "substrate", "moisture", "ground", "ec", "salinity", "nitrogen", "phosphorus", "potassium", "npk",
        "土", "基质", "墒", "电导率",
    )),
    "water": frozenset((
        "water", "pond", "tank", "well", "river", "orp", "turbidity", "水温", "水质", "水箱", "水池", "溶氧",
    )),
    "outside": frozenset((
        "outside", "wind", "rain", "gust", "radiation", "weather", "室外", "户外", "风", "雨", "辐射", "气象",
    )),
}  # fmt: skip
#: Words by which a number is of the air about the device.
_AIR: Final = frozenset(
    ("air", "indoor", "indoors", "inside", "room", "ambient", "greenhouse", "空气", "室内", "棚内", "大棚")
)
#: Channels of one kind of number by place; a place without one leaves nothing open.
_BY_PLACE: Final[dict[str, dict[_About, str]]] = {
    "air_temperature_degc": {
        "soil": "soil_temperature_degc",
        "water": "water_temperature_degc",
        "outside": "outside_temperature_degc",
    },
    "relative_humidity_pct": {"soil": "substrate_moisture_pct", "outside": "outside_humidity_pct"},
}


def open_place(channel: str, name: str, device: str, others: Iterable[tuple[str, str]]) -> OpenPlace | None:
    """Return the question that a number of `channel` by its bare `name` leaves; None where nothing is open.

    `others` are name and channel of each further number of the device. None is open where it states the number of the
    other place itself, since the bare one is not that then, and where it measures CO2, which is of the air.
    """
    by_place = _BY_PLACE.get(channel)
    if by_place is None or _says(words_of(name), _AIR):
        return None
    known = list(others)
    stated = {each.partition(":")[0] for _, each in known}
    if "co2_ppm" in stated:
        return None
    for about, elsewhere in by_place.items():
        texts = (device, *(each for each, _ in known))
        if elsewhere not in stated and any(_says(words_of(text), _WORDS[about]) for text in texts):
            return OpenPlace(about, (elsewhere, channel))
    return None


def _says(words: Sequence[str], said: frozenset[str]) -> bool:
    return any(word in said or (not word.isascii() and any(each in word for each in said)) for word in words)
