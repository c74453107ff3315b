"""Weight of a field's harvest on a scale: given with the request, or by the harvest records of the field and season."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.registry.models.lots import Harvest
from headland.registry.models.models import Field, Season
from headland.registry.models.plant_protection import EvidenceClass

NO_RECORDS: Final = "no_harvest_records"
NOT_WEIGHED: Final = "harvest_not_weighed"
SEVERAL_CROPS: Final = "harvest_of_several_crops"
SIMULATED_WEIGHT: Final = "harvest_simulated"
FAR_OFF: Final = "weight_far_off"
NOT_ASKED: Final = "weight_not_asked"
NOTHING_MEASURED: Final = "no_grain_at_sensor"


@dataclass(frozen=True, slots=True)
class Weighing:
    """The wet grain of a field on a scale [kg], where it comes from, and why a yield map is not scaled to it.

    `source` is given (with the request), harvests (their records), or None; `harvests` are those records. `kg` stays
    known where it is not used.
    """

    kg: Annotated[float | None, "Null where no weight is known."]
    source: Annotated[
        Literal["given", "harvests"] | None, "given (with the request), harvests (their records), or null."
    ]
    harvests: tuple[Harvest, ...] = ()
    reason: Annotated[
        str | None,
        "Why it is not used: no_harvest_records, harvest_not_weighed, harvest_of_several_crops, "
        "harvest_simulated, weight_far_off, weight_not_asked, no_grain_at_sensor; else null.",
    ] = None

    @property
    def used(self) -> bool:
        """Whether the map is scaled to it."""
        return self.kg is not None and self.reason is None

    @property
    def first_ms(self) -> int | None:
        """Time of the first harvest record, epoch milliseconds UTC; null without one."""
        return min((each.time_ms for each in self.harvests), default=None)

    @property
    def last_ms(self) -> int | None:
        """Time of the last harvest record, epoch milliseconds UTC; null without one."""
        return max((each.time_ms for each in self.harvests), default=None)


def weigh_harvest(scope: OrgScope, of: Field, window: Window, season: Season | None) -> Weighing:
    """Return the weight that the harvest records of a field have for a season, or for a time.

    A record belongs to the season it names; one that names none, by its time and crop. Records that no scale weighed
    are no weight, and those of several crops are none of one.
    """
    records = [
        each
        for each in scope.repositories.harvests.of_field(of.id)
        if (season is not None and each.season == season.id)
        or (
            (each.season is None or season is None)
            and window.start_ms <= each.time_ms < window.end_ms
            and (season is None or each.crop == season.crop)
        )
    ]
    if not records:
        return Weighing(None, None, (), NO_RECORDS)
    kg, reason = sum(each.grams for each in records) / 1000.0, None
    if len({each.crop for each in records}) > 1:
        reason = SEVERAL_CROPS
    elif any(each.evidence is EvidenceClass.DECLARED for each in records):
        reason = NOT_WEIGHED
    return Weighing(kg, "harvests", tuple(records), reason)
