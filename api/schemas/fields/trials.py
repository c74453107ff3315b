"""Requests and answers of field trials."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from api.schemas.model import EXAMPLE_ID
from headland.registry.models.models import NotNegative
from headland.registry.models.people import Instant
from headland.registry.models.trials import MOST_PLOTS, RecordId, Trial


class TrialDrawing(msgspec.Struct, frozen=True, kw_only=True):
    """A trial with its plots as GeoJSON; `kept` where it is stored."""

    trial: Trial
    layout: Annotated[dict[str, Any], "Plots as GeoJSON features."]
    kept: Annotated[bool, "Whether the trial is stored."]


class TrialPrescriptionOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A prescription of a trial; `surround_ha` is the rate beside the plots, none where the ground there is left."""

    EXAMPLE: ClassVar = {"surround_ha": 200}

    surround_ha: Annotated[NotNegative | None, "Rate per hectare beside the plots; null where that ground is left."] = (
        None
    )


class ObservationOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An observation of a plot, by its number."""

    plot: Annotated[int, Meta(ge=1, le=MOST_PLOTS), "Number of the plot."]
    variable: RecordId
    value: Annotated[Annotated[str, Meta(max_length=2000)] | None, "Observed value; null for a missing one."]
    time_ms: Instant | None = None
    collector: Annotated[str, Meta(max_length=200)] = ""


class ObservationsOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Observations of plots to store, all or none."""

    EXAMPLE: ClassVar = {"items": [{"plot": 1, "variable": EXAMPLE_ID, "value": "6.8"}]}

    items: Annotated[tuple[ObservationOrder, ...], Meta(min_length=1, max_length=1000)]
