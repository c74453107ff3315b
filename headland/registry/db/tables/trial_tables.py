"""Tables of field trials: germplasm, variables, trials and observations of plots."""

from __future__ import annotations

import sqlalchemy as sa

from headland.registry.db.table_forms import record_table, required
from headland.registry.models.trials import Germplasm, PlotObservation, Trial, TrialVariable

germplasm = record_table("germplasm", Germplasm, unique=("organisation", "crop", "name"))
trial_variables = record_table("trial_variables", TrialVariable, unique=("organisation", "name"))
trials = record_table(
    "trials",
    Trial,
    required("seed", sa.BigInteger),
    references={
        "field": "fields",
        "season": "seasons",
        "product": "products",
        "prescription": "prescriptions",
    },
    unique=("organisation", "field", "name"),
)
plot_observations = record_table(
    "plot_observations", PlotObservation, references={"trial": "trials", "variable": "trial_variables"}
)
