"""Table of the mutants, in the order of the documentation."""

from __future__ import annotations

from typing import Final

from tests.mutants.forecast_mutants import FORECAST_MUTANTS
from tests.mutants.gateway_mutants import GATEWAY_MUTANTS
from tests.mutants.station_mutants import STATION_MUTANTS

MUTANTS: Final = (*GATEWAY_MUTANTS, *STATION_MUTANTS, *FORECAST_MUTANTS)
