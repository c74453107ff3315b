"""Soil probes and water meters of a field: readings by local day, of the devices that a person put on the field."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.root_zone.probe_reading import at_one_temperature, daily_readings, fit_temperature_effect
from headland.agronomy.root_zone.sensors import SensorPrior, SoilSensor
from headland.agronomy.series.arrays import Times, Values
from headland.agronomy.series.qartod import NOT_EVALUATED
from headland.analysis.inputs.origin import of_one_origin
from headland.analysis.inputs.scope import OrgScope
from headland.registry.models.models import Field
from headland.store.port import Buckets, SeriesFilter
from headland.units_of_time import DAY_MS, MINUTE_MS

_MOISTURE, _TEMPERATURE, _METER = "substrate_moisture_pct", "soil_temperature_degc", "irrigation_volume_total_l"
#: The depth of a sensor in the name of its place: `substrate_moisture_pct:30cm`.
_DEPTH: Final = re.compile(r"(\d+(?:\.\d+)?) ?(mm|cm|m)")
_METRES: Final = {"mm": 0.001, "cm": 0.01, "m": 1.0}
#: Sensors that read deeper than roots go are of ground water.
_DEEPEST_M: Final = 3.0
#: Standard errors of a sensor without a calibration in its soil, and of one reading [% of volume].
_OWN_ERROR_PCT, _READING_ERROR_PCT = 3.0, 1.2
_STEP_MS: Final = 30 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class ReadProbes:
    """The sensors of a field, whether any is simulated, and the channels that name no depth."""

    sensors: list[SoilSensor]
    simulated: bool
    without_depth: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Metered:
    """Irrigation by day [mm] over the field, and the meters that counted it."""

    mm: Values
    devices: tuple[str, ...]
    simulated: bool


def depth_of(channel: str) -> float | None:
    """Return the depth of a sensor [m] by its channel; None where it is not named."""
    found = _DEPTH.fullmatch(channel.partition(":")[2])
    depth = None if found is None else float(found[1]) * _METRES[found[2]]
    return depth if depth is not None and 0.0 < depth <= _DEEPEST_M else None


def read_probes(
    scope: OrgScope, field: Field, day_ends_ms: Times, field_capacity_pct: float, capacity_error_pct: float,
    only: frozenset[str] | None = None,
) -> ReadProbes:  # fmt: skip
    """Return the sensors of the field's devices, or of some of them, with readings at the end of each local day.

    A reading is brought to 20 degC where the sensor's own temperature shows an effect. Before anything is learnt a
    sensor is expected to read the soil's field capacity [%], with the errors of soil and sensor together.
    """
    error = float(np.hypot(capacity_error_pct, _OWN_ERROR_PCT))
    prior = SensorPrior(field_capacity_pct, error, _READING_ERROR_PCT, shared_error=capacity_error_pct)
    sensors, without, simulated = [], [], False
    for device in _devices_of(scope, field, only):
        series = _read(scope, device, (_MOISTURE, _TEMPERATURE), int(day_ends_ms[0]) - DAY_MS, int(day_ends_ms[-1]))
        for channel in sorted(name for name in series if name.startswith(_MOISTURE)):
            depth = depth_of(channel)
            if depth is None:
                without.append(f"{device} {channel}")
                continue
            wet, warm = series[channel], series.get(channel.replace(_MOISTURE, _TEMPERATURE))
            value = wet.mean
            if warm is not None:
                temperature = np.interp(wet.start_ms, warm.start_ms, warm.mean, left=np.nan, right=np.nan)
                effect = fit_temperature_effect(wet.start_ms, value, temperature, day_ends_ms)
                value = at_one_temperature(value, temperature, effect)
            daily = daily_readings(wet.start_ms, value, day_ends_ms)
            sensors.append(SoilSensor(device, depth, daily, prior))
            simulated |= wet.key.simulated
    return ReadProbes(sensors, simulated, tuple(without))


def read_meters(
    scope: OrgScope, field: Field, day_edges_ms: Times, area_m2: float, only: frozenset[str] | None = None
) -> Metered:
    """Return the irrigation between the edges of days [mm] over an area, by the field's meters or some of them."""
    litres, devices, simulated = np.zeros(len(day_edges_ms) - 1), [], False
    for device in _devices_of(scope, field, only):
        for meter in _read(scope, device, (_METER,), int(day_edges_ms[0]), int(day_edges_ms[-1])).values():
            steps = np.diff(meter.last)
            # A meter that restarted counts from 0.
            rise = np.where(steps >= 0.0, steps, meter.last[1:])
            at = np.searchsorted(day_edges_ms, meter.start_ms[1:], side="right") - 1
            np.add.at(litres, at, rise)
            devices.append(device)
            simulated |= meter.key.simulated
    return Metered(litres / area_m2, tuple(devices), simulated)


def _devices_of(scope: OrgScope, field: Field, only: frozenset[str] | None) -> list[str]:
    of_field = (device.name for device in scope.repositories.devices.all() if device.field == field.id)
    return sorted(name for name in of_field if only is None or name in only)


def _read(scope: OrgScope, device: str, quantities: tuple[str, ...], start_ms: int, end_ms: int) -> dict[str, Buckets]:
    """Return half-hourly means of a device's channels of some quantities, of one origin each."""
    named = {key.channel for key in scope.store.series(SeriesFilter(scope.organisation, device))}
    channels = frozenset(channel for channel in named if channel.partition(":")[0] in quantities)
    if not channels or end_ms <= start_ms:
        return {}
    which = SeriesFilter(scope.organisation, device, channels)
    stored = of_one_origin(scope.store.buckets(which, start_ms, end_ms, _STEP_MS, NOT_EVALUATED))
    # A device that moved has a series at each site: the longest is the field's.
    return {buckets.key.channel: buckets for buckets in sorted(stored, key=lambda each: len(each.start_ms))}
