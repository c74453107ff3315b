"""Preparation of the first page: forecasts, verdicts on samples, sites and passes, made before somebody asks."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from headland.analysis.greenhouse.own_bands import crop_targets_of
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.tonight.cards.forecasts import make_forecasts
from headland.analysis.tonight.cards.page import list_cards
from headland.analysis.tonight.subjects import list_subjects
from headland.analysis.tonight.today.houses.strip import find_seen
from headland.analysis.tonight.today.rows import read_done, rows_of

#: Holds what one greenhouse raises away from the others, by the name of what is done.
Isolate = Callable[[str], AbstractContextManager[object]]


def prepare_page(scope: OrgScope, isolate: Isolate, is_stopped: Callable[[], bool]) -> None:
    """Make the forecasts of greenhouses that have hours enough and none, and judge the samples of their pictures.

    Then what many rows share: what the stations of a site taught of its weather forecast, and the passes of all fields.

    The results are in the cache of `scope`, from which answers take them. Raises AnalysisError without a registry.
    """
    subjects = list_subjects(scope, scope.repositories)
    houses = [one for one in subjects if one.kind == "greenhouse"]
    targets = crop_targets_of(scope)
    for subject in houses:
        if is_stopped():
            return
        with isolate(f"The first page's greenhouse {subject.id}"):
            make_forecasts(scope, [subject])
            find_seen(scope, subject, targets)
    # A greenhouse of each site is enough for all of it.
    shared = {one.site: one for one in reversed(houses)}.values()
    for subject in (*shared, *[one for one in subjects if one.kind == "field"]):
        if is_stopped():
            return
        with isolate(f"The first page's {subject.kind} {subject.id}"):
            list_cards(scope, 1, subject_id=subject.id, with_sensors=False)
    with isolate("The first page's fields"):
        rows_of(scope, list_cards(scope, len(subjects), kind="field", with_sensors=False).cards, read_done(scope))
