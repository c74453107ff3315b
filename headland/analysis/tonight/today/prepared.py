"""What the first page takes longest for, made before somebody asks: forecasts that lack, and verdicts on samples."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from headland.analysis.greenhouse.own_bands import crop_targets_of
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.tonight.cards.forecasts import make_forecasts
from headland.analysis.tonight.subjects import list_subjects
from headland.analysis.tonight.today.houses.strip import find_seen

#: Holds what one greenhouse raises away from the others, by the name of what is done.
Isolate = Callable[[str], AbstractContextManager[object]]


def prepare_page(scope: OrgScope, isolate: Isolate, is_stopped: Callable[[], bool]) -> None:
    """Make the forecasts of greenhouses that have hours enough and none, and judge the samples of their pictures.

    The results are in the cache of `scope`, from which answers take them. Raises AnalysisError without a registry.
    """
    houses = [one for one in list_subjects(scope, scope.repositories) if one.kind == "greenhouse"]
    targets = crop_targets_of(scope)
    for subject in houses:
        if is_stopped():
            return
        with isolate(f"The first page's greenhouse {subject.id}"):
            make_forecasts(scope, [subject])
            find_seen(scope, subject, targets)
