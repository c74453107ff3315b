"""Card of tonight: what the next 24 hours bring to a subject."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from headland.analysis.greenhouse.forecast_basis import BasisOfHouse
from headland.analysis.inputs.answers import DeviceFinding
from headland.analysis.tonight.done import Done
from headland.analysis.tonight.house_statements import USUAL, HouseLimits
from headland.analysis.tonight.plan import HousePlan
from headland.analysis.tonight.recalls import Recall
from headland.analysis.tonight.subjects import OutlookSubject
from headland.registry.models.alarms import Alarm
from headland.registry.repositories.forecasts import Forecast


@dataclass(frozen=True, slots=True)
class Card:
    """What the next 24 hours bring to a subject; `estimated` are statements about surfaces without a sensor.

    plan
        The statements and, of a greenhouse, what each actuator is to do: at most one thing at a time.
    time_zone
        The zone of its site, by whose clock texts tell times; UTC where it is not known, as `time_zone_known` says.
    forecast_ms
        When the forecast was made, None for a field and where there is none; `basis` is what it rests on.
    sensors
        The faults of the last day of a greenhouse's sensors.
    forecast, limits
        What the statements of a greenhouse were made of.
    place_deg
        Latitude and longitude; None where the place is not known.
    """

    subject: OutlookSubject
    rank: int
    plan: HousePlan
    time_zone: ZoneInfo
    time_zone_known: bool
    alarms: Sequence[Alarm]
    done: Sequence[Done]
    recalls: Sequence[Recall] = ()
    estimated: frozenset[str] = frozenset()
    forecast_ms: int | None = None
    basis: BasisOfHouse | None = None
    sensors: Sequence[DeviceFinding] = ()
    forecast: Forecast | None = None
    limits: HouseLimits = USUAL
    place_deg: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class CardPage:
    """Some cards; `following` is the place of the next one, None on the last page, `total` counts all cards.

    `recalls` are those of all places, also of places without a card.
    """

    cards: Sequence[Card]
    total: int
    following: int | None
    recalls: Sequence[Recall]
