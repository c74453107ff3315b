"""Questions to a person that samples of greenhouses raise: a place or a channel that cannot be as it is declared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from headland.agronomy.plausibility.doubt import FieldChange
from headland.agronomy.series.finding import Mend
from headland.analysis.greenhouse.house import House, find_house
from headland.analysis.greenhouse.sensor_health import check_sensors
from headland.analysis.inputs.answers import DeviceFinding
from headland.analysis.inputs.doubts import DoubtQuestion, target_of_mend, value_of_mend
from headland.analysis.inputs.errors import AnalysisError
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.tonight.subjects import list_subjects
from headland.i18n import CatalogText, find_term
from headland.registry.models.confirmations import DoubtTarget
from headland.units_of_time import DAY_MS, HOUR_MS

#: Samples that are looked at: whole days, in which a course of the sun is seen.
_LOOKED_AT_MS: Final = 3 * DAY_MS
#: Houses that are looked at in one answer.
_MOST_HOUSES: Final = 60
#: The records of which a button changes a field; a channel is calibrated where its gateway is.
_CHANGED_HERE: Final = ("site", "greenhouse")


def list_house_questions(scope: OrgScope) -> list[DoubtQuestion]:
    """Return one question for each thing that would mend findings about the last days of the houses."""
    asked: dict[tuple[str, str, str], DoubtQuestion] = {}
    houses = [subject for subject in list_subjects(scope, scope.repositories) if subject.kind == "greenhouse"]
    for subject in houses[:_MOST_HOUSES]:
        try:
            house = find_house(scope, subject.id)
        except AnalysisError:
            continue  # Deleted meanwhile.
        for question in _questions_of(scope, subject.id, house):
            key = (question.target, question.target_id, question.cause)
            if key not in asked or (question.chance or 0.0) > (asked[key].chance or 0.0):
                asked[key] = question if question.name else replace(question, name=subject.name)
    return list(asked.values())


def _questions_of(scope: OrgScope, subject: str, house: House) -> list[DoubtQuestion]:
    """Return the questions of a house by its last days to the hour; nobody computes them twice."""
    end_ms = scope.now_ms // HOUR_MS * HOUR_MS
    window = Window(end_ms - _LOOKED_AT_MS, end_ms)
    family = ("house_doubts", scope.organisation, subject)
    key = (*family, end_ms, str(house.place), str(house.zones))
    return scope.cache.get(key, lambda: list(_ask(scope, house, window)), family)


def _ask(scope: OrgScope, house: House, window: Window) -> Iterator[DoubtQuestion]:
    for device in check_sensors(scope, house, window):
        for channel in device.channels:
            for finding in channel.findings:
                if finding.mend is not None and finding.text is not None:
                    yield _question_of(scope, finding, finding.mend)


def _question_of(scope: OrgScope, finding: DeviceFinding, mend: Mend) -> DoubtQuestion:
    """Return a finding as a question about what its mend changes."""
    cause, text = finding.cause or "", finding.text or ""
    target, target_id = target_of_mend(mend, finding.device, finding.channel)
    effect = cause if find_term("doubt_effects", cause, "en") is not None else "samples"
    told = CatalogText("doubt_effects", effect)
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
        changes=(FieldChange(mend.field, mend.before, mend.after),) if target in _CHANGED_HERE else (),
        confirmed=None,
        chance=finding.chance,
    )
