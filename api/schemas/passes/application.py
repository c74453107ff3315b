"""Response model of an amount applied, with the mapping from the library."""

from __future__ import annotations

from typing import Annotated

import msgspec

from api.schemas.answers import Answer, answer_of
from headland.agronomy.application.product_answers import Application, Spreading
from headland.store.port import DeviceRecord


class ApplicationAnswers(msgspec.Struct, frozen=True, kw_only=True):
    """Amount that a sprayer or spreader applied over a window: metered litres or kilograms, or null."""

    device: str
    simulated: bool
    swath_m: Annotated[float, "Width of a swath that the areas rest on [m]."]
    swath_basis: Annotated[str, "given, pass (its implement's), implement (mounted on the device) or assumed."]
    product_applied_l: Annotated[Answer | None, "Of a sprayer."]
    product_applied_kg: Annotated[Answer | None, "For a granule spreader."]
    area_treated_m2: Annotated[Answer, "Area worked: the union of the swaths, beside fields too."]
    area_treated_ha: Annotated[Answer, "The same in hectares."]
    overlap_m2: Annotated[Answer, "Ground that swaths covered again, beside fields too."]
    mean_rate_l_ha: Annotated[Answer | None, "Of a sprayer."]
    mean_rate_kg_ha: Annotated[Answer | None, "For a granule spreader."]


def application_of(
    record: DeviceRecord, swath_m: float, swath_basis: str, application: Application | Spreading
) -> ApplicationAnswers:
    """Return what a sprayer applied, in litres, or a spreader, in kilograms."""
    simulated = record.descriptor.simulated
    litres = kilograms = rate_l_ha = rate_kg_ha = None
    if isinstance(application, Application):
        litres = answer_of(application.product_applied_l, simulated)
        rate_l_ha = answer_of(application.mean_rate_l_ha, simulated)
    else:
        kilograms = answer_of(application.product_applied_kg, simulated)
        rate_kg_ha = answer_of(application.mean_rate_kg_ha, simulated)
    return ApplicationAnswers(
        device=record.descriptor.device,
        simulated=simulated,
        swath_m=swath_m,
        swath_basis=swath_basis,
        product_applied_l=litres,
        product_applied_kg=kilograms,
        area_treated_m2=answer_of(application.area_treated_m2, simulated),
        area_treated_ha=answer_of(application.area_treated_ha, simulated),
        overlap_m2=answer_of(application.overlap_m2, simulated),
        mean_rate_l_ha=rate_l_ha,
        mean_rate_kg_ha=rate_kg_ha,
    )
