"""Parameters as a firmware shows them to ground stations: names, types, units and indices of its own."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from firmware_sim.drone.parameter_tables import REAL32
from firmware_sim.drone.parameters import Parameters, fits


@dataclass(frozen=True, slots=True)
class CoreParameter:
    """A shown parameter that is one of the flight core: its value is the core's times `scale`, or by `values`.

    `values` are pairs of a shown value and the core's.
    """

    core: str
    scale: float = 1.0
    kind: int = REAL32
    values: tuple[tuple[float, float], ...] = ()

    def show(self, value: float) -> float:
        """Return the shown value of a core's."""
        return next((shown for shown, core in self.values if core == value), value * self.scale)

    def read(self, shown: float) -> float:
        """Return the core's value of a shown one."""
        return next((core for number, core in self.values if number == shown), shown / self.scale)


class ShownParameters:
    """Table in index order: the core's own parameters that are not hidden, linked ones, and the firmware's `own`."""

    def __init__(
        self,
        core: Parameters,
        *,
        links: Mapping[str, CoreParameter] | None = None,
        own: Mapping[str, tuple[float, int]] | None = None,
        hidden: Collection[str] = (),
    ) -> None:
        self._core = core
        self._links = dict(links or {})
        self._own = dict(own or {})
        shown = {name for name in core if name not in hidden}
        self._names = sorted(shown | set(self._links) | set(self._own))
        self._index = {name: index for index, name in enumerate(self._names)}

    def __len__(self) -> int:
        """Return the number of parameters."""
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        """Return whether a parameter is shown."""
        return name in self._index

    def __iter__(self) -> Iterator[str]:
        """Yield the names in index order."""
        return iter(self._names)

    def name_at(self, index: int) -> str | None:
        """Return the name at an index, None beyond the end."""
        return self._names[index] if 0 <= index < len(self._names) else None

    def index_of(self, name: str) -> int:
        """Return the index of a shown parameter."""
        return self._index[name]

    def value(self, name: str) -> float:
        """Return the value of a shown parameter."""
        if name in self._links:
            link = self._links[name]
            return link.show(self._core[link.core])
        return self._own[name][0] if name in self._own else self._core[name]

    def kind(self, name: str) -> int:
        """Return the MAV_PARAM_TYPE of a shown parameter."""
        if name in self._links:
            return self._links[name].kind
        return self._own[name][1] if name in self._own else self._core.type_of(name)

    def set(self, name: str, value: float) -> bool:
        """Store a value; return False and change nothing where it does not fit."""
        if name not in self or not math.isfinite(value):
            return False
        kind = self.kind(name)
        value = value if kind == REAL32 else float(round(value))
        if not fits(value, kind):
            return False
        if name in self._links:
            link = self._links[name]
            return self._core.set(link.core, link.read(value))
        if name not in self._own:
            return self._core.set(name, value)
        self._own[name] = (value, kind)
        return True


#: A function that shows a vehicle's parameters.
Show = Callable[[Parameters], ShownParameters]
