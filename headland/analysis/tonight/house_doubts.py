"""Questions to a person that samples of greenhouses and stations raise: what cannot be as it is declared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from headland.agronomy.climate.air import AIR_TEMPERATURE
from headland.agronomy.plausibility.explanation import PLACE_CAUSES
from headland.agronomy.series.finding import Mend
from headland.analysis.greenhouse.house import House, find_house, find_site
from headland.analysis.greenhouse.sensor_health import check_sensors
from headland.analysis.inputs.answers import DeviceFinding
from headland.analysis.inputs.doubts import DoubtQuestion, read_confirmed, settle, value_of_mend
from headland.analysis.inputs.errors import AnalysisError
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.tonight.subjects import list_subjects
from headland.analysis.weather.outdoor_weather import is_outdoors
from headland.i18n import CatalogText, find_term
from headland.registry.models.confirmations import DoubtTarget
from headland.registry.repositories.house_devices import read_house_devices
from headland.registry.repositories.inactive_places import find_inactive_places
from headland.units_of_time import DAY_MS, HOUR_MS

#: Samples that are looked at: whole days, in which a course of the sun is seen.
_LOOKED_AT_MS: Final = 3 * DAY_MS
#: Houses, and sites with stations, that are looked at in one answer.
_MOST_HOUSES: Final = 60
#: The records of which a button changes a field; a channel or a clock is mended where its gateway is.
_CHANGED_HERE: Final = ("site", "greenhouse")


def list_house_questions(scope: OrgScope) -> list[DoubtQuestion]:
    """Return one question for each thing that would mend findings about the last days of houses and stations.

    Those that a person answered are among them. Of several places that would explain the light only the likeliest is
    asked about.
    """
    confirmed = read_confirmed(scope.repositories)
    asked: dict[tuple[str, str, str, bool], DoubtQuestion] = {}
    for name, house in (*_houses(scope), *_stations(scope)):
        for question in settle(_questions_of(scope, house), confirmed):
            subject = "place" if question.cause in PLACE_CAUSES else question.cause
            key = (question.target, question.target_id, subject, question.confirmed is None)
            if key not in asked or (question.chance or 0.0) > (asked[key].chance or 0.0):
                asked[key] = question if question.name else replace(question, name=name)
    return list(asked.values())


def _houses(scope: OrgScope) -> Iterator[tuple[str, House]]:
    houses = [subject for subject in list_subjects(scope, scope.repositories) if subject.kind == "greenhouse"]
    for subject in houses[:_MOST_HOUSES]:
        try:
            yield subject.name, find_house(scope, subject.id)
        except AnalysisError:
            continue  # Deleted meanwhile.


def _stations(scope: OrgScope) -> Iterator[tuple[str, House]]:
    """Yield the stations of each site in use, as the answer about its weather reads them."""
    inactive, belonging = find_inactive_places(scope.repositories), read_house_devices(scope.repositories)
    stations = {
        (record.descriptor.site, record.descriptor.device)
        for record in scope.store.devices(scope.organisation)
        if is_outdoors(record.descriptor.kind, AIR_TEMPERATURE)
        and belonging.house_of(record.descriptor.device) is None
        and not inactive.has_device(record.descriptor.device, record.descriptor.site)
    }
    for site in sorted({site for site, _ in stations})[:_MOST_HOUSES]:
        name, place, records = find_site(scope, site)
        yield name, House(name, [r for r in records if (site, r.descriptor.device) in stations], place, {})


def _questions_of(scope: OrgScope, house: House) -> list[DoubtQuestion]:
    """Return the questions of a house, or of a site's stations, by its last days to the hour, computed once."""
    end_ms = scope.now_ms // HOUR_MS * HOUR_MS
    window = Window(end_ms - _LOOKED_AT_MS, end_ms)
    devices = ",".join(record.descriptor.device for record in house.records)
    family = ("house_doubts", scope.organisation, house.id, devices)
    key = (*family, end_ms, str(house.place), str(house.zones))
    return scope.cache.get(key, lambda: list(_ask(scope, house, window)), family)


def _ask(scope: OrgScope, house: House, window: Window) -> Iterator[DoubtQuestion]:
    for device in check_sensors(scope, house, window, also_confirmed=True):
        for channel in device.channels:
            for finding in channel.findings:
                if finding.mend is not None and finding.text is not None:
                    yield _question_of(scope, finding, finding.mend)


def _question_of(scope: OrgScope, finding: DeviceFinding, mend: Mend) -> DoubtQuestion:
    """Return a finding as a question about what its mend changes."""
    cause, text = finding.cause or "", finding.text or ""
    target, target_id = mend.target, mend.target_id
    effect = cause if find_term("doubt_effects", cause, "en") is not None else "samples"
    told = CatalogText("doubt_effects", effect)
    is_here = target in _CHANGED_HERE
    remedy = None if is_here else _remedy(finding, mend)
    return DoubtQuestion(
        target=DoubtTarget(target),
        target_id=target_id,
        name=scope.repositories.sites.get(target_id).name if target == "site" else "",
        cause=cause,
        value=value_of_mend(mend),
        text=text,
        text_zh=finding.text_zh or text,
        effect=told.text("en"),
        effect_zh=told.text("zh"),
        changes=mend.changes if is_here else (),
        confirmed=None,
        chance=finding.chance,
        remedy=None if remedy is None else remedy.text("en"),
        remedy_zh=None if remedy is None else remedy.text("zh"),
    )


def _remedy(finding: DeviceFinding, mend: Mend) -> CatalogText:
    """Return what a person does at the device or its gateway: no record of the registry has the value."""
    slug = f"{mend.kind}_{mend.field}" if mend.kind == "calibrate" else mend.kind
    channel = mend.target_id.partition("/")[2] or finding.channel
    values = ", ".join(f"{change.field} = {_text(change.after)}" for change in mend.changes)
    facts = {"device": finding.device, "channel": channel, "values": values}
    return CatalogText("doubt_remedies", slug, facts | {"before": _text(mend.before), "after": _text(mend.after)})


def _text(value: float | str | None) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
