"""Tables of field trials: germplasm, variables, trials and observations of plots."""

from __future__ import annotations

import sqlalchemy as sa

from headland.registry.db.tables.farm_tables import optional, record_table, required

germplasm = record_table(
    "germplasm",
    *(required(name) for name in ("name", "crop", "pui", "accession", "pedigree", "breeder")),
    required("synonyms", sa.JSON),
    required("note"),
    unique=("organisation", "crop", "name"),
)
trial_variables = record_table(
    "trial_variables",
    *(required(name) for name in ("name", "trait", "method", "unit", "data_type")),
    *(optional(name, sa.Double) for name in ("least", "most")),
    required("categories", sa.JSON),
    unique=("organisation", "name"),
)
trials = record_table(
    "trials",
    *(required(name) for name in ("field", "name")),
    *(optional(name) for name in ("season", "product", "prescription")),
    required("kind"),
    required("seed", sa.BigInteger),
    *(required(name, sa.JSON) for name in ("treatments", "plots")),
    *(optional(name, sa.Double) for name in ("latitude_deg", "longitude_deg", "heading_deg", "length_m", "width_m")),
    required("gap_m", sa.Double),
    required("variables", sa.JSON),
    required("active", sa.Boolean),
    required("note"),
    references={
        "field": "fields",
        "season": "seasons",
        "product": "products",
        "prescription": "prescriptions",
    },
    unique=("organisation", "field", "name"),
)
plot_observations = record_table(
    "plot_observations",
    required("trial"),
    required("plot", sa.Integer),
    required("variable"),
    optional("value"),
    optional("time_ms", sa.BigInteger),
    required("collector"),
    required("references", sa.JSON),
    references={"trial": "trials", "variable": "trial_variables"},
)
