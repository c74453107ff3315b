"""Mapping of a greenhouse overview to JSON, with the days' answers by column."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from api.schemas.greenhouses.greenhouses_mapping import notes_in_chinese, notes_of
from headland.agronomy.series.arrays import Values
from headland.agronomy.series.time_grid import STEP_MS
from headland.analysis.greenhouse.climate import PeriodAnswers
from headland.analysis.greenhouse.crop_targets import TargetBand
from headland.analysis.greenhouse.overview import MAPPED, Overview
from headland.contract.indices import unit_of


def overview_of(overview: Overview) -> dict[str, Any]:
    """Return `climate_schema.OverviewBody` as a dict whose columns are still arrays."""
    house = overview.house
    lines = overview.lines
    return {
        "greenhouse": house.id,
        "devices": [record.descriptor.device for record in house.records],
        "simulated": house.simulated,
        "time_zone": str(house.place.time_zone),
        "time_zone_known": house.place.time_zone_known,
        "crop": house.crop,
        "stage": house.stage,
        "start_ms": overview.window.start_ms,
        "end_ms": overview.window.end_ms,
        "samples": {
            "step_ms": STEP_MS,
            "chosen_by": "min_max" if lines.is_chosen else None,
            "time_ms": lines.time_ms,
            "channels": _rounded(lines.columns),
            "units": {name: unit_of(name) for name in lines.columns},
            "coldest": lines.coldest,
        },
        "surfaces": [{"name": surface.name, "estimated": surface.estimated} for surface in overview.surfaces],
        "bands": [
            {
                "start_ms": part.window[0],
                "end_ms": part.window[1],
                "stage": part.stage,
                "targets": {name: target_of(band) for name, band in part.bands.items()},
            }
            for part in overview.bands
        ],
        "events": [
            {
                "start_ms": event.start_ms,
                "end_ms": event.end_ms,
                "hours": event.hours,
                "surface": event.surface,
                "least_margin_k": event.least_margin_k,
            }
            for event in overview.events
        ],
        "days": days_of(overview.days),
        "map": {
            "time_ms": overview.hours,
            "units": {name: unit_of(name) for name in MAPPED if any(name in p.columns for p in overview.places)},
            "places": [
                {
                    "name": place.name,
                    "devices": place.devices,
                    "crop": place.crop,
                    "stage": place.stage,
                    "channels": _rounded(place.columns),
                }
                for place in overview.places
            ],
        },
        "left_out": overview.left_out,
        "notes": notes_of(overview.notes),
        "notes_zh": notes_in_chinese(overview.notes),
        "grower_notes": [
            {
                "id": note.id,
                "time_ms": note.time_ms,
                "author": note.author,
                "text": note.text,
                "photos": list(note.photos),
            }
            for note in overview.grower_notes
        ],
    }


def days_of(days: list[PeriodAnswers]) -> dict[str, Any]:
    """Return the answers of several days by column: constant parts once, the others as lists."""
    names = list(dict.fromkeys(name for day in days for name in day.answers))
    return {
        "start_ms": [day.window[0] for day in days],
        "end_ms": [day.window[1] for day in days],
        "answers": {name: _column_of(name, days) for name in names},
    }


def target_of(band: TargetBand) -> dict[str, Any]:
    """Return a target band."""
    return {"low": band.low, "high": band.high, "crop": band.crop, "stage": band.stage, "source": band.source}


def _column_of(name: str, days: list[PeriodAnswers]) -> dict[str, Any]:
    answers = [day.answers[name] for day in days]
    method = answers[0].method
    return {
        "unit": answers[0].unit,
        "method": {"id": method.id, "version": method.version, "source": method.source},
        "inputs": list(answers[0].inputs),
        "value": [answer.value for answer in answers],
        "low": [answer.low for answer in answers],
        "high": [answer.high for answer in answers],
        "n": [answer.n for answer in answers],
        "coverage": [answer.coverage for answer in answers],
        "quality": [answer.quality for answer in answers],
        "evidence": [answer.evidence for answer in answers],
        "reason": [answer.reason for answer in answers],
        "level": [day.levels.get(name) for day in days],
    }


def _rounded(columns: Mapping[str, Values]) -> dict[str, Values]:
    """Return columns rounded to four decimals, which exceeds every sensor's accuracy and saves most bytes."""
    return {name: np.round(column, 4) for name, column in columns.items()}
