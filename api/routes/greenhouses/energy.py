"""Route of the energy of a greenhouse and its cost."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.problems import declare_problems
from api.http.responses import reply
from api.http.router import Router
from api.routes.greenhouses.greenhouses import GreenhouseId
from headland.analysis.greenhouse.energy.house_energy import EnergyOfHouse, answer_energy
from headland.analysis.greenhouse.house import find_house

router = Router(prefix="/v1/greenhouses", tags=["answers"], responses=declare_problems(400, 404, 422, 503))


@router.get("/{device}/energy", response_model=EnergyOfHouse)
def get_energy(
    request: Request,
    scope: ScopeOf,
    device: GreenhouseId,
    weeks: Annotated[int, Query(description="Local weeks, this one included.", ge=1, le=13)] = 4,
) -> Response:
    """Return the energy of the last weeks and its cost, of what is recorded.

    Heating power is summed over the hours in which it is recorded, the lamps' output with the power that the greenhouse
    declares (`lamp_power_w_m2`). A gap counts nothing, and `coverage` says how much of the week was recorded. A cost
    needs a price of the greenhouse (`energy_prices`) for every day and its floor area; without them it is null with a
    reason.
    """
    house = find_house(scope, device)
    declared = None if house.greenhouse is None else scope.repositories.greenhouses.get(house.greenhouse)
    prices = () if declared is None else declared.energy_prices or ()
    lamp_w_m2 = None if declared is None else declared.lamp_power_w_m2
    return reply(request, answer_energy(scope, house, prices, lamp_w_m2, weeks))
