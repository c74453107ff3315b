"""Flight scenarios by name: fields and machines. Figures are typical of the region, not surveys of real farms."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from firmware_sim.drone.field_model import Airframe, FieldScenario, Gust, SprayerPlan, SpreaderPlan, SwathPlot
from headland.errors import SettingsError

_SPRAYER: Final = SprayerPlan("foliar feed", rate_l_ha=30.0, tank_l=25.0, pump_max_l_min=6.0, flow_bias=-0.06)

_DEMO: Final = FieldScenario(
    name="demo",
    site="jurong",
    latitude_deg=31.95,
    longitude_deg=119.17,
    altitude_m=22.0,
    bearing_deg=78.0,
    # The fourth swath overlaps the third by half a metre; between the sixth and the seventh a whole swath is skipped.
    plots=(SwathPlot(120.0, 60.0, (2.5, 7.5, 12.5, 17.0, 22.0, 27.0, 37.0, 42.0, 47.0, 52.0, 57.0)),),
    swath_m=5.0,
    speed_m_s=5.0,
    height_m=3.0,
    machine=_SPRAYER,
)

#: Jointing dressing of winter wheat after rice, 1 to 20 March: 45 kg N/ha as urea, the third of the splits 5:1:2:2 of
#: 225 kg N/ha. The spreader is of the class that lifts 50 kg of granules and hovers six minutes when full.
_WHEAT: Final = FieldScenario(
    name="jurong-wheat",
    site="jurong",
    latitude_deg=32.03,
    longitude_deg=119.2,
    altitude_m=24.0,
    bearing_deg=84.0,
    plots=(
        # The fourth swath overlaps the third by half a metre; after the fifth a whole swath is skipped.
        SwathPlot(110.0, 44.0, (2.75, 8.25, 13.75, 18.75, 24.25, 35.25, 40.75)),
        # Beyond a drainage ditch of two metres. Swath distance 5.2 m: slightly too small throughout.
        SwathPlot(90.0, 31.0, (2.75, 7.95, 13.15, 18.35, 23.55, 28.75), across_m=46.0),
        # Beyond a track, set back from the others.
        SwathPlot(70.0, 22.0, (2.75, 8.25, 13.75, 19.25), along_m=15.0, across_m=81.0),
    ),
    swath_m=5.5,
    speed_m_s=6.0,
    height_m=4.0,
    machine=SpreaderPlan(
        "urea 46-0-0", rate_kg_ha=98.0, hopper_kg=50.0, feed_max_kg_min=60.0, flow_bias=-0.08, spinner_rpm=1100.0
    ),
    airframe=Airframe(dry_kg=52.0, hover_a=110.0, cells=14, capacity_mah=30_000.0),
    # A paddy terrace: a metre lower towards the ditch at its far end.
    profile_m=((0.0, 0.0), (40.0, -0.1), (80.0, -0.5), (110.0, -1.0)),
    wind_m_s=2.0,
    wind_from_deg=170.0,
    gusts=(Gust(start_s=75.0, length_s=20.0, wind_m_s=4.5),),
)

#: Winter rapeseed beside the wheat, sprayed with a foliar feed; a spare strip along the road is left out.
_RAPESEED: Final = replace(
    _DEMO,
    name="jurong-rapeseed",
    latitude_deg=32.0272,
    longitude_deg=119.2018,
    altitude_m=24.0,
    bearing_deg=84.0,
    plots=(SwathPlot(120.0, 45.0, (2.5, 7.5, 12.5, 17.5, 22.5, 27.5, 32.5, 37.5)),),
)

FIELDS: Final[dict[str, FieldScenario]] = {
    scenario.name: scenario
    for scenario in (
        _DEMO,
        # A tank for half the field: the vehicle returns home to refill and resumes the work.
        replace(_DEMO, name="jurong-refill", machine=replace(_SPRAYER, tank_l=12.0)),
        # Dense rows at a high rate: more than 5.46 L/min, the limit of a flow meter's int16 centiamperes.
        replace(
            _DEMO, name="jurong-heavy", machine=replace(_SPRAYER, rate_l_ha=60.0, tank_l=30.0, pump_max_l_min=12.0)
        ),
        # A terrace in the hills of Chongqing: a slope of one in nine, flown at a height above the ground.
        replace(
            _DEMO,
            name="chongqing-terrace",
            site="chongqing",
            latitude_deg=29.56,
            longitude_deg=106.55,
            altitude_m=430.0,
            bearing_deg=141.0,
            plots=(SwathPlot(60.0, 20.0, (2.0, 6.0, 10.0, 14.0, 18.0)),),
            swath_m=4.0,
            speed_m_s=4.0,
            machine=replace(_SPRAYER, tank_l=8.0),
            profile_m=((0.0, 0.0), (20.0, 1.5), (40.0, 4.5), (60.0, 6.5)),
            wind_m_s=1.0,
        ),
        _WHEAT,
        _RAPESEED,
        # The same without a mass-flow sensor: amounts come from the hopper's load cells.
        replace(
            _WHEAT,
            name="jurong-wheat-hopper",
            machine=SpreaderPlan("urea 46-0-0", 98.0, 50.0, 60.0, -0.08, has_flow_sensor=False),
        ),
    )
}


def field_named(name: str) -> FieldScenario:
    """Return the field scenario of a name; raises SettingsError, which lists the names."""
    if name not in FIELDS:
        raise SettingsError(f"Unknown field scenario {name!r}: choose one of {', '.join(sorted(FIELDS))}.")
    return FIELDS[name]
