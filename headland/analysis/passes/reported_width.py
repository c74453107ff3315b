"""Working width that a machine itself reported during a pass, for maps of passes without a known implement."""

from __future__ import annotations

from typing import Final

import numpy as np

from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.telemetry import read_columns
from headland.analysis.inputs.window import Window
from headland.analysis.passes.detection import FieldPass
from headland.analysis.passes.telemetry import MAX_SAMPLES
from headland.store.port import SeriesFilter

CHANNEL: Final = "working_width_m"
#: A narrower one is that of an implement that is lifted [m].
_LEAST_M: Final = 0.3


class ReportedWidths:
    """The widths of passes, asked for one after another; vehicles that report none cost no read."""

    def __init__(self, scope: OrgScope) -> None:
        self._scope = scope
        series = scope.store.series(SeriesFilter(scope.organisation, None, frozenset((CHANNEL,))))
        self._devices = {key.device for key in series}

    def of(self, field_pass: FieldPass) -> float | None:
        """Return the usual width [m] at which the machine worked during a pass; None where it reported none."""
        if field_pass.telemetry is None or field_pass.device not in self._devices:
            return None
        window = Window(field_pass.start_ms, field_pass.end_ms)
        columns = read_columns(self._scope, field_pass.telemetry.record, [CHANNEL], window, MAX_SAMPLES)
        widths = (columns or {}).get(CHANNEL)
        if widths is None:
            return None
        working = widths.value[widths.value >= _LEAST_M]
        return float(np.median(working)) if len(working) else None
