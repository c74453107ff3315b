"""Slabs that store heat: a north wall and the soil of a house, in layers from the inside out. Pure, on arrays.

Layers grow from the inside out, because a day's heat goes a few centimetres deep. Conduction is implicit, so any step
is stable, and what leaves a layer enters its neighbour: the balance closes exactly. All values are per square metre
of the slab.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.house_model.moist_air import Numbers

LAYERS: Final = 8
#: Each layer is thicker than the one before by this factor.
_GROWTH: Final = 1.5
_FIRST: Final = (_GROWTH - 1) / (_GROWTH**LAYERS - 1)


@dataclass(frozen=True, slots=True)
class Slab:
    """Slabs of several compartments: thickness, conductivity, heat capacity, and resistance behind the last layer."""

    depth_m: Numbers
    w_mk: Numbers
    j_m3k: Numbers
    outer_m2k_w: Numbers

    @property
    def thickness_m(self) -> Numbers:
        """Thickness of each layer, shape (LAYERS, compartments)."""
        return np.outer(_FIRST * _GROWTH ** np.arange(LAYERS), self.depth_m)

    def stored_j_m2(self, layers_degc: Numbers) -> Numbers:
        """Return the heat in the layers above 0 degC."""
        return np.asarray((self.j_m3k * self.thickness_m * layers_degc).sum(axis=0))


def start_layers(slab: Slab, inside_degc: Numbers, outer_degc: Numbers) -> Numbers:
    """Return layers [degC] in the steady state between a surface and what is behind the slab."""
    within = np.cumsum(slab.thickness_m, axis=0) - slab.thickness_m / 2
    share = within / slab.w_mk / (slab.depth_m / slab.w_mk + slab.outer_m2k_w)
    return np.asarray(inside_degc + share * (outer_degc - inside_degc))


def conduct(
    slab: Slab, layers_degc: Numbers, inward_w_m2: Numbers, outer_degc: Numbers, step_s: float
) -> tuple[Numbers, Numbers]:
    """Return the layers after `step_s` and the heat that left behind the last [W/m2].

    `layers_degc` has the shape (LAYERS, compartments); `inward_w_m2` enters the first layer, `outer_degc` is behind the
    slab. A tridiagonal system, solved by elimination from the inside out.
    """
    thick = slab.thickness_m
    capacity = slab.j_m3k * thick / step_s
    between = 2 * slab.w_mk / (thick[:-1] + thick[1:])
    behind = 1 / (thick[-1] / (2 * slab.w_mk) + slab.outer_m2k_w)
    known = capacity * layers_degc
    known[0] += inward_w_m2
    known[-1] += behind * outer_degc
    diagonal = capacity.copy()
    diagonal[:-1] += between
    diagonal[1:] += between
    diagonal[-1] += behind
    for layer in range(1, LAYERS):
        factor = between[layer - 1] / diagonal[layer - 1]
        diagonal[layer] -= factor * between[layer - 1]
        known[layer] += factor * known[layer - 1]
    after = np.empty_like(known)
    after[-1] = known[-1] / diagonal[-1]
    for layer in range(LAYERS - 2, -1, -1):
        after[layer] = (known[layer] + between[layer] * after[layer + 1]) / diagonal[layer]
    return after, behind * (after[-1] - outer_degc)
