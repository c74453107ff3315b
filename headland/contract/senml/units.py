"""SenML units (RFC 8428 section 12.1, RFC 8798 section 3) and their conversion to our units."""

from __future__ import annotations

from typing import Final

from headland.contract.catalogue import CATALOGUE
from headland.contract.units import factors_of

#: SenML unit -> our unit symbols, the first is the default, each with the factor from the SenML value.
UNITS: Final[dict[str, dict[str, float]]] = dict(
    sorted(
        (name, {to: factor for to, (factor, _) in factors_of(unit).items()})
        for unit in CATALOGUE.units
        for name in unit.senml
    )
)
#: The units in which a SenML record is where its name has none.
_USUAL: Final = {next(iter(factors)) for factors in UNITS.values()}
#: Our unit symbol -> ending of the channel of a record with a separate unit; a bare ratio or count has none.
SUFFIX_OF_UNIT: Final[dict[str, str]] = {
    unit.symbol: unit.endings[0]
    for unit in CATALOGUE.units
    if unit.endings and unit.symbol != "1" and (unit.senml or unit.symbol in _USUAL)
}
